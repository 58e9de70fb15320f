// The main use case again, with the model bound to a BigQuery server: TRAINSET_E2E_BIGQUERY names
// its project.
import { expect, open, test, unique } from "../fixtures";
import { mainStory } from "../main-story";

const project = process.env.TRAINSET_E2E_BIGQUERY;

// An invalid project id is refused on purpose.
test.use({ allowInConsole: /status of 422/ });

test("the same story on BigQuery", async ({ page }) => {
  expect(project, "TRAINSET_E2E_BIGQUERY is not set: run this through make e2e").toBeTruthy();
  // Each step makes several requests to the server, which is slower than the embedded engine.
  test.setTimeout(180_000);
  const name = unique("On BigQuery");
  await open(page, "/");
  await page.getByRole("button", { name: "Add model" }).click();
  const dialog = page.getByRole("dialog", { name: "Add model" });
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByLabel("Google Cloud project").fill("No Project!");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog.getByText("A project id has")).toBeVisible();
  await dialog.getByLabel("Google Cloud project").fill(project!);
  await dialog.getByRole("button", { name: "Save" }).click();
  const card = page.locator(".card", { hasText: name });
  await expect(card).toContainText(`BigQuery · ${project}`);
  const href = await card.getByRole("link", { name: "Open datasets" }).getAttribute("href");
  await mainStory(page, Number(href!.match(/models\/(\d+)/)![1]), { bills: true });
});
