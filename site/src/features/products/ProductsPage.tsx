import { Boxes, Plus, RotateCcw } from "lucide-react";
import { lazy, Suspense, useMemo, useState } from "react";
import type { Product } from "../../../../functions/_shared/contracts/products.ts";
import { formatNumber, formatUnitPrice } from "../../lib/format.ts";
import { Badge } from "../../ui/Badge.tsx";
import { Button } from "../../ui/Button.tsx";
import { type PageContext, PageProvider, useAllows, usePage } from "../../ui/context.tsx";
import { toast } from "../../ui/toast.ts";
import { type Column, RowButton } from "../list/DataTable.tsx";
import { ListFrame } from "../list/ListFrame.tsx";
import type { Loaded } from "../list/load.ts";
import { SearchBox } from "../list/SearchBox.tsx";
import { useList } from "../list/use-list.ts";
import { useRowKeys } from "../list/use-row-keys.ts";
import { useTrash } from "../records/use-trash.ts";
import { PRODUCT_LIST } from "./list-spec.ts";

const ProductDialog = lazy(() => import("./ProductDialog.tsx"));

type Props = {
  page: PageContext;
  initial: Loaded<Product>;
  /** The product whose dialog the address asks for. */
  opened: Product | null;
};

/** The island of the products list. */
export function ProductsPage({ page, ...rest }: Props) {
  return (
    <PageProvider page={page}>
      <Products {...rest} />
    </PageProvider>
  );
}

function Products({ initial, opened }: Omit<Props, "page">) {
  const state = useList(PRODUCT_LIST, initial);
  const mayWrite = useAllows("member");
  const [dialog, setDialog] = useState<Product | "new" | null>(
    mayWrite && !opened?.deleted_at ? opened : null,
  );
  const { trash, restore, busy } = useTrash("/products", () => void state.refresh());
  const inTrash = state.params.has("deleted");
  const editable = mayWrite && !inTrash;
  useRowKeys();
  const columns = useProductColumns(
    editable ? setDialog : null,
    inTrash && mayWrite ? restore : null,
    busy,
  );

  const create = mayWrite ? (
    <Button variant="primary" onClick={() => setDialog("new")}>
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
        card={(product) => <ProductCard product={product} onOpen={editable ? setDialog : null} />}
      />
      {dialog ? (
        <Suspense>
          <ProductDialog
            product={dialog === "new" ? null : dialog}
            onClose={() => setDialog(null)}
            onTrash={(product) => {
              setDialog(null);
              void trash(product);
            }}
            onSaved={({ name }) => {
              toast({
                kind: "success",
                title: dialog === "new" ? `${name} created` : `${name} saved`,
              });
              setDialog(null);
              void state.refresh();
            }}
          />
        </Suspense>
      ) : null}
    </>
  );
}

type Open = ((product: Product) => void) | null;

function Name({ product, onOpen }: { product: Product; onOpen: Open }) {
  const name = <bdi>{product.name}</bdi>;
  return onOpen ? (
    <RowButton onClick={() => onOpen(product)}>{name}</RowButton>
  ) : (
    <span className="font-medium">{name}</span>
  );
}

function useProductColumns(onOpen: Open, restore: Open, busy: boolean): Column<Product>[] {
  const { locale } = usePage();
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
        cell: (product) => (
          <span className="flex items-center gap-2">
            <Name product={product} onOpen={onOpen} />
            {product.active ? null : <Badge>Inactive</Badge>}
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
          <Button size="sm" disabled={busy} onClick={() => restore(product)}>
            <RotateCcw aria-hidden="true" />
            Restore
          </Button>
        ),
      });
    }
    return columns;
  }, [onOpen, restore, busy, locale]);
}

function Price({ product }: { product: Product }) {
  const { locale } = usePage();
  return (
    <span className="numeric whitespace-nowrap" suppressHydrationWarning>
      {formatUnitPrice(product.unit_price, product.currency, locale)}
    </span>
  );
}

function ProductCard({ product, onOpen }: { product: Product; onOpen: Open }) {
  return (
    <div className="flex items-baseline justify-between gap-3 text-sm">
      <div className="min-w-0">
        <Name product={product} onOpen={onOpen} />
        <p className="numeric truncate text-muted" dir="auto">
          {product.sku}
        </p>
      </div>
      <Price product={product} />
    </div>
  );
}
