// A disk that is full while jobs run: what models answered meanwhile is kept and written once there is room, not asked for a
// second time.

import { expect, test } from "@playwright/test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { deliver, expectProblem } from "../../support/http.ts";
import { CHAT, INGEST, Receiver } from "../../support/peers.ts";
import { Tidegate } from "../../support/server.ts";
import { until } from "../../support/until.ts";
import { rows } from "./promise.ts";

/** As many as one process asks of a provider at the same time. */
const COUNT = 8;

test("what jobs came to while the disk was full is written when there is room, and no answer is bought twice", async () => {
  const peer = await Receiver.start();
  // Few words in its log, which may not grow either.
  const server = await Tidegate.start({ limitable: true, logs: "error", set: { LEASE_SECONDS: "60" } });
  try {
    const vendor = await server.setUp(peer.url);
    await peer.fails({ path: "/v1", delay_ms: 8_000 });
    for (let n = 0; n < COUNT; n++) expect((await deliver(vendor)).status).toBe(202);
    await until("calls are under way", async () => (await peer.count(CHAT)) === COUNT);
    await server.limitFiles(statSync(join(server.folder, "tidegate.db-wal")).size);
    const running = () => rows(server, "select count(*) from jobs where state = 'running'");
    expect(Number((await running())[0])).toBe(COUNT);

    await until("all of them were answered", async () => (await peer.requests(CHAT)).every(({ status }) => status === 200), 30);
    expectProblem(await deliver(vendor, { more: { text: "long ".repeat(2_000) } }), 503, "cannot_store");
    expect(Number((await running())[0]), "nothing could be written").toBe(COUNT);
    expect(await rows(server, "select count(*) from results")).toEqual(["0"]);

    await server.limitFiles("unlimited");
    await peer.works();
    await server.jobsIn("succeeded", 2 * COUNT, 60);
    expect([await peer.count(CHAT), await peer.count(INGEST)]).toEqual([COUNT, COUNT]);
    expect(await rows(server, "select count(*) from attempts where outcome <> 'succeeded'")).toEqual(["0"]);
  } finally {
    await server.stop();
    await peer.stop();
  }
});
