// Maintenance on the page of nodes: how each chore went, one run ahead of its time, one switched off and on.

import { expect, test } from "../../support/pages.ts";
import { Site, form } from "../../support/site.ts";
import { until } from "../../support/until.ts";

let site: Site;
test.beforeEach(async () => {
  site = await Site.empty();
});
test.afterEach(() => site.stop());

const chores = () => site.server.cli<any[]>(["chore", "list"]);
const chore = async (name: string) => (await chores()).find((row) => row.name === name);
/** A server that starts does everything once. */
const settled = () =>
  until("every chore was done", async () => (await chores()).every(({ last, at_work }) => last && !at_work));

test("a chore is run ahead of its time by an admin and switched off and on by an owner", async ({ page, open, as, ready }) => {
  await settled();
  const before = await chore("sessions");
  expect(before.last.error).toBeNull();
  await site.server.database.sql("insert into sessions (id, data, expires_at) values ('over', x'00', 1)");
  const admin = await site.person("admin@example.test", "admin", "default");
  await as(site, admin);
  await open(site, "/nodes");
  const panel = page.getByRole("region", { name: "Maintenance" });
  const row = panel.getByRole("row", { name: /sessions/ });
  await expect(panel.getByRole("row").filter({ has: page.getByRole("rowheader") })).toHaveCount((await chores()).length);
  await expect(row).toContainText("every 10 min");
  await expect(row).toContainText("took");
  await expect(panel.getByRole("button", { name: "Switch off" })).toHaveCount(0);
  await row.getByRole("button", { name: "Run now" }).click();
  await until("it was run", async () => (await chore("sessions")).last.asked_by === "admin@example.test");
  const after = await chore("sessions");
  expect([after.last.removed, after.next_at, after.asked]).toEqual([1, before.next_at, false]);
  await open(site, "/nodes");
  await expect(row.getByRole("cell").nth(2)).toHaveText("1");

  await as(site);
  await open(site, "/nodes");
  await row.getByRole("button", { name: "Switch off" }).click();
  await expect(row.getByRole("button", { name: "Switch on" })).toBeVisible();
  await expect(row).toContainText("while it is on");
  await ready();
  expect((await chore("sessions")).enabled).toBe(false);
  await row.getByRole("button", { name: "Switch on" }).click();
  await expect(row.getByRole("button", { name: "Switch off" })).toBeVisible();
  await ready();
  expect((await chore("sessions")).enabled).toBe(true);
  await open(site, "/audit");
  for (const words of ["chore.run", "chore.switch"]) await expect(page.getByText(words).first()).toBeVisible();
});

test("an editor sees maintenance and can run none of it", async ({ page, open, as, faults }) => {
  faults.allow(/403/);
  await settled();
  const editor = await site.person("editor@example.test", "editor");
  await as(site, editor);
  await open(site, "/nodes");
  await expect(page.getByRole("region", { name: "Maintenance" }).getByRole("row", { name: /retention/ })).toBeVisible();
  await expect(page.getByRole("main").getByRole("button")).toHaveCount(0);
  const headers = { cookie: await site.cookie(editor), accept: "application/json" };
  for (const [path, rest] of [["run", {}], ["switch", { on: "false" }]] as const) {
    const answer = await form(`${site.url}/ui/chore/${path}`, { name: "sessions", ...rest }, headers);
    expect(answer.status).toBe(403);
  }
  const { last, enabled } = await chore("sessions");
  expect([last.asked_by, enabled]).toEqual([null, true]);
});

test("chores are run, timed and switched by command, with and without a running server", async () => {
  await settled();
  const { server } = site;
  await server.database.sql("insert into sessions (id, data, expires_at) values ('over', x'00', 1)");
  expect((await server.cli<any>(["chore", "run-now", "sessions"])).removed).toBe(1);
  const set = await server.cli<any>(["chore", "set", "retention", "--cron", "0 3 * * *", "--zone", "Asia/Tokyo"]);
  expect([set.pace, new Date(set.next_at / 1000).toISOString().slice(11, 16)]).toEqual(["local Asia/Tokyo 0 3 * * *", "18:00"]);
  await server.cli(["chore", "set", "retention", "--zone", "Asia/Atlantis"], { code: 2 });
  await server.cli(["chore", "set", "retention"], { code: 2 });
  await server.cli(["chore", "run-now", "polishing"], { code: 2 });
  await server.cli(["chore", "disable", "counters"]);
  expect((await chore("counters")).enabled).toBe(false);
  const metrics = await (await fetch(server.metricsUrl)).text();
  expect(metrics).toMatch(/tidegate_chores_total\{chore="sessions",outcome="done"\} [1-9]/);

  await server.end("SIGTERM");
  await server.database.sql("insert into sessions (id, data, expires_at) values ('over', x'00', 1)");
  const alone = await server.cli<any>(["chore", "run-now", "sessions"]);
  expect(alone.removed).toBe(1);
  // Off, it is done all the same when somebody asks.
  const off = await server.cli<any>(["chore", "run-now", "counters"]);
  expect(off.name).toBe("counters");
  await server.cli(["chore", "enable", "counters"]);
  await server.launch();
});
