// The panel of a vendor's secret: replacing it, ending versions, and what stands in the way of a mistake.

import { deliver } from "../../support/http.ts";
import { expect, expectWrong, test } from "../../support/pages.ts";
import { secret, newSecret } from "../../support/run.ts";
import { Site } from "../../support/site.ts";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

test.describe.configure({ mode: "serial" });

let site: Site;
let acme: { url: string; secret: string };
let second: string;
test.beforeAll(async () => {
  site = await Site.empty();
  acme = await site.server.setUp(site.peer.url);
  for (let n = 0; n < 3; n++) expect((await deliver(acme)).status).toBe(202);
});
test.afterAll(() => site.stop());
test.beforeEach(async ({ as }) => as(site));

const panel = "Secret";

test("the panel counts the requests that matched each version", async ({ page, open }) => {
  await expect(async () => {
    await open(site, "/vendors/acme");
    const row = page.getByRole("table", { name: /Versions of the secret/ }).getByRole("row", { name: /^v1/ });
    await expect(row).toContainText("Active", { timeout: 500 });
    await expect(row.getByRole("cell").nth(3)).toHaveText("3", { timeout: 500 });
  }).toPass();
});

test("a version in use cannot be replaced at once by mistake", async ({ page, open, faults, ready }) => {
  faults.allow(/\/ui\/vendor\/rotate/);
  await open(site, "/vendors/acme");
  await page.getByText("Replace it").click();
  await page.getByLabel("Accept the old one for").selectOption({ label: "none: it ends at once" });
  await page.getByRole("button", { name: "Replace secret" }).click();
  await expect(page.getByRole("alert")).toContainText("3 requests matched this version during the last hour");
  await ready();
  expect((await deliver(acme)).status).toBe(202);
});

test("a secret that does not fit is said at its field", async ({ page, open, faults, ready }) => {
  faults.allow(/\/ui\/vendor\/rotate/);
  await open(site, "/vendors/acme");
  await page.getByText("Replace it").click();
  await page.getByLabel(/^New secret/).fill("whsec_***");
  await page.getByRole("button", { name: "Replace secret" }).click();
  await expectWrong(page, /^New secret/, "This is not a valid secret.");
  await ready();
});

test("a secret is replaced, shown exactly once, and both are accepted meanwhile", async ({ page, open, ready }) => {
  await open(site, "/vendors/acme");
  await page.getByText("Replace it").click();
  await page.getByRole("button", { name: "Replace secret" }).click();
  await expect(page).toHaveURL(/\/vendors\/rotated\?once=/);
  const shown = page.getByText(/^whsec_[A-Za-z0-9+/=]{20,}$/);
  await expect(shown).toHaveCount(1);
  second = secret((await shown.textContent())!.trim());
  const address = page.url();
  await page.goto(address);
  await ready();
  await expect(page.getByRole("heading", { name: "Shown already" })).toBeVisible();
  expect(await page.content()).not.toContain(second);

  await open(site, "/vendors/acme");
  await expect(page.getByRole("row", { name: /^v2/ })).toContainText("Active");
  await expect(page.getByRole("row", { name: /^v1/ })).toContainText("Retiring, 23 h");
  expect(await page.content()).not.toContain(second);
  await expect.poll(async () => (await deliver({ ...acme, secret: second })).status).toBe(202);
  expect((await deliver(acme)).status).toBe(202);
});

test("the overlap is made longer", async ({ page, open, ready }) => {
  await open(site, "/vendors/acme");
  await page.getByText("Change how long the old one is accepted").click();
  await page.getByLabel("Accept it from now for").selectOption({ label: "7 days" });
  await page.getByRole("button", { name: "Change overlap" }).click();
  await expect(page.getByRole("row", { name: /^v1/ })).toContainText("Retiring, 6 d");
  await ready();
});

test("quiet hours are set, and a number that does not fit is said at its field", async ({ page, open, faults, ready }) => {
  faults.allow(/\/ui\/vendor\/quiet/);
  await open(site, "/vendors/acme");
  const fold = page.getByText("End old versions by themselves");
  await fold.click();
  await page.getByLabel(/^Hours without a match/).fill("1000");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expectWrong(page, /^Hours without a match/, "Give a number of hours from 1 to 720.");
  await ready();
  await page.getByLabel(/^Hours without a match/).fill("6");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByText("after 6 hours without a match")).toBeVisible();
  await ready();
});

test("a version in use ends only when that is ticked, and is refused from then on", async ({ page, open, faults, ready }) => {
  faults.allow(/\/ui\/vendor\/revoke/);
  await open(site, "/vendors/acme");
  await page.getByText("End a version now").click();
  await page.getByRole("combobox", { name: "Version", exact: true }).selectOption({ label: "v1" });
  await page.getByRole("button", { name: "End version" }).click();
  await expect(page.getByRole("alert")).toContainText(/\d+ requests matched this version/);
  await ready();
  await page.getByRole("combobox", { name: "Version", exact: true }).selectOption({ label: "v1" });
  await page.locator("#force-revoke").check();
  await page.getByRole("button", { name: "End version" }).click();
  await expect(page.getByRole("row", { name: /^v1/ })).toContainText("Ended");
  await ready();
  await expect.poll(async () => (await deliver(acme)).status).toBe(401);
  expect((await deliver({ ...acme, secret: second })).status).toBe(202);
});

test("editors see the versions and can change nothing", async ({ page, open, as }) => {
  await as(site, await site.person("editor@example.test", "editor", "default"));
  await open(site, "/vendors/acme");
  await expect(page.getByRole("heading", { name: panel, exact: true })).toBeVisible();
  await expect(page.getByRole("row", { name: /^v2/ })).toContainText("Active");
  for (const words of ["Replace it", "End a version now", "Switch off"]) await expect(page.getByText(words)).toHaveCount(0);
});

test("a pasted secret is in no page, and in the database only sealed", async ({ page, open, ready }) => {
  const pasted = secret(`whsec_${Buffer.from(newSecret()).toString("base64")}`);
  await open(site, "/vendors/acme");
  await page.getByText("Replace it").click();
  await page.getByLabel(/^New secret/).fill(pasted);
  await page.getByRole("button", { name: "Replace secret" }).click();
  await expect(page.getByText("one you gave is stored sealed")).toBeVisible();
  await ready();
  expect(await page.content()).not.toContain(pasted);
  await expect.poll(async () => (await deliver({ ...acme, secret: pasted })).status).toBe(202);
  for (const file of readdirSync(site.server.folder).filter((name) => name.includes(".db"))) {
    const bytes = readFileSync(join(site.server.folder, file));
    for (const value of [acme.secret, second, pasted]) expect(bytes.includes(value), `${file} holds a secret`).toBe(false);
  }
});
