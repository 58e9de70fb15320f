// What every test builds on. Import `test` and `expect` from here, never from Playwright itself: this `test` fails when the page
// logs an error or a warning (a hydration mismatch is one), throws, or talks to another host.
import { test as base, expect, type Page } from "@playwright/test";

type Guard = {
  /** What the console may show: for a test that provokes an error on purpose. One pattern: Playwright takes a list of two for a fixture with options. */
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

/** Goes to a page and waits until WASM has taken it over: a click before that would be lost. */
export async function open(page: Page, path: string) {
  await page.goto(path);
  await hydrated(page);
}

/** Waits until WASM has taken over the page. */
export async function hydrated(page: Page) {
  await page.locator("html[data-hydrated]").waitFor({ state: "attached" });
}

/** The one model of a fresh installation. */
export const MODEL = 1;

/** A name that no other test uses. */
export function unique(name: string) {
  return `${name} ${Date.now().toString(36)}${Math.floor(Math.random() * 1296).toString(36)}`;
}

/** Calls a server function, as the pages do. */
export async function call<T>(page: Page, name: string, args: object): Promise<T> {
  const answer = await page.request.post(`/_fn/${name}`, { data: args, headers: { accept: "application/json" } });
  expect(answer.status(), `${name}: ${await answer.text()}`).toBe(200);
  return answer.json();
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

/** Makes a dataset without the wizard, for tests about something else. Returns its id. */
export async function makeDataset(page: Page, name: string, config: object = threeTables): Promise<number> {
  const dataset = await call<{ id: number }>(page, "create-dataset", {
    model_id: MODEL,
    input: { name, description: `made by a test`, config },
  });
  return dataset.id;
}
