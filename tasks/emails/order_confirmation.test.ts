/** An order's mail, and the printer of its paper in every state. */
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server } from "node:net";
import PostalMime from "postal-mime";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { placeOrder } from "../../functions/_shared/testing.ts";
import { newTenant } from "../../scripts/stack/testing.ts";
import { catchMail, type MailCatcher } from "../testing/mail_catcher.ts";
import { forgetJobs, jobOf, logOf, post, startMailWorker } from "../testing/mails.ts";
import { killWorkers } from "../testing/spawn_worker.ts";

const soon = { timeout: 100_000, interval: 50 };
vi.setConfig({ testTimeout: 180_000 });
let catcher: MailCatcher;
const undo: (() => unknown)[] = [];

beforeAll(async () => {
  catcher = await catchMail();
});
afterEach(async () => {
  await killWorkers();
  for (const step of undo.splice(0)) step();
});
afterAll(async () => {
  await catcher.close();
  await forgetJobs();
});

async function open(server: Server): Promise<string> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  undo.push(() => server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}

/** Takes connections and says nothing. */
const silent = () => open(createServer((socket) => void undo.push(() => socket.destroy())));

/** Answers every document alike. */
const answering = (status: number, body: string) =>
  open(
    createHttpServer((request, response) => {
      request.resume().once("end", () => response.writeHead(status).end(body));
    }),
  );

async function postOrder(to: string, maxAttempts?: number) {
  const tenant = await newTenant();
  const order = await placeOrder(tenant);
  const [id = ""] = await post(tenant, [to], {
    template: "order_confirmation",
    params: { order_id: order.id },
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
  });
  return { id, order };
}

const work = (gotenberg: string) =>
  startMailWorker({ SMTP_URL: catcher.url, GOTENBERG_URL: gotenberg });
const arrivals = (to: string) => catcher.mails.filter((mail) => mail.to.includes(to));

describe("a printer", () => {
  test.each([
    ["that is away", async () => "http://127.0.0.1:1", /cannot be reached just now/],
    ["that hangs", silent, /not printed in time/],
    ["that fails", () => answering(503, "Service Unavailable"), /cannot be reached just now/],
    ["that answers nonsense", () => answering(200, "<html>"), /cannot be reached just now/],
  ])("%s: nothing goes out; it is tried again", async (name, address, words) => {
    const to = `${name.replaceAll(" ", "-")}@example.test`;
    const { id } = await postOrder(to);
    await work(await address());
    await vi.waitFor(async () => expect((await logOf(id))?.response).toMatch(words), soon);
    expect(await logOf(id)).toMatchObject({ status: "queued", handed_over_at: null });
    await vi.waitFor(
      async () => expect(await jobOf(id)).toMatchObject({ attempts: 1, max_attempts: 12 }),
      soon,
    );
    expect((await logOf(id))?.response).not.toMatch(/127\.0|ECONN|Error/);
    expect(arrivals(to)).toEqual([]);
  });

  test("that stays away: after the last attempt the log says so in plain words", async () => {
    const { id } = await postOrder("never@example.test", 1);
    await work("http://127.0.0.1:1");
    await vi.waitFor(async () => expect((await logOf(id))?.status).toBe("failed"), soon);
    expect((await logOf(id))?.response).toBe(
      "The printer of documents cannot be reached just now.",
    );
  });

  test("that refuses the document ends the matter", async () => {
    const { id } = await postOrder("refused@example.test");
    await work(await answering(400, "Invalid form data"));
    await vi.waitFor(async () => expect((await logOf(id))?.status).toBe("failed"), soon);
    expect((await logOf(id))?.response).toBe("The document cannot be printed.");
    await vi.waitFor(
      async () => expect(await jobOf(id)).toMatchObject({ attempts: 1, max_attempts: 1 }),
      soon,
    );
  });

  test("that this installation does not have: the mail goes without the paper", async () => {
    const { id, order } = await postOrder("paperless@example.test");
    await work("");
    await vi.waitFor(async () => expect((await logOf(id))?.status).toBe("sent"), soon);
    const mail = await PostalMime.parse(arrivals("paperless@example.test")[0]?.source ?? "");
    expect(mail.subject).toContain(order.number);
    expect(mail.attachments).toEqual([]);
    expect(mail.text).not.toContain("attached");
  });
});
