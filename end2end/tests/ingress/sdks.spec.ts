// The vendors' own libraries against a running server: what they sign is accepted and one changed character is not;
// what this program signs, they believe.

import { expect, test } from "@playwright/test";
import { Signature as HubspotSignature } from "@hubspot/api-client";
import { hmacValidator as AdyenValidator } from "@adyen/api-library";
import { EventWebhook as SendgridWebhook } from "@sendgrid/eventwebhook";
import * as octokit from "@octokit/webhooks-methods";
import { verifySlackRequest } from "@slack/bolt";
import { WorkOS } from "@workos-inc/node";
import { verifyKey as verifyDiscord } from "discord-interactions";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { createSign, generateKeyPairSync, randomUUID, sign as signWith } from "node:crypto";
import { Webhook as StandardWebhook } from "standardwebhooks";
import Stripe from "stripe";
import { Webhook as SvixWebhook } from "svix";
import twilio from "twilio";
import { expectProblem, send } from "../../support/http.ts";
import { newSecret, secret } from "../../support/run.ts";
import { Tidegate } from "../../support/server.ts";

type Signed = { headers: Record<string, string>; body: string };
type Signer = { preset: string; secret: () => string; sign: (key: string, url: string, id: string) => Signed | Promise<Signed> };

const JSON_TYPE = { "content-type": "application/json" };
const stripe = new Stripe("sk_test_nothing_is_called");
const workos = new WorkOS("sk_test_nothing_is_called");
const now = () => Math.floor(Date.now() / 1000);
const whsec = () => secret(`whsec_${Buffer.from(newSecret().slice(0, 32)).toString("base64")}`);
const form = (params: Record<string, string>) => new URLSearchParams(params).toString();
const story = (id: string) => JSON.stringify({ id, type: "story.ready", data: { id: "s1", text: "Grüße – ✓" }, timestamp: new Date().toISOString() });
const discordPair = generateKeyPairSync("ed25519");
const sendgridPair = generateKeyPairSync("ec", { namedCurve: "prime256v1" });

const standard = (preset: string): Signer => ({
  preset,
  secret: whsec,
  sign: (key, _, id) => {
    const at = new Date();
    const body = story(id);
    const headers = { "webhook-id": id, "webhook-timestamp": String(Math.floor(at.getTime() / 1000)), "webhook-signature": new StandardWebhook(key).sign(id, at, body) };
    return { headers: { ...JSON_TYPE, ...headers }, body };
  },
});
const svix = (preset: string): Signer => ({
  preset,
  secret: whsec,
  sign: (key, _, id) => {
    const at = new Date();
    const body = story(id);
    const headers = { "svix-id": id, "svix-timestamp": String(Math.floor(at.getTime() / 1000)), "svix-signature": new SvixWebhook(key).sign(id, at, body) };
    return { headers: { ...JSON_TYPE, ...headers }, body };
  },
});
const SIGNERS: Signer[] = [
  {
    preset: "stripe",
    secret: () => newSecret("whsec_"),
    sign: (key, _, id) => {
      const body = JSON.stringify({ id, object: "event", type: "charge.succeeded", data: { object: { id: "ch_1" } } });
      return { headers: { ...JSON_TYPE, "stripe-signature": stripe.webhooks.generateTestHeaderString({ payload: body, secret: key }) }, body };
    },
  },
  svix("svix"),
  svix("clerk"),
  svix("resend"),
  standard("std_webhooks"),
  standard("openai"),
  {
    preset: "github",
    secret: newSecret,
    sign: async (key, _, id) => {
      const body = JSON.stringify({ action: "opened", repository: { full_name: "acme/docs" }, title: "Grüße – ✓" });
      return { headers: { ...JSON_TYPE, "x-github-event": "issues", "x-github-delivery": id, "x-hub-signature-256": await octokit.sign(key, body) }, body };
    },
  },
  {
    preset: "twilio",
    secret: newSecret,
    sign: (key, url, id) => {
      const params = { MessageSid: id, SmsStatus: "delivered", Body: "Grüße & ✓", To: "+4912345" };
      return { headers: { "content-type": "application/x-www-form-urlencoded", "x-twilio-signature": twilio.getExpectedTwilioSignature(key, url, params) }, body: form(params) };
    },
  },
  {
    preset: "hubspot_v3",
    secret: newSecret,
    sign: (key, url, id) => {
      const body = JSON.stringify([{ eventId: id, subscriptionType: "contact.creation", objectId: 1, occurredAt: Date.now() }]);
      const timestamp = Date.now();
      const options = { clientSecret: key, requestBody: body, url, timestamp, signature: "" };
      return { headers: { ...JSON_TYPE, "x-hubspot-request-timestamp": String(timestamp), "x-hubspot-signature-v3": HubspotSignature.getSignature("POST", "v3", options) }, body };
    },
  },
  {
    preset: "workos",
    secret: newSecret,
    sign: async (key, _, id) => {
      const payload = { id, event: "user.created", data: { id: "user_1" }, created_at: new Date().toISOString() };
      const at = Date.now();
      const mac = await workos.webhooks.computeSignature(at, payload, key);
      return { headers: { ...JSON_TYPE, "workos-signature": `t=${at}, v1=${mac}` }, body: JSON.stringify(payload) };
    },
  },
  {
    preset: "adyen",
    secret: () => secret(Buffer.from(newSecret()).toString("hex").toUpperCase()),
    sign: (key, _, id) => {
      const item: any = {
        pspReference: id, originalReference: "", merchantAccountCode: "Acme", merchantReference: "order-1",
        amount: { value: 1000, currency: "EUR" }, eventCode: "AUTHORISATION", success: "true", eventDate: new Date().toISOString(),
      };
      item.additionalData = { hmacSignature: new AdyenValidator().calculateHmac(item, key) };
      return { headers: JSON_TYPE, body: JSON.stringify({ live: "false", notificationItems: [{ NotificationRequestItem: item }] }) };
    },
  },
];

let server: Tidegate;
const vendors = new Map<string, { url: string; secret: string }>();
let answers: Map<string, number>;

test.beforeAll(async () => {
  server = await Tidegate.start();
  const presets = await server.cli<{ id: string; success_status: number }[]>(["vendor", "presets"]);
  answers = new Map(presets.map(({ id, success_status }) => [id, success_status]));
  const add = async (preset: string, given: string) => {
    const slug = preset.replaceAll("_", "-");
    await server.cli(["vendor", "add", slug, "--preset", preset, "--secret-stdin"], { input: given });
    vendors.set(preset, { url: `${server.url}/webhooks/${slug}`, secret: given });
  };
  for (const { preset, secret } of SIGNERS) await add(preset, secret());
  await add("slack", newSecret());
  await add("discord_interactions", discordPair.publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("hex"));
  await add("sendgrid", sendgridPair.publicKey.export({ format: "der", type: "spki" }).toString("base64"));
  await server.follows();
});
test.afterAll(() => server.stop());

const post = (url: string, { headers, body }: Signed) => send(url, { method: "POST", headers, body });
/** The same with one letter of its id changed: still JSON, still a form, but another event. */
const tampered = (signed: Signed, id: string): Signed => ({ ...signed, body: signed.body.replace(id, `${id.slice(0, -1)}${id.endsWith("0") ? 1 : 0}`) });

for (const { preset, sign } of SIGNERS) {
  test(`${preset}: what its own library signs is accepted, and one changed character is a 401`, async () => {
    const { url, secret } = vendors.get(preset)!;
    const id = `msg_${randomUUID()}`;
    const signed = await sign(secret, url, id);
    const answer = await post(url, signed);
    expect(answer.status, answer.text).toBe(answers.get(preset));
    const changed = signed.body.includes(id) ? tampered(signed, id) : { ...signed, body: signed.body.replace("opened", "closed") };
    expect(changed.body).not.toBe(signed.body);
    expectProblem(await post(url, changed), 401);
    expectProblem(await post(url, await sign(secret.replace(/.{8}$/, "AAAAAAAA"), url, `msg_${randomUUID()}`)), 401);
  });
}

test("discord: this server and Discord's own library agree about good and bad signatures", async () => {
  const { url, secret } = vendors.get("discord_interactions")!;
  const body = JSON.stringify({ id: "1", type: 2, data: { name: "publish" }, channel_id: "2" });
  for (const altered of [false, true]) {
    const at = String(now());
    const signature = signWith(null, Buffer.from(at + body), discordPair.privateKey).toString("hex");
    const sent = altered ? body.replace("publish", "destroy") : body;
    expect(await verifyDiscord(sent, signature, at, secret)).toBe(!altered);
    const answer = await post(url, { headers: { ...JSON_TYPE, "x-signature-timestamp": at, "x-signature-ed25519": signature }, body: sent });
    expect(answer.status).toBe(altered ? 401 : answers.get("discord_interactions"));
  }
});

test("sendgrid: this server and SendGrid's own library agree about good and bad signatures", async () => {
  const { url, secret } = vendors.get("sendgrid")!;
  const library = new SendgridWebhook();
  const key = library.convertPublicKeyToECDSA(secret);
  const body = JSON.stringify([{ event: "delivered", sg_message_id: "m1", timestamp: now() }]);
  for (const altered of [false, true]) {
    const at = String(now());
    const signature = createSign("sha256").update(at + body).sign(sendgridPair.privateKey, "base64");
    const sent = altered ? body.replace("delivered", "dropped!!") : body;
    expect(library.verifySignature(key, sent, signature, at)).toBe(!altered);
    const headers = { ...JSON_TYPE, "x-twilio-email-event-webhook-timestamp": at, "x-twilio-email-event-webhook-signature": signature };
    const answer = await post(url, { headers, body: sent });
    expect(answer.status).toBe(altered ? 401 : answers.get("sendgrid"));
  }
});

/** What `tidegate send` posts as this vendor. */
async function sentAs(slug: string): Promise<{ headers: IncomingHttpHeaders; body: string; path: string }> {
  let got: { headers: IncomingHttpHeaders; body: string; path: string } | undefined;
  const receiver = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (part: string) => (body += part));
    request.on("end", () => {
      got = { headers: request.headers, body, path: request.url ?? "" };
      response.end('{"id":"evt_0"}');
    });
  });
  await new Promise<void>((done) => receiver.listen(0, "127.0.0.1", done));
  try {
    const { port } = receiver.address() as { port: number };
    await server.cli(["send", slug, "--listen", `127.0.0.1:${port}`, "--public-url", server.url]);
  } finally {
    receiver.close();
  }
  return got!;
}

test("what `tidegate send` signs is believed by the vendors' own libraries", async () => {
  const key = (preset: string) => vendors.get(preset)!.secret;
  const text = (headers: IncomingHttpHeaders, name: string) => String(headers[name]);

  const asStripe = await sentAs("stripe");
  expect(stripe.webhooks.constructEvent(asStripe.body, text(asStripe.headers, "stripe-signature"), key("stripe"))).toBeTruthy();
  expect(() => stripe.webhooks.constructEvent(`${asStripe.body} `, text(asStripe.headers, "stripe-signature"), key("stripe"))).toThrow();

  const asSvix = await sentAs("svix");
  expect(new SvixWebhook(key("svix")).verify(asSvix.body, asSvix.headers as Record<string, string>)).toBeTruthy();
  expect(() => new SvixWebhook(key("svix")).verify(`${asSvix.body} `, asSvix.headers as Record<string, string>)).toThrow();

  const asStandard = await sentAs("std-webhooks");
  expect(new StandardWebhook(key("std_webhooks")).verify(asStandard.body, asStandard.headers as Record<string, string>)).toBeTruthy();

  const asGithub = await sentAs("github");
  expect(await octokit.verify(key("github"), asGithub.body, text(asGithub.headers, "x-hub-signature-256"))).toBe(true);

  const asSlack = await sentAs("slack");
  const slackHeaders = { "x-slack-signature": text(asSlack.headers, "x-slack-signature"), "x-slack-request-timestamp": Number(asSlack.headers["x-slack-request-timestamp"]) };
  const slack = (body: string) => verifySlackRequest({ signingSecret: key("slack"), body, headers: slackHeaders });
  slack(asSlack.body);
  expect(() => slack(`${asSlack.body} `)).toThrow();

  const asTwilio = await sentAs("twilio");
  const params = Object.fromEntries(new URLSearchParams(asTwilio.body));
  const url = server.url + asTwilio.path;
  const isForm = text(asTwilio.headers, "content-type").startsWith("application/x-www-form-urlencoded");
  const believed = isForm
    ? twilio.validateRequest(key("twilio"), text(asTwilio.headers, "x-twilio-signature"), url, params)
    : twilio.validateRequestWithBody(key("twilio"), text(asTwilio.headers, "x-twilio-signature"), url, asTwilio.body);
  expect(believed).toBe(true);
});
