// What is never stored, what is stored sealed, what the log says of others' ids, and who looked at what.

import { expect, test } from "@playwright/test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deliver, post } from "../../support/http.ts";
import { CHAT, Receiver } from "../../support/peers.ts";
import { Tidegate } from "../../support/server.ts";
import { newHook, sign } from "../../support/sign.ts";

let peer: Receiver;
let server: Tidegate;
let vendor: { url: string; secret: string };
test.beforeEach(async () => {
  peer = await Receiver.start();
  server = await Tidegate.start();
  vendor = await server.setUp(peer.url, "Say something about {{ body }}");
});
test.afterEach(async () => {
  await server.stop();
  await peer.stop();
});

/** Everything SQLite wrote: the file, its log and its index. */
const files = () =>
  readdirSync(server.folder).filter((name) => name.startsWith("tidegate.db")).map((name) => readFileSync(join(server.folder, name)));
const onDisk = (text: string) => files().some((bytes) => bytes.includes(text));
const audits = async (action: string) =>
  (await server.database.sql(`select actor || ' ' || target || ' ' || detail from audit_log where action = '${action}' order by at, id`)).split("\n").filter(Boolean);

test("what a rule names is in no file and no prompt, and every other byte is kept", async () => {
  await server.cli(["vendor", "redact", "acme", "--pointer", "/customer/email", "--pointer", "/items/*/card", "--header", "X-Client-Ip"]);
  await server.follows();
  const more = { customer: { email: "ada.redacted@example.org", name: "Ada kept" }, items: [{ card: "4000-0001-secret" }, { card: "4000-0002-secret", n: 1.50 }] };
  const signed = sign("std_webhooks", vendor.secret, newHook({ more }));
  signed.headers["x-client-ip"] = "192.0.2.77";
  const answer = await post(vendor.url, signed);
  expect(answer.status).toBe(202);
  await server.jobsIn("succeeded", 2);

  const [asked] = await peer.requests(CHAT);
  expect(asked!.body).toContain("Ada kept");
  for (const gone of ["ada.redacted@example.org", "4000-0001-secret", "4000-0002-secret"]) {
    expect(asked!.body).not.toContain(gone);
    expect(onDisk(gone), gone).toBe(false);
  }
  expect(onDisk("192.0.2.77")).toBe(false);
  const shown = await server.cli(["events", "show", answer.json.id]);
  expect(JSON.parse(shown.body).items[1]).toEqual({ card: "[redacted]", n: 1.5 });
  expect(shown.headers).toContainEqual(["x-client-ip", "[redacted]"]);
  const [row] = (await server.cli<string>(["events", "export"]) as any).split?.("\n") ?? [];
  const line = row ? JSON.parse(row) : await server.cli(["events", "export"]);
  expect(Buffer.from(line.body, "base64").toString()).toBe(
    signed.body.replace("ada.redacted@example.org", "[redacted]").replace("4000-0001-secret", "[redacted]").replace("4000-0002-secret", "[redacted]"));

  // Recognised by the bytes as they came, not as they are stored.
  const again = await post(vendor.url, signed);
  expect([again.status, again.json]).toEqual([200, { status: "duplicate", id: answer.json.id }]);
  await server.cli(["vendor", "redact", "acme", "--clear"]);
  expect(await server.cli(["vendor", "redact", "acme"])).toEqual({});
});

test("an id that a rule names is stored as a hash, and repetitions are still recognised", async () => {
  await server.cli(["vendor", "redact", "acme", "--pointer", "/data/id"]);
  await server.follows();
  for (const id of ["msg_a", "msg_b"]) expect((await deliver(vendor, { id, subject: "patient-4711" })).status).toBe(202);
  expect((await deliver(vendor, { id: "msg_a", subject: "patient-4711" })).status).toBe(200);
  expect(onDisk("patient-4711")).toBe(false);
  const subjects = await server.database.sql("select distinct subject_id from events");
  expect(subjects.trim()).toMatch(/^redacted:[0-9a-f]{32}$/);
});

test("a rule that cannot be read is refused and says what a rule looks like", async () => {
  const said = await server.cli<string>(["vendor", "redact", "acme", "--pointer", "customer"], { code: 2 });
  expect(said).toContain('"customer" is no JSON pointer: begin with /');
  expect(await server.cli<string>(["vendor", "redact", "acme", "--header", "no name"], { code: 2 })).toContain("is no header name");
});

test("sealed payloads cannot be read on disk, jobs still run, and nothing opens them once the key is destroyed", async () => {
  const show = (id: string) => server.cli(["events", "show", id]);
  const arrive = async (word: string) => (await deliver(vendor, { more: { word } })).json.id as string;
  const plain = await arrive("before-it-was-sealed");
  expect(await server.cli(["tenant", "set", "default", "--encrypt-payloads", "on"])).toMatchObject({ encrypt_payloads: true, has_data_key: true });
  await server.follows();
  const sealed = await arrive("nobody-reads-this-on-disk");
  await server.jobsIn("succeeded", 4);
  expect((await peer.requests(CHAT)).some(({ body }) => body.includes("nobody-reads-this-on-disk")), "jobs work on it").toBe(true);
  expect(onDisk("before-it-was-sealed")).toBe(true);
  expect(onDisk("nobody-reads-this-on-disk")).toBe(false);
  expect((await show(sealed)).body).toContain("nobody-reads-this-on-disk");
  expect((await show(plain)).body).toContain("before-it-was-sealed");

  await server.cli(["tenant", "set", "default", "--encrypt-payloads", "off"]);
  await server.follows();
  const after = await arrive("plain-again");
  expect((await show(sealed)).payload).toBe("readable");
  expect(onDisk("plain-again")).toBe(true);

  expect(await server.cli<string>(["tenant", "shred", "default"], { code: 2 })).toContain("--yes");
  await server.cli(["tenant", "shred", "default", "--yes"]);
  expect(await show(sealed)).toMatchObject({ payload: "destroyed", body: "" });
  expect([(await show(plain)).payload, (await show(after)).payload]).toEqual(["readable", "readable"]);
  expect(await audits("tenant.shred")).toEqual([expect.stringContaining("cli default")]);
  await server.cli(["tenant", "shred", "default", "--yes"], { code: 1 });
});

test("after the key was destroyed a tenant that goes on sealing has a new one", async () => {
  await server.cli(["tenant", "set", "default", "--encrypt-payloads", "on"]);
  await server.follows();
  const old = (await deliver(vendor, { more: { word: "old" } })).json.id;
  await server.jobsIn("succeeded", 2);
  await server.cli(["tenant", "shred", "default", "--yes"]);
  await server.follows();
  const next = (await deliver(vendor, { more: { word: "next" } })).json.id;
  await server.jobsIn("succeeded", 4);
  expect((await server.cli(["events", "show", old])).payload).toBe("destroyed");
  expect((await server.cli(["events", "show", next])).body).toContain("next");
});

test("every look at a payload is in the audit log with who, which and how", async () => {
  const { json } = await deliver(vendor);
  await server.cli(["events", "show", json.id]);
  expect(await audits("payload.read")).toEqual([`cli ${json.id} command line`]);
  await server.cli(["events", "export", "--vendor", "acme"]);
  expect(await audits("payload.export")).toEqual(["cli default vendor acme, all events"]);
  expect(await audits("payload.exported")).toEqual(["cli default 1 events: vendor acme, all events"]);
  await server.cli(["tenant", "add", "other"]);
  await server.cli(["events", "show", json.id, "--tenant", "other"], { code: 1 });
  expect(await audits("payload.read")).toHaveLength(1);
});

test("the log names what others send only by hashes, equal ones alike", async () => {
  await server.stop();
  server = await Tidegate.start({ logs: "info,tidegate=debug" });
  vendor = await server.setUp(peer.url);
  const hook = newHook({ id: "msg_find-me-in-the-log", subject: "subject-find-me", type: "story.ready" });
  for (const status of [202, 200]) expect((await deliver(vendor, hook)).status).toBe(status);
  await deliver({ ...vendor, secret: "whsec_" + Buffer.from("another secret altogether").toString("base64") }, hook);
  await server.jobsIn("succeeded", 2);
  // Tries are counted per quarter of an hour; should one end in between, a second round is enough.
  const body = { email: "ada.find-me@example.org", password: "wrong password", next: "" };
  for (let round = 0; round < 2; round++) {
    await Promise.all(Array.from({ length: 25 }, () =>
      fetch(`${server.url}/ui/login`, { method: "POST", body: new URLSearchParams(body), redirect: "manual" })));
  }
  const log = readFileSync(server.log, "utf8");
  for (const text of ["find-me", "ada.find", "127.0.0.1\",\"client", "subject-find"]) expect(log).not.toContain(text);
  const lines = log.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const read = lines.filter(({ message }) => message === "webhook read");
  expect(read).toHaveLength(2);
  expect(read[0].external_id).toMatch(/^#[0-9a-f]{12}$/);
  expect([read[1].external_id, read[1].subject]).toEqual([read[0].external_id, read[0].subject]);
  expect(read[0].subject).not.toBe(read[0].external_id);
  const slowed = lines.find(({ message }) => message === "too many tries to sign in");
  expect(slowed.client).toMatch(/^#[0-9a-f]{12}$/);
});

test("what is older than a tenant keeps it is removed with all that came of it, and nothing else", async () => {
  expect(await server.cli<string>(["tenant", "set", "default", "--keep-days", "0"], { code: 2 })).toContain("not a valid number of days");
  const old = (await deliver(vendor)).json.id;
  const young = (await deliver(vendor)).json.id;
  await server.jobsIn("succeeded", 4);
  const [oldJob] = await server.cli<any[]>(["jobs", "list"]).then((all) => all.slice(-1));
  await server.cli(["tenant", "set", "default", "--keep-days", "30"]);
  await server.end("SIGTERM");
  await server.database.sql(`update events set received_at = received_at - 31 * 86400000000 where hex(id) = upper('${old.slice(4)}')`);
  await server.launch();
  expect((await server.cli<any>(["chore", "run-now", "retention"])).removed).toBe(1);
  expect((await server.jobs()).length).toBe(2);
  await server.cli(["events", "show", old], { code: 1 });
  expect((await server.cli(["events", "show", young])).payload).toBe("readable");
  await server.cli(["jobs", "show", oldJob.id], { code: 1 });
  for (const table of ["events", "event_payloads"]) expect((await server.database.sql(`select count(*) from ${table}`)).trim()).toBe("1");
  expect((await server.database.sql("select count(*) from all_attempts")).trim()).toBe("2");
});
