// The browser's own compiler: byte for byte what the server's compiles.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test, expect, open } from "../fixtures";

const folder = join(import.meta.dirname, "../../tests/goldens");
const read = (file: string) => readFileSync(join(folder, file), "utf8");

test("every golden config compiles to the same bytes in the browser", async ({ page }) => {
  await open(page, "/");
  const names = readdirSync(folder).filter((file) => file.endsWith(".json") && file !== "catalog.json");
  expect(names.length).toBeGreaterThanOrEqual(60);
  const goldens = names.map((file) => {
    const { config, request } = JSON.parse(read(file));
    return { file, config, request, wanted: read(file.replace(".json", ".sql")) };
  });
  const compiled = await page.evaluate(
    async ({ goldens, schemas }) => {
      // The page's own, which is loaded already.
      const url = document.querySelector<HTMLLinkElement>("link[rel=modulepreload]")!.href;
      const { compile_sql } = await import(url);
      const splits = (config: any) => {
        const split = config.split_config ?? {};
        if (!split.type || split.type === "none") return null;
        return split.test_days || split.test_percent ? "test" : "eval";
      };
      return goldens.map(({ config, request }) =>
        compile_sql(schemas, JSON.stringify(config), JSON.stringify(request ?? { split: splits(config) })),
      );
    },
    { goldens, schemas: read("catalog.json") },
  );
  goldens.forEach(({ file, wanted }, i) => expect(`${compiled[i]}\n`, file).toBe(wanted));
});

test("what is wrong is said in the browser as well", async ({ page }) => {
  await open(page, "/");
  const said = await page.evaluate(async (schemas) => {
    const url = document.querySelector<HTMLLinkElement>("link[rel=modulepreload]")!.href;
    const { compile_sql } = await import(url);
    try {
      return compile_sql(schemas, JSON.stringify({ primary_table: "raw_data.nowhere" }), "{}");
    } catch (error) {
      return String(error);
    }
  }, read("catalog.json"));
  expect(said).toContain("primary_table: There is no table raw_data.nowhere.");
});
