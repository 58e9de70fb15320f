// Every view, dialog and wizard step: what axe finds in light and dark, what is cut or overlaps
// from phone to wide screen, what moves by itself. Each is opened once for all of these checks.
import { expect } from "../fixtures";
import { axe, misplaced, shifts, still, watchShifts } from "../looks";
import { test } from "../shop";
import { VIEWS } from "../views";

const WIDTHS = [1920, 1280, 768, 360];

// The page for unknown URLs has the status 404.
test.use({ allowInConsole: /status of 404/, contextOptions: { reducedMotion: "reduce" } });

for (const view of VIEWS) {
  test(view.name, async ({ page, shop }) => {
    await watchShifts(page);
    await view.show(page, shop);
    expect.soft(await shifts(page), "nothing moves by itself").toEqual([]);
    expect.soft(await axe(page), "axe, light").toEqual([]);
    await page.emulateMedia({ colorScheme: "dark" });
    await still(page);
    // The theme changes colours and nothing else.
    expect.soft(await axe(page, ["color-contrast"]), "axe, dark").toEqual([]);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: width < 700 ? 740 : 900 });
      await still(page);
      expect.soft(await misplaced(page), `${width} px wide`).toEqual([]);
    }
  });
}
