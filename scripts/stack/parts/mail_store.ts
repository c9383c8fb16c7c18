/** The mails caught: one .eml file each under `<data>/mail`, the newest thousand. */
import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import PostalMime, { addressParser, type Email } from "postal-mime";

/** How many mails are kept. */
const KEEP = 1000;
const ID = /^[0-9a-z]{9}[0-9a-f]{8}$/;
const PREVIEW_LENGTH = 140;

export type MailSummary = {
  id: string;
  from: { name: string; address: string };
  /** Whom it was delivered to, blind copies included. */
  to: string[];
  subject: string;
  /** When it arrived. */
  date: string;
  /** In bytes, as stored. */
  size: number;
  preview: string;
};

export type StoredMail = MailSummary & { email: Email };

export type Envelope = { from: string; to: readonly string[] };

export type MailStore = {
  add(source: Buffer, envelope: Envelope): Promise<MailSummary>;
  /** Newest first. */
  list(): Promise<readonly MailSummary[]>;
  get(id: string): Promise<StoredMail | undefined>;
  source(id: string): Promise<Buffer | undefined>;
  clear(): Promise<void>;
};

function newId(): string {
  return Date.now().toString(36).padStart(9, "0") + randomBytes(4).toString("hex");
}

const arrivedAt = (id: string) => new Date(Number.parseInt(id.slice(0, 9), 36)).toISOString();

const header = (email: Email, key: string) =>
  email.headers.find((candidate) => candidate.key === key)?.value ?? "";

async function parse(id: string, source: Buffer): Promise<StoredMail> {
  const email = await PostalMime.parse(source);
  const [sender] = addressParser(header(email, "x-envelope-from"), { flatten: true });
  const from = email.from?.address === undefined ? sender : email.from;
  const recipients = addressParser(header(email, "x-envelope-to"), { flatten: true });
  return {
    id,
    from: { name: from?.name ?? "", address: from?.address ?? "" },
    to: recipients.flatMap(({ address }) => (address ? [address] : [])),
    subject: email.subject ?? "",
    date: arrivedAt(id),
    size: source.length,
    preview: (email.text ?? "").replace(/\s+/g, " ").trim().slice(0, PREVIEW_LENGTH),
    email,
  };
}

function summaryOf({ email: _, ...summary }: StoredMail): MailSummary {
  return summary;
}

/** Opens the store; the files of earlier runs are read in the background. */
export async function openMailStore(directory: string): Promise<MailStore> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const fileOf = (id: string) => path.join(directory, `${id}.eml`);
  const read = async (id: string) => {
    if (!ID.test(id)) return undefined;
    return await readFile(fileOf(id)).catch(() => undefined);
  };
  const forget = (id: string) => rm(fileOf(id), { force: true });

  async function load(): Promise<Map<string, MailSummary>> {
    const files = (await readdir(directory)).filter((name) => name.endsWith(".eml")).sort();
    const ids = files.map((name) => name.slice(0, -".eml".length)).filter((id) => ID.test(id));
    await Promise.all(ids.slice(0, -KEEP).map(forget));
    const found = new Map<string, MailSummary>();
    for (const id of ids.slice(-KEEP)) {
      const source = await read(id);
      const mail = source && (await parse(id, source).catch(() => undefined));
      if (mail) found.set(id, summaryOf(mail));
    }
    return found;
  }
  const loading = load();
  // Whoever lists meets the error; nobody may be listening yet.
  loading.catch(() => {});

  return {
    async add(source, { from, to }) {
      const id = newId();
      const envelope = `X-Envelope-From: <${from}>\r\nX-Envelope-To: ${to.map((address) => `<${address}>`).join(", ")}\r\n`;
      const stored = Buffer.concat([Buffer.from(envelope), source]);
      const mail = summaryOf(await parse(id, stored));
      await writeFile(`${fileOf(id)}.new`, stored, { mode: 0o600 });
      await rename(`${fileOf(id)}.new`, fileOf(id));
      const known = await loading;
      known.set(id, mail);
      for (const old of [...known.keys()].slice(0, -KEEP)) {
        known.delete(old);
        await forget(old);
      }
      return mail;
    },
    list: async () => [...(await loading).values()].reverse(),
    async get(id) {
      const source = await read(id);
      return source && (await parse(id, source));
    },
    source: read,
    async clear() {
      const known = await loading;
      const ids = [...known.keys()];
      known.clear();
      await Promise.all(ids.map(forget));
    },
  };
}
