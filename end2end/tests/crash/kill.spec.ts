// A power cut in the middle of a burst: what was answered with 202 is there, is worked off, and is published once.

import { expect, test } from "@playwright/test";
import { ENGINES } from "../../support/database.ts";
import { deliver } from "../../support/http.ts";
import { INGEST, Receiver } from "../../support/peers.ts";
import { Tidegate } from "../../support/server.ts";
import { newHook, type Webhook } from "../../support/sign.ts";
import { until } from "../../support/until.ts";

const BURST = 500;

/** Sends a burst; `onAccepted` is told how many have been accepted so far. Those the server said 202 to. */
async function burst(vendor: { url: string; secret: string }, onAccepted: (count: number) => void) {
  const queue: Webhook[] = Array.from({ length: BURST }, () => newHook());
  const accepted = new Map<string, string>();
  const client = async () => {
    for (let hook = queue.shift(); hook; hook = queue.shift()) {
      const answer = await deliver(vendor, hook).catch(() => undefined); // the server is gone
      if (answer?.status === 202) {
        accepted.set(hook.id, answer.json.id);
        onAccepted(accepted.size);
      }
    }
  };
  await Promise.all(Array.from({ length: 24 }, client));
  return accepted;
}

const rows = async (server: Tidegate, sql: string) => (await server.database.sql(sql)).trim().split("\n").filter(Boolean);

/** All that was promised is there, and the receiver got it once. */
async function expectNothingLost(server: Tidegate, peer: Receiver, accepted: Map<string, string>) {
  const stored = new Set(await rows(server, "select external_id from events"));
  expect([...accepted.keys()].filter((id) => !stored.has(id)), "accepted, but no event").toEqual([]);
  // An event may be stored whose 202 was cut off; it is worked off like the others.
  await until("every job has ended", async () => {
    const open = await rows(server, "select count(*) from jobs where state not in ('succeeded', 'failed', 'deadletter', 'cancelled')");
    const made = await rows(server, "select count(*) from jobs");
    return open[0] === "0" && Number(made[0]) >= 2 * stored.size;
  }, 90);
  const states = await rows(server, "select kind, state, count(*) from jobs group by kind, state order by kind, state");
  expect(states).toEqual([`generate|succeeded|${stored.size}`, `publish|succeeded|${stored.size}`]);

  const posted = (await peer.requests(INGEST)).map(({ body, status }) => ({ id: JSON.parse(body).external_id as string, status }));
  const created = posted.filter(({ status }) => status === 201).map(({ id }) => id);
  expect(new Set(created).size, "no external id twice").toBe(created.length);
  // A kill between the far side's answer and our note of it sends the same again, which creates nothing.
  expect(new Set(posted.map(({ id }) => id)).size).toBe(stored.size);
}

for (const engine of ENGINES) {
  for (const moment of [40, 200, 420]) {
    test(`killed after ${moment} of ${BURST} webhooks nothing is lost and nothing is published twice (${engine})`, async () => {
      const peer = await Receiver.start();
      const server = await Tidegate.start({ engine, set: { LEASE_SECONDS: "3" } });
      try {
        const vendor = await server.setUp(peer.url);
        let killed: Promise<unknown> | undefined;
        const accepted = await burst(vendor, (count) => {
          if (count >= moment) killed ??= server.end("SIGKILL");
        });
        expect(accepted.size).toBeGreaterThanOrEqual(moment);
        expect(await killed).toBe("SIGKILL");
        await server.launch();
        await expectNothingLost(server, peer, accepted);
      } finally {
        await server.stop();
        await peer.stop();
      }
    });
  }

  test(`asked to stop while jobs run it ends with 0, and nothing is lost (${engine})`, async () => {
    const peer = await Receiver.start();
    const server = await Tidegate.start({ engine, set: { LEASE_SECONDS: "3" } });
    try {
      const vendor = await server.setUp(peer.url);
      await peer.fails({ path: "/v1", delay_ms: 300 });
      let stopped: Promise<unknown> | undefined;
      const accepted = await burst(vendor, (count) => {
        if (count >= 200) stopped ??= server.end("SIGTERM");
      });
      expect(await stopped).toBe(0);
      expect(await rows(server, "select count(*) from jobs where state = 'running'")).toEqual(["0"]);
      await peer.works();
      await server.launch();
      await expectNothingLost(server, peer, accepted);
      // Stopped in good order, nothing was done twice at all.
      expect(await peer.count(INGEST)).toBe(Number((await rows(server, "select count(*) from events"))[0]));
    } finally {
      await server.stop();
      await peer.stop();
    }
  });
}
