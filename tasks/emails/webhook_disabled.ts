/** To the admins of a tenant one of whose webhooks was turned off: it failed for days, or said it is gone. */
import { z } from "zod";
import { defineMessage } from "./define.ts";

const params = z.object({ url: z.url(), reason: z.string().max(500) });

type Data = z.output<typeof params> & { readonly settings: string };

const WORDS = {
  en: {
    subject: "A webhook was turned off",
    intro: "Kontor has stopped sending to this address, because it does not take what is sent.",
    address: "Address",
    reason: "Last answer",
    action: "Go to webhooks",
    note: "Turn it on again once it answers; what it refused can be sent again from its deliveries.",
  },
  de: {
    subject: "Ein Webhook wurde abgeschaltet",
    intro: "Kontor stellt an diese Adresse nicht mehr zu, weil sie nichts mehr annimmt.",
    address: "Adresse",
    reason: "Letzte Antwort",
    action: "Zu den Webhooks",
    note: "Schalten Sie ihn wieder ein, sobald er antwortet; Abgelehntes lässt sich erneut zustellen.",
  },
} as const;

export const webhookDisabled = defineMessage({
  params,
  async load(given, { tenant, portal }): Promise<Data> {
    return { ...given, settings: `${portal}/${tenant.slug}/webhooks` };
  },
  content(data, formats) {
    const words = formats.words<(typeof WORDS)["en" | "de"]>(WORDS);
    return {
      subject: words.subject,
      title: words.subject,
      blocks: [
        { kind: "text", text: words.intro },
        {
          kind: "facts",
          rows: [
            [words.address, data.url],
            [words.reason, data.reason],
          ],
        },
        { kind: "action", label: words.action, url: data.settings },
        { kind: "note", text: words.note },
      ],
    };
  },
  sample: {
    url: "https://example.com/hooks/kontor",
    reason: "503 Service Unavailable",
    settings: "https://kontor.example/acme/webhooks",
  },
});
