// The compiler in the browser: byte for byte the same SQL as the server's.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { test, expect, open } from "../fixtures";

const folder = join(import.meta.dirname, "../../tests/goldens");
const read = (file: string) => readFileSync(join(folder, file), "utf8");

/** Compiles in the page, by the wizard's part. Returns the message if it fails. */
async function compiled(page: Page, wanted: { config: unknown; request: unknown }[]): Promise<string[]> {
  return page.evaluate(
    async ({ wanted, schemas }) => {
      // The page's own, which is loaded already.
      const url = document.querySelector<HTMLLinkElement>('link[rel=modulepreload][href$="/trainset.js"]')!.href;
      const { compile_sql } = await import(url);
      const texts = [];
      for (const { config, request } of wanted) {
        try {
          texts.push(await compile_sql(schemas, JSON.stringify(config), JSON.stringify(request)));
        } catch (error) {
          texts.push(String(error));
        }
      }
      return texts;
    },
    { wanted, schemas: read("catalog.json") },
  );
}

test("every golden config compiles to the same bytes in the browser", async ({ page }) => {
  await open(page, "/");
  const names = readdirSync(folder).filter((file) => file.endsWith(".json") && file !== "catalog.json");
  expect(names.length).toBeGreaterThanOrEqual(60);
  const split = (config: any) => {
    const split = config.split_config ?? {};
    if (!split.type || split.type === "none") return null;
    return split.test_days || split.test_percent ? "test" : "eval";
  };
  const goldens = names.map((file) => {
    const { config, request } = JSON.parse(read(file));
    return { file, config, request: request ?? { split: split(config) }, wanted: read(file.replace(".json", ".sql")) };
  });
  const texts = await compiled(page, goldens.map(({ config, request }) => ({ config, request })));
  goldens.forEach(({ file, wanted }, i) => expect(`${texts[i]}\n`, file).toBe(wanted));
});

test("what is wrong is said in the browser as well", async ({ page }) => {
  await open(page, "/");
  const [said] = await compiled(page, [{ config: { primary_table: "raw_data.nowhere" }, request: {} }]);
  expect(said).toContain("primary_table: Table raw_data.nowhere not found.");
});
