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
      await peer.fails({ path: "/slow", delay_ms: 60 });

      await Promise.all(Array.from({ length: FLOOD }, (_, n) => deliver(loud, { type: `loud.${n}` })));
      const before = await peer.count("/slow");
      await Promise.all(Array.from({ length: FEW }, (_, n) => deliver(quiet, { type: `quiet.${n}` })));
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
