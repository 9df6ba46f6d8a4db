// Several posts in one call: to a real WordPress each gets its post once, and a far side that misbehaves costs none.

import { expect, test } from "@playwright/test";
import { readFileSync } from "node:fs";
import { deliver, deliverMany } from "../../support/http.ts";
import { BATCH, INGEST, Receiver, Wordpress } from "../../support/peers.ts";
import { Tidegate } from "../../support/server.ts";
import { burst, expectNothingLost } from "../crash/promise.ts";

const COUNT = 60;

/** Lets so many posts become due at the same moment. */
async function backlog(server: Tidegate, vendor: { url: string; secret: string }, destination: string, count: number) {
  await server.cli(["destination", "disable", destination]);
  await server.follows();
  await deliverMany(vendor, Array.from({ length: count }, (_, n) => ({ subject: `tide-${n}` })));
  await server.jobsIn("held", count, 60);
  await server.cli(["destination", "enable", destination]);
}

test("a backlog reaches a real WordPress in few calls, and each of its posts is made once", async () => {
  test.setTimeout(600_000);
  const wordpress = await Wordpress.start();
  await wordpress.plugin(true);
  const server = await Tidegate.start({ logs: "info,tidegate::delivery=debug" });
  try {
    const vendor = await server.addVendor("acme");
    await server.addWordpress("herald", wordpress.url, { user: wordpress.env.WP_USER, password: wordpress.env.WP_APP_PASSWORD });
    await server.cli(["rule", "add", "--vendor", "acme", "--type", "*", "--job", "publish", "--destination", "herald",
      "--title", "Tide {{ subject_id }}", "--template", "High water."]);
    await server.follows();
    // The first post teaches the server what the plugin takes.
    await deliver(vendor, { subject: "first" });
    await server.jobsIn("succeeded", 1);
    await backlog(server, vendor, "herald", COUNT);
    const done = await server.jobsIn("succeeded", COUNT + 1, 120);

    expect(new Set(done.map(({ attempt }: any) => attempt)), "at the first try").toEqual(new Set([1]));
    // What the calls brought, as the server logs it.
    const calls = readFileSync(server.log, "utf8").split("\n").filter((line) => line.includes("posts go together"));
    const together = calls.map((line) => Number(/"?posts"?[=:]\s*"?(\d+)/.exec(line)![1])).reduce((sum, posts) => sum + posts, 0);
    expect(together).toBeLessThanOrEqual(COUNT);
    expect(calls.length + COUNT - together, `${calls.length} calls brought ${together} posts`).toBeLessThanOrEqual(COUNT / 3);
    const posts = await server.database.sql("select distinct json_extract(result, '$.post_id') from results");
    expect(posts.trim().split("\n")).toHaveLength(COUNT + 1);
    const doubled = await wordpress.php(`global $wpdb; echo json_encode($wpdb->get_col("select meta_value from {$wpdb->postmeta}
      where meta_key = '_tidegate_external_id' group by meta_value having count(distinct post_id) > 1"));`);
    expect(JSON.parse(doubled)).toEqual([]);
  } finally {
    await server.stop();
  }
});

test("a far side that takes several posts and fails at one call in five, and a server that is killed, lose and double nothing", async () => {
  const peer = await Receiver.start();
  const server = await Tidegate.start({ set: { LEASE_SECONDS: "3", RETRY_BASE_MS: "20" } });
  try {
    const vendor = await server.setUp(peer.url);
    await peer.offers(50);
    await peer.suffers(0.2, 20261122, INGEST);
    await peer.fails({ path: INGEST, delay_ms: 100 });
    const accepted = await burst(vendor, COUNT);
    expect(await server.end("SIGKILL")).toBe("SIGKILL");
    await server.launch();
    for (const [id, event] of await burst(vendor, COUNT)) accepted.set(id, event);
    await expectNothingLost(server, peer, accepted);
    expect(await peer.count(BATCH), "posts went together").toBeGreaterThan(0);
  } finally {
    await server.stop();
    await peer.stop();
  }
});
