// How the work is shared: limits are set on the page, said in the audit log, and kept.

import { deliver } from "../../support/http.ts";
import { expect, test } from "../../support/pages.ts";
import { Site } from "../../support/site.ts";

let site: Site;
let vendor: { url: string; secret: string };

test.beforeEach(async () => {
  site = await Site.empty();
  vendor = await site.server.setUp(site.peer.url);
});
test.afterEach(() => site.stop());

const limits = async (name: string) => {
  const rows = await site.server.cli<any[]>(["limit", "list"]);
  const { at_once, per_minute, weight } = rows.find((row) => row.name === name).limit;
  return { at_once, per_minute, weight };
};

test("the limits of a connection are set, shown, and taken away again", async ({ page, open, as }) => {
  await as(site);
  await open(site, "/limits");
  const row = page.getByRole("row", { name: /^site/ });
  await row.getByLabel("At once").fill("2");
  await row.getByLabel("A minute").fill("600");
  await row.getByLabel("Weight").fill("3");
  await row.getByRole("button", { name: "Save" }).click();
  await expect.poll(() => limits("site")).toEqual({ at_once: 2, per_minute: 600, weight: 3 });
  await open(site, "/limits");
  await expect(row.getByLabel("At once")).toHaveValue("2");
  await expect(page.getByRole("row", { name: /^acme/ }).getByLabel("Weight")).toHaveValue("1");
  expect((await deliver(vendor)).status).toBe(202);
  await site.server.jobsIn("succeeded", 2);

  for (const label of ["At once", "A minute"]) await row.getByLabel(label).fill("");
  await row.getByLabel("Weight").fill("1");
  await row.getByRole("button", { name: "Save" }).click();
  await expect.poll(() => limits("site")).toEqual({ at_once: null, per_minute: null, weight: 1 });
  await open(site, "/audit?action=limit.set");
  await expect(page.getByText("2 at once, 600 a minute, weight 3")).toBeVisible();
  await expect(page.getByText("any number at once, any number a minute, weight 1")).toBeVisible();
});

test("a weight that is too great is refused with what to give instead", async ({ page, open, as, faults }) => {
  faults.allow(/422/);
  await as(site);
  await open(site, "/limits");
  const row = page.getByRole("row", { name: /^model/ });
  await row.getByLabel("Weight").fill("101");
  await row.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Give a weight from 1 to 100.")).toBeVisible();
  expect(await limits("model")).toEqual({ at_once: null, per_minute: null, weight: 1 });
});

test("editors see the limits and cannot change them", async ({ page, open, as }) => {
  await site.server.cli(["limit", "set", "destination", "site", "--at-once", "7"]);
  await as(site, await site.person("editor@example.test", "editor"));
  await open(site, "/limits");
  await expect(page.getByRole("row", { name: /^site/ })).toContainText("7");
  await expect(page.getByRole("button", { name: "Save" })).toHaveCount(0);
});
