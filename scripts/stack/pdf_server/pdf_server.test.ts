import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { extractText, getDocumentProxy } from "unpdf";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { ROOT } from "../../env.ts";
import { freePublicPorts } from "../ports.ts";
import { answers } from "../probe.ts";

type Printer = { readonly process: ChildProcess; readonly origin: string };

async function startPrinter(cache: string): Promise<Printer> {
  const { API_PORT } = await freePublicPorts();
  const origin = `http://127.0.0.1:${API_PORT}`;
  const main = path.join(ROOT, "scripts/stack/pdf_server/main.ts");
  const args = [main, `--port=${API_PORT}`, `--cache=${cache}`];
  const child = spawn(process.execPath, args, { stdio: "ignore" });
  await vi.waitFor(async () => expect(await answers(`${origin}/version`)).toBe(true), 20_000);
  return { process: child, origin };
}

async function stopPrinter({ process }: Printer): Promise<void> {
  process.kill();
  await once(process, "exit");
}

let server: ChildProcess;
let origin: string;

beforeAll(async () => {
  const printer = await startPrinter(path.join(ROOT, "node_modules/.cache/kontor-chromium"));
  ({ process: server, origin } = printer);
  return () => stopPrinter(printer);
});

type Parts = Record<string, string | Uint8Array<ArrayBuffer>>;

/** Fields are texts; whatever has a dot in its name is a file. */
function post(parts: Parts): Promise<Response> {
  const form = new FormData();
  for (const [name, value] of Object.entries(parts)) {
    if (name.includes(".")) form.append("files", new Blob([value]), name);
    else if (typeof value === "string") form.append(name, value);
  }
  return fetch(`${origin}/forms/chromium/convert/html`, { method: "POST", body: form });
}

async function print(parts: Parts) {
  const response = await post(parts);
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect(response.status, new TextDecoder().decode(bytes.subarray(0, 300))).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/pdf");
  const pdf = await getDocumentProxy(bytes.slice());
  const { text } = await extractText(pdf, { mergePages: false });
  const { view } = await pdf.getPage(1);
  return { bytes, pages: text, view: view.map(Math.round) };
}

describe("what Gotenberg answers", () => {
  test("health and version", async () => {
    const health = await fetch(`${origin}/health`);
    expect(health.status).toBe(200);
    expect(await health.json()).toMatchObject({ status: "up", details: { chromium: {} } });
    expect(await (await fetch(`${origin}/version`)).text()).toMatch(/^8/);
  });

  test("paper, orientation, ranges, header and footer, assets by any part's name", async () => {
    const page = (n: number) => `<p style="break-after:page">page ${n}</p>`;
    const printed = await print({
      "index.html": `<link rel=stylesheet href=a.css>${page(1)}${page(2)}${page(3)}`,
      "a.css": `p::before { content: "styled " }`,
      "header.html": `<p style="font-size:10px">above</p>`,
      "footer.html": `<p style="font-size:10px"><span class=pageNumber></span>/<span class=totalPages></span></p>`,
      paperWidth: "5.8",
      paperHeight: "210mm",
      marginTop: "1",
      marginBottom: "1",
      landscape: "true",
      nativePageRanges: "2-3",
    });
    expect(printed.view).toEqual([0, 0, 596, 418]);
    expect(printed.pages).toHaveLength(2);
    for (const text of ["styled page 2", "above", "2/"]) expect(printed.pages[0]).toContain(text);
  });

  test("paper of the style sheet, tagged or not", async () => {
    const html = { "index.html": "<style>@page { size: 50mm 100mm }</style><h1>Title</h1>" };
    const tagged = await print({ ...html, preferCssPageSize: "true", generateTaggedPdf: "true" });
    expect(tagged.view).toEqual([0, 0, 142, 283]);
    const marked = /\/MarkInfo\s*<<[^>]*\/Marked true/;
    expect(new TextDecoder("latin1").decode(tagged.bytes)).toMatch(marked);
    const plain = await print(html);
    expect(plain.view).toEqual([0, 0, 612, 792]);
    expect(new TextDecoder("latin1").decode(plain.bytes)).not.toMatch(marked);
  });

  test.each<[string, Parts]>([
    ["no index.html", { "other.html": "x" }],
    ["a margin of words", { "index.html": "x", marginTop: "wide" }],
    ["paper of a mile", { "index.html": "x", paperWidth: "63360" }],
    ["a scale of nothing", { "index.html": "x", scale: "0" }],
    ["neither true nor false", { "index.html": "x", landscape: "perhaps" }],
    ["ranges of letters", { "index.html": "x", nativePageRanges: "a-b" }],
  ])("%s: 400", async (_, parts) => {
    expect((await post(parts)).status).toBe(400);
  });

  test("what is no form, and what is too large", async () => {
    const send = (body: BodyInit, type: string) =>
      fetch(`${origin}/forms/chromium/convert/html`, {
        method: "POST",
        body,
        headers: { "content-type": type },
      });
    expect((await send("{}", "application/json")).status).toBe(415);
    expect((await send("garbage", "multipart/form-data; boundary=x")).status).toBe(400);
    expect((await send("garbage", "multipart/form-data")).status).toBe(400);
    const big = new Uint8Array(21 * 1024 ** 2);
    expect((await post({ "index.html": "x", "big.bin": big })).status).toBe(413);
    expect((await fetch(`${origin}/forms/chromium/convert/url`, { method: "POST" })).status).toBe(
      404,
    );
  });
});

describe("what a document cannot do", () => {
  test("run a script", async () => {
    const { pages } = await print({
      "index.html": `<p id=a>still</p><script>a.textContent = "run"</script><img src=x onerror="a.textContent='run'">
        <a href="javascript:1">link</a><svg onload="a.textContent='run'"></svg><script src=b.js></script>`,
      "b.js": `document.body.textContent = "run"`,
    });
    expect(pages[0]).toContain("still");
    expect(pages[0]).not.toContain("run");
  });

  test("read a file of this machine", async () => {
    const { pages } = await print({
      "index.html": `<p>mine</p>
        <iframe src="file:///etc/passwd"></iframe><object data="file:///etc/passwd"></object>
        <embed src="file:///etc/passwd"><iframe src="../../../../etc/passwd"></iframe>
        <iframe src="view-source:file:///etc/passwd"></iframe><iframe src="/proc/self/environ"></iframe>
        <link rel=stylesheet href="file:///etc/passwd"><style>@import "file:///etc/passwd";</style>`,
      "header.html": `<iframe src="file:///etc/passwd"></iframe>`,
      "footer.html": `<object data="file:///etc/passwd" style="width:9cm;height:2cm"></object>`,
    });
    expect(pages[0]).toContain("mine");
    expect(pages.join()).not.toMatch(/root:|PATH=/);
    const away = await print({
      "index.html": `<meta http-equiv=refresh content="0;url=file:///etc/passwd"><p>mine`,
      waitDelay: "500ms",
    });
    expect(away.pages.join()).not.toContain("root:");
  });

  test("reach anybody", async () => {
    const heard: string[] = [];
    const listener = createServer((request, response) => {
      heard.push(request.url ?? "");
      response.end("secret");
    }).listen(0, "127.0.0.1");
    await once(listener, "listening");
    const address = listener.address();
    const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
    const html = `<img src="${url}/img"><iframe src="${url}/frame"></iframe>
      <link rel=stylesheet href="${url}/css"><link rel=preconnect href="${url}">
      <link rel=prefetch href="${url}/prefetch"><link rel=preload as=image href="${url}/preload">
      <style>@import "${url}/import"; @font-face { font-family: f; src: url(${url}/font) }
        body { font-family: f; background: url(${url}/background) }</style>
      <object data="${url}/object"></object><video src="${url}/video" poster="${url}/poster"></video>
      <form action="${url}/form"></form><p>mine`;
    const { pages } = await print({
      "index.html": html,
      "header.html": `<img src="${url}/img"><iframe src="${url}/frame"></iframe>`,
      "footer.html": `<img src="${url}/img"><object data="${url}/object"></object>`,
      waitDelay: "1s",
    });
    expect(pages[0]).toContain("mine");
    const away = `<meta http-equiv=refresh content="0;url=${url}/refresh"><p>mine`;
    expect((await print({ "index.html": away, waitDelay: "1s" })).pages.join()).not.toContain(
      "secret",
    );
    await sleep(200);
    expect(heard).toEqual([]);
    listener.close();
  });

  test("see another document's files", async () => {
    await print({ "index.html": "first", "secret.css": "p::before { content: 'secret' }" });
    const { pages } = await print({ "index.html": "<link rel=stylesheet href=secret.css><p>mine" });
    expect(pages[0]).not.toContain("secret");
  });
});

test("where Chromium cannot run, it says so and lives", async () => {
  const printer = await startPrinter(path.join(ROOT, "package.json", "no-folder"));
  const form = new FormData();
  form.append("files", new Blob(["x"]), "index.html");
  const url = `${printer.origin}/forms/chromium/convert/html`;
  for (const _ of [1, 2]) {
    expect((await fetch(url, { method: "POST", body: form })).status).toBe(503);
  }
  const health = await fetch(`${printer.origin}/health`);
  expect(health.status).toBe(503);
  expect(await health.json()).toMatchObject({ status: "down" });
  await stopPrinter(printer);
});

describe("many and slow ones", () => {
  test("two at once, some wait, the rest is turned away", async () => {
    const all = await Promise.all(
      Array.from({ length: 24 }, async () => {
        const response = await post({ "index.html": "<p>one of many", waitDelay: "300ms" });
        await response.arrayBuffer();
        return response.status;
      }),
    );
    expect(all.filter((status) => status === 200).length).toBeGreaterThanOrEqual(18);
    expect(new Set(all)).toEqual(new Set([200, 503]));
    await print({ "index.html": "<p>and afterwards" });
  });

  test("a browser that dies is followed by another", async () => {
    const slow = post({ "index.html": "<p>x", waitDelay: "10s" });
    await sleep(1500);
    const { execFileSync } = await import("node:child_process");
    const browsers = execFileSync("pgrep", ["-P", String(server.pid)], { encoding: "utf8" });
    for (const pid of browsers.trim().split("\n")) process.kill(Number(pid), "SIGKILL");
    expect((await slow).status).toBe(503);
    await print({ "index.html": "<p>again" });
  });
});
