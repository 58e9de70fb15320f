// Step 4 of the wizard: its charts are drawn from the data, respond to keys and pointer, and show
// the numbers of the dataset once it is saved.
import { expect, makeDataset, MODEL, open, test, threeTables, unique } from "../fixtures";
import { list } from "../views";
import type { Locator, Page } from "@playwright/test";

const number = (text: string | null) => Number(text!.replace(/,/g, ""));

const sixMonths = {
  ...threeTables,
  filters: { date_range: { type: "rolling", months: 6 } },
  split_config: { type: "time_based", eval_days: 14, test_days: 7, gap_days: 2 },
};

/** Opens a dataset's fourth step. */
async function step4(page: Page, id: number): Promise<Locator> {
  await open(page, `${list(MODEL)}?dialog=edit&id=${id}`);
  const wizard = page.getByRole("dialog", { name: "Edit dataset" });
  await wizard.getByRole("button", { name: "Filters and split" }).click();
  await counted(wizard);
  return wizard;
}

/** Waits until the shown numbers belong to the current config. */
async function counted(wizard: Locator) {
  await expect(wizard.getByText(/rows remain ·/)).toBeVisible({ timeout: 30_000 });
  await expect(wizard.locator(".stale")).toHaveCount(0, { timeout: 30_000 });
}

/** The number in a row's cell of a table. */
const cell = async (table: Locator, row: string, place: number) =>
  number(await table.getByRole("row", { name: new RegExp(`^${row}`) }).getByRole("cell").nth(place).textContent());

/** Rows of each part, as a count of the saved dataset returns them. */
async function count(page: Page, id: number): Promise<Record<string, { rows: number; products: number }>> {
  const answer = await page.request.post(`/api/datasets/${id}/count/`, { data: {} });
  expect(answer.status(), await answer.text()).toBe(200);
  const { counts } = await answer.json();
  return { full: counts.full, ...counts.splits };
}

test("the timeline and the funnel have the rows of a Count", async ({ page }) => {
  const id = await makeDataset(page, unique("Timeline"), sixMonths);
  const counts = await count(page, id);
  const wizard = await step4(page, id);
  await expect(wizard.getByText("Currently 2025-06-30.")).toBeVisible();
  await expect(wizard.getByText("2024-12-31 to 2025-06-30, inclusive.")).toBeVisible();
  const parts = wizard.getByRole("table", { name: "Splits" });
  // The names hold first day, last day and days.
  await expect(parts.getByRole("row", { name: /^test 2025-06-24 2025-06-30 7 / })).toBeVisible();
  await expect(parts.getByRole("row", { name: /^eval 2025-06-10 2025-06-23 14 / })).toBeVisible();
  await expect(parts.getByRole("row", { name: /^gap 2025-06-08 2025-06-09 2 / })).toBeVisible();
  for (const part of ["train", "eval", "test"]) expect(await cell(parts, part, 3), part).toBe(counts[part].rows);
  await expect(wizard.locator(".timeline svg rect.part-eval").first()).toBeAttached();
  const left = wizard.getByRole("table", { name: "Remaining rows" });
  expect(await cell(left, "dates, row filters and sample", 1)).toBe(counts.full.rows);

  // The parts follow each keystroke, before anything is counted again.
  await wizard.getByLabel("Eval days").fill("10");
  await expect(parts.getByRole("row", { name: /^eval 2025-06-14 2025-06-23 10 / })).toBeVisible();
  await counted(wizard);
  const rows = (part: string) => cell(parts, part, 3);
  expect((await rows("train")) + (await rows("gap")) + (await rows("eval")) + (await rows("test"))).toBe(counts.full.rows);
  // Held-out parts that leave no day for train are reported, or training would get no rows.
  await wizard.getByLabel("Date range").selectOption({ label: "All dates" });
  await counted(wizard);
  await wizard.getByLabel("Eval days").fill("600");
  await expect(wizard.getByText("The rows span 547 days, but eval, test and gap take 609 days.")).toBeVisible();
});

test("the Pareto curve answers to the number, the keys and the pointer, and keeps what it says", async ({ page }) => {
  const id = await makeDataset(page, unique("Pareto"), sixMonths);
  const wizard = await step4(page, id);
  const products = wizard.getByRole("group", { name: "Products" });
  const field = products.getByLabel("Top % of revenue");
  const curve = products.getByRole("slider", { name: /Share of revenue/ });
  await expect(curve).toHaveAttribute("aria-valuetext", /^No threshold: all [\d,]+ products with revenue/);
  await field.fill("80");
  await expect(curve).toHaveAttribute("aria-valuenow", "80");
  await curve.focus();
  await page.keyboard.press("ArrowUp");
  await expect(field).toHaveValue("81");
  await page.keyboard.press("PageDown");
  await expect(field).toHaveValue("71");
  await page.keyboard.press("Home");
  await expect(field).toHaveValue("1");
  await page.keyboard.press("End");
  await expect(field).toHaveValue("");
  const box = (await curve.boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.95, box.y + box.height * 0.1);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height * 0.3, { steps: 4 });
  await page.mouse.up();
  const dragged = Number(await field.inputValue());
  expect(dragged).toBeGreaterThan(30);
  expect(dragged).toBeLessThan(99);

  await field.fill("80");
  const said = (await curve.getAttribute("aria-valuetext"))!;
  const [, kept, , share] = said.match(/^([\d,]+) of ([\d,]+) products make ([\d.]+) % of the revenue/)!;
  // The product that crosses the threshold stays.
  expect(Number(share)).toBeGreaterThanOrEqual(80);
  // The table behind the chart, the funnel and the saved dataset have the same numbers, which come
  // from one query.
  await expect(products.getByRole("table", { name: /Share of revenue/ }).getByRole("row", { name: new RegExp(`^80 ${kept} `) })).toHaveCount(1);
  await counted(wizard);
  expect(await cell(wizard.getByRole("table", { name: "Remaining rows" }), "product filter", 4)).toBe(number(kept));
  await wizard.getByRole("button", { name: "Save" }).click();
  await expect(wizard).toBeHidden();
  expect((await count(page, id)).full.products).toBe(number(kept));
});

test("thresholds stand in the distributions, and as many stay as is said", async ({ page }) => {
  const id = await makeDataset(page, unique("Thresholds"), { ...sixMonths, split_config: { type: "none" } });
  const wizard = await step4(page, id);
  const customers = wizard.getByRole("group", { name: "Customers" });
  const byRows = customers.locator(".distribution").first();
  await expect(byRows).toContainText("median");
  await expect(byRows.locator(".bars rect").nth(5)).toBeAttached();
  await expect(byRows.locator(".cut")).toHaveCount(0);
  await customers.getByLabel("Min rows").fill("5");
  await customers.getByLabel("Max rows").fill("30");
  await expect(byRows.locator(".cut")).toHaveCount(2);
  const stays = (await byRows.locator(".stays").textContent())!;
  const [, kept, all] = stays.match(/^([\d,]+) of ([\d,]+) customers remain$/)!;
  expect(number(kept)).toBeLessThan(number(all));
  await counted(wizard);
  const left = wizard.getByRole("table", { name: "Remaining rows" });
  expect(await cell(left, "customer filter", 3)).toBe(number(kept));
  expect(await cell(left, "dates, row filters and sample", 3)).toBe(number(all));
  // What is no number is called so, and what is kept stands there again.
  const revenue = customers.getByLabel("Min revenue");
  await revenue.fill("a lot");
  await expect(customers.getByText("Enter a number.")).toBeVisible();
  await revenue.press("Tab");
  await expect(revenue).toHaveValue("");
  // A range the wrong way round is a fault at its field, and nothing is counted of it.
  await customers.getByLabel("Max rows").fill("2");
  await expect(customers.getByText("The maximum 2 is below the minimum 5.")).toBeVisible();
  await expect(wizard.getByText("Fix the errors to update the charts.")).toBeVisible();
});
