// How the browser's half is delivered: small, compressed beforehand, named by its content and kept for ever; the rest is asked for again.
import { expect, hydrated, MODEL, open, test } from "../fixtures";
import type { APIRequestContext, Page } from "@playwright/test";

/** The addresses that a page names below /pkg/. */
async function parts(request: APIRequestContext) {
  const html = await (await request.get("/")).text();
  const find = (ending: string) => html.match(new RegExp(`"(/pkg/trainset\\.[0-9a-f]{16}\\.${ending})"`))?.[1];
  const found = { js: find("js"), wasm: find("wasm"), css: find("css") };
  expect(found, "each is named by a hash").toEqual({ js: expect.any(String), wasm: expect.any(String), css: expect.any(String) });
  return found as { js: string; wasm: string; css: string };
}

// For the whole application, without a part that is loaded later. What a person waits for is the first page's load, which has no bound of its own
// before it is loaded in parts; until then this guards against growth. scripts/wasm-size.sh tells what takes how much.
const MOST_WASM = 502_000;

test("the whole application weighs about half a megabyte, on its way", async ({ request }) => {
  const { wasm, js, css } = await parts(request);
  const size = async (path: string) => {
    // Asked for without following what Playwright would unpack: the length is that of what travels.
    const answer = await request.get(path, { headers: { "accept-encoding": "br" } });
    expect(answer.headers()["content-encoding"], path).toBe("br");
    return Number(answer.headers()["content-length"]);
  };
  const sizes = { wasm: await size(wasm), js: await size(js), css: await size(css) };
  test.info().annotations.push({ type: "brotli bytes", description: JSON.stringify(sizes) });
  expect(sizes.wasm).toBeGreaterThan(100_000);
  expect(sizes.wasm).toBeLessThan(MOST_WASM);
  expect(sizes.js + sizes.css).toBeLessThan(40_000);
});

test("files named by their content are kept for ever, compressed as the browser can take them", async ({ request }) => {
  for (const path of Object.values(await parts(request))) {
    for (const encoding of ["br", "gzip", "identity"]) {
      const answer = await request.get(path, { headers: { "accept-encoding": encoding } });
      expect(answer.status(), path).toBe(200);
      expect(answer.headers()["content-encoding"] ?? "identity").toBe(encoding);
      expect(answer.headers()["cache-control"]).toBe("public, max-age=31536000, immutable");
      expect(answer.headers()["vary"]).toContain("accept-encoding");
    }
    // The hash of another build: what it was is gone, and nothing else is given out under its name.
    const other = path.replace(/[0-9a-f]{16}/, "0123456789abcdef");
    expect((await request.get(other)).status(), other).toBe(404);
    // Under their plain names they are asked for again each time.
    const plain = await request.get(path.replace(/\.[0-9a-f]{16}/, ""));
    expect([plain.status(), plain.headers()["cache-control"]]).toEqual([200, "no-cache"]);
  }
  expect((await request.get((await parts(request)).wasm)).headers()["content-type"]).toBe("application/wasm");
});

test("what has no hash in its name is asked for again", async ({ request }) => {
  // G-90: a page is of the build that answers.
  expect((await request.get("/")).headers()["cache-control"]).toBe("no-cache");
  const icon = await request.get("/favicon.svg");
  expect(icon.headers()["cache-control"]).toBe("no-cache");
  const again = await request.get("/favicon.svg", { headers: { "if-none-match": icon.headers()["etag"] } });
  expect(again.status()).toBe(304);
});

test("a second visit fetches no file again, and none is fetched twice", async ({ page }) => {
  const fetched = (page: Page) =>
    page.evaluate(() =>
      (performance.getEntriesByType("resource") as PerformanceResourceTiming[])
        .filter((entry) => entry.name.includes("/pkg/"))
        .map((entry) => ({ file: entry.name.replace(/.*\.[0-9a-f]{16}\./, ""), travelled: entry.transferSize > 0 }))
        .sort((a, b) => a.file.localeCompare(b.file)),
    );
  await open(page, "/");
  const first = await fetched(page);
  expect(first.filter((entry) => entry.travelled)).toEqual(["css", "js", "wasm"].map((file) => ({ file, travelled: true })));
  await page.goto(`/models/${MODEL}/dataset/`);
  await hydrated(page);
  expect((await fetched(page)).filter((entry) => entry.travelled)).toEqual([]);
});
