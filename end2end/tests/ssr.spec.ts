// The server renders the first page in full: it can be read, and its links followed, before WASM
// arrives or without it.
import { expect, makeDataset, MODEL, test, unique } from "../fixtures";

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("the start page leads to the model's datasets", async ({ page }) => {
    await page.goto("/");
    await page.locator(`a[href^="/models/${MODEL}/dataset"]`).first().click();
    await expect(page).toHaveURL(new RegExp(`/models/${MODEL}/dataset/?`));
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  });

  test("a dataset's card can be read and leads to the dataset", async ({ page }) => {
    const name = unique("No script");
    await makeDataset(page, name);
    await page.goto(`/models/${MODEL}/dataset/`);
    const card = page.locator(".card", { hasText: name });
    await expect(card).toBeVisible();
    await expect(card).toContainText("order_lines");
    await expect(card).toContainText(/draft/i);
  });
});

test("the bare HTML has the card, the title and the language", async ({ page }) => {
  const name = unique("Bare HTML");
  await makeDataset(page, name);
  const answer = await page.request.get(`/models/${MODEL}/dataset/`);
  expect(answer.status()).toBe(200);
  const html = await answer.text();
  expect(html).toContain(name);
  expect(html).toContain("order_lines");
  expect(html).toMatch(/<title>[^<]+<\/title>/);
  expect(html).toMatch(/<html[^>]* lang="en"/);
});

// A row of cards is as tall as its tallest: painted before all of it was parsed, it would move.
test("no page is painted before it is read whole", async ({ page }) => {
  for (const path of ["/", `/models/${MODEL}/dataset/`, "/no/such/page"]) {
    const html = await (await page.request.get(path)).text();
    const last = html.match(/<link rel="expect" href="#(\w+)" blocking="render">/)?.[1];
    expect(html.split(`id="${last}"`), path).toHaveLength(2);
    expect(html.indexOf(`id="${last}"`), path).toBeGreaterThan(html.indexOf("</main>"));
  }
});

test("a page that does not exist says so with 404", async ({ page }) => {
  expect((await page.request.get("/no/such/page")).status()).toBe(404);
  expect((await page.request.get("/models/999999/dataset/")).status()).toBe(404);
});
