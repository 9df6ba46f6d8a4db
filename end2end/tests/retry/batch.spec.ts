// Several posts in one call: a far side that misbehaves costs none of them.

import { expect, test } from "@playwright/test";
import { BATCH, INGEST, Receiver } from "../../support/peers.ts";
import { Tidegate } from "../../support/server.ts";
import { burst, expectNothingLost } from "../crash/promise.ts";

const COUNT = 60;

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
