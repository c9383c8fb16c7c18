/** Tenants, their members, and invitations to become one. */
import { z } from "zod";
import { address, currency, text, timestamp, uuid } from "./common.ts";
import { email } from "./email.ts";

/** Words that are, or may become, addresses of the portal. */
export const RESERVED_SLUGS: ReadonlySet<string> = new Set(
  ("_astro account admin api app assets attachments audit auth billing customers dashboard dev docs " +
    "exports files health healthz help home invitations jobs livez login logout members new null " +
    "openapi orders privacy products public recover reset root rpc search session settings signin " +
    "signout signup static status storage support system team tenants terms undefined webhooks " +
    "welcome www").split(" "),
);

export const role = z.enum(["viewer", "member", "admin", "owner"]).meta({
  id: "Role",
  description: "Least first: each may do all that the ones before it may.",
});
export type Role = z.infer<typeof role>;

/** A tenant's short name in addresses. */
export const slug = () =>
  z.string().min(3).max(40)
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "Lower-case letters, digits, and single hyphens between.")
    .refine((value) => !RESERVED_SLUGS.has(value), { error: "This word is reserved." })
    .meta({ example: "acme-trading" });

const timeZone = () => text(100, 1).meta({ description: "IANA name.", example: "Europe/Berlin" });
/** A language, as people or tenants have one. */
export const locale = () =>
  z.string().max(35).regex(
    /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/,
    "A BCP 47 tag, such as en or de-AT.",
  );

export const tenant = z.object({
  id: uuid(),
  slug: z.string(),
  name: z.string(),
  role,
  currency: z.string(),
  time_zone: z.string(),
  locale: z.string(),
  order_prefix: z.string(),
  address: address().nullable(),
  tax_id: z.string().nullable(),
  phone: z.string().nullable(),
  email: z.string().nullable(),
  logo_id: uuid().nullable().meta({ description: "An attachment of the tenant itself" }),
  version: z.int(),
}).meta({ id: "Tenant", description: "A tenant, as one of its members sees it." });
export type Tenant = z.infer<typeof tenant>;

export const newTenant = z.strictObject({
  name: text(200, 1),
  slug: slug(),
  currency: currency(),
  time_zone: timeZone(),
  locale: locale().optional(),
}).meta({ id: "NewTenant" });
export type NewTenant = z.infer<typeof newTenant>;

export const tenantPatch = z.strictObject({
  name: text(200, 1),
  currency: currency(),
  time_zone: timeZone(),
  locale: locale(),
  order_prefix: z.string()
    .regex(/^[A-Za-z0-9/_-]{0,12}$/, "At most 12 letters, digits, or any of - _ /.")
    .meta({ description: "What the numbers of new orders begin with." }),
  address: address().nullable().meta({ description: "As the tenant's documents show it." }),
  tax_id: text(100).nullable().meta({ description: "As the tenant's documents show it." }),
  phone: text(100).nullable().meta({ description: "As the tenant's documents show it." }),
  email: email().nullable().meta({ description: "As the tenant's documents show it." }),
  logo_id: uuid().nullable().meta({
    description:
      "A file uploaded with entity_type tenant. Once its preview is ready (before: 409) documents show " +
      "it; the one before is deleted.",
  }),
}).partial().meta({ id: "TenantPatch" });
export type TenantPatch = z.infer<typeof tenantPatch>;

export const tenantList = z.object({ data: z.array(tenant) });

export const member = z.object({
  user_id: uuid(),
  email: z.string(),
  name: z.string().nullable(),
  role,
  joined_at: timestamp(),
}).meta({ id: "Member" });
export type Member = z.infer<typeof member>;

export const memberPatch = z.strictObject({ role }).meta({ id: "MemberPatch" });
export type MemberPatch = z.infer<typeof memberPatch>;

export const memberList = z.object({ data: z.array(member) });

export const newInvitation = z.strictObject({
  email: email(),
  role,
}).meta({ id: "NewInvitation" });
export type NewInvitation = z.infer<typeof newInvitation>;

export const invitation = z.object({
  id: uuid(),
  email: z.string(),
  role,
  invited_by: uuid().nullable(),
  created_at: timestamp(),
  expires_at: timestamp(),
  accepted_at: timestamp().nullable(),
}).meta({ id: "Invitation" });
export type Invitation = z.infer<typeof invitation>;

export const createdInvitation = invitation.extend({
  token: z.string().meta({ description: "Shown here and never again." }),
  accept_url: z.url().meta({ description: "Where the invited person accepts." }),
}).meta({ id: "CreatedInvitation" });
export type CreatedInvitation = z.infer<typeof createdInvitation>;

export const invitationList = z.object({ data: z.array(invitation) });

export const acceptInvitation = z.strictObject({ token: text(200, 1) }).meta({
  id: "AcceptInvitation",
});

export const seenInvitation = z.object({
  tenant: z.string().meta({ description: "What the tenant is called." }),
  role,
  email: z.string().meta({ description: "Whom it is for." }),
  invited_by: z.string().nullable().meta({ description: "Who invites, by name or address." }),
  expires_at: timestamp(),
  state: z.enum(["open", "expired", "accepted"]),
}).meta({ id: "SeenInvitation" });
export type SeenInvitation = z.infer<typeof seenInvitation>;
