// When circuit breakers open: counts are shown, thresholds set on the page and by command, and kept.

import { deliver } from "../../support/http.ts";
import { CHAT, NO_CREDIT } from "../../support/peers.ts";
import { expect, test } from "../../support/pages.ts";
import { Site } from "../../support/site.ts";

let site: Site;
let vendor: { url: string; secret: string };

test.beforeEach(async () => {
  site = await Site.empty();
  vendor = await site.server.setUp(site.peer.url);
});
test.afterEach(() => site.stop());

const listed = async (name: string) => {
  const rows = await site.server.cli<any[]>(["breaker", "list"]);
  return rows.find((row) => row.name === name);
};
const USUAL = { failure_rate: 50, slow_rate: 80, slow_after: 10, min_calls: 10, in_a_row: 5, window: 60 };

test("the thresholds of a destination are set, shown, and taken away again", async ({ page, open, as }) => {
  await as(site);
  await open(site, "/destinations");
  await page.getByRole("link", { name: "Counts and thresholds" }).click();
  await expect(page).toHaveURL(/\/breakers$/);
  await open(site, "/breakers");
  const row = page.getByRole("row", { name: /^site/ });
  await row.getByLabel("Failed %").fill("30");
  await row.getByLabel("Slow after s").fill("20");
  await row.getByLabel("In a row").fill("0");
  await row.getByRole("button", { name: "Save" }).click();
  await expect.poll(async () => (await listed("destination site")).thresholds).toMatchObject({ ...USUAL, failure_rate: 30, slow_after: 20, in_a_row: 0 });
  await open(site, "/breakers");
  await expect(row.getByLabel("Failed %")).toHaveValue("30");
  await expect(row.getByLabel("Window s")).toHaveValue("");
  await expect(row.getByLabel("Window s")).toHaveAttribute("placeholder", "60");

  // What is set for all holds where nothing closer is set.
  const all = page.getByRole("row", { name: /^All/ });
  await all.getByLabel("Failed %").fill("70");
  await all.getByLabel("Window s").fill("120");
  await all.getByRole("button", { name: "Save" }).click();
  await expect.poll(async () => (await listed("destination site")).thresholds).toMatchObject({ failure_rate: 30, window: 120 });

  await open(site, "/breakers");
  for (const label of ["Failed %", "Slow after s", "In a row"]) await row.getByLabel(label).fill("");
  await row.getByRole("button", { name: "Save" }).click();
  await expect.poll(async () => (await listed("destination site")).thresholds).toMatchObject({ ...USUAL, failure_rate: 70, window: 120 });
  await open(site, "/audit?action=breaker.thresholds");
  await expect(page.getByText("failure rate 30 %, time after which a call is slow 20 s, number of jobs in a row 0")).toBeVisible();
  await expect(page.getByText("all inherited")).toBeVisible();
});

test("calls of destination and model are counted and the breakers forced on the same page", async ({ page, open, as }) => {
  await site.server.cli(["breaker", "set", "--window", "1h"]);
  await site.server.follows();
  await deliver(vendor);
  await site.server.jobsIn("succeeded", 2);
  await expect.poll(async () => (await listed("destination site")).counted).toMatchObject({ calls: 1, failed: 0, slow: 0 });
  await as(site);
  await open(site, "/breakers");
  const line = page.getByRole("region", { name: "Circuit breakers" }).getByRole("listitem").filter({ hasText: "destination site" });
  await expect(line).toContainText("1 call in the last 3600 s: 0 failed, 0 slow");
  await line.getByRole("button", { name: "Force open" }).click();
  await expect(line).toContainText("forced open by owner@example.test");
  await line.getByRole("button", { name: "Automatic" }).click();
  await expect(line).toContainText("set back to automatic");
});

test("the first page names destinations that switched themselves off or do not answer, and leads to them", async ({ page, open, as }) => {
  const { server, peer } = site;
  await server.cli(["destination", "add", "archive", "--kind", "http", "--url", `${peer.url}/archive`]);
  await server.cli(["rule", "add", "--vendor", "acme", "--type", "*", "--job", "forward", "--destination", "archive"]);
  await server.cli(["breaker", "set", "open", "--destination", "site"]);
  await server.follows();
  await as(site);
  await peer.fails({ path: "/archive", status: 410 });
  await deliver(vendor);
  await server.jobsIn("held", 2);
  await open(site, "/");
  const panel = page.getByRole("region", { name: "Destinations" });
  await expect(panel.getByRole("listitem").filter({ hasText: "site" })).toContainText("Not answering");
  const gone = panel.getByRole("listitem").filter({ hasText: "archive" });
  await expect(gone).toContainText("Switched itself off");
  await expect(gone).toContainText("It answered that it is gone (410)");
  const alarm = async () => /tidegate_destination_gone\{target="destination archive"\} (\d)/.exec(await (await fetch(server.metricsUrl)).text())?.[1];
  await expect.poll(alarm).toBe("1");

  await gone.getByRole("link", { name: "archive" }).click();
  await expect(page).toHaveURL(/\/destinations\/dst_/);
  await peer.works();
  await open(site, new URL(page.url()).pathname);
  await page.getByRole("button", { name: "Switch on" }).click();
  await expect(page.getByRole("button", { name: "Switch off" })).toBeVisible();
  await server.cli(["breaker", "reset", "--destination", "site"]);
  await server.jobsIn("succeeded", 3);
  await expect.poll(alarm).toBe("0");
  await open(site, "/");
  await expect(panel).toHaveCount(0);
});

test("a provider without credit is named with why wherever one looks, and closed with a button", async ({ page, open, as }) => {
  const { server, peer } = site;
  const why = "model says that its credit or quota is used up (insufficient_quota)";
  await peer.fails({ path: "/v1", status: 429, json: NO_CREDIT });
  await deliver(vendor);
  const [held] = await server.jobsIn("held", 1);
  await as(site);
  await open(site, "/");
  const panel = page.getByRole("region", { name: "Providers" });
  await expect(panel.getByRole("listitem").filter({ hasText: "provider model" })).toContainText("Not asked now");
  await expect(panel).toContainText(why);
  await open(site, `/jobs/${held.id}`);
  await expect(page.getByText(why).first()).toBeVisible();
  await open(site, "/");
  await panel.getByRole("link", { name: "provider model" }).click();
  await expect(page).toHaveURL(/\/breakers$/);
  await open(site, "/breakers");
  const line = page.getByRole("region", { name: "Circuit breakers" }).getByRole("listitem").filter({ hasText: "provider model" });
  await expect(line).toContainText(why);
  await expect(line).toContainText("tried again in");
  await peer.works();
  await line.getByRole("button", { name: "Close now" }).click();
  await expect(line).toContainText("closed by owner@example.test");
  await expect(line.getByRole("button", { name: "Close now" })).toHaveCount(0);
  await server.jobsIn("succeeded", 2);
  expect(await peer.count(CHAT)).toBe(2);
  await open(site, "/");
  await expect(panel).toHaveCount(0);
});

test("a share over a hundred is refused with what to give instead", async ({ page, open, as, faults }) => {
  faults.allow(/422/);
  await as(site);
  await open(site, "/breakers");
  const row = page.getByRole("row", { name: /^site/ });
  // No number of a list that the browser itself would refuse.
  await row.getByLabel("In a row").fill("1");
  await row.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Give a number of jobs from 2 to 10, or 0 for never.")).toBeVisible();
  expect((await listed("destination site")).thresholds).toMatchObject(USUAL);
});

test("editors see thresholds and counts and change nothing, admins change those of their own", async ({ page, open, as }) => {
  await site.server.cli(["breaker", "set", "--destination", "site", "--failure-rate", "35"]);
  await site.server.follows();
  await as(site, await site.person("editor@example.test", "editor", "default"));
  await open(site, "/breakers");
  await expect(page.getByRole("row", { name: /^site/ })).toContainText("35");
  for (const name of ["Save", /^Force/]) await expect(page.getByRole("button", { name })).toHaveCount(0);
  await as(site, await site.person("admin@example.test", "admin", "default"));
  await open(site, "/breakers");
  await expect(page.getByRole("row", { name: /^site/ }).getByRole("button", { name: "Save" })).toBeVisible();
  await expect(page.getByRole("row", { name: /^All/ }).getByRole("button", { name: "Save" })).toHaveCount(0);
});

test("thresholds are set, refused and reset by command", async () => {
  const cli = (...args: string[]) => site.server.cli(["breaker", ...args]);
  await cli("set", "--destination", "site", "--failure-rate", "50", "--slow-after", "30s", "--slow-rate", "80", "--min-calls", "12", "--window", "60s", "--wait", "45s");
  await cli("set", "--provider", "model", "--in-a-row", "3");
  await cli("set", "--window", "5m");
  expect((await listed("destination site")).thresholds).toMatchObject({ slow_after: 30, min_calls: 12, window: 60, wait: 45, in_a_row: 5 });
  expect((await listed("model fixed of model")).thresholds).toMatchObject({ in_a_row: 3, window: 300, slow_after: 60 });
  expect((await listed("provider model")).thresholds).toMatchObject({ in_a_row: 3, window: 300, slow_after: 60 });
  await cli("set", "open", "--provider", "model");
  expect(await listed("provider model")).toMatchObject({ breaker: { mode: "open", reason: "forced open by cli" } });
  expect(await listed("model fixed of model")).toMatchObject({ breaker: { mode: "automatic", revision: 0 } });
  await cli("set", "open", "--provider", "model", "--model", "fixed");
  expect(await listed("model fixed of model")).toMatchObject({ breaker: { mode: "open" } });
  await cli("reset", "--provider", "model");
  for (const name of ["provider model", "model fixed of model"]) expect(await listed(name)).toMatchObject({ breaker: { mode: "automatic", state: "closed" }, thresholds: { in_a_row: 5 } });
  await cli("set", "open", "--destination", "site", "--wait", "50s");
  expect(await listed("destination site")).toMatchObject({ breaker: { mode: "open", changed_by: "cli" }, thresholds: { wait: 50, min_calls: 12 } });
  await cli("reset", "--destination", "site");
  expect(await listed("destination site")).toMatchObject({ breaker: { mode: "automatic", state: "closed" }, thresholds: { min_calls: 10, window: 300 } });
  for (const wrong of [["set"], ["set", "open"], ["set", "open", "--provider", "model", "--model", ""], ["set", "--failure-rate", "0"], ["set", "--in-a-row", "1"], ["set", "--window", "1d"], ["set", "maybe", "--destination", "site"]]) {
    await site.server.cli(["breaker", ...wrong], { code: 2 });
  }
  await site.server.cli(["breaker", "set", "--destination", "nobody", "--wait", "5s"], { code: 1 });
});
