import type { Product } from "../../../../functions/_shared/contracts/products.ts";
import type { Api } from "../../lib/api/client.ts";
import type { List } from "../../lib/api/resources.ts";
import { formatUnitPrice } from "../../lib/format.ts";
import type { Option } from "../../ui/Combobox.tsx";

const SUGGESTIONS = 8;

export type ProductOption = Option & { product: Product };

/** The active products that fit a text, best first, as options of a Combobox. */
export async function findProducts(
  api: Api,
  text: string,
  locale: string,
  signal: AbortSignal,
): Promise<ProductOption[]> {
  const query = { q: text, active: "true", limit: SUGGESTIONS };
  const { data } = await api<List<Product>>("GET", "/products", { query, signal });
  return data.map((product) => ({
    id: product.id,
    label: product.name,
    detail: `${product.sku} · ${formatUnitPrice(product.unit_price, product.currency, locale)}`,
    product,
  }));
}
