// A power cut in the middle of a burst: what was answered with 202 is there, is worked off, and is published once.

import { expect, test } from "@playwright/test";
import { readFileSync } from "node:fs";
import { ENGINES } from "../../support/database.ts";
import { INGEST, Receiver } from "../../support/peers.ts";
import { Tidegate } from "../../support/server.ts";
import { burst, expectNothingLost, rows } from "./promise.ts";

const BURST = 500;

for (const engine of ENGINES) {
  for (const moment of [40, 200, 420]) {
    test(`killed after ${moment} of ${BURST} webhooks nothing is lost and nothing is published twice (${engine})`, async () => {
      const peer = await Receiver.start();
      const server = await Tidegate.start({ engine, set: { LEASE_SECONDS: "3" } });
      try {
        const vendor = await server.setUp(peer.url);
        let killed: Promise<unknown> | undefined;
        const accepted = await burst(vendor, BURST, (count) => {
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
      const accepted = await burst(vendor, BURST, (count) => {
        if (count >= 200) stopped ??= server.end("SIGTERM");
      });
      expect(await stopped).toBe(0);
      // Nobody kept a writer waiting who had nothing more to write.
      expect(readFileSync(server.log, "utf8")).not.toContain("the database did not take what waited");
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
