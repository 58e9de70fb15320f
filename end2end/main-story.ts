// The main use case, from the page to a saved dataset whose SQL runs: the same steps on either
// engine.
import { expect, open, unique } from "./fixtures";
import type { Locator, Page } from "@playwright/test";

/**
 * A person makes a dataset in the model, finds it, and reads its SQL and its rows. If reading is
 * metered, counting waits for a click.
 */
export async function mainStory(page: Page, model: number, { bills }: { bills: boolean }) {
  const name = unique("Repeat buyers");
  await open(page, `/models/${model}/dataset/`);
  await page.locator("#new").click();
  const wizard = page.getByRole("dialog", { name: "New dataset" });

  await wizard.getByLabel("Name", { exact: true }).fill(name);
  await expect(wizard.getByText("This name is available.")).toBeVisible();
  await wizard.getByLabel("Description").fill("Lines of the last three months");
  await wizard.getByRole("button", { name: "Next" }).click();

  await wizard.getByLabel("Search tables").fill("order");
  await wizard.getByRole("button", { name: "Use order_lines as primary table" }).click();
  await wizard.getByRole("button", { name: "Join orders" }).click();
  await wizard.getByLabel("Search tables").fill("");
  await wizard.getByRole("button", { name: "Join products", exact: true }).click();
  // A join without keys is invalid: Next says so instead of continuing.
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

  await wizard.getByLabel("Date range").selectOption({ label: "Last N months" });
  await wizard.getByLabel("Split method").selectOption({ label: "By time" });
  if (bills) {
    await expect(wizard.getByText("The warehouse cannot estimate the cost of counting.")).toBeVisible();
    await expect(wizard.getByRole("table", { name: "Splits" })).toBeHidden();
    await wizard.getByRole("button", { name: /^Count/ }).click();
  }
  const parts = wizard.getByRole("table", { name: "Splits" });
  await expect(parts.getByRole("row", { name: /^eval 2025-06-17 2025-06-30 14 / })).toBeVisible({ timeout: 60_000 });
  const number = async (cell: Locator) => Number((await cell.textContent())!.replace(/,/g, ""));
  const rows = (part: string) => number(parts.getByRole("row", { name: new RegExp(`^${part}`) }).getByRole("cell").nth(3));
  const left = wizard.getByRole("table", { name: "Remaining rows" }).getByRole("row").last().getByRole("cell").nth(1);
  expect(await number(left)).toBe((await rows("train")) + (await rows("eval")));

  await wizard.getByRole("button", { name: "Show SQL" }).click();
  await expect(wizard.getByLabel("SQL", { exact: true })).toContainText(/LEFT JOIN `?([a-z-]+\.)?raw_data\.orders\b/);
  await expect(wizard.getByText("Valid", { exact: true })).toBeVisible();
  await wizard.getByRole("button", { name: "Save" }).click();
  await expect(wizard).toBeHidden();

  await page.reload();
  const card = page.locator(".card", { hasText: name });
  await expect(card).toContainText("3 tables");
  await expect(card).toContainText("5 columns");

  await card.getByRole("link", { name: "Query" }).click();
  const query = page.getByRole("dialog", { name: `Query of ${name}` });
  await expect(query.getByText("Valid", { exact: true }).first()).toBeVisible();
  await expect(query.getByLabel("SQL")).toContainText("AS product_title");
  await query.getByRole("tab", { name: "eval" }).click();
  await expect(query.getByLabel("SQL")).toContainText("split = 'eval'");
  await query.getByRole("button", { name: "Close" }).click();

  await card.getByRole("link", { name: "Preview" }).click();
  const preview = page.getByRole("dialog", { name: `Rows of ${name}` });
  await expect(preview.getByText("Showing the first 100 rows.")).toBeVisible();
  await expect(preview.getByRole("columnheader", { name: /product_title/ })).toBeVisible();
  await expect(preview.getByRole("row")).toHaveCount(101);
  // The dialog has a URL: a reload shows it again, and back closes it.
  await page.reload();
  await expect(preview.getByRole("row")).toHaveCount(101);
  await page.goBack();
  await expect(preview).toBeHidden();
}
