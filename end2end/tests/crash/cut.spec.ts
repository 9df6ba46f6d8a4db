// Two nodes on one PostgreSQL; the wire between one of them and the database is cut. It takes nothing on and says so, the
// other one does its work, and it goes on by itself when the wire is mended.

import { expect, test } from "@playwright/test";
import { deliver, expectProblem } from "../../support/http.ts";
import { Receiver } from "../../support/peers.ts";
import { Tidegate } from "../../support/server.ts";
import { until } from "../../support/until.ts";
import { Wire } from "../../support/wire.ts";
import { burst, expectNothingLost, rows } from "./promise.ts";

const COUNT = 120;

test("a node cut off from the database stops taking work, another does what it held, and it recovers by itself", async () => {
  test.setTimeout(240_000);
  const peer = await Receiver.start();
  const first = await Tidegate.start({ engine: "postgres", set: { LEASE_SECONDS: "3", RETRY_BASE_MS: "20", WORKERS: "8" } });
  const wire = await Wire.to(first.database.url);
  let second: Tidegate | undefined;
  try {
    const vendor = await first.setUp(peer.url);
    const cutOff = await Tidegate.beside(first, { DATABASE_URL: wire.url });
    second = cutOff;
    const beside = { ...vendor, url: vendor.url.replace(first.url, cutOff.url) };
    const ready = (node: Tidegate) => fetch(`${node.url}/readyz`).then(({ status }) => status);
    const ran = (since: string) => rows(first, `select count(distinct node_id) from all_attempts where started_at > ${since}`);
    const now = async () => (await rows(first, "select (extract(epoch from clock_timestamp()) * 1000000)::bigint"))[0]!;

    const accepted = new Map<string, string>();
    const add = (some: Map<string, string>) => some.forEach((event, id) => accepted.set(id, event));
    // Which of two nodes is quicker to claim a job is chance; sooner or later both do.
    const bothWork = async (since: string) => {
      add(await burst(vendor, 20, undefined, [vendor.url, beside.url]));
      return (await ran(since))[0] === "2";
    };
    const begun = await now();
    await until("both work", () => bothWork(begun), 60);

    // Long enough that both hold running jobs when it happens.
    await peer.fails({ path: "/v1", delay_ms: 300 });
    let cut = false;
    const during = await burst(vendor, COUNT, (count) => {
      if (count >= COUNT / 2 && !cut) {
        cut = true;
        wire.cut();
      }
    }, [vendor.url, beside.url]);
    expect(during.size).toBe(COUNT);
    add(during);

    expect(await ready(cutOff)).toBe(503);
    expect(await ready(first)).toBe(200);
    const refused = await deliver(beside);
    expectProblem(refused, 503, "cannot_store");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);

    // What the one that is cut off held is done by the other, and it begins nothing.
    await expectNothingLost(first, peer, accepted);
    const alone = await now();
    add(await burst(vendor, 20));
    await expectNothingLost(first, peer, accepted);
    expect(await ran(alone)).toEqual(["1"]);

    wire.mend();
    await until("it is ready again", async () => (await ready(cutOff)) === 200, 60);
    const mended = await now();
    await until("it works again", () => bothWork(mended), 60);
    await expectNothingLost(first, peer, accepted);
  } finally {
    wire.stop();
    await second?.stop();
    await first.stop();
    await peer.stop();
  }
});
