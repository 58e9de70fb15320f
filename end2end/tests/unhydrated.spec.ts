// Before WASM arrives, or if it never does: pages are complete, can be read, and their links work.
import { expect } from "../fixtures";
import { test, type Shop } from "../shop";
import { list } from "../views";
import type { Page } from "@playwright/test";

/** From the start page to a dataset, the comparison with others, and back, by links alone. */
async function walk(page: Page, shop: Shop) {
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Models");
  await page.getByRole("main").locator(`a[href="${list(shop.model)}"]`).first().click();
  await expect(page).toHaveURL(new RegExp(`${list(shop.model)}$`));
  await expect(page.locator(".card")).toHaveCount(4);
  const card = page.locator(".card", { hasText: "Repeat buyers" });
  await expect(card).toContainText("3 tables");
  await expect(card).toContainText(/Quality\s*\d+/);

  await page.goto(`/models/${shop.model}/dataset/compare?ids=${shop.full},${shop.active}`);
  await expect(page.getByRole("columnheader", { name: "Repeat buyers" }).first()).toBeVisible();
  await expect(page.getByRole("row", { name: /^status/ })).toContainText("draft");
  await page.getByRole("link", { name: "Back to datasets" }).click();
  await expect(page.locator(".card")).toHaveCount(4);

  // A search URL gives the same results as with WASM.
  await page.goto(`${list(shop.model)}?search=hundred`);
  await expect(page.locator(".card")).toHaveCount(1);
  await page.goto(list(shop.empty));
  await expect(page.locator(".empty")).toBeVisible();
  await page.goto("/no/such/page");
  await page.getByRole("main").getByRole("link").first().click();
  await expect(page).toHaveURL(/\/$/);
}

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false, allowInConsole: /status of 404/ });

  test("pages are whole and their links work", async ({ page, shop }) => walk(page, shop));
});

test.describe("where the program does not arrive", () => {
  test.use({ allowInConsole: /status of 404|ERR_FAILED|Failed to fetch|preload/ });

  test("pages are whole and their links work", async ({ page, shop }) => {
    await page.route("**/*.wasm", (route) => route.abort());
    await walk(page, shop);
  });
});
