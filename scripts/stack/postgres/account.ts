/**
 * As whom the server runs. Postgres refuses to be root, and a checkout may lie under a folder that
 * only its owner can enter; so root runs it under another name instead of copying things about.
 */
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { StackError } from "../errors.ts";

export type Account = {
  /** Who the data folder's files belong to, as the machine sees it. */
  readonly uid: number;
  readonly gid: number;
  /** The command line that runs a program as that account. */
  wrap(program: string, args: readonly string[]): { command: string; args: string[] };
};

const NOBODY = 65534;

const self = (): Account => ({
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  wrap: (program, args) => ({ command: program, args: [...args] }),
});

/** Root, under the name of an ordinary user in a namespace of its own: the files stay root's. */
const namespaced: Account = {
  uid: 0,
  gid: 0,
  wrap: (program, args) => ({
    command: "unshare",
    args: ["--user", "--map-user=1000", "--map-group=1000", program, ...args],
  }),
};

/**
 * Where user namespaces are forbidden (many containers): the account nobody, with root's right to
 * pass through closed folders and no other of root's.
 */
const unprivileged: Account = {
  uid: NOBODY,
  gid: NOBODY,
  wrap: (program, args) => ({
    command: "setpriv",
    args: [
      `--reuid=${NOBODY}`,
      `--regid=${NOBODY}`,
      "--clear-groups",
      // Without this access(2), by which Postgres looks for its programs, would not count the right.
      "--securebits=+no_setuid_fixup",
      "--bounding-set=-all,+dac_override",
      "--inh-caps=-all,+dac_override",
      "--ambient-caps=-all,+dac_override",
      program,
      ...args,
    ],
  }),
};

/** Whether the account can run the server and enter the folder. */
function works(account: Account, bin: string, folder: string): boolean {
  const probe = account.wrap("sh", [
    "-c",
    'test -x "$1/postgres" && test -x "$2" && "$1/initdb" --version && "$1/postgres" --version',
    "sh",
    bin,
    folder,
  ]);
  return spawnSync(probe.command, probe.args, { stdio: "ignore", timeout: 10_000 }).status === 0;
}

/**
 * Picks the account for a database folder that may not exist yet (its parent does).
 * @throws StackError when the folder is somebody else's, or root finds no way to run the server.
 */
export function pickAccount(bin: string, folder: string): Account {
  const owner = existsSync(folder) ? statSync(folder).uid : undefined;
  const refuse = (who: string) =>
    new StackError(`the database in ${folder} belongs to ${who}; start Kontor as that user`);
  if (process.getuid?.() !== 0) {
    const me = self();
    if (owner !== undefined && owner !== me.uid) {
      throw refuse(owner === 0 ? "root" : `the user with number ${owner}`);
    }
    return me;
  }
  if (owner !== undefined && owner !== 0 && owner !== NOBODY) {
    throw refuse(`the user with number ${owner}`);
  }
  // Either way round the folder is first given to the chosen account, see cluster.ts.
  const candidates = owner === NOBODY ? [unprivileged, namespaced] : [namespaced, unprivileged];
  const parent = path.dirname(folder);
  const found = candidates.find((account) => works(account, bin, parent));
  if (found) return found;
  throw new StackError(
    "Postgres refuses to run as root, and neither `unshare --user` nor `setpriv` (util-linux) " +
      "works here; start Kontor as an ordinary user, or set DATABASE_URL",
  );
}
