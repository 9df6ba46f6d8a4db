// A backlog that reaches a real WordPress: fewer calls than posts, each post once.

import { expect, test } from "@playwright/test";
import { readFileSync } from "node:fs";
import { deliver, deliverMany } from "../../support/http.ts";
import type { Wordpress } from "../../support/peers.ts";
import { Tidegate } from "../../support/server.ts";

const COUNT = 60;

/** Lets so many posts become due at the same moment. */
async function backlog(server: Tidegate, vendor: { url: string; secret: string }, destination: string, count: number) {
  await server.cli(["destination", "disable", destination]);
  await server.follows();
  await deliverMany(vendor, Array.from({ length: count }, (_, n) => ({ subject: `tide-${n}` })));
  await server.jobsIn("held", count, 60);
  await server.cli(["destination", "enable", destination]);
}

/** The tests, in a file of their own; whoever calls this sees to it that nobody else uses the site meanwhile. */
export function batchTests(wordpress: () => Wordpress) {
  test("a backlog reaches a real WordPress in fewer calls, and each of its posts is made once", async () => {
    const server = await Tidegate.start({ logs: "info,tidegate::delivery=debug" });
    try {
      const vendor = await server.addVendor("acme");
      await server.addWordpress("herald", wordpress().url, { user: wordpress().env.WP_USER, password: wordpress().env.WP_APP_PASSWORD });
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
      // How few depends on how quick the site is beside the server: printed, not judged.
      const all = calls.length + COUNT - together;
      test.info().annotations.push({ type: "measured", description: `${all} calls for ${COUNT} posts` });
      expect(all).toBeLessThan(COUNT);
      const posts = await server.database.sql("select distinct json_extract(result, '$.post_id') from results");
      expect(posts.trim().split("\n")).toHaveLength(COUNT + 1);
      const doubled = await wordpress().php(`global $wpdb; echo json_encode($wpdb->get_col("select meta_value from {$wpdb->postmeta}
        where meta_key = '_tidegate_external_id' group by meta_value having count(distinct post_id) > 1"));`);
      expect(JSON.parse(doubled)).toEqual([]);
    } finally {
      await server.stop();
    }
  });
}
