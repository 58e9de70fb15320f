// Screenshots of every view in light and dark, on a large screen and on a phone, into gallery/,
// with a page that shows them side by side.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "./fixtures";
import { still } from "./looks";
import { completeJourney, demoShop, furnish, type Shop } from "./shop";
import { settled, VIEWS } from "./views";

const SIZES = { wide: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };
const THEMES = ["light", "dark"] as const;
const folder = (set: string) => join(import.meta.dirname, "gallery", set);

let shop: Shop;
test.beforeAll(async ({ playwright }, { project }) => {
  test.setTimeout(300_000);
  mkdirSync(folder(project.name), { recursive: true });
  const request = await playwright.request.newContext({ baseURL: project.use.baseURL, timeout: 120_000 });
  shop = await furnish(request, project.name === "journey" ? completeJourney : demoShop);
  await request.dispose();
});

test.use({ allowInConsole: /status of 404/, contextOptions: { reducedMotion: "reduce" } });

for (const view of VIEWS) {
  test(view.name, async ({ page }, { project }) => {
    await view.show(page, shop);
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      await settled(page);
      for (const colorScheme of THEMES) {
        await page.emulateMedia({ colorScheme });
        await still(page);
        const isDialog = (await page.locator("dialog[open]").count()) > 0;
        await page.screenshot({ path: join(folder(project.name), `${view.name}-${size}-${colorScheme}.png`), fullPage: !isDialog });
      }
    }
  });
}

test.afterAll(({}, { project }) => {
  const shots = (name: string) =>
    Object.keys(SIZES).flatMap((size) => THEMES.map((theme) => `<a href="${name}-${size}-${theme}.png"><img class="${size}" src="${name}-${size}-${theme}.png" alt="${name}, ${size}, ${theme}" loading="lazy"></a>`));
  const sections = VIEWS.map(({ name }) => `<section id="${name}"><h2>${name}</h2><div>${shots(name).join("")}</div></section>`);
  const style = "body{font:15px system-ui;margin:24px;background:#888}h1,h2{margin:16px 0 8px}div{display:flex;gap:12px;overflow-x:auto;align-items:start}img{display:block;border-radius:4px}.wide{width:560px}.phone{width:180px}";
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Trainset: ${project.name}</title><style>${style}</style><h1>${project.name}</h1>${sections.join("\n")}</html>\n`;
  writeFileSync(join(folder(project.name), "index.html"), page);
});
