/** To whoever asked for an export that took so long that nobody waits at the screen. */
import { z } from "zod";
import { defineMessage } from "./define.ts";

type Data = {
  readonly file_name: string;
  readonly rows: number;
  readonly expires_at: string;
  readonly url: string;
};

const WORDS = {
  en: {
    subject: (file: string) => `${file} is ready`,
    intro: "The file you asked for is ready to be downloaded.",
    file: "File",
    rows: "Rows",
    until: "Kept until",
    action: "Go to exports",
  },
  de: {
    subject: (file: string) => `${file} ist fertig`,
    intro: "Die angeforderte Datei steht zum Herunterladen bereit.",
    file: "Datei",
    rows: "Zeilen",
    until: "Aufbewahrt bis",
    action: "Zu den Exporten",
  },
} as const;

export const exportReady = defineMessage({
  params: z.object({ export_id: z.guid() }),
  async load({ export_id }, { sql, tenant, portal }): Promise<Data | null> {
    const [row] = await sql<{ ready: Omit<Data, "url"> | null }[]>`
      select private.ready_export(${tenant.id}, ${export_id}) as ready`;
    if (!row?.ready) return null;
    return { ...row.ready, url: `${portal}/${tenant.slug}/exports` };
  },
  content(data, formats) {
    const words = formats.words<(typeof WORDS)["en" | "de"]>(WORDS);
    return {
      subject: words.subject(data.file_name),
      title: words.subject(data.file_name),
      blocks: [
        { kind: "text", text: words.intro },
        {
          kind: "facts",
          rows: [
            [words.file, data.file_name],
            [words.rows, formats.number(data.rows)],
            [words.until, formats.date(data.expires_at)],
          ],
        },
        { kind: "action", label: words.action, url: data.url },
      ],
    };
  },
  sample: {
    file_name: "orders-2026-01-24-0915.xlsx",
    rows: 200_000,
    expires_at: "2026-01-31T09:00:00Z",
    url: "https://kontor.example/acme/exports",
  },
});
