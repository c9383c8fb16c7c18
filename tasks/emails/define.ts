import type { z } from "zod";
import { PermanentError } from "../errors.ts";
import type { AnyMessage, Message } from "./message.ts";

/** Ties a message's parts together, so that all messages can be handled alike. */
export function defineMessage<Params extends z.ZodType, Data>(
  message: Message<Params, Data>,
): AnyMessage {
  return {
    async compose(params, source, formats) {
      const checked = message.params.safeParse(params);
      if (!checked.success) throw new PermanentError("This mail does not say what it is about.");
      const data = await message.load(checked.data, source);
      return data === null ? null : message.content(data, formats);
    },
    preview: (formats) => message.content(message.sample, formats),
  };
}
