// The base of every test. Import `test` and `expect` from here, never from Playwright itself: this
// `test` fails when the page logs an error or a warning (a hydration mismatch is one), throws, or
// connects to another host.
import { test as base, expect, type Page } from "@playwright/test";

type Guard = {
  /**
   * What the console may show, for a test that provokes an error on purpose. One pattern:
   * Playwright takes a list of two for a fixture with options.
   */
  allowInConsole: RegExp;
  guard: void;
};

export const test = base.extend<Guard>({
  allowInConsole: [/(?!)/, { option: true }],

  guard: [
    async ({ context, baseURL, allowInConsole }, use) => {
      const faults: string[] = [];
      const own = new URL(baseURL!).host;

      context.on("console", (message) => {
        if (message.type() !== "error" && message.type() !== "warning") return;
        if (allowInConsole.test(message.text())) return;
        faults.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
      });
      context.on("weberror", (error) => {
        if (!allowInConsole.test(String(error.error()))) faults.push(`uncaught: ${error.error()}`);
      });
      context.on("request", (request) => {
        const url = new URL(request.url());
        if (url.protocol.startsWith("http") && url.host !== own) faults.push(`request to another host: ${request.url()}`);
      });

      await use();
      expect(faults, "the page must stay silent and at home").toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** Goes to a page and waits until WASM has hydrated it: an earlier click would be lost. */
export async function open(page: Page, path: string) {
  await page.goto(path);
  await hydrated(page);
}

/** Waits until WASM has hydrated the page. */
export async function hydrated(page: Page) {
  await page.locator("html[data-hydrated]").waitFor({ state: "attached" });
}

/** The one model of a fresh installation. */
export const MODEL = 1;

/** A name that no other test uses. */
export function unique(name: string) {
  return `${name} ${Date.now().toString(36)}${Math.floor(Math.random() * 1296).toString(36)}`;
}

/** Posts to the API, as another program would. */
export async function post<T>(page: Page, path: string, data: object = {}): Promise<T> {
  const answer = await page.request.post(path, { data });
  expect(answer.status(), `${path}: ${await answer.text()}`).toBe(200);
  return answer.json();
}

/** A dataset as the API returns it. */
export async function dataset<T>(page: Page, id: number): Promise<T> {
  const answer = await page.request.get(`/api/datasets/${id}/`);
  expect(answer.status(), await answer.text()).toBe(200);
  return (await answer.json()).dataset;
}

/** A config over three joined tables of the demo shop. */
export const threeTables = {
  primary_table: "raw_data.order_lines",
  secondary_tables: ["raw_data.orders", "raw_data.products"],
  join_config: [
    { table: "orders", type: "left", on: [{ left: { table: "order_lines", column: "order" }, right: "id" }] },
    { table: "products", type: "left", on: [{ left: { table: "order_lines", column: "sku" }, right: "product_code" }] },
  ],
  selected_columns: [
    { table: "orders", column: "buyer_id" },
    { table: "order_lines", column: "sku" },
    { table: "orders", column: "ordered_at" },
    { table: "order_lines", column: "amount" },
  ],
  column_mapping: {
    user_id: { table: "orders", column: "buyer_id" },
    product_id: { table: "order_lines", column: "sku" },
    timestamp: { table: "orders", column: "ordered_at" },
    revenue: { table: "order_lines", column: "amount" },
  },
};

/** Creates a dataset without the wizard, for tests of something else. Returns its id. */
export async function makeDataset(page: Page, name: string, config: object = threeTables): Promise<number> {
  const made = await post<{ dataset_id: number }>(page, `/api/models/${MODEL}/datasets/create/`, { name, description: "made by a test", config });
  return made.dataset_id;
}
