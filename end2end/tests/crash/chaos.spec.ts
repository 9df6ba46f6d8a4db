// Everything goes wrong at once: the far side fails in every way there is, the server is killed again and again, the
// database goes away. In the end every job has succeeded, and every post was made once.

import { expect, test } from "@playwright/test";
import { ENGINES } from "../../support/database.ts";
import { Receiver } from "../../support/peers.ts";
import { Tidegate } from "../../support/server.ts";
import { burst, expectNothingLost } from "./promise.ts";

const COUNT = Number(process.env.CHAOS_COUNT ?? 200);
const KILLS = Number(process.env.CHAOS_KILLS ?? 3);
const SHARE = 0.1;

for (const engine of ENGINES) {
  test(`a far side that fails at one call in ten and a server that is killed ${KILLS} times lose nothing (${engine})`, async () => {
    const peer = await Receiver.start();
    // Few tries are left over when every kill costs one: what is asked here is that all of them end well.
    const server = await Tidegate.start({ engine, set: { LEASE_SECONDS: "3", RETRY_BASE_MS: "20" } });
    try {
      const vendor = await server.setUp(peer.url);
      await peer.suffers(SHARE, 20261122);
      const accepted = new Map<string, string>();
      for (let round = 0; round <= KILLS; round++) {
        const part = Math.ceil(COUNT / (KILLS + 1));
        let killed: Promise<unknown> | undefined;
        const got = await burst(vendor, part, (count) => {
          if (round < KILLS && count >= part / 2) killed ??= server.end("SIGKILL");
        });
        for (const [id, event] of got) accepted.set(id, event);
        if (round === KILLS) break;
        expect(await killed, "killed in the middle of a burst").toBe("SIGKILL");
        await server.launch();
      }
      await expectNothingLost(server, peer, accepted);
      // The test is one only if things did go wrong, in each way.
      expect(Object.keys(await peer.faults()).sort()).toEqual(["busy", "closed", "failing", "garbage", "half", "slow"]);
    } finally {
      await server.stop();
      await peer.stop();
    }
  });
}

test("a database that goes away in the middle of the work loses nothing (postgres)", async () => {
  const peer = await Receiver.start();
  const server = await Tidegate.start({ engine: "postgres", set: { LEASE_SECONDS: "3", RETRY_BASE_MS: "20" } });
  try {
    const vendor = await server.setUp(peer.url);
    await peer.suffers(SHARE, 7);
    const before = await burst(vendor, COUNT / 2);
    await server.database.away();
    // Nothing is promised meanwhile.
    const during = await burst(vendor, 10);
    expect(during.size).toBe(0);
    await server.database.back();
    const after = await burst(vendor, COUNT / 2);
    expect(before.size + after.size).toBeGreaterThanOrEqual(COUNT / 2);
    await expectNothingLost(server, peer, new Map([...before, ...after]));
  } finally {
    await server.database.back();
    await server.stop();
    await peer.stop();
  }
});
