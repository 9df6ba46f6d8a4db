// Three nodes on one PostgreSQL: each due time of a schedule makes one event, and the same work is done once, whichever
// nodes are asked.

import { expect, test } from "@playwright/test";
import { deliver } from "../../support/http.ts";
import { Receiver } from "../../support/peers.ts";
import { Tidegate } from "../../support/server.ts";
import { until } from "../../support/until.ts";
import { rows } from "./promise.ts";

const TIMES = 5;
const ASKED = 60;

test("three nodes make each due event once and do the same work once", async () => {
  const peer = await Receiver.start();
  const first = await Tidegate.start({ engine: "postgres" });
  const nodes = [first];
  try {
    const vendor = await first.addVendor("acme");
    await first.addProvider("model", `${peer.url}/v1`);
    await first.cli(["rule", "add", "--vendor", "acme", "--type", "once.*", "--job", "generate", "--provider", "model", "--unique-for", "1h"]);
    await first.cli(["schedule", "add", "often", "--vendor", "acme", "--type", "story.due", "--every", "1d"]);
    nodes.push(await Tidegate.beside(first), await Tidegate.beside(first));
    await first.follows();

    const made = () => rows(first, "select external_id from events where event_type = 'story.due'");
    for (let n = 1; n <= TIMES; n++) {
      // Due for a while: one event makes up for all times that were missed.
      await rows(first, `update schedules set next_at = next_at - 3 * 86400000000::bigint - ${n} * 1000000`);
      await until("the due event is made", async () => (await made()).length === n, 20);
    }
    expect(new Set(await made()).size).toBe(TIMES);
    const [schedule] = await first.cli<any[]>(["schedule", "list"]);
    expect(schedule.next_at).toBeGreaterThan(Date.now() * 1000);

    const urls = nodes.map((node) => vendor.url.replace(first.url, node.url));
    const answers = await Promise.all(
      Array.from({ length: ASKED }, (_, n) => deliver({ ...vendor, url: urls[n % urls.length]! }, { type: "once.ready", more: { data: { n: 7 } } })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(ASKED).fill(202));
    const asked = "select id from events where event_type = 'once.ready'";
    expect(await rows(first, `select count(*) from jobs where event_id in (${asked})`)).toEqual(["1"]);
    expect(await rows(first, `select count(*), count(distinct job_id) from repeated_work where event_id in (${asked})`)).toEqual([`${ASKED - 1}|1`]);
  } finally {
    for (const node of nodes.reverse()) await node.stop();
    await peer.stop();
  }
});
