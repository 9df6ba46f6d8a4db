// Events out to a file and back in, and run again.

import { expect, test } from "@playwright/test";
import { deliver, deliverMany } from "../../support/http.ts";
import { INGEST, Receiver } from "../../support/peers.ts";
import { ENGINES } from "../../support/database.ts";
import { Tidegate } from "../../support/server.ts";
import { newHook } from "../../support/sign.ts";
import { until } from "../../support/until.ts";

const lines = (out: unknown): any[] =>
  typeof out === "string" ? out.split("\n").filter(Boolean).map((line) => JSON.parse(line)) : [out];
const jsonl = (rows: object[]) => rows.map((row) => JSON.stringify(row)).join("\n");
/** An exported event without what belongs to one installation. */
const portable = ({ tenant_id, vendor_id, ...rest }: any) => rest;

for (const engine of ENGINES) {
  test.describe(engine, () => {
    let peer: Receiver;
    let server: Tidegate;
    let vendor: { url: string; secret: string };
    const others: Tidegate[] = [];
    test.beforeEach(async () => {
      peer = await Receiver.start();
      server = await Tidegate.start({ engine });
      vendor = await server.setUp(peer.url);
    });
    test.afterEach(async () => {
      for (const one of [server, ...others.splice(0)]) await one.stop();
      await peer.stop();
    });
    const another = async () => {
      const one = await Tidegate.start({ engine });
      others.push(one);
      await one.addVendor("acme");
      return one;
    };

    test("what is exported and imported elsewhere is the same, and importing it again changes nothing", async () => {
      // More than one page of an export.
      await deliverMany(vendor, Array.from({ length: 120 }, (_, n) => newHook({ type: n % 3 ? "story.ready" : "story.späť" })));
      const out = lines(await server.cli(["events", "export"]));
      expect(out).toHaveLength(120);
      expect(out.map(({ received_at }) => received_at)).toEqual(out.map(({ received_at }) => received_at).sort((a, b) => a - b));

      const fresh = await another();
      const done = await fresh.cli(["events", "import"], { input: jsonl(out) });
      expect(done).toMatchObject({ lines: 120, imported: 120, duplicates: 0, bad: 0, jobs: 0 });
      expect(lines(await fresh.cli(["events", "export"])).map(portable)).toEqual(out.map(portable));
      expect(await fresh.jobs()).toEqual([]);
      expect(await fresh.cli(["events", "import"], { input: jsonl(out) })).toMatchObject({ imported: 0, duplicates: 120, bad: 0 });
      const some = lines(await server.cli(["events", "export", "--type", "story.sp*", "--vendor", "acme"]));
      expect(some).toHaveLength(40);
    });

    test("a bad line is told with its number, the others are taken in, and a dry run takes in none", async () => {
      await deliverMany(vendor, [newHook(), newHook(), newHook()]);
      const [first, second, third] = lines(await server.cli(["events", "export"]));
      const fresh = await another();
      const file = [
        JSON.stringify(first), "not json", JSON.stringify({ ...second, vendor: "nobody" }), "",
        JSON.stringify({ ...second, body: "%%%" }), JSON.stringify({ ...second, format: 9 }),
        JSON.stringify({ ...second, body: undefined, headers: undefined, without_payload: "the payload was removed" }),
        JSON.stringify(third), JSON.stringify(first),
      ].join("\n");
      for (const dry of [true, false]) {
        const told = await fresh.cli(["events", "import", ...(dry ? ["--dry-run"] : [])], { input: file, code: 1 });
        expect(told).toMatchObject({ dry_run: dry, lines: 9, imported: 2, duplicates: 1, bad: 5 });
        expect(told.errors.map(({ line }: any) => line)).toEqual([2, 3, 5, 6, 7]);
        expect(told.errors[1].error).toContain('there is no vendor "nobody" in tenant "default"');
        expect(await fresh.database.sql("select count(*) from events")).toContain(dry ? "0" : "2");
      }
    });

    test("an import that runs rules starts the jobs of its own rules", async () => {
      await deliver(vendor, { type: "story.ready" });
      const out = lines(await server.cli(["events", "export"]));
      await server.jobsIn("succeeded", 2);
      const fresh = await Tidegate.start({ engine });
      others.push(fresh);
      await fresh.setUp(peer.url);
      expect(await fresh.cli(["events", "import", "--run-rules"], { input: jsonl(out) })).toMatchObject({ imported: 1, jobs: 1 });
      await fresh.jobsIn("succeeded", 2);
    });

    test("a replay is counted first, makes marked copies, and updates the posts of the first run", async () => {
      await deliverMany(vendor, Array.from({ length: 6 }, (_, n) => newHook({ type: n < 4 ? "story.ready" : "story.other" })));
      await server.jobsIn("succeeded", 12);
      const choice = ["events", "replay", "--vendor", "acme", "--type", "story.r*"];
      expect(await server.cli([...choice, "--dry-run"])).toMatchObject({ events: 4 });
      expect(await server.cli<string>(choice, { code: 2 })).toContain("4 events");
      expect(await server.jobs()).toHaveLength(12);

      const replay = await server.cli([...choice, "--rate", "100/s", "--yes"]);
      expect(replay).toMatchObject({ state: "done", total: 4, done: 4, skipped: 0 });
      await server.jobsIn("succeeded", 20);
      const events = lines(await server.cli(["events", "export"]));
      const copies = events.filter(({ replay_id }) => replay_id === replay.id);
      expect(copies).toHaveLength(4);
      for (const copy of copies) {
        const origin = events.find(({ id }) => id === copy.replay_of);
        expect(origin.replay_of).toBeUndefined();
        expect([copy.external_id, copy.body, copy.event_type, copy.trace_id]).toEqual([origin.external_id, origin.body, origin.event_type, origin.trace_id]);
        expect(copy.id).not.toBe(origin.id);
      }
      // The same posts under new idempotency keys: a replay is done again, and does not double.
      const sent = await peer.requests(INGEST);
      const external = sent.map(({ body }) => JSON.parse(body).external_id);
      expect([external.length, new Set(external).size]).toEqual([10, 6]);
      expect(new Set(sent.map(({ headers }) => headers["idempotency-key"])).size).toBe(10);

      // Copies are not replayed with the range they fell into; one of them by its id is, as a copy of the first.
      expect(await server.cli([...choice, "--dry-run"])).toMatchObject({ events: 4 });
      const one = await server.cli(["events", "replay", "--id", copies[0].id, "--yes"]);
      expect(one).toMatchObject({ state: "done", total: 1, done: 1 });
      const again = lines(await server.cli(["events", "export"])).filter(({ replay_id }) => replay_id === one.id);
      expect(again.map(({ replay_of }) => replay_of)).toEqual([copies[0].replay_of]);
      // What the vendor repeats after a replay is still a repetition.
      const known = events.find(({ replay_of }) => !replay_of);
      const repeated = await deliver(vendor, { id: known.external_id, body: Buffer.from(known.body, "base64").toString() });
      expect([repeated.status, repeated.json.id]).toEqual([200, known.id]);
      const told = await server.cli(["jobs", "list"]);
      const story = await server.cli(["jobs", "show", told[0].id]);
      expect(story.arrival.copy).toMatchObject({ replay_id: one.id });
    });

    test("a replay left behind is gone on with, by hand or by a server", async () => {
      await deliverMany(vendor, Array.from({ length: 5 }, () => newHook()));
      await server.jobsIn("succeeded", 10);
      await server.end("SIGTERM");
      const begun = await server.cli(["events", "replay", "--yes", "--rate", "1000", "--detach"]);
      expect(begun).toMatchObject({ state: "running", done: 0, total: 5 });
      expect(await server.cli(["events", "replay", "--resume", begun.id])).toMatchObject({ state: "done", done: 5 });
      expect(await server.cli(["events", "replay", "--resume", begun.id])).toMatchObject({ state: "done", done: 5 });

      const left = await server.cli(["events", "replay", "--yes", "--detach"]);
      await server.launch();
      await until("the server goes on", async () => {
        const replays: any[] = await server.cli(["events", "replays"]);
        return replays.find(({ id, state }) => id === left.id && state === "done");
      });
      await server.jobsIn("succeeded", 30);
      const slow = await server.cli(["events", "replay", "--yes", "--detach", "--rate", "1"]);
      await server.cli(["events", "cancel", slow.id]);
      await server.cli(["events", "cancel", slow.id], { code: 1 });
      const all: any[] = await server.cli(["events", "replays"]);
      expect(all.find(({ id }) => id === slow.id).state).toBe("cancelled");
      expect(await server.database.sql("select count(*) from audit_log where action in ('replay.start', 'replay.cancel')")).toContain("4");
    });
  });
}
