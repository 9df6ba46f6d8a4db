// A destination's page: its signing secret replaced with an overlap, the key of its tokens, and what stops its jobs.

import { deliver, send } from "../../support/http.ts";
import { expect, test } from "../../support/pages.ts";
import { secret } from "../../support/run.ts";
import { Site } from "../../support/site.ts";
import type { Page } from "@playwright/test";
import { createHmac } from "node:crypto";

test.describe.configure({ mode: "serial" });

let site: Site;
let acme: { url: string; secret: string };
let first: string;
let second: string;
const at: Record<string, string> = {};
test.beforeAll(async () => {
  site = await Site.empty();
  const { server, peer } = site;
  acme = await server.addVendor("acme");
  const made = await server.cli(["destination", "add", "crm", "--kind", "http", "--url", `${peer.url}/crm`], { once: true });
  first = secret(made.secret);
  await server.cli(["destination", "add", "herald", "--kind", "wordpress", "--url", peer.url, "--auth", "jwt"]);
  await server.cli(["rule", "add", "--vendor", "acme", "--type", "*", "--job", "forward", "--destination", "crm"]);
  for (const { id, slug } of await server.cli<any[]>(["destination", "list"])) at[slug] = `/destinations/${id}`;
  await server.follows();
});
test.afterAll(() => site.stop());
test.beforeEach(async ({ as }) => as(site));

/** Opens what is folded away, unless it is open already. */
async function unfold(page: Page, words: string): Promise<void> {
  const fold = page.locator("details", { hasText: words });
  if (!(await fold.evaluate((details: HTMLDetailsElement) => details.open))) await fold.locator("summary").click();
}

/** The endpoint's next message, and by which of these secrets it is signed. */
async function signedBy(secrets: string[]): Promise<boolean[]> {
  const before = await site.peer.count("/crm");
  expect((await deliver(acme)).status).toBe(202);
  await expect.poll(() => site.peer.count("/crm")).toBe(before + 1);
  const { headers, body } = (await site.peer.requests("/crm")).at(-1)!;
  const signatures = headers["webhook-signature"]!.split(" ");
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const sign = (value: string) => createHmac("sha256", Buffer.from(value.slice("whsec_".length), "base64")).update(signed).digest("base64");
  return secrets.map((value) => signatures.includes(`v1,${sign(value)}`));
}

test("the list leads to the page, which says what the destination is", async ({ page, open, ready }) => {
  await open(site, "/destinations");
  await page.getByRole("link", { name: "crm", exact: true }).click();
  await ready();
  await expect(page).toHaveURL(site.url + at.crm);
  await expect(page.getByRole("heading", { level: 1, name: "crm" })).toBeVisible();
  const facts = page.getByRole("region", { name: "What it is" });
  await expect(facts).toContainText(`${site.peer.url}/crm`);
  await expect(facts).toContainText("not tested yet");
  await expect(page.getByRole("row", { name: /^In use/ })).toContainText("Active");
});

test("a signing secret is replaced, shown exactly once, and both sign meanwhile", async ({ page, open, ready }) => {
  expect(await signedBy([first])).toEqual([true]);
  await open(site, at.crm!);
  await unfold(page, "Replace it");
  await page.getByRole("button", { name: "Replace secret" }).click();
  await expect(page).toHaveURL(/\/destinations\/rotated\?once=/);
  const shown = page.getByText(/^whsec_[A-Za-z0-9+/=]{20,}$/);
  await expect(shown).toHaveCount(1);
  second = secret((await shown.textContent())!.trim());
  await page.goto(page.url());
  await ready();
  await expect(page.getByRole("heading", { name: "Shown already" })).toBeVisible();
  await expect(page.getByText("tidegate destination rotate NAME")).toBeVisible();

  await open(site, at.crm!);
  await expect(page.getByRole("row", { name: /^In use/ })).toContainText("Active");
  await expect(page.getByRole("row", { name: /^Before/ })).toContainText("Retiring, 23 h");
  expect(await page.content()).not.toContain(second);
  await site.server.follows();
  expect(await signedBy([first, second])).toEqual([true, true]);
});

test("the old secret is ended before its time, with a reason, and a new one signs alone", async ({ page, open, ready, faults }) => {
  faults.allow(/\/ui\/destination\/end-old/);
  await open(site, at.crm!);
  await unfold(page, "End the old one now");
  await page.getByLabel(/^Why/).fill("The endpoint has changed over");
  await page.getByRole("button", { name: "End old secret" }).click();
  await expect(page.getByRole("row", { name: /^Before/ })).toHaveCount(0);
  await ready();
  await expect(page.getByText("End the old one now")).toHaveCount(0);
  await expect(page.getByRole("row", { name: /^In use/ })).toContainText("Active");
  await site.server.follows();
  expect(await signedBy([first, second])).toEqual([false, true]);
  await open(site, "/audit");
  await expect(page.getByText("the old one ended before its time: The endpoint has changed over").first()).toBeVisible();

  // By command, and only while one retires.
  const revoke = ["destination", "revoke", "crm", "--why", "it leaked"];
  expect(await site.server.cli<string>(revoke, { code: 1 })).toContain("This old secret has ended already.");
  const next = secret((await site.server.cli<any>(["destination", "rotate", "crm"], { once: true })).secret);
  await site.server.follows();
  expect(await signedBy([second, next])).toEqual([true, true]);
  await site.server.cli(["destination", "revoke", "crm", "--why", " "], { code: 2 });
  expect((await site.server.cli<any>(revoke)).old_secret).toBe("ended");
  await site.server.follows();
  expect(await signedBy([second, next])).toEqual([false, true]);
  second = next;
});

test("a pasted secret without an overlap signs alone", async ({ page, open, ready }) => {
  const pasted = secret(`whsec_${Buffer.from("of-the-endpoint-itself-0123456789").toString("base64")}`);
  await open(site, at.crm!);
  await unfold(page, "Replace it");
  await page.getByLabel(/^New secret/).fill(pasted);
  await page.getByLabel("Sign with the old one, too, for").selectOption({ label: "none: it ends at once" });
  await page.getByRole("button", { name: "Replace secret" }).click();
  await expect(page.getByText("the one you gave is stored sealed")).toBeVisible();
  await ready();
  expect(await page.content()).not.toContain(pasted);
  await open(site, at.crm!);
  await expect(page.getByRole("row", { name: /^Before/ })).toHaveCount(0);
  await site.server.follows();
  expect(await signedBy([first, second, pasted])).toEqual([false, false, true]);
});

test("it is tested, switched off and on, and paused with the buttons of its page", async ({ page, open, ready }) => {
  const press = async (name: string) => {
    await page.getByRole("button", { name, exact: true }).click();
    await ready();
  };
  const state = page.locator(".state-head .badge").first();
  await open(site, at.crm!);
  await expect(state).toHaveText("On");
  await press("Test");
  await expect(page.getByRole("region", { name: "What it is" })).toContainText(/Works|Does not work/);
  await press("Switch off");
  await expect(state).toHaveText("Off");
  await expect(page.getByText("Its jobs are held until it is switched on.")).toBeVisible();
  await press("Switch on");
  await expect(state).toHaveText("On");
  await press("Pause");
  await expect(page.getByText("Its jobs wait and use up no tries.")).toBeVisible();
  await press("Resume");
  await expect(page.getByRole("button", { name: "Pause", exact: true })).toBeVisible();
  const breakers = page.getByRole("region", { name: "Circuit breakers" });
  await expect(breakers.getByRole("listitem")).toHaveCount(1);
  await press("Force open");
  await expect(breakers.getByRole("button", { name: "Automatic", exact: true })).toBeVisible();
  await press("Automatic");
  await expect(page.getByRole("button", { name: "Force open", exact: true })).toBeVisible();
});

const published = async () => (await send(`${site.url}/.well-known/jwks.json`)).json.keys.map(({ kid }: any) => kid);

test("a new key of tokens is published before it signs, and one that leaked is withdrawn at once", async ({ page, open, ready, faults }) => {
  faults.allow(/\/ui\/tokens\/rotate/);
  const before = await published();
  expect(before).toHaveLength(1);
  await open(site, at.herald!);
  await expect(page.getByText(site.url, { exact: true })).toBeVisible();
  await expect(page.getByRole("row", { name: before[0] })).toContainText("Signs");
  await unfold(page, "Replace the key");
  await page.getByRole("button", { name: "Replace key" }).click();
  const next = page.getByRole("row", { name: /Published, signs in 23 h/ });
  await expect(next).toHaveCount(1);
  await ready();
  const both = await published();
  expect(both).toHaveLength(2);
  expect(both[0], "the old one still signs").toBe(before[0]);
  await expect(next).toContainText(both[1]);
  const listed = await site.server.cli<any[]>(["token", "list"]);
  expect(listed.map(({ key, state }) => [key, state])).toEqual([[both[0], "signs"], [both[1], "next"]]);

  await unfold(page, "Replace the key");
  await page.getByRole("button", { name: "Replace key" }).click();
  await expect(page.getByRole("alert")).toContainText("A new key is published already");
  await ready();

  await page.getByLabel("Publish the new one before it signs for").selectOption({ label: "none: the old one leaked and ends now" });
  await page.getByRole("button", { name: "Replace key" }).click();
  await expect(next).toHaveCount(0);
  await ready();
  const alone = await published();
  expect(alone).toHaveLength(1);
  expect(both).not.toContain(alone[0]);
  await expect(page.getByRole("row", { name: alone[0] })).toContainText("Signs");
});

test("editors see all of it and can change nothing, and admins not what is everybody's", async ({ page, open, as }) => {
  await as(site, await site.person(`editor-${Date.now()}@example.test`, "editor", "default"));
  await open(site, at.crm!);
  await expect(page.getByRole("row", { name: /^In use/ })).toContainText("Active");
  await expect(page.getByRole("main").getByRole("button")).toHaveCount(0);
  await expect(page.getByText("Replace it")).toHaveCount(0);
  await as(site, await site.person(`admin-${Date.now()}@example.test`, "admin", "default"));
  await open(site, at.herald!);
  await expect(page.getByRole("button", { name: "Test", exact: true })).toBeVisible();
  await expect(page.getByRole("cell", { name: "Signs" })).toBeVisible();
  await expect(page.getByText("Replace the key")).toHaveCount(0);
});
