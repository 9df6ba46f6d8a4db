// How vendors try an address out, each the way its own documents describe it: the exact answer they want, nothing
// stored, and nothing answered to who cannot prove what that vendor proves.

import { expect, test } from "@playwright/test";
import { createHmac, generateKeyPairSync, sign as signWith } from "node:crypto";
import { expectProblem, send, type Answer } from "../../support/http.ts";
import { newSecret, secret } from "../../support/run.ts";
import { Tidegate } from "../../support/server.ts";
import { until } from "../../support/until.ts";

let server: Tidegate;
const secrets = new Map<string, string>();
const discord = generateKeyPairSync("ed25519");
const discordKey = discord.publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("hex");

const GIVEN = ["slack", "zoom", "meta", "x", "front", "trello", "dropbox", "woocommerce", "microsoft_graph", "daily"];

const slug = (preset: string) => preset.replaceAll("_", "-");
const url = (preset: string, query = "") => `${server.url}/webhooks/${slug(preset)}${query}`;
const now = () => Math.floor(Date.now() / 1000).toString();
const mac = (key: string, text: string, form: "hex" | "base64" = "hex") => createHmac("sha256", key).update(text).digest(form);
const json = { "content-type": "application/json" };
const events = async () => (await server.database.sql("select count(*) from events")).trim();
const greetings = async (preset: string) =>
  Number((await server.database.sql(`select coalesce((select greetings from connections where vendor_id = (select id from vendors where slug = '${slug(preset)}')), 0)`)).trim());

test.beforeAll(async () => {
  server = await Tidegate.start();
  for (const preset of GIVEN) {
    const given = preset === "daily" ? secret(Buffer.from(newSecret()).toString("base64")) : newSecret();
    secrets.set(preset, given);
    await server.cli(["vendor", "add", slug(preset), "--preset", preset, "--secret-stdin"], { input: given });
  }
  for (const preset of ["discord_interactions", "discord_events"])
    await server.cli(["vendor", "add", slug(preset), "--preset", preset, "--secret-stdin"], { input: discordKey });
  for (const preset of ["notion", "asana", "stripe"]) await server.cli(["vendor", "add", slug(preset), "--preset", preset, "--secret-later"]);
  await server.follows();
});
test.afterAll(() => server.stop());

/** The answer, noted as a greeting and stored as nothing. */
async function greets(preset: string, ask: () => Promise<Answer>): Promise<Answer> {
  const [stored, noted] = [await events(), await greetings(preset)];
  const answer = await ask();
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  await expect.poll(() => greetings(preset)).toBe(noted + 1);
  expect(await events()).toBe(stored);
  return answer;
}

const post = (preset: string, body: string, headers: Record<string, string> = {}, query = "") =>
  send(url(preset, query), { method: "POST", headers: { ...json, ...headers }, body });

type Offer = { id: string; ending: string };
/** What waits to be accepted, once something does. */
const offersOf = async (preset: string) => {
  const found = await server.cli<Offer[]>(["vendor", "offers", slug(preset)]);
  return found.length > 0 ? found : undefined;
};

test("Slack's challenge comes back as text, signed requests only", async () => {
  const body = JSON.stringify({ type: "url_verification", token: "old", challenge: "3eZbrw1aBm2rZgRNFdxV2595E9CY" });
  const signed = (key: string, at = now()) => ({ "x-slack-request-timestamp": at, "x-slack-signature": `v0=${mac(key, `v0:${at}:${body}`)}` });
  const answer = await greets("slack", () => post("slack", body, signed(secrets.get("slack")!)));
  expect([answer.status, answer.text]).toEqual([200, "3eZbrw1aBm2rZgRNFdxV2595E9CY"]);
  expectProblem(await post("slack", body, signed("another secret")), 401, "signature_mismatch");
});

test("Zoom's challenge is answered with its hash, again and again", async () => {
  const body = JSON.stringify({ event: "endpoint.url_validation", event_ts: Date.now(), payload: { plainToken: "qgg8vlvZRS6UYooatFL8Aw" } });
  const signed = (key: string, at = now()) => ({ "x-zm-request-timestamp": at, "x-zm-signature": `v0=${mac(key, `v0:${at}:${body}`)}` });
  const key = secrets.get("zoom")!;
  // Every 72 hours Zoom asks anew.
  for (let time = 0; time < 2; time++) {
    const answer = await greets("zoom", () => post("zoom", body, signed(key)));
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ plainToken: "qgg8vlvZRS6UYooatFL8Aw", encryptedToken: mac(key, "qgg8vlvZRS6UYooatFL8Aw") });
  }
  expectProblem(await post("zoom", body, signed("another secret")), 401, "signature_mismatch");
});

for (const [preset, body, status, text] of [
  ["discord_interactions", '{"type":1}', 200, '{"type":1}'],
  ["discord_events", '{"version":1,"application_id":"1","type":0}', 204, ""],
] as const) {
  test(`${preset}: PING is answered, and a bad signature is a 401 as Discord checks`, async () => {
    const signed = (text = body as string, at = now()) => ({
      "x-signature-timestamp": at,
      "x-signature-ed25519": signWith(null, Buffer.from(at + text), discord.privateKey).toString("hex"),
    });
    const answer = await greets(preset, () => post(preset, body, signed()));
    expect([answer.status, answer.text]).toEqual([status, text]);
    expectProblem(await post(preset, body, signed(`${body} `)), 401, "signature_mismatch");
  });
}

test("Meta's challenge comes back to who knows the verify token", async () => {
  const token = newSecret();
  await server.cli(["vendor", "rotate", "meta", "--overlap", "7d", "--secret-stdin"], { input: token });
  await server.follows();
  const query = (word: string) => `?hub.mode=subscribe&hub.verify_token=${word}&hub.challenge=1158201444`;
  const answer = await greets("meta", () => send(url("meta", query(token))));
  expect([answer.status, answer.text]).toEqual([200, "1158201444"]);
  expect(answer.headers.get("content-type")).toMatch(/^text\/plain/);
  expect((await send(url("meta", query("guess")))).status).toBeGreaterThanOrEqual(400);
  const script = await send(url("meta", `?hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=<script>`));
  expect(script.status).toBeGreaterThanOrEqual(400);
});

test("X's CRC is answered with a signature of the token, and never of an event", async () => {
  const key = secrets.get("x")!;
  const answer = await greets("x", () => send(url("x", "?crc_token=9b4507b3-9040-4669-9ca3-6b94edb50553")));
  expect(answer.status).toBe(200);
  expect(answer.json).toEqual({ response_token: `sha256=${mac(key, "9b4507b3-9040-4669-9ca3-6b94edb50553", "base64")}` });
  const event = encodeURIComponent('{"for_user_id":"1"}');
  expect((await send(url("x", `?crc_token=${event}`))).status).toBeGreaterThanOrEqual(400);
});

test("Dropbox's challenge comes back as text that no browser takes for a page", async () => {
  const answer = await greets("dropbox", () => send(url("dropbox", "?challenge=q1w2e3r4")));
  expect([answer.status, answer.text]).toEqual([200, "q1w2e3r4"]);
  expect(answer.headers.get("content-type")).toMatch(/^text\/plain/);
  expect((await send(url("dropbox", "?challenge=%3Cscript%3E"))).status).toBeGreaterThanOrEqual(400);
});

test("Microsoft Graph's validation token comes back as text", async () => {
  const query = "?validationToken=Validation%3A%20Testing%20client%20application%20reachability";
  const answer = await greets("microsoft_graph", () => send(url("microsoft_graph", query), { method: "POST", headers: { "content-type": "text/plain" } }));
  expect([answer.status, answer.text]).toEqual([200, "Validation: Testing client application reachability"]);
  expect(answer.headers.get("content-type")).toMatch(/^text\/plain/);
});

test("Trello asks with HEAD", async () => {
  const answer = await greets("trello", () => send(url("trello"), { method: "HEAD" }));
  expect([answer.status, answer.text]).toEqual([200, ""]);
});

test("Front's challenge comes back from its header, signed requests only", async () => {
  const body = "{}";
  const at = now();
  const signed = (key: string) => ({ "x-front-request-timestamp": at, "x-front-signature": mac(key, `${at}:${body}`, "base64"), "x-front-challenge": "c3f1a2" });
  const answer = await greets("front", () => post("front", body, signed(secrets.get("front")!)));
  expect([answer.status, answer.text]).toEqual([200, "c3f1a2"]);
  expectProblem(await post("front", body, signed("another secret")), 401, "signature_mismatch");
});

test("Daily's unsigned test is answered 200", async () => {
  const answer = await greets("daily", () => post("daily", '{"test":"test"}'));
  expect(answer.status).toBe(200);
});

test("WooCommerce's unsigned ping is answered exactly 200 and anything else unsigned is not", async () => {
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const answer = await greets("woocommerce", () => post("woocommerce", "webhook_id=42", form));
  expect([answer.status, answer.text]).toEqual([200, ""]);
  for (const body of ["webhook_id=42&x=1".padEnd(80, "1"), "webhook_id=abc", "id=42"])
    expect((await post("woocommerce", body, form)).status, body).toBeGreaterThanOrEqual(400);
});

test("Notion's token is answered and counts for nothing until somebody accepts it", async () => {
  const offered = newSecret("secret_");
  const answer = await greets("notion", () => post("notion", JSON.stringify({ verification_token: offered })));
  expect(answer.status).toBe(200);
  const body = JSON.stringify({ id: "e1", type: "page.created", entity: { id: "p" } });
  const signed = { "x-notion-signature": `sha256=${mac(offered, body)}` };
  expectProblem(await post("notion", body, signed), 401, "no_secret");
  const [offer] = await until("it waits", () => offersOf("notion"));
  expect(offer!.ending).toBe(offered.slice(-4));
  const accepted = await server.cli<{ secret: string }>(["vendor", "accept", "notion", "--offer", offer!.id], { once: true });
  expect(accepted.secret).toBe(offered);
  await server.follows();
  expect((await post("notion", body, signed)).status).toBe(202);
  expect(await server.cli(["vendor", "offers", "notion"])).toEqual([]);
});

test("Asana's secret is sent back in its header, waits, and can be dismissed", async () => {
  const offered = newSecret();
  const answer = await greets("asana", () => send(url("asana"), { method: "POST", headers: { "x-hook-secret": offered } }));
  expect([answer.status, answer.text, answer.headers.get("x-hook-secret")]).toEqual([200, "", offered]);
  const body = JSON.stringify({ events: [{ action: "changed", resource: { gid: "1" } }] });
  expectProblem(await post("asana", body, { "x-hook-signature": mac(offered, body) }), 401, "no_secret");
  expect(await until("it waits", () => offersOf("asana"))).toHaveLength(1);
  await server.cli(["vendor", "dismiss", "asana"]);
  expect(await server.cli(["vendor", "offers", "asana"])).toEqual([]);
});

test("a vendor whose secret comes later refuses events with a reason, and takes them once it is set", async () => {
  const key = newSecret("whsec_");
  const body = JSON.stringify({ id: "evt_1", type: "charge.succeeded", data: { object: { id: "ch_1" } } });
  const signed = () => { const at = now(); return { "stripe-signature": `t=${at},v1=${mac(key, `${at}.${body}`)}` }; };
  expectProblem(await post("stripe", body, signed()), 401, "no_secret");
  await server.cli(["vendor", "rotate", "stripe", "--secret-stdin"], { input: key });
  await server.follows();
  expect((await post("stripe", body, signed())).status).toBe(202);
});

test("a vendor is described by a file, and a mistake in it is named with its line", async () => {
  const { writeFileSync } = await import("node:fs");
  const { join } = await import("node:path");
  const file = join(server.folder, "acme.toml");
  const scheme = [
    'algorithm = "hmac-sha256"',
    'signature = { from = "header:x-acme", encoding = "hex", label = "=", accept = ["v1"] }',
    'signed = "{header:x-acme-id}.{body}"',
    'event = { id = ["header:x-acme-id"], type = ["json:kind"] }',
  ];
  writeFileSync(file, scheme.join("\n").replace("encoding", "encodign"));
  const told = await server.cli<string>(["vendor", "add", "acme", "--scheme-file", file], { code: 2 });
  expect(told).toMatch(/encodign.*line 2/);
  writeFileSync(file, scheme.join("\n"));
  const made = await server.cli(["vendor", "add", "acme", "--scheme-file", file], { once: true });
  secret(made.secret);
  await server.follows();
  const body = '{"kind":"made"}';
  const signed = (id: string) => ({ "x-acme-id": id, "x-acme": `v1=${mac(made.secret, `${id}.${body}`)}` });
  expect((await post("acme", body, signed("1"))).status).toBe(202);
  expectProblem(await post("acme", `${body} `, signed("2")), 401);
});
