// `make gallery`: screenshots of every view, on the demo shop and, if TRAINSET_COMPLETE_JOURNEY
// names its folder, on a retailer's real data.
import { defineConfig } from "@playwright/test";
import base from "./playwright.config";

const server = base.webServer as Exclude<typeof base.webServer, undefined | unknown[]>;
const port = Number(process.env.TRAINSET_E2E_PORT ?? "3210");
const journey = process.env.TRAINSET_COMPLETE_JOURNEY;

export default defineConfig({
  ...base,
  testDir: ".",
  testMatch: "gallery.shots.ts",
  reporter: [["list"]],
  use: { ...base.use, trace: "off", screenshot: "off" },
  projects: [
    { name: "shop", metadata: { material: "shop" } },
    ...(journey ? [{ name: "journey", metadata: { material: "journey" }, use: { baseURL: `http://127.0.0.1:${port + 1}` } }] : []),
  ],
  webServer: [
    server,
    ...(journey
      ? [{ ...server, url: `http://127.0.0.1:${port + 1}/`, env: { TRAINSET_E2E_PORT: String(port + 1), TRAINSET_E2E_WAREHOUSE: journey } }]
      : []),
  ],
});
