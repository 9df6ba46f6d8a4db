// Making work wait and go on: pause switches, circuit breakers, and what people do to jobs. Every button, both ways.

import { deliver } from "../../support/http.ts";
import { CHAT } from "../../support/peers.ts";
import { expect, test } from "../../support/pages.ts";
import { Site } from "../../support/site.ts";
import { until } from "../../support/until.ts";

let site: Site;
let vendor: { url: string; secret: string };

test.beforeEach(async () => {
  site = await Site.empty();
  vendor = await site.server.setUp(site.peer.url);
});
test.afterEach(() => site.stop());

/** A job that waits for its next try for a long time. */
async function waiting(type: string) {
  await site.peer.fails({ path: "/v1", status: 429, retry_after: 3000 });
  await deliver(vendor, { type });
  return until("a job waits", async () => (await site.server.jobs(["--state", "pending"])).find((job) => job.title.includes(type) && job.attempt > 0));
}

const stateOf = async (id: string) => {
  const story = await site.server.cli<any>(["jobs", "show", id]);
  return story.chapters.find(({ job }: any) => job.id === id).job.state as string;
};

test("everything is paused from the overview, said on every page, and resumed from there", async ({ page, open, as }) => {
  await as(site);
  await open(site, "/");
  await page.getByRole("button", { name: "Pause everything" }).click();
  const banner = page.getByText("Everything is paused", { exact: true });
  await expect(banner).toBeVisible();
  await expect(page.getByRole("button", { name: "Pause everything" })).toHaveCount(0);
  expect((await deliver(vendor, { type: "story.paused" })).status).toBe(202);
  const [held] = await site.server.jobsIn("held", 1);
  expect(held.reason).toBe("everything is paused by owner@example.test");
  expect(await site.peer.count(CHAT)).toBe(0);
  for (const path of ["/jobs", "/vendors", "/audit", `/jobs/${held.id}`]) {
    await open(site, path);
    await expect(banner).toBeVisible();
    await expect(page.getByText("by owner@example.test").first()).toBeVisible();
  }
  await page.getByRole("button", { name: "Resume" }).first().click();
  await expect(banner).toHaveCount(0);
  await site.server.jobsIn("succeeded", 2);
});

test("deliveries are paused for all and resumed; models are asked meanwhile", async ({ page, open, as }) => {
  await as(site);
  await open(site, "/");
  await page.getByRole("button", { name: "Pause deliveries" }).click();
  await expect(page.getByText("Deliveries are paused", { exact: true })).toBeVisible();
  await deliver(vendor);
  await site.server.jobsIn("held", 1);
  expect(await site.peer.count(CHAT)).toBe(1);
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(page.getByText("Deliveries are paused", { exact: true })).toHaveCount(0);
  await site.server.jobsIn("succeeded", 2);
});

for (const [name, path, holds] of [["vendor", "/vendors/acme", "vendor acme"], ["destination", "/destinations", "destination site"], ["provider", "/providers", "provider model"]] as const) {
  test(`a ${name} is paused on its page, its jobs wait, and it is resumed there`, async ({ page, open, as }) => {
    await as(site);
    await open(site, path);
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await expect(page.getByText("Paused", { exact: true }).first()).toBeVisible();
    expect((await deliver(vendor)).status).toBe(202);
    const [held] = await site.server.jobsIn("held", 1);
    expect(held.reason).toBe(`${holds} is paused by owner@example.test`);
    expect(held.attempt).toBe(0);
    await page.getByRole("button", { name: "Resume" }).click();
    await expect(page.getByRole("button", { name: "Pause", exact: true })).toBeVisible();
    await expect(page.getByText("Paused", { exact: true })).toHaveCount(0);
    await site.server.jobsIn("succeeded", 2);
  });
}

for (const [path, name] of [["/destinations", "site"], ["/providers", "model · fixed"], ["/providers", "model · all models"]] as const) {
  test(`the breaker of ${name} on ${path} is forced open, forced closed and set back`, async ({ page, open, as }) => {
    await as(site);
    await open(site, path);
    const line = page.getByRole("region", { name: "Circuit breakers" }).getByRole("listitem").filter({ hasText: name });
    await expect(line).toContainText("Closed");
    await line.getByRole("button", { name: "Force open" }).click();
    await expect(line).toContainText("Forced open");
    await expect(line).toContainText("forced open by owner@example.test");
    await deliver(vendor);
    await site.server.jobsIn("held", 1);
    await line.getByRole("button", { name: "Force closed" }).click();
    await expect(line).toContainText("Forced closed");
    await site.server.jobsIn("succeeded", 2);
    await line.getByRole("button", { name: "Automatic" }).click();
    await expect(line.getByRole("button", { name: "Automatic" })).toHaveCount(0);
    await expect(line).toContainText("set back to automatic");
  });
}

test("a waiting job is held, released, run sooner and cancelled with its buttons", async ({ page, open, as }) => {
  const job = await waiting("story.waits");
  await as(site);
  await open(site, `/jobs/${job.id}`);
  const press = (name: string) => page.getByRole("button", { name, exact: true }).click();
  await press("Hold");
  await expect(page.getByText("held by owner@example.test")).toBeVisible();
  expect(await stateOf(job.id)).toBe("held");
  const asked = await site.peer.count(CHAT);
  await press("Release");
  await expect.poll(() => site.peer.count(CHAT)).toBe(asked + 1);
  await until("it waits again", async () => (await stateOf(job.id)) === "pending");
  await open(site, `/jobs/${job.id}`);
  await press("Run sooner");
  await expect.poll(() => site.peer.count(CHAT)).toBe(asked + 2);
  await until("it waits again", async () => (await stateOf(job.id)) === "pending");
  await open(site, `/jobs/${job.id}`);
  await press("Cancel");
  await expect(page.getByRole("button", { name: "Cancel", exact: true })).toHaveCount(0);
  expect(await stateOf(job.id)).toBe("cancelled");
  await expect(page.getByRole("button", { name: "Re-enqueue" })).toBeVisible();
});

test("waiting jobs are moved up and down, on their page and by command", async ({ page, open, as }) => {
  const job = await waiting("story.waits");
  const priority = async () => (await site.server.cli<any>(["jobs", "show", job.id])).chapters[0].job.priority;
  const due = async () => (await site.server.cli<any>(["jobs", "show", job.id])).chapters[0].job.next_run_at;
  const before = await due();
  await as(site);
  await open(site, `/jobs/${job.id}`);
  await page.getByRole("button", { name: "Run later", exact: true }).click();
  await expect(page.getByText("10, after others")).toBeVisible();
  expect([await priority(), await due()]).toEqual([10, before]);
  await page.getByRole("button", { name: "Run in usual order", exact: true }).click();
  await expect(page.getByText("10, after others")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Run in usual order", exact: true })).toHaveCount(0);
  expect([await priority(), await due()]).toEqual([0, before]);
  expect(await site.server.cli(["jobs", "prioritise", job.id, "--to", "-3"])).toEqual({ changed: 1 });
  expect([await priority(), await due()]).toEqual([-3, before]);
  expect(await site.server.cli(["jobs", "prioritise", "--state", "pending", "--to", "0", "--dry-run"])).toEqual({ would_change: 1 });
  expect(await site.server.cli(["jobs", "prioritise", "--vendor", "acme", "--to", "0"])).toEqual({ changed: 1 });
  expect(await priority()).toBe(0);
  await site.server.cli(["jobs", "prioritise", job.id, "--to", "21"], { code: 2 });
  const audit = await site.server.database.sql("select detail from audit_log where action = 'job.prioritise' order by at");
  expect(audit.trim().split("\n")).toEqual([`to -3: ${job.title}`, "to 0: vendor acme"]);
  await site.server.cli(["jobs", "cancel", job.id]);
  await site.server.cli(["jobs", "prioritise", job.id, "--to", "1"], { code: 1 });
});

test("a running job is cancelled within about a second, and its story says that the call may have been made", async ({ page, open, as }) => {
  await site.peer.fails({ path: "/v1", delay_ms: 20_000 });
  await deliver(vendor, { type: "story.runs" });
  const [job] = await site.server.jobsIn("running", 1);
  await until("the model is asked", async () => (await site.peer.count(CHAT)) === 1);
  await as(site);
  await open(site, `/jobs/${job.id}`);
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await expect(page.getByText("while it ran; a call that was under way may have been made").first()).toBeVisible();
  const story = await site.server.cli<any>(["jobs", "show", job.id]);
  expect(story.chapters[0].job.state).toBe("cancelled");
  expect(story.chapters[0].attempts).toHaveLength(1);
});

test("all jobs of a list are held, released and cancelled after their number was said", async ({ page, open, ready, as }) => {
  await site.server.cli(["pause", "begin", "provider", "model"]);
  await site.server.follows();
  for (let n = 0; n < 3; n++) await deliver(vendor, { type: `story.many.${n}` });
  await site.server.jobsIn("held", 3);
  await as(site);
  await open(site, "/jobs?state=held");
  const all = page.getByRole("navigation", { name: "All jobs of this list" });
  await all.getByRole("link", { name: "Release" }).click();
  await expect(page).toHaveURL(/\/jobs\/change\?what=release&state=held/);
  await ready();
  await expect(page.getByText("3 jobs", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Release jobs" }).click();
  await expect(page.getByText("3 jobs were released.")).toBeVisible();
  // What is still paused is held again.
  await site.server.jobsIn("held", 3);
  await open(site, "/jobs?state=held");
  await all.getByRole("link", { name: "Cancel" }).click();
  await ready();
  await page.getByRole("link", { name: "Back to the list" }).click();
  await ready();
  await all.getByRole("link", { name: "Cancel" }).click();
  await ready();
  await page.getByRole("button", { name: "Cancel jobs" }).click();
  await expect(page.getByText("3 jobs were cancelled.")).toBeVisible();
  expect(await site.server.jobs(["--state", "cancelled"])).toHaveLength(3);
  await open(site, "/jobs?state=cancelled");
  await all.getByRole("link", { name: "Re-enqueue" }).click();
  await ready();
  await page.getByRole("button", { name: "Re-enqueue jobs" }).click();
  await expect(page.getByText("3 jobs were re-enqueued.")).toBeVisible();
  await open(site, "/jobs/change?what=sooner&state=succeeded");
  await expect(page.getByText("No job of this list")).toBeVisible();
});

test("an editor sees what is paused and can change nothing of it", async ({ page, open, as }) => {
  await site.server.cli(["pause", "begin", "destination", "site"]);
  await site.server.follows();
  const editor = await site.person("editor@example.test", "editor", "default");
  await as(site, editor);
  for (const path of ["/", "/destinations", "/providers", "/vendors/acme", "/jobs"]) {
    await open(site, path);
    for (const name of [/^Pause/, /^Resume/, /^Force/, /^Automatic/, /^Hold/, /^Cancel/]) await expect(page.getByRole("button", { name })).toHaveCount(0);
  }
  await open(site, "/destinations");
  await expect(page.getByText("Paused", { exact: true })).toBeVisible();
});
