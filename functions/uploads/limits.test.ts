import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newTenant, stack, type TestTenant } from "../../scripts/stack/testing.ts";
import type { PresignedUpload } from "../_shared/contracts/files.ts";
import { DEAD, type OwnFunctions, spawnFunctions, tokenOf } from "../_shared/spawn_functions.ts";
import { placeOrder } from "../_shared/testing.ts";
import { put, sha256Of } from "./testing.ts";

const LARGE = 200 * 1024 ** 2;

const storeSettings = () => {
  const { endpoint, region, bucket, access_key_id, secret_access_key } = stack().s3;
  return {
    S3_ENDPOINT: endpoint,
    S3_REGION: region,
    S3_BUCKET: bucket,
    S3_ACCESS_KEY_ID: access_key_id,
    S3_SECRET_ACCESS_KEY: secret_access_key,
  };
};

let functions: OwnFunctions;
let tenant: TestTenant;
let order: string;
let token: string;
beforeAll(async () => {
  tenant = await newTenant();
  order = (await placeOrder(tenant)).id;
  token = await tokenOf(tenant.owner.id);
  functions = await spawnFunctions({
    ...storeSettings(),
    MAX_UPLOAD_BYTES: String(LARGE),
  });
});
afterAll(() => functions.stop());

async function post(path: string, body?: unknown, at = functions): Promise<Response> {
  return await fetch(`${at.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function announce(
  bytes: Uint8Array,
  fields: Record<string, string> = {},
  at = functions,
): Promise<PresignedUpload> {
  const body = {
    file_name: "large.txt",
    content_type: "text/plain",
    byte_size: bytes.length,
    entity_type: "order",
    entity_id: order,
    ...fields,
  };
  const answer = await post("/uploads/presign", body, at);
  expect(answer.status).toBe(201);
  return (await answer.json()) as PresignedUpload;
}

test("200 MB go past the functions, which then hold them against a SHA-256 piece by piece", async () => {
  const bytes = new Uint8Array(LARGE).fill(97);
  const announced = await announce(bytes, { sha256: sha256Of(bytes) });
  const signal = (name: string) => execFileSync("kill", [`-${name}`, String(functions.pid)]);
  // They are asleep while the bytes travel.
  signal("STOP");
  try {
    expect((await put(announced, bytes)).status).toBe(200);
  } finally {
    signal("CONT");
  }
  const completed = await post(`/uploads/${announced.attachment_id}/complete`);
  expect(completed.status).toBe(200);
  expect(await completed.json()).toMatchObject({ byte_size: LARGE, status: "ready" });
  expect(peakOf(functions.pid)).toBeLessThan(400);
});

test("an address does not take what comes too late", async () => {
  const brief = await spawnFunctions({ ...storeSettings(), UPLOAD_URL_SECONDS: "1" });
  try {
    const bytes = new Uint8Array(10).fill(97);
    const announced = await announce(bytes, {}, brief);
    const left = Date.parse(announced.expires_at) - Date.now();
    await new Promise((resolve) => setTimeout(resolve, left + 1_100));
    expect((await put(announced, bytes)).status).toBe(403);
    const completed = await post(`/uploads/${announced.attachment_id}/complete`, undefined, brief);
    expect(completed.status).toBe(409);
  } finally {
    await brief.stop();
  }
});

test("without the store uploads are refused as unavailable, and nothing is lost", async () => {
  const bytes = new Uint8Array(10).fill(97);
  const announced = await announce(bytes);
  expect((await put(announced, bytes)).status).toBe(200);
  const path = `/uploads/${announced.attachment_id}/complete`;
  const cut = await spawnFunctions({ ...storeSettings(), S3_ENDPOINT: DEAD });
  try {
    const answer = await post(path, undefined, cut);
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("5");
    expect(await answer.json()).toMatchObject({ code: "unavailable" });
  } finally {
    await cut.stop();
  }
  expect((await post(path)).status).toBe(200);
});

/** The most memory a process ever had, in MB. */
function peakOf(pid: number): number {
  const status = execFileSync("cat", [`/proc/${pid}/status`], { encoding: "utf8" });
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
