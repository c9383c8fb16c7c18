import { useCallback, useEffect, useRef, useState } from "react";
import type { Attachment } from "../../../../functions/_shared/contracts/files.ts";
import { ApiError } from "../../lib/api/client.ts";
import { useApi } from "../../ui/context.tsx";
import { type Refusal, refusalOf } from "./refusal.ts";
import { type Owner, type Sending, send } from "./send.ts";

/** More at once would only share the same line. */
const AT_ONCE = 3;

/** A file that is not there yet, as it is shown; `progress` is null while it waits. */
export type Upload = {
  key: number;
  name: string;
  size: number;
  progress: number | null;
  refusal: Refusal | null;
};

type Running = Sending & { key: number; controller: AbortController };

/** Sends files, a few at a time, and keeps those that failed until they are tried again or dismissed. */
export function useUploads(owner: Owner, onDone: (attachment: Attachment) => void) {
  const api = useApi();
  const [uploads, setUploads] = useState<readonly Upload[]>([]);
  const known = useRef(new Map<number, Running>());
  const queue = useRef<Running[]>([]);
  const busy = useRef(0);
  const lastKey = useRef(0);

  const update = useCallback((key: number, change: Partial<Upload>) => {
    setUploads((all) => all.map((one) => (one.key === key ? { ...one, ...change } : one)));
  }, []);

  const forget = useCallback((key: number) => {
    known.current.delete(key);
    setUploads((all) => all.filter((one) => one.key !== key));
  }, []);

  async function run(one: Running) {
    const { key, controller } = one;
    update(key, { progress: 0, refusal: null });
    try {
      const onProgress = (progress: number) => update(key, { progress });
      const attachment = await send(api, one, { onProgress, signal: controller.signal });
      forget(key);
      onDone(attachment);
    } catch (error) {
      if (controller.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      update(key, { progress: null, refusal: refusalOf(error, one.file.name) });
    }
  }

  async function work() {
    if (busy.current >= AT_ONCE) return;
    busy.current++;
    try {
      for (let next = queue.current.shift(); next; next = queue.current.shift()) await run(next);
    } finally {
      busy.current--;
    }
  }

  function add(files: readonly File[]) {
    const added = files.map((file): Running => {
      const key = ++lastKey.current;
      return { key, file, owner, sent: null, controller: new AbortController() };
    });
    for (const one of added) known.current.set(one.key, one);
    setUploads((all) => [
      ...all,
      ...added.map(({ key, file: { name, size } }) => {
        return { key, name, size, progress: null, refusal: null };
      }),
    ]);
    queue.current.push(...added);
    for (const _ of added) void work();
  }

  function retry(key: number) {
    const one = known.current.get(key);
    if (!one) return;
    update(key, { refusal: null });
    queue.current.push(one);
    void work();
  }

  /** Stops one that is under way, or forgets one that failed. */
  function dismiss(key: number) {
    known.current.get(key)?.controller.abort();
    queue.current = queue.current.filter((one) => one.key !== key);
    forget(key);
  }

  const underWay = uploads.some(({ refusal }) => refusal === null);
  useEffect(() => {
    if (!underWay) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [underWay]);

  return { uploads, add, retry, dismiss };
}
