// The set-up of the browser tests: one server with an empty database over a fresh demo shop, one
// Chromium. `make e2e` builds what it starts and gives each run its own port and folder. Tests
// share the server, so each names its datasets after itself.
import { defineConfig, devices } from "@playwright/test";

const port = process.env.TRAINSET_E2E_PORT ?? "3210";
const address = `http://127.0.0.1:${port}`;

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  fullyParallel: false,
  // One worker: the tests change one database, and a second browser would only slow both down on a
  // small machine.
  workers: 1,
  retries: 0,
  forbidOnly: !!process.env.CI,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  // With PLAYWRIGHT_JSON_OUTPUT_NAME set, `make test` counts the second one.
  reporter: process.env.PLAYWRIGHT_JSON_OUTPUT_NAME ? [["list"], ["json"]] : [["list"]],
  use: {
    ...devices["Desktop Chrome"],
    baseURL: address,
    viewport: { width: 1280, height: 900 },
    locale: "en-GB",
    timezoneId: "Europe/Helsinki",
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    launchOptions: {
      // Unset means Playwright's own Chromium.
      executablePath: process.env.TRAINSET_CHROMIUM || undefined,
      args: [
        ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  webServer: {
    command: "bash ./server.sh",
    url: `${address}/`,
    env: { TRAINSET_E2E_PORT: port },
    reuseExistingServer: false,
    timeout: 60_000,
    stdout: "ignore",
    stderr: "pipe",
    gracefulShutdown: { signal: "SIGTERM", timeout: 5_000 },
  },
});
