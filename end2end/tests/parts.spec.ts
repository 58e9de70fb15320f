// The program comes in parts: the list first, each dialog's when it is first shown. A part may be
// slow, fail, or be of a version that no longer exists.
import { expect, hydrated, makeDataset, MODEL, open, test, unique } from "../fixtures";
import { list } from "../views";
import type { Page, Route } from "@playwright/test";

/** Files of the program other than those that each page loads first. */
const PART = /\/pkg\/[0-9a-f]{16}\/(?!trainset\.wasm)[^/]+\.wasm$/;

// What a failing part logs to the console: the splitter's loader reports the error.
test.use({ allowInConsole: /status of (404|503)|ERR_FAILED|Failed to fetch|TypeError|HTTP status code is not ok/ });

type Dialog = { kind: string; name: RegExp };

const dialogs: Dialog[] = [
  { kind: "new", name: /New dataset/i },
  { kind: "edit", name: /Edit dataset/i },
  { kind: "view", name: /^Parts/ },
  { kind: "analysis", name: /Parts/ },
  { kind: "query", name: /Parts|Query/ },
  { kind: "preview", name: /Parts|Preview/ },
  { kind: "clone", name: /Clone/i },
  { kind: "delete", name: /Delete/i },
];

/** Sets the response to each part from now on. Returns the list of requested parts. */
async function answerParts(page: Page, answer: (route: Route, nth: number) => Promise<void>): Promise<string[]> {
  const asked: string[] = [];
  await page.route(PART, async (route) => {
    asked.push(route.request().url());
    await answer(route, asked.length);
  });
  return asked;
}

const address = (kind: string, id: number) => `${list(MODEL)}?dialog=${kind}${kind === "new" ? "" : `&id=${id}`}`;

/** Opens a dialog by the router, as a link does, in a page that has loaded nothing but the list. */
async function follow(page: Page, to: string) {
  await page.evaluate((to) => {
    const link = document.createElement("a");
    link.href = to;
    document.body.append(link);
    link.click();
    link.remove();
  }, to);
}

const shown = (page: Page) => page.locator("dialog[open]").last();

test("each dialog's part is fetched when it is opened, and once", async ({ page }) => {
  test.setTimeout(120_000);
  const id = await makeDataset(page, unique("Parts"));
  const asked = await answerParts(page, (route) => route.continue());
  await open(page, list(MODEL));
  for (const { kind, name } of dialogs) {
    await follow(page, address(kind, id));
    await expect(shown(page).getByRole("heading", { level: 2 }), kind).toHaveText(name);
    await page.keyboard.press("Escape");
    await expect(page.locator("dialog[open]"), kind).toHaveCount(0);
  }
  await follow(page, `/models/${MODEL}/dataset/compare`);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Compare");
  expect(new Set(asked).size, "no file twice").toBe(asked.length);
  expect(asked.length).toBeGreaterThanOrEqual(5);
});

test("the wizard's part is fetched while the page idles, and no other", async ({ page }) => {
  const asked = await answerParts(page, (route) => route.continue());
  await open(page, list(MODEL));
  await expect.poll(() => asked.length).toBeGreaterThan(0);
  await page.waitForLoadState("networkidle");
  const before = asked.length;
  await page.locator("#new").click();
  await expect(shown(page).getByRole("heading", { level: 2 })).toHaveText(/New dataset/i);
  expect(asked.length, "the wizard was there").toBe(before);
});

for (const { kind, name } of dialogs) {
  test(`${kind}: a part that comes late, fails once or for ever`, async ({ page }) => {
    test.setTimeout(90_000);
    const id = await makeDataset(page, unique("Parts"));

    // Slow: the page shows that it is loading, and can be used meanwhile.
    await page.route(PART, async (route) => {
      await new Promise((done) => setTimeout(done, 2500));
      await route.continue();
    });
    await open(page, list(MODEL));
    await follow(page, address(kind, id));
    await expect(page.locator(".opening")).toBeVisible();
    await expect(shown(page).getByRole("heading", { level: 2 })).toHaveText(name, { timeout: 15_000 });
    await page.unroute(PART);

    // Permanent failure: reported in place; the page continues, and a retry fetches it again.
    let up = false;
    const asked = await answerParts(page, (route) => (up ? route.continue() : route.abort()));
    await open(page, list(MODEL));
    await follow(page, address(kind, id));
    await expect(shown(page)).toContainText("could not be loaded");
    await expect(shown(page).getByRole("link", { name: "Reload the page" })).toBeVisible();
    const before = asked.length;
    await shown(page).getByRole("button", { name: "Try again" }).click();
    await expect.poll(() => asked.length).toBeGreaterThan(before);
    await expect(shown(page)).toContainText("could not be loaded");
    await page.keyboard.press("Escape");
    await expect(page.locator("dialog[open]")).toHaveCount(0);
    await page.getByRole("searchbox").first().fill("Parts");
    await expect(page).toHaveURL(/search=Parts/);

    // One failure: a retry is enough.
    await follow(page, address(kind, id));
    await expect(shown(page)).toContainText("could not be loaded");
    up = true;
    await shown(page).getByRole("button", { name: "Try again" }).click();
    await expect(shown(page).getByRole("heading", { level: 2 })).toHaveText(name);
  });
}

test("a server of another version: the part is gone, and reloading brings the page up to date", async ({ page }) => {
  const id = await makeDataset(page, unique("Parts"));
  await answerParts(page, (route) => route.fulfill({ status: 404, body: "File not found." }));
  await open(page, list(MODEL));
  await follow(page, address("clone", id));
  await expect(shown(page)).toContainText("If the server was updated, reload the page.");
  await page.unroute(PART);
  await shown(page).getByRole("link", { name: "Reload the page" }).click();
  await hydrated(page);
  await expect(shown(page).getByRole("heading", { level: 2 })).toHaveText(/Clone/i);
});

test("the compare page: its part comes late, or not before it is asked for again", async ({ page }) => {
  const compare = `/models/${MODEL}/dataset/compare`;
  let up = false;
  await answerParts(page, (route) => (up ? route.continue() : route.abort()));
  await open(page, list(MODEL));
  await follow(page, compare);
  await expect(page.getByText("could not be loaded")).toBeVisible();
  up = true;
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Compare");
});

test("what the server has rendered stays readable where its part does not come, and says why it does not react", async ({ page }) => {
  const id = await makeDataset(page, unique("Parts"));
  const other = await makeDataset(page, unique("Parts"));
  for (const path of [address("view", id), address("analysis", id), `/models/${MODEL}/dataset/compare?ids=${id},${other}`]) {
    let up = false;
    await answerParts(page, (route) => (up ? route.continue() : route.abort()));
    await page.goto(path);
    await expect(page.getByRole("alert"), path).toContainText("This page is read-only");
    await expect(page.getByText(/Parts/).first()).toBeVisible();
    up = true;
    await page.getByRole("alert").getByRole("link", { name: "Reload the page" }).click();
    await hydrated(page);
    await expect(page.getByRole("alert")).toHaveCount(0);
    await page.unroute(PART);
  }
});
