/** To the admins of a tenant one of whose webhooks has failed for so long that it was turned off. */
import { z } from "zod";
import { defineMessage } from "./define.ts";

const params = z.object({ url: z.url(), reason: z.string().max(500) });

type Data = z.output<typeof params> & { readonly settings: string };

const WORDS = {
  en: {
    subject: "A webhook was turned off",
    intro: "Deliveries to this address failed for so long that Kontor has stopped trying.",
    address: "Address",
    reason: "Last answer",
    action: "Go to webhooks",
    note: "Turn it on again once it answers; what was missed can be sent again from its deliveries.",
  },
  de: {
    subject: "Ein Webhook wurde abgeschaltet",
    intro: "Zustellungen an diese Adresse schlagen so lange fehl, dass Kontor es aufgegeben hat.",
    address: "Adresse",
    reason: "Letzte Antwort",
    action: "Zu den Webhooks",
    note: "Schalten Sie ihn wieder ein, sobald er antwortet; Verpasstes lässt sich erneut zustellen.",
  },
} as const;

export const webhookDisabled = defineMessage({
  params,
  async load(given, { tenant, portal }): Promise<Data> {
    return { ...given, settings: `${portal}/${tenant.slug}/settings/webhooks` };
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
    settings: "https://kontor.example/acme/settings/webhooks",
  },
});
