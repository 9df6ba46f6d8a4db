// Adding vendors, providers, destinations and rules by pages: what is wrong is said at the field, secrets are shown once.

import { deliver, post } from "../../support/http.ts";
import { expect, expectWrong, test } from "../../support/pages.ts";
import { newSecret, secret } from "../../support/run.ts";
import { newHook, sign } from "../../support/sign.ts";
import { Site } from "../../support/site.ts";

test.describe.configure({ mode: "serial" });

let site: Site;
test.beforeAll(async () => {
  site = await Site.empty();
});
test.afterAll(() => site.stop());
test.beforeEach(async ({ as }) => as(site));

test("lists that are empty say what to do", async ({ page, open }) => {
  for (const [path, title] of [["/vendors", "No vendors yet"], ["/destinations", "No destinations yet"], ["/providers", "No providers yet"], ["/rules", "No rules yet"]] as const) {
    await open(site, path);
    await expect(page.getByRole("heading", { name: title })).toBeVisible();
  }
  await open(site, "/rules/new");
  await expect(page.getByRole("heading", { name: "A rule needs a vendor" })).toBeVisible();
});

test("a vendor is added, and its secret is shown exactly once", async ({ page, open, ready, faults }) => {
  await open(site, "/vendors/new");
  faults.allow(/\/ui\/vendor\/add/);
  await page.getByLabel("Preset").selectOption({ label: "Standard Webhooks" });
  await page.getByLabel(/^Name/).fill("Not A Slug!");
  await page.getByRole("button", { name: "Add vendor" }).click();
  await expectWrong(page, /^Name/, "Use 1 to 60 of a–z");
  await ready();
  await page.getByLabel("Preset").selectOption({ label: "Standard Webhooks" });
  await page.getByLabel(/^Name/).fill("acme");
  await page.getByRole("button", { name: "Add vendor" }).click();
  await expect(page).toHaveURL(/\/vendors\/added\?once=/);
  const shown = page.getByText(/^whsec_[A-Za-z0-9+/=]{20,}$/);
  await expect(shown).toHaveCount(1);
  const value = secret((await shown.textContent())!.trim());
  await expect(page.getByText(`${site.url}/webhooks/acme`)).toBeVisible();
  const address = page.url();

  await page.goto(address);
  await ready();
  await expect(page.getByRole("heading", { name: "Shown already" })).toBeVisible();
  expect(await page.content()).not.toContain(value);
  await open(site, "/vendors");
  await expect(page.getByRole("rowheader", { name: /acme/ })).toBeVisible();
  expect(await page.content()).not.toContain(value);
  // It is the secret that is in use.
  await expect.poll(async () => (await deliver({ url: `${site.url}/webhooks/acme`, secret: value })).status).toBe(202);
});

test("what a preset lets one choose is given on the page", async ({ page, open, ready, faults, hydrated }) => {
  faults.allow(/\/ui\/vendor\/add/);
  if (hydrated) {
    // The fields follow the choice.
    await open(site, "/vendors/new");
    await page.getByLabel("Preset").selectOption({ label: "Stripe" });
    await expect(page.getByLabel("Signature header")).toHaveCount(0);
    await page.getByLabel("Preset").selectOption("generic_hex");
    await expect(page.getByLabel("Signature header")).toBeVisible();
  }
  // Without scripts one begins at the list of known vendors.
  await open(site, "/vendors/presets");
  await page.locator("summary").filter({ hasText: "Any sender, hexadecimal HMAC" }).click();
  await page.locator('a[href="/vendors/new?preset=generic_hex"]').click();
  await expect(page).toHaveURL(/\/vendors\/new\?preset=generic_hex/);
  await ready();
  await expect(page.getByLabel("Preset")).toHaveValue("generic_hex");
  const fill = async (header: string) => {
    await page.getByLabel(/^Name/).fill("anybody");
    await page.getByLabel("Signature header").fill(header);
    await page.getByLabel("Prefix of the signature").fill("v1=");
    await page.getByLabel("Algorithm").selectOption("hmac-sha256");
    await page.getByRole("button", { name: "Add vendor" }).click();
  };
  await fill("no header");
  await expectWrong(page, "Signature header", "Give one header name");
  await ready();
  await fill("X-Anybody-Signature");
  await expect(page).toHaveURL(/\/vendors\/added\?once=/);
  const url = `${site.url}/webhooks/anybody`;
  await expect(page.getByText(url)).toBeVisible();
  const shown = page.getByRole("region", { name: "Signing secret" });
  const value = secret((await shown.first().textContent())!.trim());
  const { headers, body } = sign("generic_hex", value, newHook({ type: "story.ready" }));
  const { "x-signature": signature, ...others } = headers;
  await expect.poll(async () => (await post(url, { headers: { ...others, "x-anybody-signature": `v1=${signature}` }, body })).status).toBe(202);
  expect((await post(url, { headers, body })).status).toBe(400); // its header is missing
  await open(site, "/vendors/new?preset=fal");
  await expect(page.getByLabel("Audience")).toBeVisible();
});

test("a name that is taken is said at the field", async ({ page, open, faults }) => {
  faults.allow(/\/ui\/vendor\/add/);
  await open(site, "/vendors/new");
  await page.getByLabel("Preset").selectOption({ label: "Stripe" });
  await page.getByLabel(/^Name/).fill("acme");
  await page.getByRole("button", { name: "Add vendor" }).click();
  await expectWrong(page, /^Name/, "This name is in use already.");
});

test("a name that would be the address of another page is refused, on the page and by the command", async ({ page, open, faults }) => {
  faults.allow(/\/ui\/vendor\/add/);
  await open(site, "/vendors/new");
  await page.getByLabel("Preset").selectOption({ label: "Stripe" });
  await page.getByLabel(/^Name/).fill("presets");
  await page.getByRole("button", { name: "Add vendor" }).click();
  await expectWrong(page, /^Name/, "has a page of its own");
  expect(await site.server.cli<string>(["vendor", "add", "rotated", "--preset", "std_webhooks"], { code: 2 })).toContain("has a page of its own");
});

test("a provider is added, and its key is never shown", async ({ page, open, faults, ready }) => {
  faults.allow(/\/ui\/provider\/add/);
  const key = newSecret("sk-");
  await open(site, "/providers/new");
  const fill = async (url: string) => {
    await page.getByLabel(/^Name/).fill("model");
    await page.getByLabel("Model").fill("fixed");
    await page.getByLabel(/^Base URL/).fill(url);
    await page.getByLabel(/^API key/).fill(key);
    await page.getByRole("button", { name: "Add provider" }).click();
  };
  await fill("ftp://example.test/");
  await expectWrong(page, /^Base URL/, "Give a whole address");
  await ready();
  await fill(`${site.peer.url}/v1`);
  await expect(page).toHaveURL(/\/providers\?added/);
  await expect(page.getByRole("status").getByText("The provider was added.")).toBeVisible();
  await ready();
  await expect(page.getByRole("row", { name: /model/ })).toContainText("stored");
  expect(await page.content()).not.toContain(key);
});

test("a destination is added and tested", async ({ page, open, faults, ready, hydrated }) => {
  faults.allow(/\/ui\/destination\/add/);
  await open(site, "/destinations/new");
  const fill = async (url: string) => {
    await page.getByLabel("Kind").selectOption({ label: "WordPress" });
    await page.getByLabel(/^Name/).fill("site");
    await page.getByLabel("URL").fill(url);
    await page.getByLabel(/^User name/).fill("gateway");
    await page.getByLabel(/^Application password/).fill(newSecret());
    await page.getByRole("button", { name: "Add destination" }).click();
  };
  await fill("ftp://example.test/");
  await expectWrong(page, "URL", "Give a whole address");
  await ready();
  await fill(site.peer.url);
  await expect(page).toHaveURL(/\/destinations\?added/);
  await ready();
  const row = page.getByRole("row", { name: /site/ });
  await expect(row).toContainText("not tested yet");
  await row.getByRole("button", { name: "Test" }).click();
  await expect(row).toContainText("Works", { timeout: 15_000 });
  await ready();
  await site.peer.fails({ path: "/wp-json", status: 401 });
  await row.getByRole("button", { name: "Test" }).click();
  await expect(row).toContainText("Does not work", { timeout: 15_000 });
  await site.peer.works();
  if (!hydrated) await expect(page).toHaveURL(/\/destinations/);
});

test("a destination and a provider are switched off and on", async ({ page, open, ready }) => {
  for (const [path, name] of [["/destinations", /site/], ["/providers", /model/]] as const) {
    await open(site, path);
    const row = page.getByRole("row", { name });
    await row.getByRole("button", { name: "Switch off" }).click();
    await expect(row).toContainText("Its jobs are held until it is switched on.");
    await ready();
    await row.getByRole("button", { name: "Switch on" }).click();
    await expect(row.getByRole("button", { name: "Switch off" })).toBeVisible();
    await expect(row).not.toContainText("held");
    await ready();
  }
});

test("headers of an endpoint are checked when they are given, and never shown", async ({ page, open, faults, ready }) => {
  faults.allow(/\/ui\/destination\/add/);
  const key = newSecret();
  await open(site, "/destinations/new");
  const fill = async (headers: string) => {
    await page.getByLabel("Kind").selectOption({ label: "HTTP endpoint" });
    await page.getByLabel(/^Name/).fill("crm");
    await page.getByLabel("URL").fill(`${site.peer.url}/crm`);
    await page.getByLabel("Method").selectOption({ label: "PUT" });
    await page.getByLabel(/^Headers/).fill(headers);
    await page.getByRole("button", { name: "Add destination" }).click();
  };
  await fill(`Host: ${key}`);
  await expectWrong(page, /^Headers/, "Give one Name: value a line");
  await ready();
  await fill(`X-Api-Key: ${key}\nX-Tenant: north`);
  await expect(page).toHaveURL(/\/destinations\/added\?once=/);
  secret((await page.getByText(/^whsec_[A-Za-z0-9+/=]{20,}$/).textContent())!.trim());
  await open(site, "/destinations");
  await expect(page.getByRole("row", { name: /crm/ })).toContainText("PUT; with x-api-key, x-tenant");
  expect(await page.content()).not.toContain(key);
});

test("a body that would be no JSON is refused, and another is forwarded", async ({ page, open, faults, ready }) => {
  faults.allow(/\/ui\/rule\/add/);
  await open(site, "/rules/new");
  const fill = async (body: string) => {
    await page.getByLabel("When this vendor").selectOption({ label: "acme" });
    await page.getByLabel("sends events of type").fill("order.*");
    await page.getByLabel("do", { exact: true }).selectOption("forward");
    await page.getByLabel(/^and send the result to/).selectOption({ label: "crm" });
    await page.getByLabel(/^Body/).fill(body);
    await page.getByLabel(/^Tries/).fill("3");
    await page.getByRole("button", { name: "Add rule" }).click();
  };
  await fill('{"id": "{{ data.data.id }}"}');
  await expectWrong(page, /^Body/, "This makes no JSON");
  await ready();
  await fill('{"id": {{ data.data.id }}, "type": {{ event_type }}}');
  await expect(page).toHaveURL(/\/rules\?added/);
  await ready();
  await expect(page.getByRole("row", { name: /acme sends order/ })).toContainText("forward to crm");
  await site.server.follows();
  await site.server.cli(["send", "acme", "--type", "order.paid"]);
  await site.server.jobsIn("succeeded", 1);
});

test("the signing secret of an endpoint is shown exactly once", async ({ page, open, ready }) => {
  await open(site, "/destinations/new");
  await page.getByLabel("Kind").selectOption({ label: "HTTP endpoint" });
  await page.getByLabel(/^Name/).fill("hook");
  await page.getByLabel("URL").fill(`${site.peer.url}/callback`);
  await page.getByRole("button", { name: "Add destination" }).click();
  await expect(page).toHaveURL(/\/destinations\/added\?once=/);
  const shown = page.getByText(/^whsec_[A-Za-z0-9+/=]{20,}$/);
  await expect(shown).toHaveCount(1);
  const value = secret((await shown.textContent())!.trim());
  await page.reload();
  await ready();
  expect(await page.content()).not.toContain(value);
});

test("a rule is added, and a webhook then becomes a post", async ({ page, open, faults, ready }) => {
  faults.allow(/\/ui\/rule\/add/);
  await open(site, "/rules/new");
  const fill = async (prompt: string) => {
    await page.getByLabel("When this vendor").selectOption({ label: "acme" });
    await page.getByLabel("sends events of type").fill("story.*");
    await page.getByLabel("do", { exact: true }).selectOption("generate");
    await page.getByLabel(/^with provider/).selectOption({ label: "model" });
    await page.getByLabel(/^and send the result to/).selectOption({ label: "site" });
    await page.getByLabel(/^Prompt/).fill(prompt);
    await page.getByRole("button", { name: "Add rule" }).click();
  };
  await fill("Say {{ something");
  await expectWrong(page, /^Prompt/, "This template cannot be read.");
  await ready();
  await fill("Say something about {{ data.data.id }}.");
  await expect(page).toHaveURL(/\/rules\?added/);
  await ready();
  await expect(page.getByRole("row", { name: /acme sends story\.\*/ })).toContainText("ask model, then publish to site");
  await site.server.follows();
  await site.server.cli(["send", "acme", "--type", "story.ready"]);
  await site.server.jobsIn("succeeded", 3);
});
