// Vendors' sides of connections by pages: what a preset expects, secrets that come later or are handed over, and
// vendors that no preset knows.

import { createHmac } from "node:crypto";
import { send } from "../../support/http.ts";
import { expect, expectWrong, SCRIPTED, test } from "../../support/pages.ts";
import { newSecret, secret } from "../../support/run.ts";
import { Site } from "../../support/site.ts";

test.describe.configure({ mode: "serial" });

let site: Site;
test.beforeAll(async () => {
  site = await Site.empty();
});
test.afterAll(() => site.stop());
test.beforeEach(async ({ as }) => as(site));

const mac = (key: string, text: string) => createHmac("sha256", key).update(text).digest("hex");
const post = (slug: string, body: string, headers: Record<string, string> = {}) =>
  send(`${site.url}/webhooks/${slug}`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
const notion = (offered: string) => post("notion", JSON.stringify({ verification_token: offered }));

test("the page of known vendors says what each expects", async ({ page, open }) => {
  await open(site, "/vendors/new");
  await page.getByRole("link", { name: "All known vendors and what they expect" }).click();
  await expect(page).toHaveURL(/\/vendors\/presets$/);
  await page.locator("summary", { hasText: "Zoom" }).click();
  const zoom = page.locator("details", { hasText: "Zoom" }).first();
  await expect(zoom.getByText("Sends a signed challenge first and wants it answered.")).toBeVisible();
  await expect(zoom.getByText("Waits 3 s for an answer.")).toBeVisible();
  await expect(zoom.getByRole("link", { name: "How Zoom describes it" })).toHaveAttribute("href", /^https:\/\/developers\.zoom\.us/);
});

// It follows the choice by a script; without one the page of known vendors says it.
test("the form says what the chosen vendor expects", SCRIPTED, async ({ page, open }) => {
  await open(site, "/vendors/new");
  const expected = page.locator(".expected");
  await expect(expected.getByRole("heading")).toBeVisible();
  await page.getByLabel("Preset").selectOption({ label: "Notion" });
  await expect(expected.getByRole("heading", { name: "Notion" })).toBeVisible();
  await expect(expected.getByText("Hands its secret over in the first request; an admin accepts it.")).toBeVisible();
});

test("a vendor whose secret comes later is added without one", async ({ page, open }) => {
  await open(site, "/vendors/new");
  await page.getByLabel("Preset").selectOption({ label: "Stripe" });
  await page.getByLabel(/^Name/).fill("shop");
  await page.getByLabel("The secret comes later").check();
  await page.getByRole("button", { name: "Add vendor" }).click();
  await expect(page).toHaveURL(/\/vendors\/added\?once=/);
  await expect(page.getByText("There is no secret to show")).toBeVisible();
  await expect.poll(async () => (await post("shop", "{}", { "stripe-signature": "t=1,v1=00" })).json?.code).toBe("no_secret");
  await open(site, "/vendors/shop");
  await expect(page.locator(".connection").getByText("Waits for its secret")).toBeVisible();
});

test("a secret a vendor handed over is accepted with a button, and shown once", async ({ page, open, ready }) => {
  await site.server.cli(["vendor", "add", "notion", "--preset", "notion"]);
  await site.server.follows();
  const offered = newSecret("secret_");
  expect((await notion(offered)).status).toBe(200);
  await expect(async () => {
    await open(site, "/vendors/notion");
    await expect(page.getByText(`A secret ending in ${offered.slice(-4)}`)).toBeVisible({ timeout: 2_000 });
  }).toPass();
  expect(await page.content()).not.toContain(offered);
  await page.locator(".offers").getByRole("button", { name: "Accept" }).click();
  await expect(page).toHaveURL(/\/vendors\/added\?once=/);
  await expect(page.getByText(offered).first()).toBeVisible();
  const address = page.url();
  await page.goto(address);
  await ready();
  expect(await page.content()).not.toContain(offered);
  const body = JSON.stringify({ id: "e1", type: "page.created", entity: { id: "p" } });
  await expect.poll(async () => (await post("notion", body, { "x-notion-signature": `sha256=${mac(offered, body)}` })).status).toBeLessThan(300);
  await open(site, "/vendors/notion");
  await expect(page.locator(".connection").getByText("Tried out once")).toBeVisible();
  await expect(page.locator(".offers")).toHaveCount(0);
});

test("offers are dismissed with a button", async ({ page, open }) => {
  for (const word of ["one", "two"]) await notion(newSecret(`secret_${word}`));
  await expect(async () => {
    await open(site, "/vendors/notion");
    await expect(page.locator(".offers li")).toHaveCount(2, { timeout: 2_000 });
  }).toPass();
  await expect(page.getByText("More than one was offered")).toBeVisible();
  await page.getByRole("button", { name: "Dismiss all" }).click();
  await expect(page.locator(".offers")).toHaveCount(0);
});

const SCHEME = [
  'algorithm = "hmac-sha256"',
  'signature = { from = "header:x-acme", encoding = "hex" }',
  'signed = "{body}"',
  'event = { id = ["json:id"], type = ["json:type"] }',
].join("\n");

test("a vendor is described, a mistake is said at the field, and what was typed stays", async ({ page, open, ready, faults }) => {
  faults.allow(/\/ui\/vendor\/add\/custom/);
  await open(site, "/vendors/new");
  await page.getByRole("link", { name: "Describe another one" }).click();
  await expect(page).toHaveURL(/\/vendors\/new\/custom$/);
  await ready();
  const wrong = SCHEME.replace("signed =", "singed =");
  await page.getByLabel(/^Name/).fill("acme");
  await page.getByLabel("How it signs").fill(wrong);
  await page.getByRole("button", { name: "Add vendor" }).click();
  await expect(page).toHaveURL(/draft=/);
  await ready();
  await expectWrong(page, "How it signs", "singed");
  await expectWrong(page, "How it signs", "line 3");
  await expect(page.getByLabel("How it signs")).toHaveValue(wrong);
  await expect(page.getByLabel(/^Name/)).toHaveValue("acme");
  await page.getByLabel("How it signs").fill(SCHEME);
  await page.getByRole("button", { name: "Add vendor" }).click();
  await expect(page).toHaveURL(/\/vendors\/added\?once=/);
  const made = secret((await page.getByText(/^[0-9a-f]{64}$/).first().textContent())!.trim());
  const body = '{"id":"1","type":"made"}';
  await expect.poll(async () => (await post("acme", body, { "x-acme": mac(made, body) })).status).toBe(202);
});
