/** Exactly the SQL that a request makes the functions send, read from the server's own log. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Sql } from "postgres";
import { logEnd, tailSince } from "../stack/logs.ts";
import type { Client } from "./client.ts";

export type Statement = { readonly text: string; readonly parameters: readonly (string | null)[] };

export type Captured = {
  /** begin and who calls: what every request sends first. */
  readonly opening: readonly Statement[];
  /** What was asked. */
  readonly query: Statement;
};

const ENTRY =
  /^\d{4}-\d\d-\d\d [\d:.]+ \S+ \[\d+\] (?:\S+ )?(LOG|DETAIL|ERROR|WARNING|STATEMENT): {2}/;

/** The log's entries: lines that begin with a tab go on with the one before. */
function entries(log: string): string[] {
  const found: string[] = [];
  for (const line of log.split("\n")) {
    if (line.startsWith("\t") && found.length > 0) found[found.length - 1] += `\n${line.slice(1)}`;
    else found.push(line);
  }
  return found;
}

function parameters(detail: string): (string | null)[] {
  return [...detail.matchAll(/\$\d+ = (?:NULL|'((?:[^']|'')*)')/g)].map(
    ([, value]) => value?.replaceAll("''", "'") ?? null,
  );
}

function statements(log: string, login: string): Statement[] {
  const found: { text: string; parameters: (string | null)[] }[] = [];
  let mine = false;
  for (const entry of entries(log)) {
    const text = entry.replace(ENTRY, "");
    const execute = /^execute [^:]+: (.*)$/s.exec(text) ?? /^statement: (.*)$/s.exec(text);
    if (execute?.[1] !== undefined) {
      mine = entry.slice(0, entry.indexOf("LOG:")).includes(login);
      if (mine) found.push({ text: execute[1].trim(), parameters: [] });
    } else if (mine && /^Parameters: /i.test(text)) {
      const last = found.at(-1);
      if (last) last.parameters = parameters(text);
    }
  }
  return found;
}

/**
 * Makes one request and reads what it became.
 * @param admin a superuser: logging statements is a superuser's setting.
 * @throws Error when the log does not show begin … commit.
 */
export async function capture(
  admin: Sql,
  dataDir: string,
  client: Client,
  path: string,
): Promise<Captured> {
  const login = " kontor_functions ";
  await admin`alter system set log_statement = 'all'`;
  await admin`select pg_reload_conf()`;
  await sleep(300);
  const start = logEnd(dataDir, "postgres");
  try {
    await client.get(path, { "x-request-id": randomUUID() });
    await sleep(300);
  } finally {
    await admin`alter system reset log_statement`;
    await admin`select pg_reload_conf()`;
  }
  const all = statements(tailSince(dataDir, "postgres", start), login);
  // The first transaction: a list that is too long to count asks for an estimate in a second one.
  const begin = all.findIndex(({ text }) => text.startsWith("begin"));
  const commit = all.findIndex(({ text }, at) => at > begin && text === "commit");
  const query = all[commit - 1];
  if (begin < 0 || commit < 0 || !query) throw new Error(`${path}: no statement in the log`);
  return { opening: all.slice(begin, commit - 1), query };
}
