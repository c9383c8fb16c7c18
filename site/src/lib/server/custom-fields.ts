import type {
  CustomEntity,
  CustomField,
} from "../../../../functions/_shared/contracts/custom_fields.ts";
import type { Api } from "../api/client.ts";

/** The fields that the tenant has defined for records of a kind, in the order of forms. */
export async function customFieldsOf(api: Api, entity: CustomEntity): Promise<CustomField[]> {
  const query = { entity };
  return (await api<{ data: CustomField[] }>("GET", "/custom-fields", { query })).data;
}
