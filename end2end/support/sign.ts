// Signing webhooks the way their vendors document it; written apart from the program's own code on purpose.

import { createHmac, randomUUID } from "node:crypto";

export type Webhook = {
  id: string;
  type: string;
  /** What it is about; another subject is another post. */
  subject?: string;
  /** Further fields beside id, type and data. */
  more?: Record<string, unknown>;
  /** Unix seconds of the signature. */
  at?: number;
  body?: string;
};

export type Signed = { headers: Record<string, string>; body: string };

type Maker = {
  /** The body this vendor would send. */
  body(hook: Webhook): object;
  /** Where the event id travels. */
  idIn: "header" | "body";
  /** The header with the signature, the one with the time, and others that must be there. */
  header: string;
  time: string | null;
  required: string[];
  sign(secret: string, body: string, hook: Webhook, at: number): Record<string, string>;
};

const hmac = (key: string | Buffer, text: string, form: "hex" | "base64") =>
  createHmac("sha256", key).update(text).digest(form);
const unwrapped = (secret: string) => Buffer.from(secret.replace(/^whsec_/, ""), "base64");

const standard = (body: Maker["body"], idIn: Maker["idIn"] = "header"): Maker => ({
  body,
  idIn,
  header: "webhook-signature",
  time: "webhook-timestamp",
  required: ["webhook-id", "webhook-timestamp", "webhook-signature"],
  sign: (secret, text, { id }, at) => ({
    "webhook-id": id,
    "webhook-timestamp": String(at),
    "webhook-signature": `v1,${hmac(unwrapped(secret), `${id}.${at}.${text}`, "base64")}`,
  }),
});

const usual = ({ id, type, subject = id, more }: Webhook) => ({ type, data: { id: subject }, ...more });

export const PRESETS: Record<string, Maker> = {
  std_webhooks: standard(usual),
  openai: standard((hook) => ({ object: "event", id: `body_${hook.id}`, created_at: 1_790_000_000, ...usual(hook) })),
  anthropic: standard(
    ({ id, type, subject = id, more }) => ({ type: "event", id, data: { type, id: subject }, ...more }), "body"),
  replicate: standard(({ id, type, subject = id, more }) => ({ id: subject, status: type, output: "text", ...more })),
  stripe: {
    body: ({ id, type, subject = id, more }) => ({ id, object: "event", type, data: { object: { id: subject } }, ...more }),
    idIn: "body",
    header: "stripe-signature",
    time: null, // inside the signature header
    required: ["stripe-signature"],
    sign: (secret, text, _, at) => ({ "stripe-signature": `t=${at},v1=${hmac(secret, `${at}.${text}`, "hex")}` }),
  },
  slack: {
    body: ({ id, type, subject = id, more }) => ({ type: "event_callback", event_id: id, event: { type, channel: subject }, ...more }),
    idIn: "body",
    header: "x-slack-signature",
    time: "x-slack-request-timestamp",
    required: ["x-slack-signature", "x-slack-request-timestamp"],
    sign: (secret, text, _, at) => ({
      "x-slack-request-timestamp": String(at),
      "x-slack-signature": `v0=${hmac(secret, `v0:${at}:${text}`, "hex")}`,
    }),
  },
  github: {
    body: ({ id, subject = id, more }) => ({ action: "opened", repository: { full_name: `acme/${subject}` }, ...more }),
    idIn: "header",
    header: "x-hub-signature-256",
    time: null, // not signed at all
    required: ["x-hub-signature-256"],
    sign: (secret, text, { id, type }) => ({
      "x-github-delivery": id,
      "x-github-event": type,
      "x-hub-signature-256": `sha256=${hmac(secret, text, "hex")}`,
    }),
  },
  generic_hex: {
    body: usual,
    idIn: "header",
    header: "x-signature",
    time: "x-timestamp",
    required: ["x-signature", "x-timestamp", "x-event-id"],
    sign: (secret, text, { id }, at) => ({
      "x-event-id": id,
      "x-timestamp": String(at),
      "x-signature": hmac(secret, `${at}.${text}`, "hex"),
    }),
  },
  generic_base64: {
    body: (hook) => ({ id: hook.id, ...usual(hook) }),
    idIn: "body",
    header: "x-provider-signature",
    time: "x-provider-timestamp",
    required: ["x-provider-signature", "x-provider-timestamp"],
    sign: (secret, text, _, at) => ({
      "x-provider-timestamp": String(at),
      "x-provider-signature": hmac(secret, `${at}.${text}`, "base64"),
    }),
  },
};

export const newHook = (more: Partial<Webhook> = {}): Webhook => ({ id: `msg_${randomUUID()}`, type: "story.ready", ...more });

export function sign(preset: string, secret: string, hook: Webhook): Signed {
  const maker = PRESETS[preset]!;
  const at = hook.at ?? Math.floor(Date.now() / 1000);
  const body = hook.body ?? JSON.stringify(maker.body(hook));
  return { headers: { "content-type": "application/json", ...maker.sign(secret, body, hook, at) }, body };
}
