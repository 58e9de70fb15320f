// The list and its URL: search, filter and pages, the back button, a reload with an open dialog;
// and copying the query from there.
import { readFileSync } from "node:fs";
import type { APIRequestContext, Page } from "@playwright/test";
import { expect, makeDataset, MODEL, open, test, threeTables, unique } from "../fixtures";

/** A model of its own with this many datasets, `Set 01` the oldest. */
async function modelOf(request: APIRequestContext, count: number): Promise<number> {
  const post = async (path: string, data: object) => {
    const answer = await request.post(path, { data });
    expect(answer.status(), await answer.text()).toBe(200);
    return answer.json();
  };
  const model: number = (await post("/api/models/create/", { name: unique("Pages") })).model.id;
  for (let n = 1; n <= count; n++) {
    const name = `Set ${String(n).padStart(2, "0")}`;
    const { dataset_id } = await post(`/api/models/${model}/datasets/create/`, { name, config: threeTables });
    if (n === 5) await post(`/api/datasets/${dataset_id}/activate/`, {});
  }
  return model;
}

const names = (page: Page) => page.locator(".card").getByRole("heading").allTextContents();

test("search, filter and page are places: back, forward and reload come to them again", async ({ page, request }) => {
  test.setTimeout(120_000);
  const model = await modelOf(request, 23);
  const list = `/models/${model}/dataset`;
  await open(page, `${list}/`);
  await expect(page.getByText("1–10 of 23")).toBeVisible();
  await page.getByRole("link", { name: "Next" }).click();
  await expect(page.getByText("11–20 of 23")).toBeVisible();
  await expect(page).toHaveURL(/page=2/);
  await page.getByRole("link", { name: "Next" }).click();
  await expect(page.getByText("21–23 of 23")).toBeVisible();
  await expect(page.locator(".card")).toHaveCount(3);
  await expect(page.getByRole("link", { name: "Next" })).toHaveAttribute("aria-disabled", "true");
  const third = await names(page);

  // A dialog over the page: the page stays, and a reload shows both.
  await page.locator(".card").first().getByRole("link", { name: /^View / }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toBeVisible();
  await dialog.getByRole("link", { name: "Versions" }).click();
  await expect(page).toHaveURL(/page=3.*dialog=view.*tab=versions/);
  await page.reload();
  await expect(dialog.getByRole("link", { name: "Versions" })).toHaveAttribute("aria-current", "true");
  expect(await names(page)).toEqual(third);
  // A part of a dialog is not a history entry of its own.
  await page.goBack();
  await expect(dialog).toBeHidden();
  await expect(page.getByText("21–23 of 23")).toBeVisible();
  await page.goBack();
  await expect(page.getByText("11–20 of 23")).toBeVisible();
  await page.goForward();
  await expect(page.getByText("21–23 of 23")).toBeVisible();
  expect(await names(page)).toEqual(third);

  // A new search starts at the first page; the filter narrows it.
  await page.getByLabel("Search datasets").fill("Set 0");
  await expect(page.locator(".card")).toHaveCount(9);
  await expect(page).not.toHaveURL(/page=/);
  await page.getByLabel("Status", { exact: true }).selectOption({ label: "Active" });
  await expect(page.locator(".card")).toHaveCount(1);
  await expect(page).toHaveURL(/status=active/);
  await page.reload();
  await expect(page.getByLabel("Search datasets")).toHaveValue("Set 0");
  await expect(page.getByLabel("Status", { exact: true })).toHaveValue("active");
  expect(await names(page)).toEqual(["Set 05"]);
  // Keystrokes and filters are not history entries: back leads to where the search began.
  await page.goBack();
  await expect(page.getByText("11–20 of 23")).toBeVisible();
  await expect(page.getByLabel("Search datasets")).toHaveValue("");
  await expect(page.getByLabel("Status", { exact: true })).toHaveValue("");

  await page.getByLabel("Search datasets").fill("no such set");
  await expect(page.getByText("No datasets found").first()).toBeVisible();

  // A page beyond the last leads back to the first.
  await page.goto(`${list}/?page=9`);
  await page.getByRole("link", { name: "Go to the first page" }).click();
  await expect(page.getByText("1–10 of 23")).toBeVisible();
});

test.describe(() => {
  test.use({ permissions: ["clipboard-read", "clipboard-write"] });

  test("a query is copied and downloaded to the last byte, every part of it", async ({ page }) => {
    const name = unique("Taken away: 100 % of 'x'");
    const id = await makeDataset(page, name, { ...threeTables, split_config: { type: "time_based", eval_days: 14 } });
    await open(page, `/models/${MODEL}/dataset/?dialog=query&id=${id}`);
    const dialog = page.getByRole("dialog", { name: `Query of ${name}` });
    for (const part of ["full", "train", "eval"]) {
      await dialog.getByRole("tab", { name: part }).click();
      const split = part === "full" ? "" : `?split=${part}`;
      const { query } = await (await page.request.get(`/api/datasets/${id}/query/${split}`)).json();
      await expect(dialog.getByLabel("SQL")).toContainText(query.trim().split("\n").at(-1).trim());
      await dialog.getByRole("button", { name: "Copy" }).click();
      await expect(page.getByText("Copied.").last()).toBeVisible();
      expect(await page.evaluate(() => navigator.clipboard.readText()), part).toBe(query);
      const [download] = await Promise.all([page.waitForEvent("download"), dialog.getByRole("link", { name: "Download" }).click()]);
      expect(download.suggestedFilename()).toMatch(new RegExp(`^taken-away--100---of--x-.*-${part}\\.sql$`));
      expect(readFileSync(await download.path(), "utf8"), part).toBe(query);
    }
  });
});

test.describe("what the server says or keeps for itself", () => {
  test.use({ allowInConsole: /status of 502/ });

  test("the warehouse's own error stands in the dialog, with the way to ask again", async ({ page }) => {
    const id = await makeDataset(page, unique("Warehouse"));
    const message = "BigQuery: <b>backend</b> error `5xx`";
    await page.route("**/_fn/queries", (route) =>
      route.fulfill({ status: 502, contentType: "application/json", body: JSON.stringify({ status: 502, code: "warehouse", message }) }),
    );
    await open(page, `/models/${MODEL}/dataset/?dialog=query&id=${id}`);
    const dialog = page.getByRole("dialog");
    await expect(dialog.getByText(message)).toBeVisible();
    await page.unroute("**/_fn/queries");
    await dialog.getByRole("button", { name: "Try again" }).click();
    await expect(dialog.getByText("Valid", { exact: true })).toBeVisible();
  });

  test("a slow answer says that it is waited for and for how long, can be stopped, and leaves the rest usable", async ({ page }) => {
    const id = await makeDataset(page, unique("Slow"));
    let answer = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    await page.route("**/_fn/queries", async (route) => {
      await held;
      await route.continue().catch(() => {});
    });
    await open(page, `/models/${MODEL}/dataset/?dialog=query&id=${id}`);
    const dialog = page.getByRole("dialog");
    await expect(dialog.getByText("Running a dry run…")).toBeVisible();
    await expect(dialog.getByText(/[2-9] s/)).toBeVisible();
    const gone = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/_fn/queries"));
    await dialog.getByRole("button", { name: "Stop" }).click();
    // The request is cancelled, which the server notices.
    await gone;
    await expect(dialog.getByText("Stopped. No changes made.")).toBeVisible();
    answer();
    await page.unroute("**/_fn/queries");
    await dialog.getByRole("tab", { name: "TFX" }).click();
    await expect(dialog.getByRole("button", { name: "Export for TFX" })).toBeVisible();
    await dialog.getByRole("tab", { name: "full" }).click();
    await dialog.getByRole("button", { name: "Try again" }).click();
    await expect(dialog.getByText("Valid", { exact: true })).toBeVisible();
  });
});
