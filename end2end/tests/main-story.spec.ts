// The main job: from the page to a saved dataset whose SQL runs.
import { call, expect, makeDataset, MODEL, open, test, threeTables, unique } from "../fixtures";

const list = `/models/${MODEL}/dataset/`;

test("a person joins three tables, maps, filters, splits, saves, and finds the dataset, its SQL and its rows", async ({ page }) => {
  const name = unique("Repeat buyers");
  await open(page, list);
  await page.getByRole("link", { name: "New Dataset" }).click();
  const wizard = page.getByRole("dialog", { name: "New dataset" });

  await wizard.getByLabel("Name", { exact: true }).fill(name);
  await expect(wizard.getByText("The name is free.")).toBeVisible();
  await wizard.getByLabel("Description").fill("Lines of the last three months");
  await wizard.getByRole("button", { name: "Next" }).click();

  await wizard.getByLabel("Search tables").fill("order");
  await wizard.getByRole("button", { name: "Use order_lines as primary table" }).click();
  await wizard.getByRole("button", { name: "Join orders" }).click();
  await wizard.getByLabel("Search tables").fill("");
  await wizard.getByRole("button", { name: "Join products", exact: true }).click();
  // A join without keys is no join: Next says so instead of going on.
  await wizard.getByRole("button", { name: "Next" }).click();
  await expect(wizard.getByText("Choose at least one pair of key columns.").first()).toBeVisible();
  await wizard.getByLabel("Left key for orders").selectOption({ label: "order_lines.order (INT64)" });
  await wizard.getByLabel("Right key of orders").selectOption({ label: "id (INT64)" });
  await wizard.getByLabel("Left key for products").selectOption({ label: "order_lines.sku (STRING)" });
  await wizard.getByLabel("Right key of products").selectOption({ label: "product_code (STRING)" });
  await wizard.getByRole("button", { name: "Next" }).click();

  await wizard.getByLabel("user_id").selectOption({ label: "orders.buyer_id (INT64)" });
  await wizard.getByLabel("product_id").selectOption({ label: "order_lines.sku (STRING)" });
  await wizard.getByLabel("timestamp").selectOption({ label: "orders.ordered_at (TIMESTAMP)" });
  await wizard.getByLabel("revenue").selectOption({ label: "order_lines.amount (FLOAT64)" });
  await wizard.getByLabel("title", { exact: true }).check();
  await wizard.getByLabel("Output name of products.title").fill("product_title");
  await wizard.getByLabel("Output name of products.title").press("Tab");
  await wizard.getByRole("button", { name: "Next" }).click();

  await wizard.getByLabel("Rows of").selectOption({ label: "the last months" });
  await wizard.getByLabel("Train and eval").selectOption({ label: "by time" });
  await wizard.getByRole("button", { name: /^Count/ }).click();
  const parts = wizard.getByRole("table");
  await expect(parts.getByRole("row", { name: /^eval/ })).toContainText("2025-06-17 to 2025-06-30");
  const rows = async (part: string) =>
    Number((await parts.getByRole("row", { name: new RegExp(`^${part}`) }).getByRole("cell").first().textContent())!.replace(/,/g, ""));
  expect(await rows("full")).toBe((await rows("train")) + (await rows("eval")));

  await wizard.getByRole("button", { name: "Show SQL" }).click();
  await expect(wizard.getByLabel("SQL", { exact: true })).toContainText("LEFT JOIN `raw_data.orders`");
  await expect(wizard.getByText("Valid")).toBeVisible();
  await wizard.getByRole("button", { name: "Save" }).click();
  await expect(wizard).toBeHidden();

  await page.reload();
  const card = page.locator(".card", { hasText: name });
  await expect(card).toContainText("3 tables");
  await expect(card).toContainText("5 columns");

  await card.getByRole("link", { name: "Query" }).click();
  const query = page.getByRole("dialog", { name: `Query of ${name}` });
  await expect(query.getByText("Valid")).toBeVisible();
  await expect(query.getByLabel("SQL")).toContainText("AS `product_title`");
  await query.getByRole("tab", { name: "eval" }).click();
  await expect(query.getByLabel("SQL")).toContainText("`split` = 'eval'");
  await query.getByRole("button", { name: "Close" }).click();

  await card.getByRole("link", { name: "Preview" }).click();
  const preview = page.getByRole("dialog", { name: `Rows of ${name}` });
  await expect(preview.getByText("The first 100 rows; there are more.")).toBeVisible();
  await expect(preview.getByRole("columnheader", { name: /product_title/ })).toBeVisible();
  await expect(preview.getByRole("row")).toHaveCount(101);
  // The dialog has an address: a reload shows it again, and back closes it.
  await page.reload();
  await expect(preview.getByRole("row")).toHaveCount(101);
  await page.goBack();
  await expect(preview).toBeHidden();
});

test("opening, walking all steps and saving without a change changes nothing", async ({ page }) => {
  // G-80
  const name = unique("Unchanged");
  const id = await makeDataset(page, name, {
    ...threeTables,
    filters: { date_range: { type: "rolling", days: 60 }, rows: [{ table: "products", column: "brand", where: { op: "in", values: ["O'Neill"] } }] },
    split_config: { type: "random", train_percent: 70, unit: "user", seed: "7" },
  });
  const before = await call<object>(page, "dataset", { id });
  await open(page, `${list}?dialog=edit&id=${id}`);
  const wizard = page.getByRole("dialog", { name: "Edit dataset" });
  await expect(wizard.getByLabel("Name", { exact: true })).toHaveValue(name);
  for (let step = 0; step < 3; step++) await wizard.getByRole("button", { name: "Next" }).click();
  await expect(wizard.getByLabel("Train and eval")).toHaveValue("random");
  await wizard.getByRole("button", { name: "Save" }).click();
  await expect(wizard).toBeHidden();
  expect(await call<object>(page, "dataset", { id })).toEqual(before);
});

test("a name that is taken stops at the name", async ({ page }) => {
  // G-83
  const name = unique("Taken");
  await makeDataset(page, name);
  await open(page, `${list}?dialog=new`);
  const wizard = page.getByRole("dialog", { name: "New dataset" });
  await wizard.getByLabel("Name", { exact: true }).fill(name.toUpperCase());
  await expect(wizard.locator(".name-check.field-error")).toBeVisible();
  await wizard.getByRole("button", { name: "Next" }).click();
  await expect(wizard.getByLabel("Name", { exact: true })).toBeVisible();
});

test("closing with changes asks first", async ({ page }) => {
  await open(page, `${list}?dialog=new`);
  const wizard = page.getByRole("dialog", { name: "New dataset" });
  await wizard.getByLabel("Name", { exact: true }).fill("half a thought");
  await page.keyboard.press("Escape");
  const ask = page.getByRole("dialog", { name: "Leave without saving?" });
  await ask.getByRole("button", { name: "Stay" }).click();
  await expect(wizard.getByLabel("Name", { exact: true })).toHaveValue("half a thought");
  await page.keyboard.press("Escape");
  await ask.getByRole("button", { name: "Leave" }).click();
  await expect(wizard).toBeHidden();
});

test("search, clone, activate, delete", async ({ page }) => {
  const name = unique("O'Brien <b>\"x\"</b>");
  await makeDataset(page, name);
  await open(page, list);
  await page.getByLabel("Search datasets").fill(name);
  const cards = page.locator(".card");
  await expect(cards).toHaveCount(1);
  await expect(page).toHaveURL(/search=/);
  await expect(cards.getByRole("heading")).toHaveText(name);

  await cards.getByRole("link", { name: "Clone" }).click();
  await page.getByRole("dialog", { name: "Clone dataset" }).getByRole("button", { name: "Clone" }).click();
  await expect(cards).toHaveCount(2);

  const copy = cards.filter({ hasText: `${name} (Copy)` });
  await copy.getByRole("button", { name: /^Activate/ }).click();
  await expect(copy.locator(".status")).toHaveText("active");
  await expect(copy).toContainText("1 version");

  await copy.getByRole("link", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete dataset" });
  await expect(dialog.getByRole("button", { name: "Delete" })).toBeDisabled();
  await dialog.getByRole("checkbox").check();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await expect(cards).toHaveCount(1);
});

test("a model is added and renamed", async ({ page }) => {
  const name = unique("Ranking");
  await open(page, "/");
  await page.getByRole("button", { name: "Add model" }).click();
  const dialog = page.getByRole("dialog", { name: "Add model" });
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByRole("button", { name: "Save" }).click();
  const card = page.locator(".card", { hasText: name });
  await card.getByRole("button", { name: "Rename" }).click();
  await page.getByRole("dialog", { name: "Rename model" }).getByLabel("Name").fill(`${name} 2`);
  await page.getByRole("dialog", { name: "Rename model" }).getByRole("button", { name: "Save" }).click();
  await expect(page.locator(".card", { hasText: `${name} 2` })).toBeVisible();
});
