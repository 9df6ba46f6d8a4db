// The page of one vendor: reached from the list, switched off and on, and nobody else's to see.

import { deliver } from "../../support/http.ts";
import { expect, SCRIPTED, test } from "../../support/pages.ts";
import { Site, form } from "../../support/site.ts";

test.describe.configure({ mode: "serial" });

let site: Site;
let acme: { url: string; secret: string };
test.beforeAll(async () => {
  site = await Site.empty();
  acme = await site.server.setUp(site.peer.url);
});
test.afterAll(() => site.stop());
test.beforeEach(async ({ as }) => as(site));

test("a row of the list leads to the vendor's page with its URL and figures", async ({ page, open, ready }) => {
  expect((await deliver(acme)).status).toBe(202);
  expect((await deliver({ ...acme, secret: "whsec_AAAA" })).status).toBe(401);
  await open(site, "/vendors");
  await page.getByRole("link", { name: "acme" }).click();
  await expect(page).toHaveURL(`${site.url}/vendors/acme`);
  await expect(page.getByRole("heading", { level: 1, name: "acme" })).toBeVisible();
  await expect(page.getByRole("region", { name: "URL", exact: true })).toHaveText(acme.url);
  const figure = (name: string) => page.locator("section.figure", { has: page.getByRole("heading", { name }) }).locator(".value");
  await expect(async () => {
    await open(site, "/vendors/acme");
    await expect(figure("Accepted, 24 h")).toHaveText("1", { timeout: 500 });
    await expect(figure("Refused, 24 h")).toHaveText("1", { timeout: 500 });
  }).toPass();
  await ready();
});

// Without a script the browser has no way to copy; there the text is selected by one click.
test("the URL is copied by its button", SCRIPTED, async ({ page, open, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: site.url });
  await open(site, "/vendors/acme");
  await page.getByRole("button", { name: "Copy URL" }).click();
  await expect(page.getByRole("button", { name: "Copy URL" })).toHaveText("Copied");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(acme.url);
});

test("a vendor that is switched off answers 404 until it is switched on again", async ({ page, open, ready }) => {
  await open(site, "/vendors/acme");
  await page.getByRole("button", { name: "Switch off" }).click();
  await expect(page.getByText("This vendor is switched off")).toBeVisible();
  await ready();
  await expect.poll(async () => (await deliver(acme)).status).toBe(404);
  await page.getByRole("button", { name: "Switch on" }).click();
  await expect(page.getByRole("button", { name: "Switch off" })).toBeVisible();
  await ready();
  await expect.poll(async () => (await deliver(acme)).status).toBe(202);
});

test("owners open another tenant's vendor by its tenant, others see neither page nor data", async ({ page, open, as, faults }) => {
  faults.allow(/404/);
  await site.server.cli(["tenant", "add", "north"]);
  await site.server.addVendor("acme", "stripe", ["--tenant", "north"]);
  await site.server.follows();
  await open(site, "/vendors");
  await page.getByRole("row", { name: /tenant north/ }).getByRole("link").click();
  await expect(page).toHaveURL(`${site.url}/vendors/acme?tenant=north`);
  await expect(page.getByRole("region", { name: "URL", exact: true })).toHaveText(`${site.url}/webhooks/north/acme`);

  const north = await site.person("north@example.test", "admin", "north");
  await as(site, north);
  expect(await open(site, "/vendors/acme")).toBe(200);
  await expect(page.getByRole("region", { name: "URL", exact: true })).toHaveText(`${site.url}/webhooks/north/acme`);
  expect(await open(site, "/vendors/acme?tenant=default")).toBe(404);
  const [mine] = await site.server.cli<any[]>(["vendor", "list"]);
  const headers = { cookie: await site.cookie(north), accept: "application/json" };
  for (const path of ["switch"]) {
    const answer = await form(`${site.url}/ui/vendor/${path}`, { vendor: mine.id, enabled: "false" }, headers);
    expect(answer.status).toBe(404);
  }
  expect((await deliver(acme)).status).toBe(202);
});
