// Every view, dialog and wizard step, with the way to open it. The checks of looks.spec.ts and the
// gallery walk through the same list.
import { expect, type Locator, type Page } from "@playwright/test";
import { open } from "./fixtures";
import type { Shop } from "./shop";

export type View = {
  name: string;
  /** Goes there and waits until it is complete. */
  show: (page: Page, shop: Shop) => Promise<void>;
  /** The view that leads to it, and the way from there. */
  before?: View;
  step?: (page: Page, shop: Shop) => Promise<void>;
};

export const list = (model: number) => `/models/${model}/dataset/`;
const dialogAt = (shop: Shop, kind: string, id?: number) => `${list(shop.model)}?dialog=${kind}${id ? `&id=${id}` : ""}`;

/** A view with a URL. */
const at = (name: string, address: (shop: Shop) => string, ready: (page: Page) => Locator): View => ({
  name,
  show: async (page, shop) => {
    await open(page, address(shop));
    await expect(ready(page)).toBeVisible({ timeout: 20_000 });
    await settled(page);
  },
});

/** A view that is opened from another. */
const then = (name: string, before: View, step: (page: Page, shop: Shop) => Promise<void>): View => ({
  name,
  show: async (page, shop) => {
    await before.show(page, shop);
    await step(page, shop);
    await settled(page);
  },
  before,
  step,
});

/**
 * Waits until no request is in flight and nothing shows a waiting state: busy elements, spinners,
 * and texts that end with an ellipsis.
 */
export async function settled(page: Page) {
  const calm = page.waitForFunction(
    () => {
      const shown = (selector: string) => [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility());
      const busy = shown(".spinner, [aria-busy=true]");
      const says = shown("[role=status], .waiting, .verdict").filter((element) => element.textContent!.trim().endsWith("…"));
      const state = window as unknown as { calmSince?: number; calmRequests?: number };
      const requests = performance.getEntriesByType("resource").length;
      Object.assign(window, { waitsFor: [...busy, ...says].map((element) => element.outerHTML.slice(0, 200)) });
      if (busy.length + says.length > 0 || requests !== state.calmRequests || !state.calmSince) {
        state.calmRequests = requests;
        state.calmSince = performance.now();
      }
      return performance.now() - state.calmSince > 250;
    },
    undefined,
    { timeout: 30_000, polling: 50 },
  );
  await calm.catch(async (error) => {
    throw new Error(`it waits for ${JSON.stringify(await page.evaluate(() => (window as unknown as { waitsFor?: string[] }).waitsFor))}`, { cause: error });
  });
  await page.evaluate(() => {
    const state = window as unknown as { calmSince?: number };
    state.calmSince = undefined;
  });
}

const dialog = (page: Page) => page.getByRole("dialog").last();
const wizardOf = (page: Page) => page.locator("dialog.modal-container-wizard");
const next = (page: Page) => wizardOf(page).getByRole("button", { name: "Next", exact: true }).click();

const models = at("models", () => "/", (page) => page.getByRole("heading", { level: 1 }));
const datasets = at("datasets", (shop) => list(shop.model), (page) => page.locator(".card").first());
const wizardNew = at("wizard-new", (shop) => dialogAt(shop, "new"), wizardOf);
const wizard1 = at("wizard-1-basics", (shop) => dialogAt(shop, "edit", shop.full), wizardOf);
const wizard2 = then("wizard-2-tables", wizard1, next);
const wizard3 = then("wizard-3-columns", wizard2, next);
const wizard4 = then("wizard-4-filters", wizard3, async (page) => {
  await next(page);
  // With the charts of the counts.
  await expect(wizardOf(page).locator(".pareto-plot").first()).toBeVisible({ timeout: 40_000 });
});

export const VIEWS: View[] = [
  models,
  then("model-add", models, async (page) => {
    await page.getByRole("button", { name: "Add model" }).click();
    await expect(dialog(page)).toBeVisible();
  }),
  datasets,
  at("datasets-nothing-found", (shop) => `${list(shop.model)}?search=no+such+name`, (page) => page.getByText("No datasets found").first()),
  at("datasets-none", (shop) => list(shop.empty), (page) => page.locator(".empty").first()),
  then("datasets-chosen", datasets, async (page) => {
    await page.getByRole("checkbox", { name: /^Compare / }).first().check();
    await page.getByRole("checkbox", { name: /^Compare / }).nth(1).check();
  }),
  at("compare", (shop) => `/models/${shop.model}/dataset/compare?ids=${shop.full},${shop.active},${shop.leaky}`, (page) => page.getByRole("table").first()),
  at("not-found", () => "/no/such/page", (page) => page.getByRole("heading", { level: 1 })),
  at("detail", (shop) => dialogAt(shop, "view", shop.full), dialog),
  at("detail-active", (shop) => dialogAt(shop, "view", shop.active), dialog),
  at("detail-quality", (shop) => `${dialogAt(shop, "view", shop.full)}&tab=quality`, dialog),
  at("detail-columns", (shop) => `${dialogAt(shop, "view", shop.full)}&tab=columns`, dialog),
  at("detail-versions", (shop) => `${dialogAt(shop, "view", shop.active)}&tab=versions`, dialog),
  at("analysis", (shop) => dialogAt(shop, "analysis", shop.full), dialog),
  at("analysis-leaky", (shop) => dialogAt(shop, "analysis", shop.leaky), dialog),
  at("analysis-none", (shop) => dialogAt(shop, "analysis", shop.wide), dialog),
  at("query", (shop) => dialogAt(shop, "query", shop.full), dialog),
  at("preview", (shop) => dialogAt(shop, "preview", shop.wide), (page) => dialog(page).getByRole("row").nth(1)),
  at("clone", (shop) => dialogAt(shop, "clone", shop.full), dialog),
  at("delete", (shop) => dialogAt(shop, "delete", shop.full), dialog),
  at("delete-with-versions", (shop) => dialogAt(shop, "delete", shop.active), dialog),
  wizardNew,
  then("wizard-new-blocked", wizardNew, next),
  then("wizard-2-hundred-columns", at("", (shop) => dialogAt(shop, "edit", shop.wide), wizardOf), next),
  then("wizard-3-statistics", wizard3, async (page) => {
    await wizardOf(page).getByRole("button", { name: /^Statistics of / }).last().click();
    await wizardOf(page).locator(".column-line summary").last().click();
  }),
  wizard1,
  wizard2,
  then("wizard-2-picture", wizard2, async (page) => {
    await wizardOf(page).getByRole("button", { name: "Diagram" }).click();
    await expect(wizardOf(page).getByRole("group", { name: /^Table / }).first()).toBeVisible();
  }),
  wizard3,
  wizard4,
  then("wizard-4-sql", wizard4, async (page) => {
    await wizardOf(page).getByRole("button", { name: "Show SQL" }).click();
    await expect(wizardOf(page).getByText("Valid")).toBeVisible();
  }),
  then("wizard-4-rows", wizard4, async (page) => {
    await wizardOf(page).getByRole("button", { name: "Preview rows" }).click();
    await expect(page.getByRole("dialog", { name: /^Rows of/ }).getByRole("row").nth(1)).toBeVisible();
  }),
  then("wizard-leave", wizardNew, async (page) => {
    await wizardOf(page).getByLabel("Name", { exact: true }).fill("half a thought");
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog", { name: /^Leave/ })).toBeVisible();
  }),
];
