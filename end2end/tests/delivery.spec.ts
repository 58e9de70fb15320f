// How the browser's program is delivered: small, precompressed, named by its content and cached
// forever; everything else is revalidated.
import { expect, hydrated, MODEL, open, test } from "../fixtures";
import type { APIRequestContext, Page } from "@playwright/test";

/** What the list page links to below /pkg/, and the parts of the program that it names itself. */
async function files(request: APIRequestContext) {
  const html = await (await request.get(`/models/${MODEL}/dataset/`)).text();
  const named = [...new Set([...html.matchAll(/"(\/pkg\/[0-9a-f]{16}\/[^"]+\.(?:js|wasm|css))"/g)].map((found) => found[1]))];
  const folder = named[0].replace(/[^/]+$/, "");
  const loader = `${folder}__wasm_split.______________________.js`;
  const text = await (await request.get(loader)).text();
  const parts = [...text.matchAll(/new URL\("\.\/([^"]+\.wasm)"/g)].map((found) => folder + found[1]);
  expect(named.map((path) => path.replace(folder, "")).sort()).toEqual(expect.arrayContaining(["trainset.css", "trainset.js", "trainset.wasm"]));
  return { first: [...new Set([...named, loader])], parts };
}

// Brotli, as transferred. A person waits for the first load; later parts have to be there when they
// are opened.
const MOST_FIRST = 400_000;
const MOST_PART = 380_000;

test("the list page is small, and so is each part that comes later", async ({ request, page }) => {
  const size = async (path: string) => {
    // Requested without Playwright's decompression: the length is that of the transfer.
    const answer = await request.get(path, { headers: { "accept-encoding": "br" } });
    expect(answer.headers()["content-encoding"], path).toBe("br");
    return Number(answer.headers()["content-length"]);
  };
  const { first, parts } = await files(request);
  await open(page, `/models/${MODEL}/dataset/`);
  const html = await page.evaluate(() => (performance.getEntriesByType("navigation")[0] as PerformanceNavigationTiming).encodedBodySize);
  const sizes: Record<string, number> = { html };
  for (const path of [...first, ...parts]) sizes[path.replace(/.*\//, "")] = await size(path);
  test.info().annotations.push({ type: "brotli bytes", description: JSON.stringify(sizes) });
  const total = first.reduce((sum, path) => sum + sizes[path.replace(/.*\//, "")], html);
  test.info().annotations.push({ type: "first load", description: String(total) });
  expect(total).toBeGreaterThan(100_000);
  expect(total).toBeLessThan(MOST_FIRST);
  expect(parts.length).toBeGreaterThanOrEqual(5);
  for (const path of parts) expect(sizes[path.replace(/.*\//, "")], path).toBeLessThan(MOST_PART);
});

test("files named by their content are kept for ever, compressed as the browser can take them", async ({ request }) => {
  const { first, parts } = await files(request);
  for (const path of [...first, ...parts]) {
    for (const encoding of ["br", "gzip", "identity"]) {
      const answer = await request.get(path, { headers: { "accept-encoding": encoding } });
      expect(answer.status(), path).toBe(200);
      expect(answer.headers()["content-encoding"] ?? "identity").toBe(encoding);
      expect(answer.headers()["cache-control"]).toBe("public, max-age=31536000, immutable");
      expect(answer.headers()["vary"]).toContain("accept-encoding");
    }
    // The hash of another build: its files no longer exist, and nothing else is served under its
    // name.
    const other = path.replace(/[0-9a-f]{16}/, "0123456789abcdef");
    expect((await request.get(other)).status(), other).toBe(404);
    // Under their plain names they are revalidated each time.
    const plain = await request.get(path.replace(/[0-9a-f]{16}\//, ""));
    expect([plain.status(), plain.headers()["cache-control"]]).toEqual([200, "no-cache"]);
  }
  for (const path of parts) expect((await request.get(path)).headers()["content-type"]).toBe("application/wasm");
});

test("what has no hash in its name is asked for again", async ({ request }) => {
  // A cached page of an older build would save in an outdated form.
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
        .map((entry) => ({ file: entry.name.replace(/.*\/[0-9a-f]{16}\//, ""), travelled: entry.transferSize > 0 }))
        .sort((a, b) => a.file.localeCompare(b.file)),
    );
  await open(page, "/");
  const travelled = async () => (await fetched(page)).filter((entry) => entry.travelled).map((entry) => entry.file);
  expect(await travelled()).toEqual(["__wasm_split.______________________.js", "trainset.css", "trainset.js", "trainset.wasm"]);
  // The list page fetches the wizard's part when it is idle; nothing else, and nothing twice.
  await open(page, `/models/${MODEL}/dataset/`);
  await expect.poll(travelled).toContain("split_wizard.wasm");
  await page.waitForLoadState("networkidle");
  const parts = await travelled();
  expect(new Set(parts).size).toBe(parts.length);
  for (const file of parts) expect(file).toMatch(/^(split_wizard|chunk_\d+)\.wasm$/);
  await open(page, `/models/${MODEL}/dataset/`);
  await page.waitForLoadState("networkidle");
  expect(await travelled()).toEqual([]);
});
