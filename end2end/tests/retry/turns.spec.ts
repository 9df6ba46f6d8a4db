// Taking turns: a vendor that sends very much to a destination that is slow holds up nobody else.

import { expect, test } from "@playwright/test";
import { deliver } from "../../support/http.ts";
import { Receiver } from "../../support/peers.ts";
import { Tidegate } from "../../support/server.ts";
import { until } from "../../support/until.ts";

const FLOOD = 200;
const FEW = 5;

for (const engine of ["sqlite", "postgres"] as const) {
  test(`a flood to a slow destination starves neither another vendor nor another destination (${engine})`, async () => {
    const peer = await Receiver.start();
    const server = await Tidegate.start({ engine, set: { WORKERS: "4" } });
    try {
      const loud = await server.addVendor("loud");
      const quiet = await server.addVendor("quiet");
      for (const name of ["slow", "quick"]) {
        await server.cli(["destination", "add", name, "--kind", "http", "--url", `${peer.url}/${name}`]);
      }
      const rule = (vendor: string, destination: string) =>
        server.cli(["rule", "add", "--vendor", vendor, "--type", "*", "--job", "forward", "--destination", destination]);
      await rule("loud", "slow");
      await rule("quiet", "slow");
      await rule("quiet", "quick");
      await server.follows();
      // While the webhooks are stored it takes so long that the flood is not over before the others come.
      await peer.fails({ path: "/slow", delay_ms: 3_000 });

      await Promise.all(Array.from({ length: FLOOD }, (_, n) => deliver(loud, { type: `loud.${n}` })));
      const before = await peer.count("/slow");
      await Promise.all(Array.from({ length: FEW }, (_, n) => deliver(quiet, { type: `quiet.${n}` })));
      await peer.fails({ path: "/slow", delay_ms: 60 });
      await until("the quiet vendor's webhooks arrived everywhere", async () => {
        const slow = await peer.requests("/slow");
        return (await peer.count("/quick")) === FEW && slow.filter(({ body }) => body.includes("quiet.")).length === FEW;
      }, 60);
      const slow = await peer.requests("/slow");
      const last = slow.findLastIndex(({ body }) => body.includes("quiet."));
      expect(before, "the flood was not over when the others came").toBeLessThan(FLOOD / 2);
      expect(last - before, "they waited behind a few of the flood, not behind all of it").toBeLessThan(FLOOD / 3);
      await server.jobsIn("succeeded", FLOOD + 2 * FEW, 60);
      expect(await peer.count("/slow")).toBe(FLOOD + FEW);
    } finally {
      await server.stop();
      await peer.stop();
    }
  });
}

test("a rule that wants order works off each subject as it came, and others do not wait for it", async () => {
  const peer = await Receiver.start();
  const server = await Tidegate.start({ set: { RETRY_BASE_MS: "1" } });
  try {
    const vendor = await server.addVendor("acme");
    await server.cli(["destination", "add", "desk", "--kind", "http", "--url", `${peer.url}/desk`]);
    await server.cli(["rule", "add", "--vendor", "acme", "--type", "*", "--job", "forward", "--destination", "desk", "--in-order"]);
    await server.follows();
    // The first is told to come back, so that those behind it would overtake it if they could.
    await peer.fails({ path: "/desk", status: 429, retry_after: 2, times: 1 });
    for (let n = 0; n < 12; n++) await deliver(vendor, { type: `story.${n}`, subject: "one" });
    const held = await server.jobsIn("held", 11);
    expect(held.every(({ reason }: any) => reason === "waits for what came before it about one")).toBe(true);
    await deliver(vendor, { type: "story.other", subject: "two" });
    await until("the other subject arrived", async () => (await peer.requests("/desk")).some(({ body }) => body.includes("story.other")));
    expect(await server.jobs(["--state", "held"])).toHaveLength(11);
    await server.jobsIn("succeeded", 13, 60);
    const order = (await peer.requests("/desk")).flatMap(({ body, status }) => (status === 204 ? JSON.parse(body).type : [])).filter((type: string) => type !== "story.other");
    expect(order).toEqual(Array.from({ length: 12 }, (_, n) => `story.${n}`));
  } finally {
    await server.stop();
    await peer.stop();
  }
});

test("jobs of a rule with a pause wait that long before their first try", async () => {
  const peer = await Receiver.start();
  const server = await Tidegate.start();
  try {
    const vendor = await server.addVendor("acme");
    await server.cli(["destination", "add", "desk", "--kind", "http", "--url", `${peer.url}/desk`]);
    await server.cli(["rule", "add", "--vendor", "acme", "--type", "*", "--job", "forward", "--destination", "desk", "--delay", "1h"]);
    await server.follows();
    await deliver(vendor);
    const [job] = await server.jobsIn("pending", 1);
    expect(job.attempt).toBe(0);
    await server.cli(["jobs", "sooner", job.id]);
    await server.jobsIn("succeeded", 1);
  } finally {
    await server.stop();
    await peer.stop();
  }
});
