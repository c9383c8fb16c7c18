/** Every mail there is, by the name that SQL enqueues it under. */
import { exportReady } from "./export_ready.ts";
import { invitation } from "./invitation.ts";
import type { AnyMessage } from "./message.ts";
import { orderConfirmation } from "./order_confirmation.ts";
import { webhookDisabled } from "./webhook_disabled.ts";

export const messages: ReadonlyMap<string, AnyMessage> = new Map([
  ["invitation", invitation],
  ["export_ready", exportReady],
  ["order_confirmation", orderConfirmation],
  ["webhook_disabled", webhookDisabled],
]);
