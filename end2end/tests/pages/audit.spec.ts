// Who did what: every touch of a secret is there, narrowed by the page's address, and as a file; never a secret itself.

import { send } from "../../support/http.ts";
import { expect, test } from "../../support/pages.ts";
import { produced, secret } from "../../support/run.ts";
import { Site } from "../../support/site.ts";

test.describe.configure({ mode: "serial" });

let site: Site;
test.beforeAll(async () => {
  site = await Site.empty();
  await site.server.setUp(site.peer.url);
  // More than a page of entries.
  for (let n = 0; n < 12; n++) {
    for (const word of ["off", "on"]) await site.server.cli(["vendor", word, "acme"]);
  }
  await site.server.cli(["vendor", "rotate", "acme"], { once: true });
  await site.server.cli(["vendor", "overlap", "acme", "--version", "1", "--overlap", "7d"]);
  await site.server.cli(["vendor", "revoke", "acme", "--version", "1", "--force"]);
  await site.server.cli(["tenant", "add", "north"]);
  await site.server.addVendor("polar", "std_webhooks", ["--tenant", "north"]);
  await site.server.follows();
});
test.afterAll(() => site.stop());
test.beforeEach(async ({ as }) => as(site));

test("adding, showing, replacing and ending a secret are each in the log", async ({ page, open, ready }) => {
  await open(site, "/vendors/acme");
  await page.getByText("Replace it").click();
  await page.getByRole("button", { name: "Replace secret" }).click();
  await expect(page).toHaveURL(/\/vendors\/rotated/);
  secret((await page.getByText(/^whsec_[A-Za-z0-9+/=]{20,}$/).textContent())!.trim());
  await open(site, "/audit?target=acme");
  for (const action of ["secret.reveal", "vendor.rotate", "vendor.revoke", "vendor.overlap"]) {
    await expect(page.getByRole("rowheader", { name: action }).first()).toBeVisible();
  }
  await expect(page.getByRole("row", { name: /secret\.reveal/ }).first()).toContainText("owner@example.test");
  await expect(page.getByRole("row", { name: /vendor\.revoke/ })).toContainText("version 1");
  await ready();
});

test("the log is narrowed by its form and by what is clicked", async ({ page, open, ready }) => {
  await open(site, "/audit");
  await page.getByLabel("What", { exact: true }).fill("vendor.off");
  await page.getByRole("button", { name: "Filter" }).click();
  await expect(page).toHaveURL(/\/audit\?.*action=vendor\.off/);
  await ready();
  await expect(page.getByRole("rowheader")).toHaveCount(12);
  await open(site, "/audit?action=vendor.revoke");
  await page.getByRole("row", { name: /vendor\.revoke/ }).getByRole("link", { name: "acme" }).click();
  await expect(page).toHaveURL(/action=vendor\.revoke&target=acme/);
  await page.getByRole("link", { name: "Clear" }).click();
  await expect(page).toHaveURL(`${site.url}/audit`);
  await open(site, "/audit?actor=nobody");
  await expect(page.getByRole("heading", { name: "No match" })).toBeVisible();
});

test("older entries are on further pages", async ({ page, open }) => {
  await open(site, "/audit?action=vendor");
  const total = (await site.server.database.sql("select count(*) from audit_log where action like 'vendor.%'")).trim();
  if (Number(total) <= 50) {
    for (let n = 0; n < 13; n++) for (const word of ["off", "on"]) await site.server.cli(["vendor", word, "acme"]);
    await open(site, "/audit?action=vendor");
  }
  await expect(page.getByRole("rowheader")).toHaveCount(50);
  await page.getByRole("link", { name: "Older" }).click();
  await expect(page).toHaveURL(/cursor=/);
  await page.getByRole("link", { name: "Newest" }).click();
  await expect(page).toHaveURL(`${site.url}/audit?action=vendor`);
});

test("the log as a file has the same entries, and an admin's only those of the own tenant", async () => {
  const csv = async (path: string, cookie?: string) => {
    const answer = await send(`${site.url}${path}`, { headers: cookie ? { cookie } : {} });
    if (answer.status === 200) produced("csv", answer.text);
    return answer;
  };
  const all = await csv("/audit/export.csv", await site.cookie());
  expect(all.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  const lines = all.text.trim().split("\r\n");
  expect(lines[0]).toBe("time,tenant,actor,action,target,detail");
  expect(lines.length - 1).toBe(Number((await site.server.database.sql("select count(*) from audit_log")).trim()));
  const narrowed = await csv("/audit/export.csv?action=vendor.revoke", await site.cookie());
  expect(narrowed.text.trim().split("\r\n")).toHaveLength(2);

  const north = await site.person("north@example.test", "admin", "north");
  const theirs = await csv("/audit/export.csv", await site.cookie(north));
  expect(theirs.text).toContain("polar");
  expect(theirs.text).not.toContain("acme");
  const editor = await site.person("editor@example.test", "editor", "default");
  expect((await csv("/audit/export.csv", await site.cookie(editor))).status).toBe(403);
  expect((await csv("/audit/export.csv")).status).toBe(401);
});

test("an editor does not see the log", async ({ page, open, as, faults }) => {
  faults.allow(/403/);
  await as(site, await site.person("reader@example.test", "editor", "default"));
  expect(await open(site, "/audit")).toBe(403);
  await expect(page.getByRole("link", { name: "Audit" })).toHaveCount(0);
});
