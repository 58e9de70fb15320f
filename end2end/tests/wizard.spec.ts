// The wizard's frame and its first three steps: what can go right and wrong between an empty name
// and a saved dataset.
import { dataset, expect, makeDataset, MODEL, open, post, test, threeTables, unique } from "../fixtures";
import type { Locator, Page } from "@playwright/test";

const list = `/models/${MODEL}/dataset/`;
const edit = (id: number) => `${list}?dialog=edit&id=${id}`;

type Saved = { id: number; revision: number; name: string; description: string; config: any; versions: unknown[] };
const saved = (page: Page, id: number) => dataset<Saved>(page, id);

/** Requests that change something on the server. */
function changes(page: Page) {
  const seen: string[] = [];
  page.on("request", (request) => {
    if (/_fn\/(create|update|delete|clone|restore|set)-/.test(request.url())) seen.push(request.url());
  });
  return seen;
}

async function newWizard(page: Page, name: string) {
  await open(page, `${list}?dialog=new`);
  const wizard = page.getByRole("dialog", { name: "New dataset" });
  await wizard.getByLabel("Name", { exact: true }).fill(name);
  return wizard;
}

/** Order lines, orders, products and customers, without keys yet. */
async function fourTables(wizard: Locator) {
  await wizard.getByRole("button", { name: "Use order_lines as primary table" }).click();
  for (const table of ["customers", "orders", "products"]) await wizard.getByRole("button", { name: `Join ${table}`, exact: true }).click();
}

test("joins are detected, verified, drawn and changed in the picture, and saved as they stand", async ({ page }) => {
  // Detected joins must reach the form, with different key names on the two sides, and between
  // secondaries too.
  const name = unique("Drawn");
  const wizard = await newWizard(page, name);
  await wizard.getByRole("button", { name: "Next" }).click();
  await fourTables(wizard);
  // Customers come first and belong to orders: the chain is found in any order.
  await wizard.getByRole("button", { name: /^Auto-detect: use all 3/ }).click();
  await expect(wizard.getByLabel("Left key for customers")).toContainText("orders.buyer_id (INT64)");
  await expect(wizard.getByText(/of rows match/)).toHaveCount(3);
  await wizard.getByRole("button", { name: /^Verify with data/ }).click();
  await expect(wizard.getByText(/at most 1 match per row/).first()).toBeVisible();

  await wizard.getByRole("button", { name: "Diagram" }).click();
  const picture = wizard.getByRole("group", { name: "Join diagram" });
  await expect(picture.getByRole("group", { name: /^Table / })).toHaveCount(4);
  const line = picture.getByRole("button", { name: "LEFT JOIN order_lines.sku = products.product_code" });
  await line.click();
  await wizard.getByLabel("Type of the join to products").selectOption("inner");
  await expect(picture.getByRole("button", { name: "INNER JOIN order_lines.sku = products.product_code" })).toBeVisible();
  await expect(wizard.getByLabel("Join type of products")).toHaveValue("inner");

  // Removed and drawn again, by dragging from column to column.
  await wizard.getByRole("button", { name: "Remove", exact: true }).click();
  await expect(picture.getByRole("button", { name: /JOIN order_lines.sku/ })).toHaveCount(0);
  const middle = async (column: string) => {
    const box = (await picture.getByRole("button", { name: column, exact: true }).boundingBox())!;
    return [box.x + box.width / 2, box.y + box.height / 2] as const;
  };
  await picture.getByRole("button", { name: "products: product_code STRING", exact: true }).scrollIntoViewIfNeeded();
  await page.mouse.move(...(await middle("order_lines: sku STRING")));
  await page.mouse.down();
  await page.mouse.move(...(await middle("products: product_code STRING")), { steps: 8 });
  await page.mouse.up();
  await expect(picture.getByRole("button", { name: "INNER JOIN order_lines.sku = products.product_code" })).toBeVisible();

  // A box is dragged, and is at the same position on returning.
  const box = picture.getByRole("group", { name: "Table products" });
  const before = await box.getAttribute("transform");
  const head = (await box.locator(".join-head").boundingBox())!;
  await page.mouse.move(head.x + 30, head.y + 10);
  await page.mouse.down();
  await page.mouse.move(head.x + 70, head.y + 60, { steps: 4 });
  await page.mouse.up();
  const dragged = await box.getAttribute("transform");
  expect(dragged).not.toBe(before);
  await wizard.getByRole("button", { name: "Tables", exact: true }).click();
  await wizard.getByRole("button", { name: "Diagram" }).click();
  await expect(box).toHaveAttribute("transform", dragged!);

  await wizard.getByRole("button", { name: "Next" }).click();
  await wizard.getByLabel("user_id").selectOption({ label: "orders.buyer_id (INT64)" });
  await wizard.getByRole("button", { name: "Next" }).click();
  await wizard.getByRole("button", { name: "Save" }).click();
  await expect(wizard).toBeHidden();

  const card = page.locator(".card", { hasText: name });
  await expect(card).toContainText("4 tables");
  const all = await (await page.request.get(`/api/models/${MODEL}/datasets/?search=${encodeURIComponent(name)}`)).json();
  const { config } = await saved(page, all.datasets[0].id);
  expect(config.secondary_tables).toEqual(["raw_data.orders", "raw_data.customers", "raw_data.products"]);
  const joins = Object.fromEntries(config.join_config.map((join: any) => [join.table, [join.type, join.on]]));
  expect(joins).toEqual({
    customers: ["left", [{ left: { table: "orders", column: "buyer_id" }, right: "id" }]],
    orders: ["left", [{ left: { table: "order_lines", column: "order" }, right: "id" }]],
    products: ["inner", [{ left: { table: "order_lines", column: "sku" }, right: "product_code" }]],
  });
  // The layout now belongs to the dataset.
  await open(page, edit(all.datasets[0].id));
  const again = page.getByRole("dialog", { name: "Edit dataset" });
  await again.getByRole("button", { name: "Next" }).click();
  await again.getByRole("button", { name: "Diagram" }).click();
  await expect(again.getByRole("group", { name: "Table products" })).toHaveAttribute("transform", dragged!);
});

test("the picture is worked by the keyboard alone", async ({ page }) => {
  const wizard = await newWizard(page, unique("Keys"));
  await wizard.getByRole("button", { name: "Next" }).click();
  await wizard.getByRole("button", { name: "Use order_lines as primary table" }).click();
  await wizard.getByRole("button", { name: "Join orders", exact: true }).click();
  await wizard.getByRole("button", { name: "Diagram" }).click();
  const picture = wizard.getByRole("group", { name: "Join diagram" });

  await picture.getByRole("button", { name: "order_lines: order INT64", exact: true }).focus();
  await page.keyboard.press("Enter");
  await expect(wizard.getByText("choose the column to join it with")).toBeVisible();
  // Escape gives up the line, not the wizard.
  await page.keyboard.press("Escape");
  await expect(wizard.getByText("choose the column to join it with")).toBeHidden();
  await expect(wizard).toBeVisible();
  await page.keyboard.press("Enter");
  await picture.getByRole("button", { name: "orders: id INT64", exact: true }).focus();
  await page.keyboard.press("Enter");
  const line = picture.getByRole("button", { name: "LEFT JOIN order_lines.order = orders.id" });
  await expect(line).toBeVisible();
  await expect(wizard.getByRole("list", { name: "Joins as text" })).toContainText("LEFT JOIN orders on order_lines.order = orders.id.");

  const box = picture.getByRole("group", { name: "Table orders" });
  const [x, y] = (await box.getAttribute("transform"))!.match(/[\d.]+/g)!.map(Number);
  await box.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Shift+ArrowDown");
  await expect(box).toHaveAttribute("transform", `translate(${(x + 10).toFixed(1)} ${(y + 50).toFixed(1)})`);

  await line.focus();
  await page.keyboard.press("Delete");
  await expect(line).toHaveCount(0);
  await box.focus();
  await page.keyboard.press("Delete");
  await expect(box).toHaveCount(0);
  await wizard.getByRole("button", { name: "Undo" }).click();
  await expect(box).toBeVisible();
});

test("a join that multiplies rows asks for a word", async ({ page }) => {
  // A key that is not unique multiplies rows without an error, so a person has to decide.
  const wizard = await newWizard(page, unique("Fan-out"));
  await wizard.getByRole("button", { name: "Next" }).click();
  await wizard.getByRole("button", { name: "Use orders as primary table" }).click();
  await wizard.getByRole("button", { name: "Join order_lines", exact: true }).click();
  await wizard.getByLabel("Left key for order_lines").selectOption({ label: "orders.id (INT64)" });
  await wizard.getByLabel("Right key of order_lines").selectOption({ label: "order (INT64)" });
  await expect(wizard.getByText(/^A key occurs up to \d+ times in order_lines/)).toBeVisible();
  await wizard.getByRole("button", { name: "Next" }).click();
  await expect(wizard.getByText("Choose at the join whether to keep one row per key or all rows").first()).toBeVisible();
  await expect(wizard.getByRole("group", { name: "Source tables" })).toBeVisible();
  await wizard.getByRole("button", { name: "Keep one row per key" }).click();
  await expect(wizard.getByRole("checkbox", { name: "Keep one row per key" })).toBeChecked();
  await wizard.getByLabel("Row of order_lines to keep").selectOption({ label: "amount (FLOAT64)" });
  await wizard.getByLabel("Order of amount").selectOption("first");
  await wizard.getByRole("button", { name: "Next" }).click();
  await expect(wizard.getByRole("group", { name: "Columns and mapping" })).toBeVisible();
  await wizard.getByRole("button", { name: "Show SQL" }).click();
  await wizard.getByLabel("amount", { exact: true }).check();
  await expect(wizard.getByLabel("SQL", { exact: true })).toContainText("ROW_NUMBER");
});

test("an edit without a change sends nothing that changes, and makes no version", async ({ page }) => {
  // An edit that was only opened must not change the stored config or add a version.
  const id = await makeDataset(page, unique("Untouched"), {
    ...threeTables,
    filters: { date_range: { type: "rolling", days: 60 } },
    split_config: { type: "time_based", eval_days: 14 },
  });
  await page.request.post(`/api/datasets/${id}/activate/`, { data: {} });
  const before = await saved(page, id);
  const sent = changes(page);
  await open(page, edit(id));
  const wizard = page.getByRole("dialog", { name: "Edit dataset" });
  await expect(wizard.getByLabel("Name", { exact: true })).toHaveValue(before.name);
  for (const step of ["Source tables", "Columns and mapping", "Filters and split"]) {
    await wizard.getByRole("button", { name: "Next" }).click();
    await expect(wizard.getByRole("group", { name: step })).toBeVisible();
  }
  await wizard.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("No changes to save.")).toBeVisible();
  await expect(wizard).toBeHidden();
  expect(sent).toEqual([]);
  expect(await saved(page, id)).toEqual(before);
});

test("an edit with a change saves that change alone", async ({ page }) => {
  const id = await makeDataset(page, unique("Changed"));
  const before = await saved(page, id);
  await open(page, edit(id));
  const wizard = page.getByRole("dialog", { name: "Edit dataset" });
  await wizard.getByLabel("Description").fill("with its titles");
  await wizard.getByRole("button", { name: "Columns and mapping" }).click();
  await wizard.getByLabel("title", { exact: true }).check();
  // Two columns of one name: the one that gives way shows its new name.
  await wizard.getByLabel("Search columns").fill("id");
  await expect(wizard.locator(".column-line:visible", { hasText: "title" })).toHaveCount(0);
  await wizard.getByLabel("Search columns").fill("");
  const title = wizard.getByLabel("Output name of products.title");
  await title.fill("SKU");
  await expect(wizard.getByText("Another column is named sku: this one becomes order_lines_sku")).toBeVisible();
  await title.fill("1 title");
  await expect(wizard.getByText("Letters, digits and underscores")).toBeVisible();
  await title.fill("product_title");
  await title.press("Tab");
  await wizard.getByRole("button", { name: "Save" }).click();
  await expect(wizard).toBeHidden();
  const after = await saved(page, id);
  expect(after.description).toBe("with its titles");
  expect(after.config).toEqual({
    ...before.config,
    selected_columns: [...before.config.selected_columns, { table: "products", column: "title", alias: "product_title" }],
  });
});

test("a filter that is removed is gone from what is saved", async ({ page }) => {
  // Saving must also remove: if it only added filters, a removed one would come back.
  const dates = { date_range: { type: "rolling", days: 60 } };
  const id = await makeDataset(page, unique("Unfiltered"), {
    ...threeTables,
    filters: { ...dates, rows: [{ table: "orders", column: "status", where: { op: "!=", value: "cancelled" } }], customer_filter: { transactions: { min: 2 } }, sample: { percent: 50, unit: "user", seed: "1" } },
  });
  await open(page, edit(id));
  const wizard = page.getByRole("dialog", { name: "Edit dataset" });
  await wizard.getByRole("button", { name: "Filters and split" }).click();
  await wizard.getByRole("button", { name: "Remove the filter on orders.status" }).click();
  await wizard.getByRole("group", { name: "Customers" }).getByLabel("Min rows").fill("");
  await wizard.getByLabel("Sample %").fill("");
  await wizard.getByLabel("Sample %").press("Tab");
  await wizard.getByRole("button", { name: "Save" }).click();
  await expect(wizard).toBeHidden();
  expect((await saved(page, id)).config.filters).toEqual(dates);
});

test("a wizard that was left leaves nothing to the next", async ({ page }) => {
  // Tables and the position of the previous wizard must not show up in the next one.
  let wizard = await newWizard(page, unique("Left"));
  await expect(wizard.getByRole("button", { name: "Previous" })).toBeDisabled();
  await wizard.getByRole("button", { name: "Next" }).click();
  await fourTables(wizard);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog", { name: /^Leave/ }).getByRole("button", { name: "Leave" }).click();
  await expect(wizard).toBeHidden();
  await page.getByRole("link", { name: "New dataset" }).click();
  wizard = page.getByRole("dialog", { name: "New dataset" });
  await expect(wizard.getByLabel("Name", { exact: true })).toHaveValue("");
  await wizard.getByLabel("Name", { exact: true }).fill(unique("Next"));
  await wizard.getByRole("button", { name: "Next" }).click();
  await expect(wizard.getByRole("button", { name: "Use order_lines as primary table" })).toBeVisible();
  await expect(wizard.locator(".join-card")).toHaveCount(0);
});

test.describe(() => {
  test.use({ allowInConsole: /status of 409/ });

  test("of two tabs the second is told, and shown both", async ({ page, context }) => {
    const id = await makeDataset(page, unique("Two tabs"));
    const other = await context.newPage();
    const open_ = async (tab: Page) => {
      await open(tab, edit(id));
      const wizard = tab.getByRole("dialog", { name: "Edit dataset" });
      await expect(wizard.getByLabel("Description")).toHaveValue("made by a test");
      return wizard;
    };
    const mine = await open_(page);
    const theirs = await open_(other);
    await theirs.getByLabel("Description").fill("theirs");
    await theirs.getByRole("button", { name: "Save" }).click();
    await expect(theirs).toBeHidden();

    await mine.getByLabel("Description").fill("mine");
    await mine.getByRole("button", { name: "Save" }).click();
    const conflict = page.getByRole("dialog", { name: "Someone else saved this dataset" });
    await expect(conflict.getByRole("row", { name: "description made by a test theirs mine" })).toBeVisible();
    await conflict.getByRole("button", { name: "Continue editing" }).click();
    await expect(mine.getByLabel("Description")).toHaveValue("mine");
    await mine.getByRole("button", { name: "Save" }).click();
    await conflict.getByRole("button", { name: "Overwrite with mine" }).click();
    await expect(mine).toBeHidden();
    expect((await saved(page, id)).description).toBe("mine");

    // The other choice: theirs is taken, and editing continues from there.
    const late = await open_(other).catch(() => other.getByRole("dialog", { name: "Edit dataset" }));
    await expect(late.getByLabel("Description")).toHaveValue("mine");
    await post(page, `/api/datasets/${id}/update/`, { description: "newest", config: threeTables });
    await late.getByLabel("Description").fill("late");
    await late.getByRole("button", { name: "Save" }).click();
    await other.getByRole("dialog", { name: "Someone else saved this dataset" }).getByRole("button", { name: "Take theirs" }).click();
    await expect(late.getByLabel("Description")).toHaveValue("newest");
    await late.getByLabel("Description").fill("newest and mine");
    await late.getByRole("button", { name: "Save" }).click();
    await expect(late).toBeHidden();
    expect((await saved(page, id)).description).toBe("newest and mine");
  });
});

test("from the list to a saved dataset by the keyboard alone", async ({ page }) => {
  const name = unique("By keys");
  await open(page, list);
  const link = page.getByRole("link", { name: "New dataset" });
  for (let i = 0; i < 60 && !(await link.evaluate((e) => e === document.activeElement)); i++) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const wizard = page.getByRole("dialog", { name: "New dataset" });
  await expect(wizard.getByLabel("Name", { exact: true })).toBeFocused();
  await page.keyboard.type(name);
  // Enter continues as soon as the name is known to be free.
  await page.keyboard.press("Enter");
  await expect(wizard.getByRole("group", { name: "Source tables" })).toBeFocused();
  const tabTo = async (target: Locator) => {
    for (let i = 0; i < 80; i++) {
      if (await target.evaluate((e) => e === document.activeElement)) return;
      await page.keyboard.press("Tab");
    }
    throw new Error("Tab does not lead there");
  };
  await tabTo(wizard.getByLabel("Search tables"));
  await page.keyboard.type("event");
  await tabTo(wizard.getByRole("button", { name: "Use events as primary table" }));
  await page.keyboard.press("Space");
  await tabTo(wizard.getByRole("button", { name: "Next" }));
  await page.keyboard.press("Enter");
  await expect(wizard.getByRole("group", { name: "Columns and mapping" })).toBeFocused();
  // Nothing is selected yet: Enter says so.
  await page.keyboard.press("Enter");
  await expect(wizard.getByText("Choose at least one column.").first()).toBeVisible();
  await tabTo(wizard.getByRole("button", { name: "Select all of events" }));
  await page.keyboard.press("Enter");
  await tabTo(wizard.getByRole("button", { name: "Next" }));
  await page.keyboard.press("Enter");
  await expect(wizard.getByRole("group", { name: "Filters and split" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(wizard).toBeHidden();
  await expect(page.locator(".card", { hasText: name })).toBeVisible();
});

test("Enter makes a new line in the description, and goes on nowhere", async ({ page }) => {
  const wizard = await newWizard(page, unique("Lines"));
  await wizard.getByLabel("Description").fill("one");
  await wizard.getByLabel("Description").press("End");
  await wizard.getByLabel("Description").press("Enter");
  await page.keyboard.type("two");
  await expect(wizard.getByLabel("Description")).toHaveValue("one\ntwo");
});

test.describe(() => {
  test.use({ allowInConsole: /Failed to load resource: net::/ });

  test("the server goes in mid-wizard, and nothing typed is lost", async ({ page }) => {
    const name = unique("Offline");
    const wizard = await newWizard(page, name);
    await wizard.getByRole("button", { name: "Next" }).click();
    await wizard.getByRole("button", { name: "Use events as primary table" }).click();
    await wizard.getByRole("button", { name: "Next" }).click();
    await wizard.getByRole("button", { name: "Select all of events" }).click();
    await wizard.getByRole("button", { name: "Next" }).click();
    await page.route("**/_fn/**", (route) => route.abort());
    await wizard.getByRole("button", { name: "Save" }).click();
    await expect(wizard.getByText("Cannot reach the server.")).toBeVisible();
    await wizard.getByRole("button", { name: "Previous" }).click();
    await expect(wizard.getByText(/^[1-9]\d* selected/)).toBeVisible();
    await page.unroute("**/_fn/**");
    await wizard.getByRole("button", { name: "Try again" }).first().click();
    await expect(page.getByText("Reconnected to the server.")).toBeVisible();
    await expect(wizard.getByText("Cannot reach the server.")).toBeHidden();
    await wizard.getByRole("button", { name: "Next" }).click();
    await wizard.getByRole("button", { name: "Save" }).click();
    await expect(wizard).toBeHidden();
    await expect(page.locator(".card", { hasText: name })).toBeVisible();
  });
});

test("a draft that was left behind is offered again, whatever else lies there", async ({ page }) => {
  const name = unique("Left behind");
  let wizard = await newWizard(page, name);
  await wizard.getByRole("button", { name: "Next" }).click();
  await wizard.getByRole("button", { name: "Use events as primary table" }).click();
  // A closed tab leaves no time to store it later.
  await page.evaluate((place) => {
    for (const [key, text] of [["a", "{"], ["b", '{"at":1,"config":{"tables":["x"]}}'], ["c", "null"], ["d", '<img src=x onerror="boom()">']]) {
      localStorage.setItem(place + key, text);
    }
    localStorage.setItem("trainset.picture.1.new", '{"events":["here",null]}');
  }, `trainset.draft.${MODEL}.new.`);
  await page.reload();
  wizard = page.getByRole("dialog", { name: "New dataset" });
  const offer = wizard.getByRole("region", { name: "Unsaved draft" });
  await expect(offer).toHaveCount(1);
  await expect(offer).toContainText(`You have an unsaved draft of ${name}, last changed 2`);
  await offer.getByRole("button", { name: "Continue" }).click();
  await expect(wizard.getByLabel("Name", { exact: true })).toHaveValue(name);
  await expect(wizard.getByText("This name is available.")).toBeVisible();
  await wizard.getByRole("button", { name: "Next" }).click();
  await expect(wizard.getByRole("button", { name: "Use events as primary table" })).toHaveAttribute("aria-pressed", "true");
  await wizard.getByRole("button", { name: "Diagram" }).click();
  await expect(wizard.getByRole("group", { name: "Table events, primary" })).toBeVisible();

  // Stored on purpose, offered again, and discarded for good.
  await page.keyboard.press("Escape");
  await page.getByRole("dialog", { name: "Leave without saving?" }).getByRole("button", { name: "Keep draft" }).click();
  await expect(wizard).toBeHidden();
  await page.locator("#new").click();
  await offer.getByRole("button", { name: "Discard" }).click();
  await expect(offer).toHaveCount(0);
  await page.reload();
  await expect(wizard.getByLabel("Name", { exact: true })).toBeVisible();
  await expect(offer).toHaveCount(0);
});

test("a wizard that is left while it saves leaves the page as it is, and what it saved is there", async ({ page }) => {
  const name = unique("Left while saving");
  const wizard = await newWizard(page, name);
  await wizard.getByRole("button", { name: "Next" }).click();
  await wizard.getByRole("button", { name: "Use events as primary table" }).click();
  await wizard.getByRole("button", { name: "Next" }).click();
  await wizard.locator(".column-line input[type=checkbox]").first().check();
  await wizard.getByRole("button", { name: "Next" }).click();
  let answered = false;
  await page.route("**/_fn/create-dataset", async (route) => {
    const response = await route.fetch();
    await new Promise((later) => setTimeout(later, 1500));
    await route.fulfill({ response }).catch(() => {});
    answered = true;
  });
  await wizard.getByRole("button", { name: "Save" }).click();
  await wizard.getByRole("button", { name: "Close" }).click();
  await page.getByRole("dialog", { name: "Leave without saving?" }).getByRole("button", { name: "Leave", exact: true }).click();
  await expect(wizard).toBeHidden();
  await expect.poll(() => answered).toBe(true);
  await expect(page.locator(".card", { hasText: name })).toBeVisible();
});

test.describe(() => {
  test.use({ allowInConsole: /status of 4\d\d/ });

  test("a draft that cannot be read any more says why and stays; one of an older page is read", async ({ page }) => {
    // A draft of another version of the page must not be lost, nor saved in an outdated form.
    const wizard = await newWizard(page, unique("Drafts"));
    await page.evaluate((place) => {
      const draft = (name: string, at: number, config: unknown) => ({ at, revision: null, name, description: "", config });
      const bad = draft("Unreadable", 1764100000000, { primary_table: "raw_data.events", of_tomorrow: [1] });
      const old = draft("Older", 1764000000000, { primary_table: "raw_data.events", filters: { product_filter: null } });
      localStorage.setItem(`${place}bad`, JSON.stringify(bad));
      localStorage.setItem(`${place}old`, JSON.stringify(old));
    }, `trainset.draft.${MODEL}.new.`);
    await page.reload();
    const offers = wizard.getByRole("region", { name: "Unsaved draft" });
    const bad = offers.filter({ hasText: "Unreadable" });
    await bad.getByRole("button", { name: "Continue" }).click();
    await expect(page.getByText(/Cannot read this draft: .*of_tomorrow/)).toBeVisible();
    await expect(bad).toHaveCount(1);
    await offers.filter({ hasText: "Older" }).getByRole("button", { name: "Continue" }).click();
    await expect(wizard.getByLabel("Name", { exact: true })).toHaveValue("Older");
    await wizard.getByRole("button", { name: "Next" }).click();
    await expect(wizard.getByRole("button", { name: "Use events as primary table" })).toHaveAttribute("aria-pressed", "true");
    // A draft that was not continued is offered again.
    await page.keyboard.press("Escape");
    await page.getByRole("dialog", { name: "Leave without saving?" }).getByRole("button", { name: "Leave", exact: true }).click();
    await expect(wizard).toBeHidden();
    await page.locator("#new").click();
    await bad.getByRole("button", { name: "Discard" }).click();
    await expect(bad).toHaveCount(0);
  });

  test("what the server refuses finds its step and field", async ({ page }) => {
    // The server's field errors lead to the step and field; a general message would leave people
    // searching.
    const id = await makeDataset(page, unique("Refused"));
    await page.route("**/_fn/update-dataset", (route) =>
      route.fulfill({
        status: 422,
        contentType: "application/json",
        body: JSON.stringify({ status: 422, code: "invalid", message: "join_config[1].on[0].right: The column no longer exists.", errors: { "join_config[1].on[0].right": "The column no longer exists." } }),
      }),
    );
    await open(page, edit(id));
    const wizard = page.getByRole("dialog", { name: "Edit dataset" });
    await wizard.getByLabel("Description").fill("refused");
    await wizard.getByRole("button", { name: "Filters and split" }).click();
    await wizard.getByRole("button", { name: "Save" }).click();
    await expect(wizard.getByRole("group", { name: "Source tables" })).toBeVisible();
    const card = wizard.locator(".join-card", { hasText: "products" });
    await expect(card.getByText("The column no longer exists.")).toBeVisible();
  });

  test("a dataset that was deleted meanwhile is saved anew", async ({ page }) => {
    const name = unique("Deleted");
    const id = await makeDataset(page, name);
    await open(page, edit(id));
    const wizard = page.getByRole("dialog", { name: "Edit dataset" });
    await wizard.getByLabel("Description").fill("still wanted");
    await post(page, `/api/datasets/${id}/delete/`);
    await wizard.getByRole("button", { name: "Save" }).click();
    await expect(wizard.getByText("This dataset was deleted.")).toBeVisible();
    await expect(wizard.getByText("This name is available.")).toBeVisible();
    await wizard.getByRole("button", { name: "Save" }).click();
    await expect(wizard).toBeHidden();
    await expect(page.locator(".card", { hasText: name })).toContainText("still wanted");
  });
});

test("the frame keeps its height from step to step, and can fill the window", async ({ page }) => {
  const id = await makeDataset(page, unique("Still"));
  await open(page, edit(id));
  const wizard = page.getByRole("dialog", { name: "Edit dataset" });
  await expect(wizard.getByLabel("Name", { exact: true })).toBeVisible();
  const height = async () => (await wizard.boundingBox())!.height;
  expect(await height()).toBeCloseTo(580, 2);
  for (let step = 0; step < 3; step++) {
    await wizard.getByRole("button", { name: "Next" }).click();
    expect(await height()).toBeCloseTo(580, 2);
  }
  await wizard.getByRole("button", { name: "Expand to window" }).click();
  expect(await height()).toBeGreaterThan(800);
});
