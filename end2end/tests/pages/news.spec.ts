// A vendor whose events are what Tidegate does by itself: added on the page, with a rule that tells somebody, and seen.

import { deliver } from "../../support/http.ts";
import { expect, expectWrong, test, violations } from "../../support/pages.ts";
import { secret } from "../../support/run.ts";
import { Site } from "../../support/site.ts";

test.describe.configure({ mode: "serial" });

let site: Site;
let acme: { url: string; secret: string };
test.beforeAll(async () => {
  site = await Site.empty();
  const { server, peer } = site;
  acme = await server.addVendor("acme");
  for (const slug of ["crm", "chat"])
    secret((await server.cli(["destination", "add", slug, "--kind", "http", "--url", `${peer.url}/${slug}`], { once: true })).secret);
  await server.cli(["rule", "add", "--vendor", "acme", "--type", "*", "--job", "forward", "--destination", "crm"]);
  await server.follows();
});
test.afterAll(() => site.stop());
test.beforeEach(async ({ as }) => as(site));

test("it is added without a secret, and its page says what it tells in place of a URL", async ({ page, open, ready, hydrated }) => {
  await open(site, "/vendors/new");
  await page.getByLabel("Preset").selectOption({ label: "Tidegate itself" });
  if (hydrated) {
    await expect(page.getByRole("heading", { name: "Tidegate itself" })).toBeVisible();
    await expect(page.getByLabel("Signing secret")).toBeHidden();
  }
  await page.getByLabel(/^Name/).fill("alerts");
  await page.getByRole("button", { name: "Add vendor" }).click();
  await expect(page).toHaveURL(`${site.url}/vendors/alerts`);
  await ready();
  await expect(page.getByRole("heading", { level: 1, name: "alerts" })).toBeVisible();
  await expect(page.getByRole("region", { name: "What it tells" })).toContainText("destination.gone");
  await expect(page.getByRole("region", { name: "Who is told" })).toContainText("tidegate rule add --vendor alerts");
  for (const none of ["Enter this URL at the vendor", "Refused", "Secret", "Limits"])
    await expect(page.getByRole("heading", { name: none })).toHaveCount(0);

  await open(site, "/vendors");
  const row = page.getByRole("row", { name: /alerts/ });
  await expect(row).toContainText("Its events are made here");
  await expect(row).toContainText("needs none");
});

test("a second one is refused, and its form asks for no secret", async ({ page, open, ready, faults }) => {
  faults.allow(/\/ui\/vendor\/add/);
  await open(site, "/vendors/new?preset=tidegate");
  await expect(page.getByText("Tidegate itself needs no secret")).toBeVisible();
  await expect(page.getByLabel("Signing secret")).toBeHidden();
  await page.getByLabel(/^Name/).fill("more-alerts");
  await page.getByRole("button", { name: "Add vendor" }).click();
  await expectWrong(page, "Preset", "one is enough");
  await ready();
  expect((await site.server.cli<any[]>(["vendor", "list"])).map(({ slug }) => slug)).not.toContain("more-alerts");
});

test("a rule is added from its page, and a destination that is gone is told and seen", async ({ page, open, ready }) => {
  await open(site, "/vendors/alerts");
  await page.getByRole("region", { name: "Who is told" }).getByRole("link", { name: "Add rule" }).click();
  await expect(page).toHaveURL(/\/rules\/new/);
  await ready();
  await page.getByLabel("When this vendor").selectOption({ label: "alerts" });
  await page.getByLabel("sends events of type").fill("destination.*");
  await page.getByLabel("do", { exact: true }).selectOption("forward");
  await page.getByLabel(/^and send the result to/).selectOption({ label: "chat" });
  await page.getByLabel(/^Body/).fill('{"text": {{ data.text }}}');
  await page.getByRole("button", { name: "Add rule" }).click();
  await expect(page).toHaveURL(/\/rules\?added/);
  await ready();
  await site.server.follows();

  await site.peer.fails({ path: "/crm", status: 410 });
  expect((await deliver(acme)).status).toBe(202);
  await site.server.jobsIn("succeeded", 1);
  expect((await site.peer.requests("/chat")).map(({ body }) => JSON.parse(body).text)).toEqual([
    expect.stringMatching(/^Destination crm answered that it is gone \(410\)\./),
  ]);

  await open(site, "/vendors/alerts");
  await page.getByRole("link", { name: "Its events" }).click();
  await expect(page).toHaveURL(/\/events\?vendor=ven_/);
  await ready();
  await page.getByRole("link", { name: "destination.gone" }).first().click();
  await expect(page).toHaveURL(/\/events\/evt_/);
  await ready();
  await expect(page.getByText("Made by Tidegate itself", { exact: true })).toBeVisible();
  const checks = page.getByRole("region", { name: "Checks" });
  await expect(checks).toContainText("none: it was made here");
  await checks.getByRole("link", { name: "All it did by itself" }).click();
  await expect(page).toHaveURL(/\/audit\?actor=tidegate/);
  await ready();
  await expect(page.getByRole("row", { name: /destination\.gone/ })).toHaveCount(1);
});

test("it is switched off and on, and read by everybody on every screen", async ({ page, open, ready, hydrated }) => {
  await open(site, "/vendors/alerts");
  await page.getByRole("button", { name: "Switch off" }).click();
  await expect(page.getByText("meanwhile becomes no event, and nobody is told")).toBeVisible();
  await ready();
  await page.getByRole("button", { name: "Switch on" }).click();
  await expect(page.getByRole("button", { name: "Switch off" })).toBeVisible();
  await ready();
  await page.setViewportSize({ width: 390, height: 844 });
  await open(site, "/vendors/alerts");
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  if (!hydrated) return;
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violations(page)).toEqual([]);
  }
});

test("an editor sees it and cannot change it", async ({ page, open, as }) => {
  await as(site, await site.person("editor@example.test", "editor"));
  await open(site, "/vendors/alerts");
  await expect(page.getByRole("region", { name: "What it tells" })).toBeVisible();
  await expect(page.getByRole("main").getByRole("button")).toHaveCount(0);
  await expect(page.getByRole("main").getByRole("link", { name: "Add rule" })).toHaveCount(0);
});
