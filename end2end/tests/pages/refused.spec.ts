// Forms that are refused: whose error it is, and what becomes of what was typed.

import { send } from "../../support/http.ts";
import { expect, expectWrong, SCRIPTED, test } from "../../support/pages.ts";
import { newSecret } from "../../support/run.ts";

test("a form that is refused is the visitor's error, not the server's", async ({ busy }) => {
  const cookie = await busy.site.cookie();
  // As the page's own code sends it: with JavaScript.
  const answer = await send(`${busy.site.url}/ui/vendor/add`, {
    method: "POST",
    body: new URLSearchParams({ slug: "Not A Slug!", preset: "stripe" }),
    headers: { cookie, accept: "application/json" },
  });
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
});

// Without JavaScript only the error travels in the address, so the fields come back empty.
test("what was typed survives a refused form", SCRIPTED, async ({ busy, page, open, as, faults }) => {
  faults.allow(/\/ui\/provider\/add/);
  await as(busy.site);
  await open(busy.site, "/providers/new");
  await page.getByLabel(/^Name/).fill("Not A Slug!");
  await page.getByLabel("Model").fill("a-model-with-a-long-name");
  await page.getByRole("button", { name: "Add provider" }).click();
  await expectWrong(page, /^Name/, "Use 1 to 60");
  await expect(page.getByLabel("Model")).toHaveValue("a-model-with-a-long-name");
});

test("no password or key is in an address when a form is refused", async ({ busy, page, open, as, faults }) => {
  faults.allow(/\/ui\/provider\/add/);
  await as(busy.site);
  const key = newSecret("sk-");
  await open(busy.site, "/providers/new");
  await page.getByLabel(/^Name/).fill("Not A Slug!");
  await page.getByLabel("Model").fill("fixed");
  await page.getByLabel(/^API key/).fill(key);
  await page.getByRole("button", { name: "Add provider" }).click();
  await expectWrong(page, /^Name/, "Use 1 to 60");
  expect(page.url()).not.toContain(key);
});

