// Explanations of terms where they are met, and the documents that they lead to.
import { expect, open } from "../fixtures";
import { axe, still } from "../looks";
import { test, type Shop } from "../shop";
import { list, settled } from "../views";
import type { Locator, Page } from "@playwright/test";

const TERMS = {
  "What is a reference date?": "/docs/config/#reference-date",
  "What is a k-core?": "/docs/config/#min_interactions",
  "What is a cold start?": "/docs/config/#cold-start",
  "What is fan-out?": "/docs/config/#fan-out",
};

test.use({ contextOptions: { reducedMotion: "reduce" } });

/** Opens the wizard at a step. */
async function wizardAt(page: Page, shop: Shop, step: number) {
  await open(page, `${list(shop.model)}?dialog=edit&id=${shop.full}`);
  const wizard = page.locator("dialog.modal-container-wizard");
  for (let at = 1; at < step; at++) await wizard.getByRole("button", { name: "Next", exact: true }).click();
  await settled(page);
  return wizard;
}

async function analysis(page: Page, shop: Shop) {
  await open(page, `${list(shop.model)}?dialog=analysis&id=${shop.full}`);
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("columnheader", { name: /^Cold users/ })).toBeVisible();
  return dialog;
}

/** Opens and closes each explanation of a dialog, and compares them with what the view explains. */
async function explains(page: Page, dialog: Locator, questions: (keyof typeof TERMS)[]) {
  const buttons = dialog.getByRole("button", { name: /^What is / });
  expect((await buttons.evaluateAll((all) => all.map((button) => button.ariaLabel))).sort()).toEqual([...questions].sort());
  for (const question of questions) {
    const button = dialog.getByRole("button", { name: question });
    await button.scrollIntoViewIfNeeded();
    await button.click();
    const text = dialog.locator(".help-text:popover-open");
    await expect(text).toHaveCount(1);
    await expect(text).toBeInViewport({ ratio: 1 });
    const [around, own] = [await button.boundingBox(), await text.boundingBox()];
    const gap = Math.max(own!.y - around!.y - around!.height, around!.y - own!.y - own!.height);
    expect(gap, `${question} opens at its button`).toBeGreaterThanOrEqual(0);
    expect(gap, `${question} opens at its button`).toBeLessThan(12);
    expect(await text.evaluate((element) => element.scrollWidth - element.clientWidth), question).toBeLessThanOrEqual(0);
    const link = text.getByRole("link", { name: "Read more" });
    await expect(link).toHaveAttribute("href", TERMS[question]);
    await page.keyboard.press("Escape");
    await expect(text).toHaveCount(0);
    await expect(button).toBeFocused();
    await expect(dialog).toBeVisible();
  }
}

test("a term is explained once in each view that has it", async ({ page, shop }) => {
  await explains(page, await wizardAt(page, shop, 2), ["What is fan-out?"]);
  await explains(page, await wizardAt(page, shop, 4), ["What is a reference date?", "What is a k-core?", "What is a cold start?"]);
  await explains(page, await analysis(page, shop), ["What is a reference date?", "What is a cold start?", "What is fan-out?"]);
});

test("explanations stay inside the window of a phone", async ({ page, shop }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await explains(page, await wizardAt(page, shop, 2), ["What is fan-out?"]);
  await explains(page, await wizardAt(page, shop, 4), ["What is a reference date?", "What is a k-core?", "What is a cold start?"]);
  await explains(page, await analysis(page, shop), ["What is a reference date?", "What is a cold start?", "What is fan-out?"]);
});

test("an explanation is read from the keyboard, and the draft survives reading more", async ({ page, shop }) => {
  const wizard = await wizardAt(page, shop, 4);
  await wizard.getByLabel("Min rows per user").fill("7");
  await wizard.getByLabel("Min rows per user").press("Tab");
  const button = wizard.getByRole("button", { name: "What is a k-core?" });
  await button.focus();
  await page.keyboard.press("Enter");
  const text = wizard.getByText("minimum number of rows");
  await expect(text).toBeVisible();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await still(page);
    expect(await axe(page), colorScheme).toEqual([]);
  }
  await page.keyboard.press("Tab");
  await expect(text.getByRole("link", { name: "Read more" })).toBeFocused();
  const [document] = await Promise.all([page.context().waitForEvent("page"), page.keyboard.press("Enter")]);
  await expect(document.getByRole("heading", { name: "min_interactions", exact: true })).toBeInViewport();
  await document.close();
  // Escape closes the explanation first, then asks about the changes.
  await page.keyboard.press("Escape");
  await expect(text).toBeHidden();
  await expect(wizard.getByLabel("Min rows per user")).toHaveValue("7");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog", { name: /^Leave/ })).toBeVisible();
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("an analysis explains its terms", async ({ page, shop }) => {
    await page.goto(`${list(shop.model)}?dialog=analysis&id=${shop.full}`);
    await page.getByRole("button", { name: "What is a cold start?" }).click();
    await expect(page.getByText("without rows in train. A model")).toBeVisible();
  });
});

test.describe("documents", () => {
  test.use({ allowInConsole: /status of 404/ });

  test("are pages to read, light and dark, on a phone too", async ({ page }) => {
    await open(page, "/");
    await page.getByRole("link", { name: "Docs", exact: true }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Documentation");
    for (const [name, path] of [["Config reference", "/docs/config/"], ["Operating Trainset", "/docs/operating/"], ["How a config becomes SQL", "/docs/sql/"]]) {
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.goto("/docs/");
      await page.getByRole("link", { name }).click();
      await expect(page).toHaveURL(new RegExp(`${path}$`));
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await axe(page), `${path} ${colorScheme}`).toEqual([]);
      }
      await page.setViewportSize({ width: 390, height: 844 });
      expect(await axe(page), `${path} narrow`).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBe(390);
    }
    await page.getByRole("link", { name: "Trainset", exact: true }).click();
    await expect(page.getByRole("heading", { name: "Models" })).toBeVisible();
  });

  test("have the theme that was chosen, and a sentence where there is none", async ({ page }) => {
    await open(page, "/");
    await page.getByRole("button", { name: "Switch between light and dark theme" }).click();
    await page.goto("/docs/config/#fan-out");
    await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
    await expect(page.getByRole("heading", { name: "Fan-out" })).toBeInViewport();
    const unknown = await page.goto("/docs/nope/");
    expect(unknown!.status()).toBe(404);
    await expect(page.getByText("This page does not exist")).toBeVisible();
    await page.getByRole("link", { name: "All documents" }).click();
    await expect(page).toHaveURL(/\/docs\/$/);
  });
});
