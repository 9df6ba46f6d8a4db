// Work that waits: a target that does not answer opens its breaker and loses no tries; a node can start with deliveries paused.

import { expect, test } from "@playwright/test";
import { deliver } from "../../support/http.ts";
import { CHAT, INGEST, Receiver } from "../../support/peers.ts";
import { Tidegate } from "../../support/server.ts";
import { until } from "../../support/until.ts";

let peer: Receiver;
let server: Tidegate;
test.beforeEach(async () => {
  peer = await Receiver.start();
});
test.afterEach(async () => {
  await server.stop();
  await peer.stop();
});

test("a WordPress that fails opens its breaker, jobs wait without using up tries, and all arrive once it answers", async () => {
  server = await Tidegate.start({ set: { RETRY_BASE_MS: "20000", BREAKER_OPEN_MS: "1500" } });
  const vendor = await server.setUp(peer.url);
  await peer.fails({ path: "/wp-json", status: 503 });
  for (let n = 0; n < 30; n++) await deliver(vendor, { type: `story.${n}` });
  await until("the breaker opens", async () =>
    (await server.cli<any[]>(["breaker", "list"])).some(({ breaker }) => breaker.state !== "closed"));
  const held = await server.jobsIn("held", 1);
  expect(held[0].reason).toMatch(/^the breaker of destination site is open/);
  await until("the metrics show it", async () =>
    /tidegate_breaker_state\{target="destination site"\} [12]/.test(await (await fetch(server.metricsUrl)).text()));
  await peer.works();
  await until("the breaker closes", async () =>
    (await server.cli<any[]>(["breaker", "list"])).every(({ breaker }) => breaker.state === "closed"), 30);
  await until("all that waited arrived", async () => (await server.jobs(["--state", "held"])).length === 0, 30);
  await server.cli(["jobs", "sooner", "--state", "pending"]);
  const done = await server.jobsIn("succeeded", 60, 60);
  const tries = done.filter(({ kind }: any) => kind === "publish").reduce((sum: number, { attempt }: any) => sum + attempt, 0);
  expect(tries, "each try is a call: waiting took none").toBe(await peer.count(INGEST));
  const actions = (await server.database.sql("select action from audit_log where action like 'breaker.%' order by at")).trim().split("\n");
  expect(actions[0]).toBe("breaker.open");
  expect(actions.at(-1)).toBe("breaker.close");
});

test("TIDEGATE_PAUSE_DELIVERY pauses all deliveries until a person resumes them", async () => {
  server = await Tidegate.start({ set: { PAUSE_DELIVERY: "true" } });
  const vendor = await server.setUp(peer.url);
  expect((await deliver(vendor)).status).toBe(202);
  const [held] = await server.jobsIn("held", 1);
  expect([held.kind, held.reason]).toEqual(["publish", "all deliveries are paused by TIDEGATE_PAUSE_DELIVERY"]);
  expect([await peer.count(CHAT), await peer.count(INGEST)]).toEqual([1, 0]);
  expect(await server.cli<any[]>(["pause", "list"])).toMatchObject([{ target: "deliveries", by: "TIDEGATE_PAUSE_DELIVERY" }]);
  await server.cli(["pause", "end", "deliveries"]);
  await server.jobsIn("succeeded", 2);
});

test("many jobs are counted, held, released and cancelled on the command line", async () => {
  server = await Tidegate.start();
  const vendor = await server.setUp(peer.url);
  await server.cli(["pause", "begin", "vendor", "acme"]);
  await server.follows();
  for (let n = 0; n < 5; n++) await deliver(vendor);
  await server.jobsIn("held", 5);
  expect(await server.cli(["jobs", "cancel", "--state", "held", "--dry-run"])).toEqual({ would_change: 5 });
  expect(await server.jobs(["--state", "held"])).toHaveLength(5);
  expect(await server.cli(["jobs", "cancel", "--vendor", "acme"])).toEqual({ changed: 5 });
  expect(await server.cli(["jobs", "hold", "--all", "--dry-run"])).toEqual({ would_change: 0 });
  await server.cli(["pause", "end", "vendor", "acme"]);
  const [job] = await server.jobs(["--state", "cancelled"]);
  expect(await server.cli(["jobs", "retry", job.id])).toEqual({ changed: 1 });
  await server.jobsIn("succeeded", 2);
  await server.cli(["jobs", "cancel"], { code: 2 });
  await server.cli(["jobs", "hold", job.id], { code: 1 });
});
