// Exploring the data: suggestions, column profiles, analyses, comparisons.
import { expect, open, test, unique } from "../fixtures";
import type { Page } from "@playwright/test";

const of = (table: string) => (column: string) => ({ table, column });

/** A dataset of the demo shop's events; its id. */
async function dataset(page: Page, name: string, change: object = {}) {
  const event = of("events");
  const config = {
    primary_table: "raw_data.events",
    selected_columns: ["visitor", "product", "kind", "occurred_at"].map(event),
    column_mapping: { user_id: event("visitor"), product_id: event("product"), timestamp: event("occurred_at") },
    filters: { date_range: { type: "rolling", months: 3 } },
    split_config: { type: "time_based", eval_days: 14 },
    ...change,
  };
  const made = await page.request.post("/api/models/1/datasets/create/", { data: { name, config } });
  return (await made.json()).dataset_id as number;
}

test("joins and roles are suggested, verified with the data and taken by a click", async ({ page }) => {
  await open(page, "/models/1/dataset/?dialog=new");
  const wizard = page.getByRole("dialog", { name: "New dataset" });
  await wizard.getByLabel("Name", { exact: true }).fill(unique("Suggested"));
  await expect(wizard.getByText("This name is available.")).toBeVisible();
  await wizard.getByRole("button", { name: "Next" }).click();
  await wizard.getByRole("button", { name: "Use order_lines as primary table" }).click();
  for (const table of ["orders", "products", "customers"]) await wizard.getByRole("button", { name: `Join ${table}`, exact: true }).click();

  // A chain: customers belong to orders, not to their lines.
  await expect(wizard.getByText("orders.buyer_id = customers.id")).toBeVisible();
  await wizard.getByRole("button", { name: "Use the suggested keys of orders" }).click();
  await expect(wizard.getByLabel("Left key for orders")).toContainText("order_lines.order (INT64)");
  await wizard.getByRole("button", { name: "Auto-detect: use all 2 suggestions" }).click();
  await wizard.getByRole("button", { name: /^Verify with data/ }).click();
  await expect(wizard.getByText(/of rows match/)).toHaveCount(3);
  await expect(wizard.getByText(/at most 1 match per row/).first()).toBeVisible();
  await wizard.getByRole("button", { name: "Next" }).click();

  for (const [column, role] of [["orders.buyer_id", "user_id"], ["order_lines.sku", "product_id"], ["orders.ordered_at", "timestamp"]]) {
    await wizard.getByRole("button", { name: `Suggested: ${column} for ${role}` }).click();
    await expect(wizard.getByRole("button", { name: new RegExp(`for ${role}$`) })).toHaveCount(0);
  }
  await wizard.getByRole("button", { name: "Next" }).click();
  await wizard.getByRole("button", { name: "Save" }).click();
  await expect(wizard).toBeHidden();
});

test("a column's statistics are found out on demand and shown in its line", async ({ page }) => {
  const id = await dataset(page, unique("Statistics"));
  await open(page, `/models/1/dataset/?dialog=edit&id=${id}`);
  const wizard = page.getByRole("dialog", { name: "Edit dataset" });
  for (let step = 0; step < 2; step++) await wizard.getByRole("button", { name: "Next" }).click();
  await wizard.getByRole("button", { name: "Statistics of events" }).click();
  const kind = wizard.locator(".column-line", { hasText: "kind" });
  await expect(kind.getByText("3 distinct · basket to view")).toBeVisible();
  await kind.getByText("3 distinct · basket to view").click();
  await expect(kind.getByRole("list", { name: "Most frequent values" }).getByRole("listitem").first()).toContainText("view");
  const time = wizard.locator(".column-line", { hasText: "client_ms" });
  await time.locator("summary").click();
  await expect(time.locator("rect").first()).toBeVisible();
  await expect(time.getByText("1.0 % NULL")).toBeVisible();
  // All of them are cached now.
  await expect(wizard.getByRole("button", { name: "Statistics of events" })).toHaveCount(0);
});

test("an analysis shows that it runs, says what it found, and is kept", async ({ page }) => {
  const id = await dataset(page, unique("Leaky"), { split_config: { type: "random", train_percent: 80 } });
  await page.route("**/_fn/analyze", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await route.continue();
  });
  await open(page, `/models/1/dataset/?dialog=analysis&id=${id}`);
  const dialog = page.getByRole("dialog", { name: /^Analysis of/ });
  await expect(dialog.getByText(/^reads/)).toBeVisible();
  await dialog.getByRole("button", { name: "Analyze" }).click();
  await expect(dialog.getByRole("button", { name: "Stop" })).toBeVisible();
  await expect(dialog.getByText("Train rows later than the first eval row")).toBeVisible({ timeout: 20_000 });
  await expect(dialog.getByText("rows, 1 leak")).toBeVisible();
  await expect(dialog.getByRole("row", { name: /^eval/ }).first()).toBeVisible();

  await page.reload();
  await expect(dialog.getByText("rows, 1 leak")).toBeVisible();
  await dialog.getByRole("link", { name: "Close" }).click();
  const card = page.locator(".card", { hasText: "Leaky" }).first();
  await expect(card.getByText("1 leak")).toBeVisible();
});

test.describe(() => {
  test.use({ allowInConsole: /status of 409/ });

  test("a stopped analysis says so and leaves nothing behind", async ({ page }) => {
    const id = await dataset(page, unique("Stopped"));
    await page.route("**/_fn/analyze", async (route) => {
      // The server's response to everyone who waits when someone stops the run.
      await route.fulfill({ status: 409, contentType: "application/json", body: JSON.stringify({ status: 409, code: "cancelled", message: "Stopped.", errors: {} }) });
    });
    await open(page, `/models/1/dataset/?dialog=analysis&id=${id}`);
    const dialog = page.getByRole("dialog", { name: /^Analysis of/ });
    await dialog.getByRole("button", { name: "Analyze" }).click();
    await expect(dialog.getByText("Analysis stopped.")).toBeVisible();
    await expect(dialog.getByRole("button", { name: "Analyze", exact: true })).toBeEnabled();
  });
});

test("datasets stand side by side, their differences marked", async ({ page }) => {
  const tag = unique("Compared");
  await dataset(page, `${tag} a`);
  await dataset(page, `${tag} b`, { filters: { date_range: { type: "rolling", days: 30 } } });
  await open(page, `/models/1/dataset/?search=${encodeURIComponent(tag)}`);
  await page.getByLabel(`Compare ${tag} a`).check();
  await expect(page.getByText("Select one more, up to five.")).toBeVisible();
  await page.getByLabel(`Compare ${tag} b`).check();
  await page.getByRole("link", { name: "Compare", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Compare datasets" })).toBeVisible();
  const table = page.getByRole("region", { name: "Datasets side by side" });
  await expect(table.getByText("the last 30 days up to the latest event")).toBeVisible();
  await expect(table.getByText("events.visitor").first()).toBeVisible();
  await page.getByLabel("Only differences").check();
  await expect(table.getByText("events.kind").first()).toBeHidden();
  await expect(table.getByText("the last 30 days up to the latest event")).toBeVisible();
  // The URL can be shared, and the page reports what is wrong with it.
  await page.reload();
  await expect(table.getByText("the last 30 days up to the latest event")).toBeVisible();
  const unknown = await page.request.get("/models/1/dataset/compare?ids=1,none");
  expect(unknown.status()).toBe(404);
  await page.goto("/models/1/dataset/compare?ids=1");
  await expect(page.getByText("Select one more")).toBeVisible();
});

test("every kind of filter is set in the wizard, from values that are there", async ({ page }) => {
  const id = await dataset(page, unique("Filtered"));
  await open(page, `/models/1/dataset/?dialog=edit&id=${id}`);
  const wizard = page.getByRole("dialog", { name: "Edit dataset" });
  for (let step = 0; step < 3; step++) await wizard.getByRole("button", { name: "Next" }).click();

  await wizard.getByLabel("Add filter").selectOption({ label: "events.kind (STRING)" });
  await expect(wizard.getByText("Choose at least one value.")).toBeVisible();
  await wizard.getByRole("button", { name: "Look up" }).click();
  await wizard.getByRole("checkbox", { name: "view", exact: true }).check();
  await wizard.getByLabel("Search values").fill("O'Brien");
  await wizard.getByLabel("Search values").press("Enter");
  await wizard.getByLabel("Add filter").selectOption({ label: "events.event_id (INT64)" });
  await wizard.getByLabel("Value", { exact: true }).fill("many");
  await wizard.getByLabel("Value", { exact: true }).press("Tab");
  await expect(wizard.getByText("Not a valid INT64.")).toBeVisible();
  await wizard.getByLabel("Value", { exact: true }).fill("17");
  await wizard.getByLabel("Value", { exact: true }).press("Tab");
  await wizard.getByLabel("Add filter").selectOption({ label: "events.occurred_at (TIMESTAMP)" });
  await wizard.getByLabel("Condition on events.occurred_at").selectOption({ label: "is in the last N days" });
  await wizard.getByLabel("Add filter").selectOption({ label: "events.client_ms (INT64)" });
  await wizard.getByRole("button", { name: "Remove the filter on events.client_ms" }).click();

  await wizard.getByRole("group", { name: "Products" }).getByLabel("Min rows").fill("2");
  await wizard.getByRole("group", { name: "Customers" }).getByLabel("Max rows").fill("500");
  await wizard.getByLabel("Min rows per user").fill("2");
  await wizard.getByLabel("Sample %").fill("50");
  await wizard.getByLabel("Sample %").press("Tab");
  await wizard.getByLabel("Compute from").selectOption({ label: "All rows" });
  await wizard.getByRole("button", { name: "Save" }).click();
  await expect(wizard).toBeHidden();

  const saved = await (await page.request.get(`/api/datasets/${id}/`)).json();
  expect(saved.dataset.config.filters).toEqual({
    date_range: { type: "rolling", months: 3 },
    rows: [
      { table: "events", column: "kind", where: { op: "in", values: ["view", "O'Brien"] } },
      { table: "events", column: "event_id", where: { op: ">=", value: 17 } },
      { table: "events", column: "occurred_at", where: { op: "last_days", days: 90 } },
    ],
    product_filter: { transactions: { min: 2 } },
    customer_filter: { transactions: { max: 500 } },
    min_interactions: { user: 2, product: 1, rounds: 3 },
    sample: { percent: 50, unit: "user", seed: saved.dataset.config.filters.sample.seed },
    scope: "all",
  });
});

test("a version is frozen, its differences shown, and restored", async ({ page }) => {
  const id = await dataset(page, unique("Versioned"));
  const activated = await page.request.post(`/api/datasets/${id}/activate/`, { data: {} });
  expect(activated.status()).toBe(200);
  await page.request.post(`/api/datasets/${id}/update/`, { data: { split_config: { type: "time_based", eval_days: 3 } } });

  await open(page, `/models/1/dataset/?dialog=view&id=${id}`);
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("link", { name: "Versions" }).click();
  await expect(dialog.getByText("Version 1", { exact: true })).toBeVisible();
  await dialog.getByRole("button", { name: "Differences from version 1" }).click();
  const differences = dialog.getByRole("region", { name: "Differences from version 1" });
  await expect(differences.getByRole("row", { name: "split_config.eval_days 14 3" })).toBeVisible();
  await dialog.getByRole("button", { name: "SQL of version 1" }).click();
  await expect(dialog.getByLabel("SQL", { exact: true }).first()).toContainText("FROM raw_data.events");
  await dialog.getByRole("button", { name: "Restore version 1" }).click();
  await expect(dialog.getByText("same as current config")).toBeVisible();
  await dialog.getByRole("link", { name: "Overview" }).click();
  await expect(dialog.getByText("eval 14 days")).toBeVisible();
});
