import type { Attachment, PresignedUpload } from "../../../../functions/_shared/contracts/files.ts";
import { type Api, ApiError } from "../../lib/api/client.ts";
import { mediaTypeOf } from "./media-type.ts";

/** The record that a file belongs to; a tenant's own files may become its logo. */
export type Owner = { entity_type: "order" | "customer" | "product" | "tenant"; entity_id: string };

/** One file on its way; `sent` is its attachment's id once all of its bytes are in the object store. */
export type Sending = { file: File; owner: Owner; sent: string | null };

type Options = { onProgress: (share: number) => void; signal: AbortSignal };

/**
 * Announces a file, sends it straight to the object store, and has it checked. After a failure the same
 * `sending` may be given again: bytes that have arrived are not sent a second time.
 * @throws ApiError when any of the three refuses or does not answer; AbortError when `signal` ends it.
 */
export async function send(api: Api, sending: Sending, options: Options): Promise<Attachment> {
  const { file, owner } = sending;
  const { signal } = options;
  if (sending.sent === null) {
    const body = {
      ...owner,
      file_name: file.name,
      content_type: mediaTypeOf(file),
      byte_size: file.size,
    };
    const announced = await api<PresignedUpload>("POST", "/uploads/presign", { body, signal });
    await put(file, announced, options);
    sending.sent = announced.attachment_id;
  }
  try {
    return await api<Attachment>("POST", `/uploads/${sending.sent}/complete`, { signal });
  } catch (error) {
    const refused = error instanceof ApiError && error.status >= 400 && error.status < 500;
    if (refused && error.status !== 401 && error.status !== 429) sending.sent = null;
    throw error;
  }
}

/** fetch() tells nothing of how far a body is sent; XMLHttpRequest does. */
function put(file: File, { url, headers, method }: PresignedUpload, options: Options) {
  const { onProgress, signal } = options;
  return new Promise<void>((resolve, reject) => {
    const request = new XMLHttpRequest();
    const cancel = () => request.abort();
    request.upload.onprogress = ({ loaded, total }) => onProgress(total === 0 ? 1 : loaded / total);
    request.onload = () => (request.status === 200 ? resolve() : reject(refusedByStore(request)));
    request.onerror = () => reject(brokenOff());
    request.onabort = () => reject(signal.reason);
    request.onloadend = () => signal.removeEventListener("abort", cancel);
    signal.addEventListener("abort", cancel);
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.send(file);
    if (signal.aborted) cancel();
  });
}

const brokenOff = () =>
  new ApiError({ status: 0, code: "unreachable", detail: "The connection broke off." });

const refusedByStore = ({ status }: XMLHttpRequest) =>
  new ApiError({ status, code: "refused", detail: "The file was not taken. Try again." });
