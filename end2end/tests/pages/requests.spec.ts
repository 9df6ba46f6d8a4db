// Refused requests on their pages: found, explained, read, checked again and accepted; events and their versions.

import { deliver, send } from "../../support/http.ts";
import { expect, test } from "../../support/pages.ts";
import { newSecret, secret } from "../../support/run.ts";
import { newHook, sign } from "../../support/sign.ts";
import { form, Site } from "../../support/site.ts";
import { until } from "../../support/until.ts";

test.describe.configure({ mode: "serial" });

let site: Site;
let vendor: { url: string; secret: string };
const requests = (filter: string[] = []) => site.server.cli<any[]>(["requests", "list", ...filter]);
const refused = (count: number, filter: string[] = []) =>
  until(`${count} refused`, async () => {
    const found = await requests(["--outcome", "refused", ...filter]);
    return found.length >= count ? found : undefined;
  });

test.beforeAll(async () => {
  site = await Site.empty();
  vendor = await site.server.addVendor("acme");
  await site.server.follows();
});
test.afterAll(() => site.stop());
test.beforeEach(async ({ as }) => as(site));

test("before the first request the pages say what to do", async ({ page, open }) => {
  // The server's own test vendors are refused now and then; they belong to another tenant.
  await open(site, "/events");
  await expect(page.getByRole("heading", { name: "No events yet" })).toBeVisible();
});

test("a request with a wrong secret is listed with its reason, explained, and narrowed to", async ({ page, open, ready }) => {
  const wrong = newSecret("whsec_").replace(/[^A-Za-z0-9_]/g, "");
  expect((await deliver({ url: vendor.url, secret: wrong }, { type: "story.refused" })).status).toBe(401);
  expect((await send(vendor.url, { method: "POST", body: "{}", headers: { "content-type": "application/json" } })).status).toBe(400);
  expect((await deliver(vendor, { type: "story.fine" })).status).toBe(202);
  await refused(2, ["--vendor", "acme"]);
  await open(site, "/requests");
  const table = page.getByRole("table", { name: "Requests, newest first" });
  await expect(table.getByRole("link", { name: "story.fine" })).toBeVisible();
  await expect(table.getByRole("row", { name: /Signature does not fit/ })).toContainText("Unknown secret");
  await expect(table.getByRole("row", { name: /Header missing/ })).toContainText("Not signed");
  await page.getByRole("navigation", { name: "Filters" }).getByRole("link", { name: /^Signature does not fit/ }).click();
  await expect(page).toHaveURL(/outcome=refused&reason=signature_mismatch/);
  await ready();
  await expect(table.locator("tbody tr")).toHaveCount(1);
  await table.getByRole("link", { name: "Signature does not fit" }).click();
  await expect(page).toHaveURL(/\/requests\/req_/);
  await ready();
  await expect(page.getByRole("region", { name: "Why" })).toContainText("No secret known here fits");
  const checks = page.getByRole("region", { name: "What was checked" });
  await expect(checks.getByRole("listitem").filter({ hasText: "Signature" }).last()).toContainText("Failed");
  await expect(checks).toContainText("Not reached");
});

test("the body is shown when asked for, and the reading is in the audit log", async ({ page, open, ready }) => {
  const [one] = await requests(["--outcome", "refused", "--reason", "signature_mismatch"]);
  const readings = () => site.server.database.sql("select count(*) from audit_log where action = 'request.read'");
  const before = Number(await readings());
  await open(site, `/requests/${one.id}`);
  expect(Number(await readings())).toBe(before);
  await page.getByRole("link", { name: "Show the body" }).click();
  await expect(page.getByRole("region", { name: "Body of the request" })).toContainText("story.refused");
  await ready();
  await expect.poll(async () => Number(await readings())).toBe(before + 1);
  // At rest it is sealed.
  expect((await site.server.database.sql("select count(*) from refused_captures where instr(hex(sealed), hex('story.refused')) > 0")).trim()).toBe("0");
  expect(Number(await site.server.database.sql("select count(*) from refused_captures"))).toBeGreaterThan(0);
});

test("after the vendor's secret is entered the request passes its check and is accepted once", async ({ page, open, ready, faults, hydrated }) => {
  faults.allow(/\/ui\/request\/accept/);
  const theirs = secret(`whsec_${Buffer.from(newSecret()).toString("base64")}`);
  const type = `story.late.${hydrated}`;
  const answer = await deliver({ url: vendor.url, secret: theirs }, { type });
  expect(answer.status).toBe(401);
  const one = await until("it is listed", async () => {
    const found = await requests(["--outcome", "refused", "--reason", "signature_mismatch"]);
    return found.find(({ id }: any) => id === answer.json.request_id);
  });
  await open(site, `/requests/${one.id}`);
  await page.getByRole("button", { name: "Accept as event" }).click();
  await expect(page.getByRole("alert")).toContainText("The check still fails.");
  await ready();
  await site.server.cli(["vendor", "rotate", "acme", "--overlap", "24h", "--secret-stdin"], { input: theirs, once: true });
  vendor = { ...vendor, secret: theirs };
  await site.server.follows();
  await open(site, `/requests/${one.id}`);
  await page.getByRole("button", { name: "Check again" }).click();
  await expect(page.getByText("Would be accepted")).toBeVisible();
  await ready();
  await page.getByRole("button", { name: "Accept as event" }).click();
  await expect(page).toHaveURL(/\/events\/evt_/);
  await ready();
  await expect(page.getByRole("heading", { level: 1, name: type })).toBeVisible();
  await expect(page.getByText("Taken in by hand")).toBeVisible();
  const event = /evt_[0-9a-f]{32}/.exec(page.url())![0];
  const again = await site.server.cli(["requests", "accept", one.id]);
  expect(again.event_id).toBe(event);
  expect((await site.server.database.sql("select count(*) from audit_log where action = 'request.accept'")).trim()).toBe("1");
  await open(site, `/requests/${one.id}`);
  await expect(page.getByRole("link", { name: "Open the event" })).toHaveAttribute("href", `/events/${event}`);
});

test("another body under the same id is a new version, linked from both", async ({ page, open, ready, hydrated }) => {
  const id = `msg_versions_${hydrated}`;
  const first = await deliver(vendor, { id, type: "story.ready", more: { n: 1 } });
  const second = await deliver(vendor, { id, type: "story.ready", more: { n: 2 } });
  const repeated = await deliver(vendor, { id, type: "story.ready", more: { n: 1 } });
  expect([first.status, second.status, repeated.status]).toEqual([202, 202, 200]);
  expect(repeated.json.id).toBe(first.json.id);
  await open(site, `/events/${second.json.id}`);
  await expect(page.getByText("Version 2 of 2").first()).toBeVisible();
  await page.getByRole("link", { name: "Version 1 of 2" }).click();
  await expect(page).toHaveURL(`${site.url}/events/${first.json.id}`);
  await ready();
  await expect(page.locator('[aria-current="true"]').filter({ hasText: "Version 1 of 2" })).toBeVisible();
  await page.getByRole("link", { name: "Show headers and body" }).click();
  await expect(page.getByRole("region", { name: "Body of the webhook" })).toContainText('"n": 1');
  const shown = await site.server.cli(["events", "show", second.json.id]);
  expect(shown.story.versions).toHaveLength(2);
});

test("the list of events is narrowed by its form, and the file holds exactly what is shown", async ({ page, open, ready }) => {
  await deliver(vendor, { type: "=cmd()", subject: "a,\"b\"" });
  await open(site, "/events");
  await page.getByLabel("Type").fill("=cmd()");
  await page.getByRole("button", { name: "Filter" }).click();
  await expect(page).toHaveURL(/type=%3Dcmd/);
  await ready();
  const rows = page.getByRole("table", { name: "Events, newest first" }).locator("tbody tr");
  const count = await rows.count();
  expect(count).toBeGreaterThan(0);
  const href = await page.getByRole("link", { name: "Download CSV" }).getAttribute("href");
  const cookie = await site.cookie();
  const file = await send(site.url + href!, { headers: { cookie } });
  expect(file.headers.get("content-type")).toContain("text/csv");
  const lines = file.text.trim().split("\r\n");
  expect(lines).toHaveLength(count + 1);
  expect(lines[1]).toContain("'=cmd()");
  expect(lines[1]).toContain('"a,""b"""');
  expect((await send(site.url + href!)).status).toBe(401);
  await page.getByRole("link", { name: "Clear" }).click();
  await expect(page).toHaveURL(`${site.url}/events`);
});

test("what is shown of other tenants' requests and events is nothing", async ({ page, open, as, faults, hydrated }) => {
  faults.allow(/404/);
  const tenant = `elsewhere-${hydrated}`;
  await site.server.cli(["tenant", "add", tenant]);
  const stranger = await site.person(`stranger-${hydrated}@example.test`, "admin", tenant);
  const [one] = await requests(["--outcome", "refused", "--vendor", "acme"]);
  const [event] = await site.server.cli<any[]>(["events", "list"]);
  await as(site, stranger);
  for (const path of [`/requests/${one.id}`, `/events/${event.id}`]) expect(await open(site, path), path).toBe(404);
  const cookie = await site.cookie(stranger);
  for (const path of ["request/recheck", "request/accept", "request/body"]) {
    const answer = await form(`${site.url}/ui/${path}`, { id: one.id, anyway: "yes" }, { cookie, accept: "application/json" });
    expect(answer.text, path).toContain("NotFound");
  }
  const file = await send(`${site.url}/events/export.csv`, { headers: { cookie } });
  expect(file.text.trim().split("\r\n")).toHaveLength(1);
  await open(site, "/requests");
  await expect(page.getByRole("heading", { name: "No requests yet" })).toBeVisible();
});

test("the sender page explains, checks signatures, and ends when its links are ended", async ({ page, open, ready, browser, faults, hydrated }) => {
  faults.allow(/404/);
  const [listed] = await requests(["--vendor", "acme"]);
  expect(listed.vendor).toBe("acme");
  const id = await site.server.database.sql("select lower(hex(id)) from vendors where slug = 'acme'");
  const address = `/requests/sender?vendor=ven_${id.trim()}`;
  await open(site, address);
  const link = (await page.getByRole("region", { name: "Link to the sender page" }).innerText()).trim();
  expect(link).toMatch(/\/sender\/[A-Za-z0-9_-]{80}$/);

  // Nobody is signed in, and no script runs.
  const context = await browser.newContext({ javaScriptEnabled: hydrated });
  const theirs = await context.newPage();
  const answer = await theirs.goto(link);
  expect(answer!.status()).toBe(200);
  expect(answer!.headers()["referrer-policy"]).toBe("no-referrer");
  expect(answer!.headers()["x-robots-tag"]).toContain("noindex");
  const text = await theirs.locator("body").innerText();
  expect(text).toContain("Refused lately");
  expect(text).toContain("Signature does not fit");
  expect(await theirs.content()).not.toContain(vendor.secret);
  expect(await theirs.content()).not.toContain("story.refused");

  const check = async (headers: Record<string, string>, body: string) => {
    await theirs.getByLabel("Headers").fill(Object.entries(headers).map(([name, value]) => `${name}: ${value}`).join("\n"));
    await theirs.getByLabel("Body").fill(body);
    await theirs.getByRole("button", { name: "Check" }).click();
    return theirs.getByRole("status");
  };
  const good = sign("std_webhooks", vendor.secret, newHook({ more: { text: "line\nline" } }));
  await expect(await check(good.headers, good.body)).toContainText("Valid");
  await expect(await check(good.headers, good.body.replace("line", "other"))).toContainText("Would be refused");
  const old = sign("std_webhooks", vendor.secret, newHook({ at: Math.floor(Date.now() / 1000) - 900 }));
  await expect(await check(old.headers, old.body)).toContainText("The signature itself is right");
  expect(await theirs.content()).not.toContain(vendor.secret);
  await context.close();
  // Nothing that was checked was stored.
  const stored = await site.server.cli<any[]>(["events", "list", "--limit", "500"]);
  expect(stored.map(({ external_id }) => external_id)).not.toContain(good.headers["webhook-id"]);

  expect((await send(`${link.slice(0, -1)}A`)).status).toBe(404);
  await open(site, address);
  await page.getByRole("button", { name: "End all links" }).click();
  await expect(page).toHaveURL(/ended=yes/);
  await ready();
  await expect(page.getByText("All links to this vendor’s sender page have ended.")).toBeVisible();
  expect((await send(link)).status).toBe(404);
});
