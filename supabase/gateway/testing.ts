/** For tests: keys and tokens of every kind, and access.lua in a Lua of its own. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { SignJWT } from "jose";
import { LuaFactory } from "wasmoon";
import { z } from "zod";

const secret = new TextEncoder().encode("a-secret-of-the-tests-0123456789abcdef");
const sign = (claims: Record<string, unknown>) =>
  new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setExpirationTime("1h").sign(secret);
export const anonKey = await sign({ role: "anon" });
export const serviceRoleKey = await sign({ role: "service_role" });
/** What the functions give for an API key. */
export const exchanged = await sign({ role: "authenticated", sub: "p", api_key_id: "k" });
export const person = await sign({ role: "authenticated", sub: "p" });
/** Somebody whose own words about themselves look like claims. */
export const boaster = await sign({
  user_metadata: { role: "service_role", api_key_id: "x", note: '","role":"service_role' },
  role: "authenticated",
});
export const bearer = (token: string) => `Bearer ${token}`;

/** Where callers are: not on the gateway's own machine. */
export const CALLER = "203.0.113.7";

/** What the functions answer when the gateway asks them for a token. */
export type Exchange = { status: string; body: string };
export const EXCHANGE: Exchange = {
  status: "200",
  body: JSON.stringify({ access_token: exchanged, expires_in: 300 }),
};

export type Request = {
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  /** What the part behind the gateway says with 403. */
  readonly refusal?: string;
};

const seenSchema = z.object({
  status: z.number(),
  detail: z.string(),
  asked: z.number(),
  headers: z.record(z.string(), z.string()),
  sent: z.record(z.string(), z.string()).optional(),
  told: z.string().optional(),
});
export type Seen = z.infer<typeof seenSchema>;

/** A string as Lua writes it. */
const quoted = (text: string) => `"${text.replace(/["\\]/g, "\\$&")}"`;

/** The call of envoy.lua's `ask` for a request. */
export function luaCall(
  { target, headers = {}, method = "GET", refusal }: Request,
  answer: Exchange,
) {
  const given = Object.entries(headers).map(
    ([name, value]) => `[${quoted(name)}] = ${quoted(value)}`,
  );
  const texts = [`${CALLER}:51000`, answer.status, answer.body];
  const rest = [...texts, ...(refusal === undefined ? [] : [refusal])].map(quoted).join(", ");
  return `ask(${quoted(method)}, ${quoted(target)}, { ${given.join(", ")} }, ${rest})`;
}

const text = (file: string) => readFileSync(path.join(import.meta.dirname, file), "utf8");
/** Envoy's script, and Envoy's side of it. */
export const PROGRAM = `${text("access.lua")}\n${text("envoy.lua")}`;
export const LUA_ENV = { ANON_KEY: anonKey, SERVICE_ROLE_KEY: serviceRoleKey };

/** Starts a Lua with access.lua in it. */
export async function startLua() {
  const lua = await new LuaFactory(undefined, LUA_ENV).createEngine();
  await lua.doString(PROGRAM);
  return {
    ask: (request: Request, answer: Exchange = EXCHANGE): Seen =>
      seenSchema.parse(lua.doStringSync(`return ${luaCall(request, answer)}`)),
    close: () => lua.global.close(),
  };
}
