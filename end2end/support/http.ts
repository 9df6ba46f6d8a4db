// HTTP as tests need it: answers with everything in them, and requests no client library would send.

import { connect } from "node:net";
import { expect } from "@playwright/test";
import { newHook, sign, type Signed, type Webhook } from "./sign.ts";

export type Answer = { status: number; headers: Headers; text: string; json: any };

const parsed = (text: string) => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

export async function send(url: string, init: RequestInit = {}): Promise<Answer> {
  const answer = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(60_000), ...init });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, json: parsed(text) };
}

export const post = (url: string, { headers, body }: Signed) => send(url, { method: "POST", headers, body });

/** Signs a webhook and posts it. */
export const deliver = (vendor: { url: string; secret: string }, hook: Partial<Webhook> = {}, preset = "std_webhooks") =>
  post(vendor.url, sign(preset, vendor.secret, newHook(hook)));

/** Delivers `count` webhooks, so many at a time; those that were accepted. */
export async function deliverMany(vendor: { url: string; secret: string }, hooks: Partial<Webhook>[], atOnce = 16) {
  const queue = [...hooks];
  const answers: Answer[] = [];
  const client = async () => {
    for (let hook = queue.shift(); hook; hook = queue.shift()) answers.push(await deliver(vendor, hook));
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  return answers;
}

/** Writes bytes to the server's port and reads its answer until it closes. */
export function raw(url: string, text: string): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((done, fail) => {
    const socket = connect(Number(port), hostname);
    let got = "";
    const finish = () => {
      const [head = "", ...rest] = got.split("\r\n\r\n");
      const [first = "", ...lines] = head.split("\r\n");
      const headers = new Headers(lines.map((line) => line.split(/:\s*(.*)/s).slice(0, 2) as [string, string]));
      const body = rest.join("\r\n\r\n");
      done({ status: Number(first.split(" ")[1]), headers, text: body, json: parsed(body) });
    };
    socket.setTimeout(20_000, () => socket.destroy(new Error("no answer within 20 s")));
    socket.on("data", (part) => (got += part));
    // A server that refuses early may close before everything is written.
    socket.on("error", (error) => (got === "" ? fail(error) : finish()));
    socket.on("end", finish);
    socket.write(text);
  });
}

/** One request as text: headers as a list, so that they can repeat. */
export const wire = (url: string, method: string, headers: [string, string][], body = "") => {
  const { pathname, search, host } = new URL(url);
  const lines = [["host", host], ["connection", "close"], ...headers].map(([name, value]) => `${name}: ${value}`);
  return `${method} ${pathname}${search} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`;
};

/** What every refusal looks like. */
export function expectProblem(answer: Answer, status: number, code?: string | RegExp) {
  expect(answer.status, answer.text).toBe(status);
  expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  expect(answer.json).toMatchObject({ status, title: expect.any(String), type: expect.any(String), detail: expect.any(String) });
  expect(answer.json.code).toMatch(code ?? /^[a-z_]+$/);
  expectNamed(answer);
  expect(answer.json.request_id).toBe(answer.headers.get("x-request-id"));
}

export const expectNamed = (answer: Answer) => expect(answer.headers.get("x-request-id")).toMatch(/^req_[0-9a-f]{32}$/);
