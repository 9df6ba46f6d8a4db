// Three processes on one PostgreSQL share a circuit breaker: it opens for all of them after about as many calls as one of
// them would make, nothing is called while it is open, and when a person closes it everything is delivered.

import { expect, test } from "@playwright/test";
import { deliver } from "../../support/http.ts";
import { Receiver } from "../../support/peers.ts";
import { Tidegate } from "../../support/server.ts";
import { until } from "../../support/until.ts";
import { rows } from "./promise.ts";

const COUNT = 30;
const MORE = 6;
/** Different jobs that fail in a row before it opens: what is usual. */
const OPENS_AFTER = 5;

test("a breaker that opens on one of three nodes holds the jobs of all until a person closes it", async () => {
  test.setTimeout(180_000);
  const peer = await Receiver.start();
  // One call at a time from each node, and the breaker does not try by itself.
  const set = { DESTINATION_CALLS: "1", BREAKER_OPEN_MS: "600000" };
  const first = await Tidegate.start({ engine: "postgres", set });
  const nodes = [first];
  try {
    const vendor = await first.addVendor("acme");
    await first.cli(["destination", "add", "desk", "--kind", "http", "--url", `${peer.url}/desk`]);
    await first.cli(["rule", "add", "--vendor", "acme", "--type", "*", "--job", "forward", "--destination", "desk"]);
    nodes.push(await Tidegate.beside(first), await Tidegate.beside(first));
    await first.follows();

    // So slow that what one node learned reaches the others before they have made another call each. What failed comes back
    // after the time it asks for, not after one that chance makes short.
    await peer.fails({ path: "/desk", status: 503, delay_ms: 2_000, retry_after: 600 });
    const urls = nodes.map(({ url }) => vendor.url.replace(first.url, url));
    const post = async (n: number) => expect((await deliver({ ...vendor, url: urls[n % 3]! })).status).toBe(202);
    for (let n = 0; n < COUNT; n++) await post(n);

    const standing = async (node: Tidegate) =>
      /tidegate_breaker_state\{target="destination desk"\} (\d)/.exec(await (await fetch(node.metricsUrl)).text())?.[1];
    await until("it is open on every node", async () => (await Promise.all(nodes.map(standing))).every((state) => state === "2"), 60);
    const [row] = (await first.cli<any[]>(["breaker", "list"])).filter(({ name }) => name === "destination desk");
    expect(row.breaker).toMatchObject({ state: "open", mode: "automatic", changed_by: "tidegate" });
    // No call is on its way any more: each ends with its try written.
    await until("what was under way has ended", async () =>
      (await rows(first, "select count(*) from jobs where state = 'running'"))[0] === "0", 30);
    await until("the rest is held", async () => {
      const [held, pending] = (await rows(first, "select count(*) filter (where state = 'held'), count(*) filter (where state = 'pending' and attempt = 0) from jobs"))[0]!.split("|");
      return pending === "0" && Number(held) > 0;
    }, 30);

    const calls = await peer.count("/desk");
    expect(calls).toBeGreaterThanOrEqual(OPENS_AFTER);
    // Three nodes that each counted for themselves would make fifteen before the first of them stopped. Beyond what opens
    // it, each may have one call under way and begin one more before it hears of it.
    expect(calls).toBeLessThanOrEqual(OPENS_AFTER + 2 * nodes.length);
    expect(await rows(first, "select count(distinct node_id) from all_attempts"), "all of them called").toEqual(["3"]);

    // Whoever takes a webhook now, nobody calls; and waiting costs no try.
    for (let n = 0; n < MORE; n++) await post(n);
    await first.jobsIn("held", COUNT + MORE - calls);
    expect(await peer.count("/desk")).toBe(calls);
    expect(await rows(first, "select sum(attempt), count(*) filter (where state = 'held' and attempt > 0) from jobs")).toEqual([`${calls}|0`]);

    await peer.works();
    await first.cli(["breaker", "reset", "--destination", "desk"]);
    await until("it is closed on every node", async () => (await Promise.all(nodes.map(standing))).every((state) => state === "0"));
    await until("what was held has gone", async () => (await first.jobs(["--state", "held"])).length === 0, 60);
    await first.cli(["jobs", "sooner", "--state", "pending"]);
    await first.jobsIn("succeeded", COUNT + MORE, 60);

    const taken = (await peer.requests("/desk")).filter(({ status }) => status === 204);
    expect(taken).toHaveLength(COUNT + MORE);
    expect(new Set(taken.map(({ headers }) => headers["idempotency-key"])).size).toBe(COUNT + MORE);
    const told = await rows(first, "select action, actor from audit_log where action like 'breaker.%' and actor = 'tidegate'");
    expect(told, "of three nodes one opened it").toEqual(["breaker.open|tidegate"]);
  } finally {
    for (const node of nodes.reverse()) await node.stop();
    await peer.stop();
  }
});
