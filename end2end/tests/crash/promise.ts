// What a 202 promises, and whether it was kept: the event is there, its jobs end, its post stands once.

import { expect } from "@playwright/test";
import { deliver } from "../../support/http.ts";
import { BATCH, INGEST, type Receiver, type Seen } from "../../support/peers.ts";
import type { Tidegate } from "../../support/server.ts";
import { newHook, type Webhook } from "../../support/sign.ts";
import { pause, until } from "../../support/until.ts";

export type Vendor = { url: string; secret: string };

/** Sends `count` webhooks, 24 at a time, each to the next of `urls`; `onAccepted` is told how many were accepted so far. One
 * that nobody answers is sent again to the next, as a vendor would. Those that were accepted, with the ids of their events. */
export async function burst(vendor: Vendor, count: number, onAccepted: (count: number) => void = () => {}, urls = [vendor.url]) {
  const queue: Webhook[] = Array.from({ length: count }, () => newHook());
  const accepted = new Map<string, string>();
  let turn = 0;
  const client = async () => {
    for (let hook = queue.shift(); hook; hook = queue.shift()) {
      const from = turn++;
      for (let tries = 0; tries < urls.length; tries++) {
        const url = urls[(from + tries) % urls.length]!;
        // A node that stands still takes connections and never answers.
        const patience = pause(5_000).then(() => undefined);
        const answer = await Promise.race([deliver({ ...vendor, url }, hook).catch(() => undefined), patience]);
        // Stored by a node that was gone before it could say so: the next one calls it a repetition.
        if (answer?.status === 202 || (tries > 0 && answer?.status === 200)) {
          accepted.set(hook.id, answer.json.id);
          onAccepted(accepted.size);
        }
        if (answer && answer.status < 500) break;
      }
    }
  };
  await Promise.all(Array.from({ length: 24 }, client));
  return accepted;
}

export const rows = async (server: Tidegate, sql: string) =>
  (await server.database.sql(sql)).trim().split("\n").filter(Boolean);

/** What became of what was promised. */
export type Kept = {
  /** Webhooks answered with 202. */
  accepted: number;
  /** Ids of those that are not in the database. */
  lost: string[];
  /** Jobs that have not ended, or not well. */
  unfinished: number;
  /** External ids that reached the receiver under more than one idempotency key, or that it had to create twice. */
  twice: string[];
  /** Different posts the receiver was sent. */
  posts: number;
  /** Posts that the receiver recognised as ones it had seen: a kill came between its answer and our note of it. */
  repeated: number;
};

export async function kept(server: Tidegate, peer: Receiver, accepted: Map<string, string>): Promise<Kept> {
  const stored = new Set(await rows(server, "select external_id from events"));
  const [unfinished] = await rows(server, "select count(*) from jobs where state <> 'succeeded'");
  const keys = new Map<string, Set<string>>();
  const created = new Map<string, number>();
  const posted = (await peer.requests(INGEST)).flatMap(posts);
  for (const { id, key, status } of posted) {
    keys.set(id, (keys.get(id) ?? new Set()).add(key));
    if (status === 201) created.set(id, (created.get(id) ?? 0) + 1);
  }
  return {
    accepted: accepted.size,
    lost: [...accepted.keys()].filter((id) => !stored.has(id)),
    unfinished: Number(unfinished),
    twice: [...keys].filter(([id, some]) => some.size > 1 || (created.get(id) ?? 0) > 1).map(([id]) => id),
    posts: keys.size,
    repeated: posted.length - keys.size,
  };
}

/** The posts a call carried, one or several, each with what came of it. */
function posts({ path, body, status, statuses, headers }: Seen) {
  const sent = JSON.parse(body);
  const items: { external_id: string; idempotency_key?: string }[] = path === BATCH ? sent.items : [sent];
  return items.map(({ external_id: id, idempotency_key: key }, n) => ({
    id,
    key: key ?? headers["idempotency-key"] ?? "",
    status: statuses ? statuses[n] : status,
  }));
}

/** Everything that was promised is there, and the receiver made each post once. */
export async function expectNothingLost(server: Tidegate, peer: Receiver, accepted: Map<string, string>, seconds = 90) {
  const stored = new Set(await rows(server, "select external_id from events"));
  expect([...accepted.keys()].filter((id) => !stored.has(id)), "accepted, but no event").toEqual([]);
  // An event may be stored whose 202 was cut off; it is worked off like the others.
  await until("every job has ended", async () => {
    // A job that was running at two kills is parked until a person looks at it; here it was no fault of its own.
    const parked = await rows(server, "select count(*) from jobs where state = 'held'");
    if (parked[0] !== "0") await server.cli(["jobs", "release", "--state", "held"]);
    const open = await rows(server, "select count(*) from jobs where state not in ('succeeded', 'failed', 'deadletter', 'cancelled')");
    const made = await rows(server, "select count(*) from jobs");
    return open[0] === "0" && Number(made[0]) >= 2 * stored.size;
  }, seconds);
  const states = await rows(server, "select kind, state, count(*) from jobs group by kind, state order by kind, state");
  expect(states).toEqual([`generate|succeeded|${stored.size}`, `publish|succeeded|${stored.size}`]);
  // Each job ended once, whoever ran it.
  const ends = await rows(server, "select count(*) from all_attempts where outcome = 'succeeded'");
  expect(ends).toEqual([String(2 * stored.size)]);
  const { twice, posts } = await kept(server, peer, accepted);
  expect(twice, "posted twice").toEqual([]);
  expect(posts, "different posts").toBe(stored.size);
}
