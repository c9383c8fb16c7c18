import type { Attachment } from "../../../../functions/_shared/contracts/files.ts";
import type { Owner } from "../../features/files/send.ts";
import { type Api, ApiError } from "../api/client.ts";
import type { List } from "../api/resources.ts";

/** The first files of a record; null when they cannot be had: a record is worth showing without them. */
export async function filesOf(
  api: Api,
  entity_type: Owner["entity_type"],
  entity_id: string,
): Promise<List<Attachment> | null> {
  try {
    const query = { entity_type, entity_id, limit: 100 };
    return await api<List<Attachment>>("GET", "/attachments", { query });
  } catch (error) {
    if (error instanceof ApiError) return null;
    throw error;
  }
}
