// Every view at the size of a laptop and of a phone: scrolling ends where the content ends, and
// neither a page nor a dialog scrolls sideways. And the page reaches the window's edge. The browser
// shows its scrollbars here, as a person's does.
import type { Locator, Page } from "@playwright/test";
import config from "../playwright.config";
import { expect, open } from "../fixtures";
import { emptyRoom, still } from "../looks";
import { test, type Shop } from "../shop";
import { list, settled, VIEWS, type View } from "../views";

const LAPTOP = { width: 1280, height: 800 };
const SIZES = [LAPTOP, { width: 390, height: 844 }];

test.use({
  // The page for unknown URLs has the status 404.
  allowInConsole: /status of 404/,
  contextOptions: { reducedMotion: "reduce" },
  viewport: LAPTOP,
  launchOptions: { ...config.use!.launchOptions, ignoreDefaultArgs: ["--hide-scrollbars"] },
});

/** Walks through views in one page, from one to the next if there is a link. */
async function walk(page: Page, shop: Shop, views: View[]) {
  let last: View | undefined;
  for (const view of views) {
    await test.step(view.name, async () => {
      if (view.step && view.before === last) {
        await view.step(page, shop);
        await settled(page);
      } else {
        await view.show(page, shop);
      }
      for (const size of SIZES) {
        await page.setViewportSize(size);
        await still(page);
        const at = `${view.name}, ${size.width} × ${size.height}`;
        expect.soft(await emptyRoom(page), at).toEqual([]);
        const sideways = await page.locator("html, .modal, .modal-body, .wizard-body").evaluateAll((all) => all.filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => box.className || box.localName));
        expect.soft(sideways, `${at}: scrolls sideways`).toEqual([]);
      }
      await page.setViewportSize(LAPTOP);
    });
    last = view;
  }
}

const isWizard = ({ name }: View) => name.startsWith("wizard-");

test("pages and dialogs end where their content ends", async ({ page, shop }) => {
  test.setTimeout(120_000);
  await walk(page, shop, VIEWS.filter((view) => !isWizard(view)));
});

test("the wizard's steps and panels end where their content ends", async ({ page, shop }) => {
  test.setTimeout(120_000);
  await walk(page, shop, VIEWS.filter(isWizard));
});

const placeOf = (locator: Locator) => locator.evaluate((element) => Object.values(element.getBoundingClientRect().toJSON()));

test("the page reaches the window's edge, and nothing moves from a short page to a long one or when a dialog opens", async ({ page, shop }) => {
  const places = async () => {
    const all = await Promise.all([".brand", ".topbar-tools", ".side", ".page-head"].map((selector) => placeOf(page.locator(selector))));
    return all.flat();
  };
  /**
   * The widths of the header and the background, and how much of the window the scrollbar leaves.
   */
  const widths = () => page.evaluate(() => [".topbar", "body"].map((selector) => document.querySelector(selector)!.getBoundingClientRect().right).concat(document.documentElement.clientWidth));
  for (const width of [1280, 1900]) {
    await page.setViewportSize({ width, height: 800 });
    await open(page, list(shop.empty));
    expect(await widths(), "a short page has no scrollbar, and no room for one").toEqual([width, width, width]);
    const short = await places();

    await page.setViewportSize({ width, height: 400 });
    await open(page, list(shop.model));
    const [header, ground, free] = await widths();
    expect(free, "a long page has a scrollbar").toBeLessThan(width);
    expect([header, ground]).toEqual([free, free]);
    const long = await places();
    // The header and the sidebar have heights of their own.
    expect(long.filter((_, i) => i % 8 === 0 || i % 8 === 5)).toEqual(short.filter((_, i) => i % 8 === 0 || i % 8 === 5));

    const before = [await places(), await widths(), await placeOf(page.locator(".card").first())];
    await page.keyboard.press("?");
    await expect(page.getByRole("dialog")).toBeVisible();
    expect([await places(), await widths(), await placeOf(page.locator(".card").first())]).toEqual(before);
  }
});
