// What a sender is told when there is no room or no database, and that nothing is half-written.

import { expect, test } from "@playwright/test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { deliver, expectProblem, post } from "../../support/http.ts";
import { Receiver } from "../../support/peers.ts";
import { Tidegate } from "../../support/server.ts";
import { newHook, sign } from "../../support/sign.ts";
import { until } from "../../support/until.ts";

const inhabitants = async (server: Tidegate) => {
  const tables = ["events", "event_payloads", "jobs"].map((table) => `(select count(*) from ${table})`);
  const [events, payloads, jobs] = (await server.database.sql(`select ${tables.join(", ")}`)).trim().split("|").map(Number);
  return { events, payloads, jobs };
};

test("a full queue is a 429 with Retry-After, and is over when the queue is", async () => {
  const peer = await Receiver.start();
  const server = await Tidegate.start({ set: { MAX_WAITING: "3", WORKERS: "1" } });
  try {
    const vendor = await server.setUp(peer.url);
    await peer.fails({ path: "/v1", delay_ms: 2_000, status: 503, retry_after: 3600 });
    const accepted: string[] = [];
    const answer = await until("the queue is full", async () => {
      const answer = await deliver(vendor);
      if (answer.status === 202) accepted.push(answer.json.id);
      return answer.status === 202 ? undefined : answer;
    });
    expectProblem(answer, 429, "queue_full");
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await inhabitants(server)).toEqual({ events: accepted.length, payloads: accepted.length, jobs: accepted.length });
  } finally {
    await server.stop();
    await peer.stop();
  }
});

test("without PostgreSQL a webhook is a 503 with Retry-After, and afterwards it is stored once", async () => {
  const peer = await Receiver.start();
  const server = await Tidegate.start({ engine: "postgres" });
  try {
    const vendor = await server.setUp(peer.url);
    const signed = sign("std_webhooks", vendor.secret, newHook());
    await server.database.away();
    const refused = await post(vendor.url, signed);
    expectProblem(refused, 503, "cannot_store");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    await server.database.back();
    expect(await inhabitants(server)).toEqual({ events: 0, payloads: 0, jobs: 0 });
    await until("it is stored again", async () => (await post(vendor.url, signed)).status < 300);
    expect((await post(vendor.url, signed)).json.status).toBe("duplicate");
    await server.jobsIn("succeeded", 2);
    expect(await inhabitants(server)).toEqual({ events: 1, payloads: 1, jobs: 2 });
    await until("it is ready again", async () => (await fetch(`${server.url}/readyz`)).ok);
  } finally {
    await server.stop();
    await peer.stop();
  }
});

test("on a full disk a webhook is a 503 with Retry-After, and afterwards it is stored once", async () => {
  const peer = await Receiver.start();
  const server = await Tidegate.start({ limitable: true });
  try {
    const vendor = await server.setUp(peer.url);
    const hook = newHook({ more: { text: "long ".repeat(20_000) } });
    const signed = sign("std_webhooks", vendor.secret, hook);
    // Neither the database nor its journal may grow any more.
    await server.limitFiles(statSync(join(server.folder, "tidegate.db-wal")).size + 4096);
    const refused = await post(vendor.url, signed);
    expectProblem(refused, 503, "cannot_store");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    await server.limitFiles("unlimited");
    expect(await inhabitants(server)).toEqual({ events: 0, payloads: 0, jobs: 0 });
    await until("it is stored again", async () => (await post(vendor.url, signed)).status < 300);
    expect((await post(vendor.url, signed)).json.status).toBe("duplicate");
    await server.jobsIn("succeeded", 2);
    expect(await inhabitants(server)).toEqual({ events: 1, payloads: 1, jobs: 2 });
  } finally {
    await server.stop();
    await peer.stop();
  }
});
