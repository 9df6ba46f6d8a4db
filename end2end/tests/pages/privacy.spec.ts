// What of a vendor's requests is never stored: trying rules on its last event, and saving them.

import { deliver } from "../../support/http.ts";
import { expect, expectWrong, test } from "../../support/pages.ts";
import { Site } from "../../support/site.ts";

let site: Site;
let vendor: { url: string; secret: string };
test.beforeAll(async () => {
  site = await Site.empty();
  vendor = await site.server.setUp(site.peer.url);
});
test.afterAll(() => site.stop());

const panel = { name: "Privacy" };
const preview = { name: "The last event as it would be stored" };

test("rules are tried on the last event, then saved, and hold from then on", async ({ page, open, ready, as }) => {
  await deliver(vendor, { more: { customer: { email: "ada@example.org", name: "Ada" } } });
  await as(site);
  await open(site, "/vendors/acme");
  const region = page.getByRole("region", panel);
  await expect(region).toContainText("stored as they come");
  await region.getByLabel(/^JSON pointers/).fill("/customer/email");
  await region.getByRole("button", { name: "Preview" }).click();
  await expect(page).toHaveURL(/try=yes/);
  await ready();
  await expect(page.getByRole("region", preview)).toContainText("[redacted]");
  await expect(page.getByRole("region", preview)).not.toContainText("ada@example.org");
  expect(await site.server.cli(["vendor", "redact", "acme"]), "nothing is saved yet").toEqual({});

  await region.getByRole("button", { name: "Save rules" }).click();
  await expect(page).toHaveURL(`${site.url}/vendors/acme`);
  await ready();
  await expect(region).toContainText("replaced before anything is stored");
  await expect(region.getByLabel(/^JSON pointers/)).toHaveValue("/customer/email");
  await site.server.follows();
  const { json } = await deliver(vendor, { more: { customer: { email: "bob@example.org" } } });
  expect((await site.server.cli(["events", "show", json.id])).body).not.toContain("bob@example.org");
  await site.server.cli(["vendor", "redact", "acme", "--clear"]);
  await site.server.follows();
});

test("a rule that cannot be read is told at its field and keeps what was typed", async ({ page, open, ready, as }) => {
  await as(site);
  await open(site, "/vendors/acme");
  const region = page.getByRole("region", panel);
  await region.getByLabel(/^JSON pointers/).fill("customer");
  await region.getByRole("button", { name: "Preview" }).click();
  await expect(page).toHaveURL(/try=yes/);
  await ready();
  await expectWrong(page, /^JSON pointers/, "Give one JSON pointer a line");
  await expect(region.getByLabel(/^JSON pointers/)).toHaveValue("customer");
});

test("an editor reads the rules and has nothing to change them with", async ({ page, open, as }) => {
  await site.server.cli(["vendor", "redact", "acme", "--header", "X-Client-Ip"]);
  await site.server.follows();
  await as(site, await site.person(`editor-${Date.now()}@example.test`, "editor"));
  await open(site, "/vendors/acme");
  const region = page.getByRole("region", panel);
  await expect(region).toContainText("x-client-ip");
  await expect(region.getByRole("button")).toHaveCount(0);
  await site.server.cli(["vendor", "redact", "acme", "--clear"]);
  await site.server.follows();
});
