import { Boxes, Plus, RotateCcw } from "lucide-react";
import { lazy, Suspense, useMemo, useState } from "react";
import type { CustomField } from "../../../../functions/_shared/contracts/custom_fields.ts";
import type { Product } from "../../../../functions/_shared/contracts/products.ts";
import { formatNumber, formatUnitPrice } from "../../lib/format.ts";
import { Badge } from "../../ui/Badge.tsx";
import { Button } from "../../ui/Button.tsx";
import { type PageContext, PageProvider, useAllows, useHref, usePage } from "../../ui/context.tsx";
import { leaveWithToast } from "../../ui/toast.ts";
import { type Column, RowLink } from "../list/DataTable.tsx";
import { ListFrame } from "../list/ListFrame.tsx";
import type { Loaded } from "../list/load.ts";
import { SearchBox } from "../list/SearchBox.tsx";
import { useList } from "../list/use-list.ts";
import { useRowKeys } from "../list/use-row-keys.ts";
import { useTrash } from "../records/use-trash.ts";
import { PRODUCT_LIST } from "./list-spec.ts";

const ProductDialog = lazy(() => import("./ProductDialog.tsx"));

type Props = { page: PageContext; initial: Loaded<Product>; fields: CustomField[] };

/** The island of the products list. */
export function ProductsPage({ page, ...rest }: Props) {
  return (
    <PageProvider page={page}>
      <Products {...rest} />
    </PageProvider>
  );
}

function Products({ initial, fields }: Omit<Props, "page">) {
  const state = useList(PRODUCT_LIST, initial);
  const href = useHref();
  const mayWrite = useAllows("member");
  const [creating, setCreating] = useState(false);
  const { restore, busy } = useTrash("/products", () => void state.refresh());
  const inTrash = state.params.has("deleted");
  useRowKeys();
  const columns = useProductColumns(inTrash && mayWrite ? restore : null, busy);

  const create = mayWrite ? (
    <Button variant="primary" onClick={() => setCreating(true)}>
      <Plus aria-hidden="true" />
      New product
    </Button>
  ) : null;

  return (
    <>
      <ListFrame
        title="Products"
        noun={["product", "products"]}
        icon={<Boxes aria-hidden="true" />}
        spec={PRODUCT_LIST}
        state={state}
        create={create}
        filters={
          <form method="get" className="contents">
            <SearchBox state={state} label="Search products" />
          </form>
        }
        columns={columns}
        defaultSort="name"
        card={(product) => <ProductCard product={product} />}
      />
      {creating ? (
        <Suspense>
          <ProductDialog
            product={null}
            fields={fields}
            onClose={() => setCreating(false)}
            onSaved={({ id, name }) => leaveWithToast(href(`products/${id}`), `${name} created`)}
          />
        </Suspense>
      ) : null}
    </>
  );
}

type Restore = ((product: Product) => void) | null;

function useProductColumns(restore: Restore, busy: boolean): Column<Product>[] {
  const { locale } = usePage();
  const href = useHref();
  return useMemo(() => {
    const columns: Column<Product>[] = [
      {
        id: "sku",
        header: "SKU",
        sort: "sku",
        cell: ({ sku }) => <bdi className="numeric whitespace-nowrap text-muted">{sku}</bdi>,
      },
      {
        id: "name",
        header: "Name",
        sort: "name",
        wide: true,
        cell: ({ id, name, active }) => (
          <span className="flex items-center gap-2">
            <RowLink href={href(`products/${id}`)}>
              <bdi>{name}</bdi>
            </RowLink>
            {active ? null : <Badge>Inactive</Badge>}
          </span>
        ),
      },
      {
        id: "unit",
        header: "Unit",
        from: "lg",
        cell: ({ unit }) => <bdi className="text-muted">{unit}</bdi>,
      },
      {
        id: "tax_rate",
        header: "Tax",
        from: "lg",
        align: "end",
        cell: ({ tax_rate }) => (
          <span className="numeric text-muted" suppressHydrationWarning>
            {formatNumber(tax_rate, locale)} %
          </span>
        ),
      },
      {
        id: "unit_price",
        header: "Unit price",
        sort: "unit_price",
        sortFirst: "desc",
        align: "end",
        cell: (product) => <Price product={product} />,
      },
    ];
    if (restore) {
      columns.push({
        id: "restore",
        header: "",
        align: "end",
        cell: (product) => (
          <Button
            size="sm"
            className="relative z-1"
            disabled={busy}
            onClick={() => restore(product)}
          >
            <RotateCcw aria-hidden="true" />
            Restore
          </Button>
        ),
      });
    }
    return columns;
  }, [href, restore, busy, locale]);
}

function Price({ product }: { product: Product }) {
  const { locale } = usePage();
  return (
    <span className="numeric whitespace-nowrap" suppressHydrationWarning>
      {formatUnitPrice(product.unit_price, product.currency, locale)}
    </span>
  );
}

function ProductCard({ product }: { product: Product }) {
  const href = useHref();
  return (
    <div className="flex items-baseline justify-between gap-3 text-sm">
      <div className="min-w-0">
        <RowLink href={href(`products/${product.id}`)}>
          <bdi className="block truncate">{product.name}</bdi>
        </RowLink>
        <p className="numeric truncate text-muted" dir="auto">
          {product.sku}
        </p>
      </div>
      <Price product={product} />
    </div>
  );
}
