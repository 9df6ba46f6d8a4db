// Events made at set times: added, run, switched and removed on the page; and work that a rule wants done once.

import { deliver } from "../../support/http.ts";
import { expect, expectWrong, test } from "../../support/pages.ts";
import { Site, form } from "../../support/site.ts";

let site: Site;
let vendor: { url: string; secret: string };

test.beforeEach(async () => {
  site = await Site.empty();
  vendor = await site.server.addVendor("acme");
  await site.server.addProvider("model", `${site.peer.url}/v1`);
});
test.afterEach(() => site.stop());

const schedules = () => site.server.cli<any[]>(["schedule", "list"]);

test("a schedule is added, run ahead of its time, switched off and on, and removed", async ({ page, open, as, ready, faults }) => {
  faults.allow(/\/ui\/schedule\/add/);
  await site.server.cli(["rule", "add", "--vendor", "acme", "--type", "story.*", "--job", "generate", "--provider", "model"]);
  await as(site);
  await open(site, "/schedules");
  await expect(page.getByRole("heading", { name: "No schedules yet" })).toBeVisible();
  await page.getByRole("main").getByRole("link", { name: "Add schedule" }).first().click();
  await ready();
  const fill = async (cron: string, zone: string) => {
    await page.getByLabel(/^Name/).fill("morning-digest");
    await page.getByLabel("Vendor", { exact: true }).selectOption({ label: "acme" });
    await page.getByLabel(/^Event type/).fill("story.due");
    await page.getByLabel(/^Subject/).fill("digest");
    await page.getByLabel(/^Cron expression/).fill(cron);
    await page.getByLabel(/^Time zone/).fill(zone);
    await page.getByLabel(/^Payload/).fill('{"of": "yesterday"}');
    await page.getByRole("button", { name: "Add schedule" }).click();
  };
  await expect(page.getByLabel(/^Time zone/)).toHaveValue("UTC");
  await fill("every morning", "UTC");
  await expectWrong(page, /^Cron expression/, "Give minute, hour, day of the month");
  await ready();
  await fill("0 7 * * *", "Europe/Atlantis");
  await expectWrong(page, /^Time zone/, "There is no time zone of this name.");
  await ready();
  await fill("0 7 * * *", "Europe/Berlin");
  await expect(page).toHaveURL(/\/schedules\?added/);
  await ready();
  const row = page.getByRole("row", { name: /morning-digest/ });
  await expect(row).toContainText("acme sends story.due about digest");
  await expect(row).toContainText("0 7 * * *");
  await expect(row).toContainText("Europe/Berlin");
  await expect(row).toContainText("not yet");

  await row.getByRole("button", { name: "Run now" }).click();
  await expect.poll(async () => (await schedules())[0].last_event_id).toMatch(/^evt_/);
  await site.server.jobsIn("succeeded", 1);
  await open(site, "/schedules");
  const event = (await schedules())[0].last_event_id;
  await row.locator('a[href^="/events/"]').click();
  await expect(page).toHaveURL(`${site.url}/events/${event}`);
  await ready();
  await expect(page.getByText("Made by a schedule", { exact: true })).toBeVisible();
  await expect(page.getByText(/Made by the schedule morning-digest, run ahead of its time by /)).toBeVisible();

  for (const on of [false, true]) {
    await open(site, "/schedules");
    await row.getByRole("button", { name: on ? "Switch on" : "Switch off" }).click();
    await expect.poll(async () => (await schedules())[0].enabled).toBe(on);
  }
  await open(site, "/schedules");
  await row.getByRole("button", { name: "Remove" }).click();
  await expect.poll(async () => (await schedules()).length).toBe(0);
  await open(site, "/schedules");
  await expect(page.getByRole("heading", { name: "No schedules yet" })).toBeVisible();
  await open(site, `/events/${event}`);
  await expect(page.getByText("Made by a schedule", { exact: true })).toBeVisible();
});

test("times of a schedule and their zone are changed on the page", async ({ page, open, as, ready, faults }) => {
  faults.allow(/\/ui\/schedule\/set/);
  await site.server.cli(["schedule", "add", "digest", "--vendor", "acme", "--type", "story.due", "--every", "15m"]);
  await as(site);
  await open(site, "/schedules");
  await page.getByRole("row", { name: /digest/ }).getByRole("link", { name: "Change times" }).click();
  await expect(page).toHaveURL(/\/schedules\/sch_[0-9a-f]+\/times/);
  await ready();
  await expect(page.getByLabel(/^Minutes apart/)).toHaveValue("15");
  const fill = async (cron: string, zone: string, minutes: string) => {
    await page.getByLabel(/^Cron expression/).fill(cron);
    await page.getByLabel(/^Time zone/).fill(zone);
    await page.getByLabel(/^Minutes apart/).fill(minutes);
    await page.getByRole("button", { name: "Change times" }).click();
  };
  await fill("0 7 * * *", "UTC", "15");
  await expectWrong(page, /^Cron expression/, "not both");
  await ready();
  await fill("every morning", "UTC", "");
  await expectWrong(page, /^Cron expression/, "Give minute, hour, day of the month");
  await ready();
  await fill("0 7 * * *", "Europe/Berlin", "");
  await expect(page).toHaveURL(`${site.url}/schedules`);
  await ready();
  const row = page.getByRole("row", { name: /digest/ });
  await expect(row).toContainText("0 7 * * *");
  await expect(row).toContainText("Europe/Berlin");
  expect((await schedules())[0].pace).toBe("local Europe/Berlin 0 7 * * *");

  await row.getByRole("link", { name: "Change times" }).click();
  await ready();
  await expect(page.getByLabel(/^Time zone/)).toHaveValue("Europe/Berlin");
  await fill("", "UTC", "60");
  await expect(page).toHaveURL(`${site.url}/schedules`);
  await expect.poll(async () => (await schedules())[0].pace).toBe("every 3600 s");
});

test("times of a schedule and their zone are changed by command, and what cannot be is refused", async () => {
  const { server } = site;
  const at = (row: any) => new Date(row.next_at / 1000).toISOString().slice(11, 16);
  const add = ["schedule", "add", "digest", "--vendor", "acme", "--type", "story.due"];
  for (const wrong of [["--every", "15m", "--zone", "Europe/Berlin"], ["--zone", "Europe/Berlin"], ["--cron", "0 7 * * *", "--zone", "Europe/Atlantis"]])
    await server.cli([...add, ...wrong], { code: 2 });
  const tokyo = await server.cli<any>([...add, "--cron", "0 7 * * *", "--zone", "Asia/Tokyo"]);
  expect([tokyo.pace, at(tokyo)]).toEqual(["local Asia/Tokyo 0 7 * * *", "22:00"]);
  const later = await server.cli<any>(["schedule", "set", "digest", "--cron", "0 9 * * *"]);
  expect([later.pace, at(later)], "the zone stays").toEqual(["local Asia/Tokyo 0 9 * * *", "00:00"]);
  const utc = await server.cli<any>(["schedule", "set", "digest", "--zone", "UTC"]);
  expect([utc.pace, at(utc)]).toEqual(["cron 0 9 * * *", "09:00"]);
  expect((await server.cli<any>(["schedule", "set", "digest", "--every", "1h"])).pace).toBe("every 3600 s");
  await server.cli(["schedule", "set", "digest", "--zone", "Asia/Tokyo"], { code: 2 });
  await server.cli(["schedule", "set", "digest"], { code: 2 });
  await server.cli(["schedule", "set", "nobody", "--every", "1h"], { code: 1 });
  expect((await schedules())[0].pace).toBe("every 3600 s");
});

test("an editor sees schedules and cannot change them", async ({ page, open, as, faults }) => {
  faults.allow(/403/);
  await site.server.cli(["schedule", "add", "quarters", "--vendor", "acme", "--type", "story.due", "--every", "15m"]);
  const editor = await site.person("editor@example.test", "editor");
  await as(site, editor);
  await open(site, "/schedules");
  await expect(page.getByRole("row", { name: /quarters/ })).toContainText("every 15 min");
  await expect(page.getByRole("main").getByRole("button")).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Change times" })).toHaveCount(0);
  const [{ id }] = await schedules();
  const headers = { cookie: await site.cookie(editor), accept: "application/json" };
  for (const [deed, more] of [["remove", {}], ["set", { cron: "", zone: "", minutes: "5" }]] as const) {
    const answer = await form(`${site.url}/ui/schedule/${deed}`, { id, ...more }, headers);
    expect(answer.status, deed).toBe(403);
  }
  await open(site, `/schedules/${id}/times`);
  await expect(page.getByRole("button", { name: "Change times" })).toHaveCount(0);
  expect((await schedules())[0].pace).toBe("every 900 s");
  expect((await schedules()).length).toBe(1);
});

test("a rule that wants the same done once says so, and an event that asks again leads to the job", async ({ page, open, as, ready, faults }) => {
  faults.allow(/\/ui\/rule\/add/);
  await as(site);
  await open(site, "/rules/new");
  const fill = async (seconds: string) => {
    await page.getByLabel("When this vendor").selectOption({ label: "acme" });
    await page.getByLabel("sends events of type").fill("once.*");
    await page.getByLabel("do", { exact: true }).selectOption("generate");
    await page.getByLabel(/^with provider/).selectOption({ label: "model" });
    await page.getByLabel(/^Title/).fill("Done once");
    await page.getByLabel(/^The same only once/).fill(seconds);
    await page.getByLabel(/^The same is what/).selectOption({ label: "contents" });
    await page.getByRole("button", { name: "Add rule" }).click();
  };
  await fill("2592001");
  await expectWrong(page, /^The same only once/, "Give a number of seconds from 1 to 2,592,000");
  await ready();
  await fill("600");
  await expect(page).toHaveURL(/\/rules\?added/);
  await ready();
  await expect(page.getByRole("row", { name: /acme sends once\.\*/ })).toContainText("once in 10 min for the same contents");
  await site.server.follows();

  const body = { type: "once.ready", more: { data: { n: 7 } } };
  expect((await deliver(vendor, body)).status).toBe(202);
  const again = await deliver(vendor, body);
  expect(again.status).toBe(202);
  await site.server.jobsIn("succeeded", 1);
  expect((await site.server.jobs()).length).toBe(1);
  await open(site, `/events/${again.json.id}`);
  const done = page.getByRole("region", { name: "Done already" });
  await done.getByRole("link").click();
  await expect(page).toHaveURL(/\/jobs\/job_/);
  await ready();
  await page.getByRole("region", { name: "Asked for again" }).getByRole("link").click();
  await expect(page).toHaveURL(`${site.url}/events/${again.json.id}`);
});
