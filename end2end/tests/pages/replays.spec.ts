// Running stored events again from pages, and looking at what a webhook brought.

import { deliverMany } from "../../support/http.ts";
import { expect, expectWrong, test } from "../../support/pages.ts";
import { newHook } from "../../support/sign.ts";
import { Site } from "../../support/site.ts";
import { until } from "../../support/until.ts";

let site: Site;
let jobs: any[];
test.beforeAll(async () => {
  site = await Site.empty();
  const vendor = await site.server.setUp(site.peer.url);
  await deliverMany(vendor, Array.from({ length: 7 }, (_, n) => newHook({ type: n < 5 ? "story.ready" : "story.other" })));
  jobs = await site.server.jobsIn("succeeded", 14);
});
test.afterAll(() => site.stop());

const rows = { name: "Replays, newest first" };

test("events are chosen, counted, and run again with a rate", async ({ page, open, ready, as, faults }) => {
  faults.allow(/422/); // the rate that is out of range
  await as(site);
  await open(site, "/replays");
  await page.getByLabel("Vendor").selectOption("acme");
  await page.getByLabel(/^Event type/).fill("story.r*");
  await page.getByRole("button", { name: "Count events" }).click();
  await expect(page).toHaveURL(/chosen=yes/);
  await ready();
  await expect(page.getByRole("heading", { name: "5 events" })).toBeVisible();
  await expect(page.getByLabel(/^Event type/)).toHaveValue("story.r*");
  await expect(page.getByText("Meant: type story.r*")).toBeVisible();

  await page.getByLabel(/^Events a second/).fill("5000");
  await page.getByRole("button", { name: "Replay these events" }).click();
  await expectWrong(page, /^Events a second/, "1 to 1,000");
  await ready();
  await page.getByLabel(/^Events a second/).fill("1000");
  await page.getByRole("button", { name: "Replay these events" }).click();
  await expect(page).toHaveURL(/\/replays\?added=rpl_/);
  await until("it is done", async () => (await site.server.cli<any[]>(["events", "replays"]))[0].state === "done");
  await page.reload();
  await ready();
  const row = page.getByRole("table", rows).locator("tbody tr").first();
  await expect(row).toContainText("acme: type story.r*");
  await expect(row).toContainText("Done");
  await expect(row).toContainText("5 of 5");
});

test("a choice without events says so, and a time that is none stands at its field", async ({ page, open, ready, as, faults }) => {
  faults.allow(/does not conform to the required format/); // the browser sees that, too
  await as(site);
  await open(site, "/replays");
  await page.getByLabel("Vendor").selectOption("acme");
  await page.getByLabel(/^Event type/).fill("never.sent");
  await page.getByRole("button", { name: "Count events" }).click();
  await expect(page).toHaveURL(/chosen=yes/);
  await ready();
  await expect(page.getByText("No stored event is meant by this choice.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Replay these events" })).toHaveCount(0);
  await open(site, "/replays?chosen=yes&since=yesterday");
  await expectWrong(page, /^Arrived since/, "This is not a valid time.");
  // An owner of several tenants says whose by naming a vendor.
  await open(site, "/replays?chosen=yes");
  await expectWrong(page, "Vendor", "The vendor is missing.");
});

test("a running replay is ended with its button", async ({ page, open, ready, as }) => {
  const slow = await site.server.cli(["events", "replay", "--yes", "--rate", "1", "--detach"]);
  await as(site);
  await open(site, "/replays");
  const row = page.locator(`#${slow.id}`);
  await expect(row).toContainText("Running");
  await row.getByRole("button", { name: "End" }).click();
  await ready();
  await expect(row).toContainText("Cancelled");
  await expect(row.getByRole("button")).toHaveCount(0);
});

test("an editor sees replays and can neither begin nor end one", async ({ page, open, as }) => {
  const editor = await site.person(`editor-${Date.now()}@example.test`, "editor");
  await site.server.cli(["events", "replay", "--yes", "--id", await eventOf(jobs[0].id)]);
  await as(site, editor);
  await open(site, "/replays?chosen=yes");
  await expect(page.getByRole("table", rows)).toBeVisible();
  await expect(page.getByRole("main").getByRole("button")).toHaveCount(0);
});

const eventOf = async (job: string) => (await site.server.cli(["jobs", "show", job])).arrival.event_id as string;

test("one event is run again by its button, and the copy is no version of it", async ({ page, open, ready, as }) => {
  const origin = await eventOf(jobs[0].id);
  await as(site);
  await open(site, `/events/${origin}`);
  const panel = page.getByRole("region", { name: "Replay", exact: true });
  const before = await panel.getByRole("listitem").count();
  await panel.getByRole("button", { name: "Replay this event" }).click();
  await expect(page).toHaveURL(/\/replays\?added=rpl_/);
  await ready();
  await expect(page.getByText("The replay has begun.")).toBeVisible();
  await until("it is done", async () => (await site.server.cli<any[]>(["events", "replays"]))[0].state === "done");
  await open(site, `/events/${origin}`);
  await expect(panel.getByRole("listitem")).toHaveCount(before + 1);
  await expect(page.getByText(/Version \d of/)).toHaveCount(0);
  await panel.getByRole("listitem").last().getByRole("link").first().click();
  await expect(page.getByText("it is a copy that was run again")).toBeVisible();
  await ready();
  await expect(page.getByText("Replayed copy")).toBeVisible();
  await expect(page.getByText(/Version \d of/)).toHaveCount(0);
  await expect(panel.locator(`a[href="/events/${origin}"]`)).toBeVisible();
});

test("what a list of events shows is counted for a replay by its link", async ({ page, open, ready, as }) => {
  await as(site);
  await open(site, "/events");
  await page.getByLabel("Vendor").selectOption("acme");
  await page.getByLabel("Type").fill("story.other");
  await page.getByLabel("From, UTC").fill("2026-01-01T08:00:01");
  await page.getByRole("button", { name: "Filter" }).click();
  await expect(page).toHaveURL(/type=story\.other/);
  await ready();
  await page.getByRole("link", { name: "Replay these" }).click();
  await expect(page).toHaveURL(/\/replays\?vendor=ven_.*&type=story\.other&since=.*chosen=yes/);
  await ready();
  await expect(page.getByRole("heading", { name: "2 events" })).toBeVisible();
  // What the list was narrowed to can be changed here, also a time with seconds.
  await page.getByRole("button", { name: "Count events" }).click();
  await expect(page).toHaveURL(/\?chosen=yes&vendor=ven_/);
  await ready();
  await expect(page.getByRole("heading", { name: "2 events" })).toBeVisible();
});

test("what a webhook brought is shown when asked for, and that is noted", async ({ page, open, ready, as }) => {
  await as(site);
  const looks = async () => Number(await site.server.database.sql("select count(*) from audit_log where action = 'payload.read' and actor = 'owner@example.test'"));
  const before = await looks();
  await open(site, `/jobs/${jobs[0].id}`);
  await expect(page.getByRole("region", { name: "Body of the webhook" })).toHaveCount(0);
  expect(await looks()).toBe(before);
  await page.getByRole("link", { name: "Show headers and body" }).click();
  await expect(page).toHaveURL(/payload=shown/);
  await ready();
  await expect(page.getByRole("region", { name: "Body of the webhook" })).toContainText('"type"');
  expect(await looks()).toBe(before + 1);
});
