// A provider whose credit is used up: its jobs wait without using up tries, people are told why, and once somebody topped
// it up and closed its breaker each of them is done once.

import { expect, test } from "@playwright/test";
import { deliver } from "../../support/http.ts";
import { CHAT, INGEST, NO_CREDIT, Receiver } from "../../support/peers.ts";
import { Tidegate } from "../../support/server.ts";
import { until } from "../../support/until.ts";

const WHY = "model says that its credit or quota is used up (insufficient_quota)";
const COUNT = 5;

let peer: Receiver;
let server: Tidegate;
let vendor: { url: string; secret: string };
test.beforeEach(async () => {
  peer = await Receiver.start();
  server = await Tidegate.start({ set: { RETRY_BASE_MS: "1" } });
  vendor = await server.setUp(peer.url);
});
test.afterEach(async () => {
  await server.stop();
  await peer.stop();
});

const whole = async () => (await server.cli<any[]>(["breaker", "list"])).find(({ name }) => name === "provider model");

test("jobs of a provider without credit wait for its breaker, use up no try, and are all done once when it is closed", async () => {
  await peer.fails({ path: "/v1", status: 429, json: NO_CREDIT });
  await deliver(vendor, { type: "story.0" });
  const [first] = await server.jobsIn("held", 1);
  expect(first.reason).toBe(`${WHY}; it waits for the breaker of its provider`);
  for (let n = 1; n < COUNT; n++) await deliver(vendor, { type: `story.${n}` });
  const held = await server.jobsIn("held", COUNT);
  expect(await peer.count(CHAT), "one answer is enough").toBe(1);
  expect(held.map(({ attempt }) => attempt)).toEqual(Array(COUNT).fill(0));
  for (const { id, reason } of held) {
    expect(reason).toContain(WHY);
    const { chapters } = await server.cli<any>(["jobs", "show", id]);
    expect(chapters.map(({ attempts }: any) => attempts)).toEqual([[]]);
  }
  const { breaker } = await whole();
  expect(breaker).toMatchObject({ state: "open", mode: "automatic", reason: WHY, changed_by: "tidegate" });
  expect(breaker.open_until - breaker.changed_at, "ten minutes").toBe(600_000_000);
  await until("the metrics show it", async () => {
    const text = await (await fetch(server.metricsUrl)).text();
    return /tidegate_breaker_state\{target="provider model"\} 2/.test(text)
      && /tidegate_provider_requests_total\{[^}]*outcome="failed"[^}]*\} 1/.test(text);
  });

  await peer.works();
  await server.cli(["breaker", "set", "automatic", "--provider", "model"]);
  const done = await server.jobsIn("succeeded", 2 * COUNT, 60);
  expect(done.map(({ attempt }) => attempt)).toEqual(Array(2 * COUNT).fill(1));
  expect(await peer.count(CHAT)).toBe(1 + COUNT);
  const keys = (await peer.requests(INGEST)).map(({ headers }) => headers["idempotency-key"]);
  expect([keys.length, new Set(keys).size]).toEqual([COUNT, COUNT]);
  expect((await whole()).breaker).toMatchObject({ state: "closed", reason: "closed by cli" });
});

test("a breaker that is closed before anybody topped up opens again at the next answer", async () => {
  await peer.fails({ path: "/v1", status: 402, json: { error: { message: "Insufficient Balance" } } });
  await deliver(vendor);
  await server.jobsIn("held", 1);
  const { breaker } = await whole();
  await server.cli(["breaker", "set", "automatic", "--provider", "model"]);
  await until("it was asked again and opened", async () => {
    const now = (await whole()).breaker;
    return now.state === "open" && now.revision > breaker.revision + 1;
  });
  const [job] = await server.jobsIn("held", 1);
  expect([job.attempt, await peer.count(CHAT)]).toEqual([0, 2]);
});

test("where a person forced a provider closed its jobs are tried as usual, and end when their tries are spent", async () => {
  await peer.fails({ path: "/v1", status: 429, json: NO_CREDIT });
  await server.cli(["breaker", "set", "closed", "--provider", "model"]);
  await server.follows();
  await deliver(vendor);
  const [job] = await server.jobsIn("deadletter", 1);
  expect([job.attempt, job.reason]).toEqual([job.max_attempts, WHY]);
  expect(await peer.count(CHAT)).toBe(job.max_attempts);
});
