/** envoy.yaml against Envoy's own API: every field, its type and its enum, through all that is typed. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import protobuf from "protobufjs";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { ROOT } from "../../scripts/env.ts";

const MODULES = path.join(ROOT, "node_modules");
const FOLDERS = ["envoy-api", "xds", "protoc-gen-validate", "googleapis"]
  .map((name) => path.join(MODULES, "@grpc", "grpc-js-xds", "deps", name))
  .concat(path.join(MODULES, "protobufjs"));
const EXTENSIONS = "envoy/extensions/";
const FILES = [
  "envoy/config/bootstrap/v3/bootstrap.proto",
  `${EXTENSIONS}filters/network/http_connection_manager/v3/http_connection_manager.proto`,
  `${EXTENSIONS}filters/http/lua/v3/lua.proto`,
  `${EXTENSIONS}filters/http/cors/v3/cors.proto`,
  `${EXTENSIONS}filters/http/buffer/v3/buffer.proto`,
  `${EXTENSIONS}filters/http/router/v3/router.proto`,
  `${EXTENSIONS}access_loggers/stream/v3/stream.proto`,
  `${EXTENSIONS}formatter/req_without_query/v3/req_without_query.proto`,
  `${EXTENSIONS}resource_monitors/downstream_connections/v3/downstream_connections.proto`,
];
/** What a well-known type looks like in YAML. */
const WELL_KNOWN: Record<string, (value: unknown) => boolean> = {
  "google.protobuf.Duration": (value) => /^\d+(\.\d+)?s$/.test(String(value)),
  "google.protobuf.UInt32Value": (value) => typeof value === "number",
  "google.protobuf.UInt64Value": (value) => typeof value === "number",
  "google.protobuf.BoolValue": (value) => typeof value === "boolean",
  "google.protobuf.StringValue": (value) => typeof value === "string",
  "google.protobuf.Struct": () => true,
};
const SCALARS: Record<string, string> = { string: "string", bytes: "string", bool: "boolean" };

const root = new protobuf.Root();
root.resolvePath = (_origin, target) =>
  FOLDERS.map((folder) => path.join(folder, target)).find((file) => existsSync(file)) ?? target;
root.loadSync(FILES, { keepCase: true }).resolveAll();

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What is wrong with a message, a line each. */
function mistakes(type: protobuf.Type, value: unknown, at: string): string[] {
  const name = type.fullName.slice(1);
  const known = WELL_KNOWN[name];
  if (known) return known(value) ? [] : [`${at} is no ${name}`];
  if (!isRecord(value)) return [`${at} is no ${name}`];
  if (name === "google.protobuf.Any") {
    const { "@type": url, ...rest } = value;
    const inner = String(url).split("/")[1] ?? "";
    const found = root.lookup(inner);
    return found instanceof protobuf.Type ? mistakes(found, rest, at) : [`${at}: no type ${inner}`];
  }
  const doubled = (type.oneofsArray ?? [])
    .map(({ oneof }) => oneof.filter((field) => field in value))
    .filter((fields) => fields.length > 1);
  return [
    ...doubled.map((fields) => `${at}: only one of ${fields.join(", ")}`),
    ...Object.entries(value).flatMap(([key, inner]) => {
      const field = type.fields[key];
      if (!field) return [`${at}.${key} is no field of ${name}`];
      if (field.options?.deprecated) return [`${at}.${key} is deprecated`];
      return fieldMistakes(field, inner, `${at}.${key}`);
    }),
  ];
}

function fieldMistakes(field: protobuf.Field, value: unknown, at: string): string[] {
  const { resolvedType } = field.resolve();
  const one = (item: unknown, where: string): string[] => {
    if (resolvedType instanceof protobuf.Type) return mistakes(resolvedType, item, where);
    if (resolvedType instanceof protobuf.Enum) {
      return String(item) in resolvedType.values
        ? []
        : [`${where}: no ${item} in ${resolvedType.name}`];
    }
    return typeof item === (SCALARS[field.type] ?? "number")
      ? []
      : [`${where} is no ${field.type}`];
  };
  if (field instanceof protobuf.MapField) {
    if (!isRecord(value)) return [`${at} is no map`];
    return Object.entries(value).flatMap(([key, item]) => one(item, `${at}[${key}]`));
  }
  if (!field.repeated) return one(value, at);
  if (!Array.isArray(value)) return [`${at} is no list`];
  return value.flatMap((item, index) => one(item, `${at}[${index}]`));
}

const bootstrap = root.lookupType("envoy.config.bootstrap.v3.Bootstrap");
const filled = readFileSync(path.join(import.meta.dirname, "envoy.yaml"), "utf8")
  .replace("@TRUSTED_HOPS@", "1")
  .replace("@PORTAL_URL@", "https://app.trader.eu");

it("envoy.yaml is what Envoy's API knows, and nothing of it is deprecated", () => {
  expect(mistakes(bootstrap, parse(filled), "")).toEqual([]);
});

it.each([
  ["merge_slashes: false", "merge_slash: false", "merge_slash is no field"],
  ["action: REJECT_REQUEST", "action: REJECT", "no REJECT in"],
  ["stream_idle_timeout: 300s", "stream_idle_timeout: 300", "no google.protobuf.Duration"],
  ["http.lua.v3.Lua", "http.lua.v3.Luna", "no type"],
])("a mistake is found: %s", (right, wrong, words) => {
  expect(filled).toContain(right);
  const found = mistakes(bootstrap, parse(filled.replace(right, wrong)), "").join("\n");
  expect(found).toContain(words);
});

it("everything that routes lead to is there, and the image has what it reads", () => {
  const clusters = [...filled.matchAll(/^ {4}- name: (\w+)$/gm)].map((match) => match[1]);
  for (const [, cluster] of filled.matchAll(/cluster: (\w+)$/gm))
    expect(clusters).toContain(cluster);
  const dockerfile = readFileSync(path.join(import.meta.dirname, "Dockerfile"), "utf8");
  expect(dockerfile).toContain("/etc/envoy/access.lua");
  expect(filled).toContain("filename: /etc/envoy/access.lua");
});
