/** Signatures as Standard Webhooks has them. */
import { Webhook } from "standardwebhooks";

/**
 * The headers that tell a receiver who sent this, and that it is whole.
 * @param secrets one signature for each, the newest first.
 */
export function signedHeaders(
  id: string,
  body: string,
  secrets: readonly string[],
  at: Date,
): Record<string, string> {
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(" "),
  };
}
