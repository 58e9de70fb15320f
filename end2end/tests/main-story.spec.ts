// The main use case: from the page to a saved dataset whose SQL runs.
import { dataset, expect, makeDataset, MODEL, open, test, threeTables, unique } from "../fixtures";
import { mainStory } from "../main-story";

const list = `/models/${MODEL}/dataset/`;

test("a person joins three tables, maps, filters, splits, saves, and finds the dataset, its SQL and its rows", async ({ page }) => {
  await mainStory(page, MODEL, { bills: false });
});

test("opening, walking all steps and saving without a change changes nothing", async ({ page }) => {
  // Opening an edit must restore every part of the config, or saving it would overwrite the missing
  // ones.
  const name = unique("Unchanged");
  const id = await makeDataset(page, name, {
    ...threeTables,
    filters: { date_range: { type: "rolling", days: 60 }, rows: [{ table: "products", column: "brand", where: { op: "in", values: ["O'Neill"] } }] },
    split_config: { type: "random", train_percent: 70, unit: "user", seed: "7" },
  });
  const before = await dataset<object>(page, id);
  await open(page, `${list}?dialog=edit&id=${id}`);
  const wizard = page.getByRole("dialog", { name: "Edit dataset" });
  await expect(wizard.getByLabel("Name", { exact: true })).toHaveValue(name);
  for (let step = 0; step < 3; step++) await wizard.getByRole("button", { name: "Next" }).click();
  await expect(wizard.getByLabel("Split method")).toHaveValue("random");
  await wizard.getByRole("button", { name: "Save" }).click();
  await expect(wizard).toBeHidden();
  expect(await dataset<object>(page, id)).toEqual(before);
});

test("a name that is taken stops at the name", async ({ page }) => {
  // A taken name must be reported before the last step, at its field.
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
  await ask.getByRole("button", { name: "Keep editing" }).click();
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
  await card.getByRole("button", { name: `Edit ${name}` }).click();
  await page.getByRole("dialog", { name: "Edit model" }).getByLabel("Name").fill(`${name} 2`);
  await page.getByRole("dialog", { name: "Edit model" }).getByRole("button", { name: "Save" }).click();
  await expect(page.locator(".card", { hasText: `${name} 2` })).toBeVisible();
});

test("a timestamp kept as a number says how it is read, and whose days are counted", async ({ page }) => {
  // A number has no calendar day until its unit and its time zone are known.
  await open(page, list);
  await page.getByRole("link", { name: "New dataset" }).click();
  const wizard = page.getByRole("dialog", { name: "New dataset" });
  const name = unique("Client times");
  await wizard.getByLabel("Name", { exact: true }).fill(name);
  await expect(wizard.getByText("This name is available.")).toBeVisible();
  await wizard.getByRole("button", { name: "Next" }).click();
  await wizard.getByRole("button", { name: "Use events as primary table" }).click();
  await wizard.getByRole("button", { name: "Next" }).click();
  await wizard.getByLabel("timestamp", { exact: true }).selectOption({ label: "events.client_ms (INT64)" });
  await expect(wizard.getByText("set timestamp_format to one of").first()).toBeVisible();
  await wizard.getByLabel("timestamp format").selectOption({ label: "Unix time in milliseconds" });
  await expect(wizard.getByText("set timestamp_format to one of")).toHaveCount(0);
  const zone = wizard.getByLabel("time zone");
  await zone.fill("Berlin time");
  await zone.press("Tab");
  await expect(wizard.getByText("use a time zone of the IANA database").first()).toBeVisible();
  await zone.fill("Europe/Berlin");
  await zone.press("Tab");
  await wizard.getByRole("button", { name: "Next" }).click();
  await wizard.getByLabel("Date range").selectOption({ label: "Last N days" });
  await wizard.getByRole("button", { name: "Show SQL" }).click();
  const sql = wizard.getByLabel("SQL", { exact: true });
  await expect(sql).toContainText("TIMESTAMP_MILLIS(events.client_ms)");
  await expect(sql).toContainText("DATE(event_time, 'Europe/Berlin')");
  // The page shows the engine's verdict on the query.
  await expect(wizard.getByText("Valid", { exact: true })).toBeVisible();
  await wizard.getByRole("button", { name: "Save" }).click();
  await expect(wizard).toBeHidden();
  await page.locator(".card", { hasText: name }).getByRole("link", { name, exact: true }).click();
  await expect(page.getByText("timestamp format: Unix time in milliseconds")).toBeVisible();
});
