// What a vendor may send: set on its page, kept to at its URL, and nobody else's to set.

import { deliver } from "../../support/http.ts";
import { expect, expectWrong, test } from "../../support/pages.ts";
import { Site, form } from "../../support/site.ts";
import type { Locator } from "@playwright/test";

test.describe.configure({ mode: "serial" });

let site: Site;
let acme: { url: string; secret: string };
test.beforeAll(async () => {
  site = await Site.empty();
  acme = await site.server.setUp(site.peer.url);
});
test.afterAll(() => site.stop());
test.beforeEach(async ({ as }) => as(site));

/** Opens the form, which is folded away unless something is wrong with it. */
async function unfolded(panel: Locator): Promise<void> {
  const fold = panel.locator("details");
  if (!(await fold.evaluate((details: HTMLDetailsElement) => details.open))) await fold.locator("summary").click();
}

test("what cannot be kept is said at its field, and nothing is changed", async ({ page, open, ready, faults }) => {
  faults.allow(/\/ui\/vendor\/limits\/set/);
  await open(site, "/vendors/acme");
  const panel = page.getByRole("region", { name: "Limits" });
  for (const [label, value, words] of [
    [/^Allowed networks/, "203.0.113.0/24\nsomewhere", "Give networks such as"],
    [/^Requests a second/, "many", "Give a whole number"],
    [/^Requests at once/, "0", "Give a whole number"],
    [/^Largest body/, "1 GiB", "Give a size from"],
  ] as const) {
    await open(site, "/vendors/acme");
    await unfolded(panel);
    if (String(label).includes("at once")) await panel.getByLabel(/^Requests a second/).fill("5");
    await panel.getByLabel(label).fill(value);
    await panel.getByRole("button", { name: "Save limits" }).click();
    await expectWrong(page, label, words);
    await ready();
  }
  expect((await deliver(acme)).status).toBe(202);
});

test("limits that are saved stand in the form again and hold at the URL", async ({ page, open, ready, hydrated }) => {
  await open(site, "/vendors/acme");
  const panel = page.getByRole("region", { name: "Limits" });
  await unfolded(panel);
  await panel.getByLabel(/^Allowed networks/).fill("127.0.0.1, 192.0.2.77/24");
  await panel.getByLabel(/^Requests a second/).fill("1");
  await panel.getByLabel(/^Requests at once/).fill("2");
  await panel.getByLabel(/^Largest body/).fill("64k");
  await panel.getByRole("button", { name: "Save limits" }).click();
  if (hydrated) await expect(panel.getByText("Saved.")).toBeVisible();
  await ready();
  await expect(async () => {
    await open(site, "/vendors/acme");
    await expect(panel.getByText("1 a second, 2 at once")).toBeVisible({ timeout: 500 });
    await unfolded(panel);
    await expect(panel.getByLabel(/^Allowed networks/)).toHaveValue("127.0.0.1/32\n192.0.2.0/24", { timeout: 500 });
  }).toPass();
  await expect(panel.getByLabel(/^Requests a second/)).toHaveValue("1");
  await expect(panel.getByLabel(/^Requests at once/)).toHaveValue("2");
  await expect(panel.getByLabel(/^Largest body/)).toHaveValue("64 KiB");
  await site.server.follows();

  const large = await deliver(acme, { more: { text: "x".repeat(70_000) } });
  expect([large.status, large.json.code]).toEqual([413, "body_too_large"]);
  const answers = [];
  for (let n = 0; n < 6; n++) answers.push(await deliver(acme));
  const limited = answers.find(({ status }) => status === 429)!;
  expect(limited.json.code).toBe("rate_limited");
  expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(0);
  const wait = Number(limited.headers.get("retry-after"));
  await new Promise((over) => setTimeout(over, wait * 1000));
  expect((await deliver(acme)).status, "taken again when it was told to come back").toBe(202);

  const audit = await site.server.database.sql("select detail from audit_log where action = 'vendor.limits' order by at desc limit 1");
  expect(audit).toContain("127.0.0.1/32 192.0.2.0/24; 1 a second, 2 at once; 64 KiB");
});

test("an address outside the vendor's networks is a 403", async ({ page, open, ready, hydrated }) => {
  await open(site, "/vendors/acme");
  const panel = page.getByRole("region", { name: "Limits" });
  await unfolded(panel);
  await panel.getByLabel(/^Allowed networks/).fill("192.0.2.0/24");
  for (const label of [/^Requests a second/, /^Requests at once/, /^Largest body/]) await panel.getByLabel(label).fill("");
  await panel.getByRole("button", { name: "Save limits" }).click();
  if (hydrated) await expect(panel.getByText("Saved.")).toBeVisible();
  await ready();
  await expect.poll(async () => (await deliver(acme)).status).toBe(403);
  expect((await deliver(acme)).json.code).toBe("address_not_allowed");

  // The command line says the same and can undo it.
  const set = await site.server.cli<any>(["vendor", "set", "acme", "--allow-any"]);
  expect(set).toEqual({ slug: "acme", enabled: true, allow: [], rate: null, burst: null, max_body: 524288, options: {} });
  await expect.poll(async () => (await deliver(acme)).status).toBe(202);
});

test("an editor sees the limits and cannot set them", async ({ page, open, as, faults }) => {
  faults.allow(/403/);
  const editor = await site.person(`editor-${Date.now()}@example.test`, "editor");
  await as(site, editor);
  await open(site, "/vendors/acme");
  const panel = page.getByRole("region", { name: "Limits" });
  await expect(panel.getByText("any address")).toBeVisible();
  await expect(panel.getByRole("button")).toHaveCount(0);
  const [mine] = await site.server.cli<any[]>(["vendor", "list"]);
  const headers = { cookie: await site.cookie(editor), accept: "application/json" };
  const answer = await form(`${site.url}/ui/vendor/limits/set`, { vendor: mine.id, allow: "192.0.2.1" }, headers);
  expect(answer.status).toBe(403);
  expect((await deliver(acme)).status).toBe(202);
});
