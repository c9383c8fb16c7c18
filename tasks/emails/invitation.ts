/** To somebody who is invited to become a member of a tenant. */
import { z } from "zod";
import { defineMessage } from "./define.ts";

type Role = "viewer" | "member" | "admin" | "owner";

type Data = {
  readonly tenant: string;
  readonly invited_by: string | null;
  readonly role: Role;
  readonly url: string;
  readonly expires_at: string;
};

const WORDS = {
  en: {
    subject: (tenant: string) => `You are invited to ${tenant}`,
    intro: (by: string | null, tenant: string) =>
      by === null
        ? `You are invited to work with ${tenant} in Kontor.`
        : `${by} invites you to work with ${tenant} in Kontor.`,
    role: "Your role",
    until: "Valid until",
    roles: { viewer: "Viewer", member: "Member", admin: "Administrator", owner: "Owner" },
    action: "Accept invitation",
    note: "The link is for you alone. If you do not know who this comes from, ignore this mail.",
  },
  de: {
    subject: (tenant: string) => `Sie sind zu ${tenant} eingeladen`,
    intro: (by: string | null, tenant: string) =>
      by === null
        ? `Sie sind eingeladen, in Kontor mit ${tenant} zu arbeiten.`
        : `${by} lädt Sie ein, in Kontor mit ${tenant} zu arbeiten.`,
    role: "Ihre Rolle",
    until: "Gültig bis",
    roles: { viewer: "Betrachter", member: "Mitglied", admin: "Administrator", owner: "Inhaber" },
    action: "Einladung annehmen",
    note: "Der Link ist nur für Sie bestimmt. Kennen Sie den Absender nicht, ignorieren Sie diese Mail.",
  },
} as const;

type Issued = Omit<Data, "tenant" | "url"> & { readonly token: string };

export const invitation = defineMessage({
  params: z.object({ invitation_id: z.guid() }),
  async load({ invitation_id }, { sql, tenant, portal }): Promise<Data | null> {
    // The token is made now: neither the queue nor the log of mails ever holds one.
    const [row] = await sql<{ issued: Issued | null }[]>`
      select private.issue_invitation_token(${tenant.id}, ${invitation_id}) as issued`;
    if (!row?.issued) return null;
    const { token, ...rest } = row.issued;
    return { ...rest, tenant: tenant.name, url: `${portal}/invitations/${token}` };
  },
  content(data, formats) {
    const words = formats.words<(typeof WORDS)["en" | "de"]>(WORDS);
    return {
      subject: words.subject(data.tenant),
      title: words.subject(data.tenant),
      blocks: [
        { kind: "text", text: words.intro(data.invited_by, data.tenant) },
        {
          kind: "facts",
          rows: [
            [words.role, words.roles[data.role]],
            [words.until, formats.date(data.expires_at)],
          ],
        },
        { kind: "action", label: words.action, url: data.url },
        { kind: "note", text: words.note },
      ],
    };
  },
  sample: {
    tenant: "Acme Trading",
    invited_by: "Ada Lovelace",
    role: "member",
    url: "https://kontor.example/invitations/0123456789abcdef",
    expires_at: "2026-01-31T09:00:00Z",
  },
});
