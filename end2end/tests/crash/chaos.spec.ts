// Everything goes wrong at once: the far side fails in every way there is, the server is killed again and again, the
// database goes away. In the end every job has succeeded, and every post was made once.
//
// `bench/chaos.sh` runs the same for longer:
//   CHAOS_COUNT      webhooks of each test (200)
//   CHAOS_KILLS      times the server is killed (3)
//   CHAOS_RESTARTS   times PostgreSQL crashes, too; together with the server, and under it while it runs (0)
//   CHAOS_REPORT     a file that gets a line of JSON for each test

import { expect, test } from "@playwright/test";
import { appendFileSync } from "node:fs";
import { ENGINES, type Engine } from "../../support/database.ts";
import { Receiver } from "../../support/peers.ts";
import { Tidegate } from "../../support/server.ts";
import { burst, expectNothingLost, kept } from "./promise.ts";

const number = (name: string, usual: number) => Number(process.env[name] ?? usual);
const COUNT = number("CHAOS_COUNT", 200);
const KILLS = number("CHAOS_KILLS", 3);
const RESTARTS = number("CHAOS_RESTARTS", 0);
const SHARE = 0.1;
/** Seconds that the jobs may take to end after the last webhook. */
const PATIENCE = 90 + COUNT / 20;

test.describe.configure({ timeout: (PATIENCE + 30 + 10 * (KILLS + RESTARTS)) * 1000 });

/** A server whose far side fails at one call in ten; what is promised during `story` is kept. */
async function chaos(
  engine: Engine,
  what: { kills: number; restarts: number },
  story: (server: Tidegate, vendor: { url: string; secret: string }, accepted: Map<string, string>) => Promise<void>,
) {
  const peer = await Receiver.start();
  // Few tries are left over when every kill costs one: what is asked here is that all of them end well.
  const server = await Tidegate.start({ engine, set: { LEASE_SECONDS: "3", RETRY_BASE_MS: "20" } });
  const accepted = new Map<string, string>();
  try {
    const vendor = await server.setUp(peer.url, undefined, ["--max-attempts", "25"]);
    await peer.suffers(SHARE, 20261122);
    await story(server, vendor, accepted);
    await expectNothingLost(server, peer, accepted, PATIENCE);
    // The test is one only if things did go wrong, in each way.
    expect(Object.keys(await peer.faults()).sort()).toEqual(["busy", "closed", "failing", "garbage", "half", "slow"]);
  } finally {
    if (process.env.CHAOS_REPORT) {
      const faults = Object.values(await peer.faults()).reduce((sum, count) => sum + count, 0);
      const line = { engine, ...what, faults, ...(await kept(server, peer, accepted)) };
      appendFileSync(process.env.CHAOS_REPORT, `${JSON.stringify(line)}\n`);
    }
    await server.stop();
    await peer.stop();
  }
}

for (const engine of ENGINES) {
  test(`a far side that fails at one call in ten and a server that is killed ${KILLS} times lose nothing (${engine})`, async () => {
    const restarts = engine === "postgres" ? Math.min(RESTARTS, KILLS) : 0;
    await chaos(engine, { kills: KILLS, restarts }, async (server, vendor, accepted) => {
      for (let round = 0; round <= KILLS; round++) {
        const part = Math.ceil(COUNT / (KILLS + 1));
        let killed: Promise<unknown[]> | undefined;
        const got = await burst(vendor, part, (count) => {
          if (round === KILLS || count < part / 2) return;
          // Both at once is what a machine does that loses its power.
          killed ??= Promise.all([server.end("SIGKILL"), round < restarts && server.database.restart()]);
        });
        for (const [id, event] of got) accepted.set(id, event);
        if (round === KILLS) break;
        expect((await killed)?.[0], "killed in the middle of a burst").toBe("SIGKILL");
        await server.launch();
      }
    });
  });
}

test("a database that goes away in the middle of the work loses nothing (postgres)", async () => {
  await chaos("postgres", { kills: 0, restarts: 1 }, async (server, vendor, accepted) => {
    const keep = (got: Map<string, string>) => got.forEach((event, id) => accepted.set(id, event));
    keep(await burst(vendor, COUNT / 2));
    await server.database.away();
    try {
      // Nothing is promised meanwhile.
      expect((await burst(vendor, 10)).size).toBe(0);
    } finally {
      await server.database.back();
    }
    keep(await burst(vendor, COUNT / 2));
    expect(accepted.size).toBeGreaterThanOrEqual(COUNT / 2);
  });
});

if (RESTARTS > 0) {
  test(`a database that crashes ${RESTARTS} times under a running server loses nothing (postgres)`, async () => {
    await chaos("postgres", { kills: 0, restarts: RESTARTS }, async (server, vendor, accepted) => {
      for (let round = 0; round <= RESTARTS; round++) {
        const part = Math.ceil(COUNT / (RESTARTS + 1));
        let crashed: Promise<void> | undefined;
        const got = await burst(vendor, part, (count) => {
          if (round < RESTARTS && count >= part / 2) crashed ??= server.database.restart();
        });
        for (const [id, event] of got) accepted.set(id, event);
        await crashed;
      }
      expect(accepted.size).toBeGreaterThan(COUNT / 2);
    });
  });
}
