import { Boxes } from "lucide-react";
import { lazy, useMemo } from "react";
import type { CustomField } from "../../../../functions/_shared/contracts/custom_fields.ts";
import type { Product } from "../../../../functions/_shared/contracts/products.ts";
import { formatNumber, formatUnitPrice } from "../../lib/format.ts";
import { Badge } from "../../ui/Badge.tsx";
import { type PageContext, useHref, usePage } from "../../ui/context.tsx";
import { type Column, RowLink } from "../list/DataTable.tsx";
import type { Loaded } from "../list/load.ts";
import { type RecordKind, RecordsPage } from "../records/RecordsPage.tsx";
import { PRODUCT_LIST } from "./list-spec.ts";

const ProductDialog = lazy(() => import("./ProductDialog.tsx"));

const KIND: RecordKind<Product> = {
  path: "products",
  title: "Products",
  noun: ["product", "products"],
  icon: <Boxes aria-hidden="true" />,
  spec: PRODUCT_LIST,
  filters: [
    {
      name: "active",
      label: "Offered",
      choices: [
        ["true", "Active"],
        ["false", "Inactive"],
      ],
    },
  ],
  useColumns,
  Card: ProductCard,
  Dialog: (props) => <ProductDialog product={null} {...props} />,
};

type Props = { page: PageContext; initial: Loaded<Product>; fields: CustomField[] };

/** The island of the products list. */
export function ProductsPage(props: Props) {
  return <RecordsPage kind={KIND} {...props} />;
}

function useColumns(): Column<Product>[] {
  const { locale } = usePage();
  const href = useHref();
  return useMemo(
    () => [
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
    ],
    [href, locale],
  );
}

function Price({ product }: { product: Product }) {
  const { locale } = usePage();
  return (
    <span className="numeric whitespace-nowrap" suppressHydrationWarning>
      {formatUnitPrice(product.unit_price, product.currency, locale)}
    </span>
  );
}

function ProductCard({ record }: { record: Product }) {
  const href = useHref();
  return (
    <div className="flex items-baseline justify-between gap-3 text-sm">
      <div className="min-w-0">
        <RowLink href={href(`products/${record.id}`)}>
          <bdi className="block truncate">{record.name}</bdi>
        </RowLink>
        <p className="numeric truncate text-muted" dir="auto">
          {record.sku}
          {record.active ? null : (
            <>
              {" "}
              <Badge>Inactive</Badge>
            </>
          )}
        </p>
      </div>
      <Price product={record} />
    </div>
  );
}
