// The list of nodes: what each runs and how many jobs, and that one was killed is seen.

import { deliver } from "../../support/http.ts";
import { expect, test } from "../../support/pages.ts";
import { Tidegate } from "../../support/server.ts";
import { Site } from "../../support/site.ts";
import { until } from "../../support/until.ts";

test("nodes are listed with their jobs, one that ends goes, and one that was killed is marked", async ({ page, open, as, hydrated }) => {
  test.setTimeout(120_000);
  const site = await Site.empty({ engine: "postgres" });
  const vendor = await site.server.setUp(site.peer.url);
  const [killed, ended] = [await Tidegate.beside(site.server, { ROLES: "ingress" }), await Tidegate.beside(site.server, { ROLES: "worker" })];
  try {
    await as(site);
    await open(site, "/nodes");
    const rows = page.getByRole("table", { name: /^Nodes/ }).getByRole("row").filter({ has: page.getByRole("rowheader") });
    await expect(rows).toHaveCount(3);
    await expect(rows.filter({ hasText: "Alive" })).toHaveCount(3);

    await site.peer.fails({ path: "/v1", delay_ms: 8_000 });
    await deliver(vendor);
    await site.server.jobsIn("running", 1);
    const listed = await site.server.cli<any[]>(["node", "list"]);
    expect(listed.map(({ roles }) => roles).sort()).toEqual(["ingress", "ingress,api,dashboard,worker", "worker"].sort());
    expect(listed.reduce((sum, { running }) => sum + running, 0)).toBe(1);
    expect(listed.every(({ gone, version }) => !gone && /^\d+\.\d+\.\d+/.test(version))).toBe(true);
    await site.peer.works();

    await killed.end("SIGKILL");
    await ended.end("SIGTERM");
    const states = async () => (await site.server.cli<any[]>(["node", "list"])).map(({ gone }) => gone);
    await until("the killed one is marked", async () => (await states()).includes(true), 40);
    expect((await states()).sort()).toEqual([false, true]);
    const seen = () => expect(rows.filter({ hasText: "Gone" })).toHaveCount(1, { timeout: 15_000 });
    // The page that is open sees it by itself; without script it is loaded again.
    if (!hydrated) await open(site, "/nodes");
    await seen();
    await expect(rows).toHaveCount(2);
    await expect(page.getByText("It is listed for a day.")).toBeVisible();
    const editor = await site.person("editor@example.test", "editor");
    await as(site, editor);
    await open(site, "/nodes");
    await seen();
  } finally {
    for (const node of [killed, ended]) await node.stop();
    await site.stop();
  }
});
