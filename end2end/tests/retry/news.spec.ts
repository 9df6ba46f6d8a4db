// What Tidegate does by itself is told: a destination answers 410, and another one gets one signed message about it.

import { expect, test } from "@playwright/test";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { deliver, send } from "../../support/http.ts";
import { Receiver } from "../../support/peers.ts";
import { secret } from "../../support/run.ts";
import { Tidegate } from "../../support/server.ts";
import { until } from "../../support/until.ts";

let peer: Receiver;
let servers: Tidegate[] = [];
test.beforeEach(async () => {
  peer = await Receiver.start();
});
test.afterEach(async () => {
  for (const server of servers.splice(0).reverse()) await server.stop();
  await peer.stop();
});

/** A server with a vendor `acme` whose orders go to `crm`, and news that go to `chat`; the secret of that. */
async function setUp(engine: "sqlite" | "postgres"): Promise<{ server: Tidegate; acme: { url: string; secret: string }; key: string }> {
  const server = await Tidegate.start({ engine, set: { PUBLIC_URL: "https://gate.example.test", RETRY_BASE_MS: "1" } });
  servers.push(server);
  const acme = { ...(await server.addVendor("acme")), url: `${server.url}/webhooks/acme` };
  const endpoint = async (slug: string) =>
    secret((await server.cli(["destination", "add", slug, "--kind", "http", "--url", `${peer.url}/${slug}`], { once: true })).secret);
  await endpoint("crm");
  const key = await endpoint("chat");
  await server.cli(["rule", "add", "--vendor", "acme", "--type", "*", "--job", "forward", "--destination", "crm"]);
  expect(await server.cli(["vendor", "add", "alerts", "--preset", "tidegate"])).toEqual({ slug: "alerts", url: null, secret: null });
  await server.cli(["rule", "add", "--vendor", "alerts", "--type", "destination.gone", "--job", "forward", "--destination", "chat",
    "--body", '{"text": {{ data.text }}}']);
  await server.follows();
  return { server, acme, key };
}

for (const engine of ["sqlite", "postgres"] as const)
  test(`a destination that is gone is told once to whoever a rule names, in words and signed, on ${engine}`, async () => {
    const { server, acme, key } = await setUp(engine);
    if (engine === "postgres") for (let n = 0; n < 2; n++) servers.push(await Tidegate.beside(server));
    await peer.fails({ path: "/crm", status: 410 });
    for (let n = 0; n < 3; n++) expect((await deliver(acme)).status).toBe(202);
    await server.jobsIn("held", 3);
    await server.jobsIn("succeeded", 1);
    await until("nothing waits to be told", async () => Number(await server.database.sql("select count(*) from untold_news")) === 0);

    const [crm] = (await server.cli<any[]>(["destination", "list"])).filter(({ slug }) => slug === "crm");
    const link = `https://gate.example.test/destinations/${crm.id}`;
    const messages = await peer.requests("/chat");
    expect(messages).toHaveLength(1);
    const { body, headers } = messages[0]!;
    expect(JSON.parse(body)).toEqual({
      text: `Destination crm answered that it is gone (410). It is switched off, and its jobs are held until somebody mends its address or switches it on again. ${link}`,
    });
    expect(() => new StandardWebhook(key).verify(body, headers)).not.toThrow();
    expect(() => new StandardWebhook(key).verify(`${body} `, headers)).toThrow();

    const events = await server.cli<any[]>(["events", "list", "--vendor", "alerts"]);
    expect(events.map(({ event_type, subject_id }) => [event_type, subject_id])).toEqual([["destination.gone", "destination crm"]]);
    const [vendor] = (await server.cli<any[]>(["vendor", "list"])).filter(({ slug }) => slug === "alerts");
    expect([vendor.preset, vendor.url, vendor.secrets]).toEqual(["Tidegate itself", null, []]);
  });

test("nobody can post to the vendor of news: its address answers like one there is nothing at", async () => {
  const { server } = await setUp("sqlite");
  const init = { method: "POST", body: '{"kind":"destination.gone"}', headers: { "content-type": "application/json" } };
  const [theirs, nobody] = [await send(`${server.url}/webhooks/alerts`, init), await send(`${server.url}/webhooks/nobody`, init)];
  const plain = ({ status, json }: typeof theirs) => ({ status, ...json, request_id: undefined, instance: undefined });
  expect(plain(theirs)).toEqual(plain(nobody));
  expect(theirs.status).toBe(404);
  expect(await server.cli<any[]>(["events", "list", "--vendor", "alerts"])).toEqual([]);
});

test("a tenant has one vendor of news, without a secret", async () => {
  const { server } = await setUp("sqlite");
  expect(await server.cli(["vendor", "add", "more", "--preset", "tidegate"], { code: 1 })).toContain("one is enough");
  await server.cli(["vendor", "add", "more", "--preset", "tidegate", "--secret-later"], { code: 2 });
  await server.cli(["vendor", "rotate", "alerts"], { code: 1 });
  await server.cli(["vendor", "set", "alerts", "--rate", "5"], { code: 1 });
  await server.cli(["send", "alerts"], { code: 1 });
  await server.cli(["tenant", "add", "north"]);
  await server.cli(["vendor", "add", "alerts", "--preset", "tidegate", "--tenant", "north"]);
});
