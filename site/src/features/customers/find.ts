import type { Customer } from "../../../../functions/_shared/contracts/customers.ts";
import type { Api } from "../../lib/api/client.ts";
import type { List } from "../../lib/api/resources.ts";
import type { Option } from "../../ui/Combobox.tsx";

const SUGGESTIONS = 8;

/** The customers that fit a text, best first, as options of a Combobox. */
export async function findCustomers(
  api: Api,
  text: string,
  signal: AbortSignal,
): Promise<Option[]> {
  const query = { q: text, limit: SUGGESTIONS };
  const { data } = await api<List<Customer>>("GET", "/customers", { query, signal });
  return data.map(({ id, name, email }) => ({ id, label: name, detail: email ?? undefined }));
}
