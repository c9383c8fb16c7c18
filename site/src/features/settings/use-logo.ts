import { useState } from "react";
import {
  type Attachment,
  LOGO_TYPES,
  MAX_LOGO_BYTES,
} from "../../../../functions/_shared/contracts/files.ts";
import type { Tenant } from "../../../../functions/_shared/contracts/tenancy.ts";
import { ApiError } from "../../lib/api/client.ts";
import type { List } from "../../lib/api/resources.ts";
import { useApi, usePage } from "../../ui/context.tsx";
import { toast } from "../../ui/toast.ts";
import { refusalOf } from "../files/refusal.ts";
import { send } from "../files/send.ts";

/** A picture is usually looked at within a second. */
const ASK_EVERY_MS = 700;
const GIVE_UP_AFTER_MS = 60_000;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The tenant's logo: what it is now, and the ways to replace it and to take it away. */
export function useLogo(initial: string | null) {
  const api = useApi();
  const { tenant } = usePage();
  const [logoId, setLogoId] = useState(initial);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const owner = { entity_type: "tenant", entity_id: tenant.id } as const;

  async function attempt(work: () => Promise<void>, fileName = "") {
    setBusy(true);
    setFailure(null);
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setFailure(refusalOf(error, fileName).text);
    } finally {
      setBusy(false);
    }
  }

  async function change(logo_id: string | null) {
    const body = { logo_id };
    setLogoId((await api<Tenant>("PATCH", `/tenants/${tenant.id}`, { body })).logo_id);
  }

  /** Waits until the picture was looked at; false when it cannot be shown. */
  async function isShowable(id: string): Promise<boolean> {
    const late = Date.now() + GIVE_UP_AFTER_MS;
    for (;;) {
      const query = { ...owner, limit: 200, sort: "-created_at" };
      const { data } = await api<List<Attachment>>("GET", "/attachments", { query });
      const preview = data.find((file) => file.id === id)?.preview;
      if (preview !== "pending" || Date.now() > late) return preview === "ready";
      await pause(ASK_EVERY_MS);
    }
  }

  const replace = (file: File) =>
    attempt(async () => {
      if (!LOGO_TYPES.includes(file.type)) {
        setFailure("A logo is a PNG, JPEG or WebP picture.");
        return;
      }
      if (file.size > MAX_LOGO_BYTES) {
        setFailure("A logo may have 1 MiB at most.");
        return;
      }
      const options = { onProgress: () => undefined, signal: new AbortController().signal };
      const { id } = await send(api, { file, owner, sent: null }, options);
      if (await isShowable(id)) {
        await change(id);
        toast({ kind: "success", title: "Logo saved" });
      } else {
        await api("DELETE", `/attachments/${id}`);
        setFailure("This file cannot be shown as a picture.");
      }
    }, file.name);

  const remove = () =>
    attempt(async () => {
      await change(null);
      toast({ kind: "success", title: "Logo removed" });
    });

  return { logoId, busy, failure, replace, remove };
}
