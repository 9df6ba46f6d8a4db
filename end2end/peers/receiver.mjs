#!/usr/bin/env node
// A recording HTTP receiver for tests: stands for WordPress, an AI model or any webhook target, and fails on demand.
//
//   receiver.mjs [PORT]     port 0 or none: a free one; prints `listening http://127.0.0.1:PORT`; loopback only
//
// Answers:  POST /wp-json/tidegate/v1/ingest    201 the first time for an external_id, 200 after that
//           POST /wp-json/tidegate/v1/ingest/batch   the same for each of {items}; only while it is offered
//           POST /wp-json/wp/v2/posts           201 with a new id
//           GET  /wp-json/tidegate/v1/status    a plugin's status
//           POST …/v1/chat/completions          OpenAI's shape, a fixed text     POST …/v1/messages  Anthropic's
//           anything else                       204
// Control:  GET  /_/requests?path=&method=&key=&since=&limit=   what came, oldest first; since is a sequence number
//           GET  /_/count?path=&method=&key=    {count}
//           GET  /_/keys                        {idempotency key: count}
//           POST /_/mode {status, delay_ms, retry_after, times, close, path}   the next `times` answers (default: all)
//                                               to paths starting with `path` wait, carry `status`, or close the socket
//           POST /_/chaos {share, seed, slow_ms, path}   that share of the answers goes wrong: 429, 500, slow, closed, no JSON,
//                                               or half an answer, after the work was done as often as before it; 0 ends it
//           POST /_/offer {items}               the plugin takes so many posts in one call from now on; 0 ends it
//           POST /_/reset                       forgets requests, modes and posts
import { createServer } from "node:http";

const TEXT = process.env.RECEIVER_TEXT ?? "A fixed answer of the test receiver.";
const KEPT = Number(process.env.RECEIVER_KEPT ?? 100_000); // older requests are dropped, the counts stay

let state;
const reset = () => {
  state = { requests: [], total: 0, keys: new Map(), mode: null, chaos: null, posts: new Map(), nextPost: 1, offer: 0 };
};
reset();

const readBody = async (request) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
};

const parse = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
};

const record = (request, path, body) => {
  const key = request.headers["idempotency-key"];
  if (key !== undefined) state.keys.set(key, (state.keys.get(key) ?? 0) + 1);
  const seen = {
    seq: ++state.total,
    at: new Date().toISOString(),
    method: request.method,
    path,
    url: request.url,
    headers: request.headers,
    body,
    status: null, // filled in with the answer; stays null when the socket was closed instead
  };
  state.requests.push(seen);
  if (state.requests.length > KEPT * 1.1) state.requests.splice(0, state.requests.length - KEPT);
  return seen;
};

const chosen = (query) =>
  state.requests.filter(
    (r) =>
      (!query.has("path") || r.path.startsWith(query.get("path"))) &&
      (!query.has("method") || r.method === query.get("method").toUpperCase()) &&
      (!query.has("key") || r.headers["idempotency-key"] === query.get("key")) &&
      r.seq > Number(query.get("since") ?? 0),
  );

const control = (request, url, body) => {
  const query = url.searchParams;
  switch (`${request.method} ${url.pathname}`) {
    case "GET /_/requests":
      return [200, chosen(query).slice(0, Number(query.get("limit") ?? 1000))];
    case "GET /_/count":
      return [200, { count: [...query.keys()].length === 0 ? state.total : chosen(query).length }];
    case "GET /_/keys":
      return [200, Object.fromEntries(state.keys)];
    case "POST /_/mode":
      state.mode = { times: Infinity, path: "/", ...parse(body) };
      return [200, state.mode];
    case "POST /_/chaos":
      state.chaos = { share: 0, seed: 1, slow_ms: 300, path: "/", made: 0, kinds: {}, ...parse(body) };
      return [200, state.chaos];
    case "GET /_/chaos":
      return [200, state.chaos?.kinds ?? {}];
    case "POST /_/offer":
      state.offer = parse(body).items ?? 0;
      return [200, {}];
    case "POST /_/reset":
      reset();
      return [200, {}];
    default:
      return [404, { code: "unknown_control" }];
  }
};

const words = (text) => Math.max(1, Math.ceil(text.length / 4));

const ingest = ({ external_id: id }, host) => {
  if (typeof id !== "string" || id === "") return [400, { code: "rest_missing_callback_param", data: { status: 400 } }];
  const created = !state.posts.has(id);
  if (created) state.posts.set(id, state.nextPost++);
  const post = state.posts.get(id);
  const links = { link: `http://${host}/?p=${post}`, edit_link: `http://${host}/wp-admin/post.php?post=${post}&action=edit` };
  return [created ? 201 : 200, { post_id: post, [created ? "created" : "updated"]: true, ...links }];
};

const BATCH = "POST /wp-json/tidegate/v1/ingest/batch";

const ingestMany = ({ items }, host) => {
  if (!Array.isArray(items) || items.length > state.offer) return [400, { code: "rest_invalid_param", data: { status: 400 } }];
  const answers = items.map((item) => {
    const [status, answer] = ingest(item, host);
    return { status, idempotency_key: item.idempotency_key, ...answer };
  });
  return [200, { items: answers }];
};

const openai = ({ model = "fixed" }, raw) => {
  const [prompt, completion] = [words(raw), words(TEXT)];
  return [200, {
    id: `chatcmpl-${state.total}`,
    object: "chat.completion",
    created: Math.floor(Date.now() / 1000),
    model,
    choices: [{ index: 0, message: { role: "assistant", content: TEXT }, logprobs: null, finish_reason: "stop" }],
    usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
  }];
};

const anthropic = ({ model = "fixed" }, raw) => [200, {
  id: `msg_${state.total}`,
  type: "message",
  role: "assistant",
  model,
  content: [{ type: "text", text: TEXT }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: words(raw), output_tokens: words(TEXT) },
}];

const status = {
  plugin: "tidegate", version: "0.1.0", ready: true, post_type: "tidegate_result", post_status: "draft",
  user: { id: 1, login: "gateway", roles: ["editor"], rights: { edit_posts: true } },
};

const imitate = (request, path, body) => {
  const json = parse(body);
  const route = `${request.method} ${path}`;
  if (route === "POST /wp-json/tidegate/v1/ingest") return ingest(json, request.headers.host);
  if (route === BATCH && state.offer > 1) return ingestMany(json, request.headers.host);
  if (route === BATCH) return [404, { code: "rest_no_route", data: { status: 404 } }];
  if (route === "GET /wp-json/tidegate/v1/status") return [200, status];
  if (route === "POST /wp-json/wp/v2/posts") {
    const id = state.nextPost++;
    return [201, { id, status: json.status ?? "draft", link: `http://${request.headers.host}/?p=${id}` }];
  }
  if (request.method === "POST" && path.endsWith("/chat/completions")) return openai(json, body);
  if (request.method === "POST" && path.endsWith("/v1/messages")) return anthropic(json, body);
  return [204];
};

// The fault for this request, counted down; null when it is to be answered as usual.
const fault = (path) => {
  const mode = state.mode;
  if (!mode || mode.times <= 0 || !path.startsWith(mode.path)) return null;
  mode.times -= 1;
  return mode;
};

const FAULTS = ["busy", "failing", "slow", "closed", "garbage", "half"];

// What goes wrong with this request, if anything: the same seed gives the same row of faults. `late` ones come after the
// work was done, so that the sender does not know that it was.
const misfortune = (path) => {
  const chaos = state.chaos;
  if (!chaos || !path.startsWith(chaos.path)) return null;
  const chance = () => {
    // A small generator with a known sequence (mulberry32).
    chaos.seed = (chaos.seed + 0x6d2b79f5) | 0;
    let t = Math.imul(chaos.seed ^ (chaos.seed >>> 15), 1 | chaos.seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const hit = chance() < chaos.share;
  const [kind, late] = [FAULTS[Math.floor(chance() * FAULTS.length)], chance() < 0.5];
  if (!hit) return null;
  chaos.kinds[kind] = (chaos.kinds[kind] ?? 0) + 1;
  return { kind, late, slow_ms: chaos.slow_ms };
};

// Answers as that misfortune wants it.
const suffer = async (request, response, { kind, late, slow_ms }, work) => {
  const done = late || kind === "slow" ? work() : null;
  switch (kind) {
    case "busy":
      return send(response, [429, { code: "busy" }]);
    case "failing":
      return send(response, [500, { code: "failing" }]);
    case "slow":
      await new Promise((over) => setTimeout(over, slow_ms));
      return send(response, done);
    case "closed":
      return request.socket.destroy();
    case "garbage":
      return response.writeHead(200, { "content-type": "application/json" }).end("<html>Everything is fine</html>");
    case "half": {
      const text = JSON.stringify(done?.[1] ?? { half: "of an answer" });
      response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
      return response.write(text.slice(0, text.length / 2), () => request.socket.destroy());
    }
  }
};

const send = (response, [code, json], headers = {}) => {
  const text = json === undefined ? "" : JSON.stringify(json);
  const type = text === "" ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
  response.writeHead(code, { ...type, ...headers }).end(text);
};

const server = createServer({ keepAliveTimeout: 30_000 }, async (request, response) => {
  const url = new URL(request.url, "http://receiver");
  let body;
  try {
    body = await readBody(request);
  } catch {
    return; // the sender went away in the middle of its request
  }
  if (url.pathname.startsWith("/_/")) return send(response, control(request, url, body));

  const seen = record(request, url.pathname, body);
  const bad = misfortune(url.pathname);
  if (bad) return suffer(request, response, bad, () => imitate(request, url.pathname, body));
  const mode = fault(url.pathname);
  if (mode?.delay_ms) await new Promise((done) => setTimeout(done, mode.delay_ms));
  if (mode?.close) return request.socket.destroy();
  const answer = mode?.status
    ? [mode.status, mode.json ?? { code: "receiver_fault", message: "This failure was asked for.", data: { status: mode.status } }]
    : imitate(request, url.pathname, body);
  seen.status = answer[0];
  seen.statuses = answer[1]?.items?.map(({ status }) => status); // of each post of a call that brought several
  const offer = state.offer > 1 && url.pathname.startsWith("/wp-json/tidegate") ? { "tidegate-batch": String(state.offer) } : {};
  send(response, answer, mode?.retry_after === undefined ? offer : { ...offer, "retry-after": String(mode.retry_after) });
});

server.on("error", (error) => {
  console.error(`cannot listen: ${error.message}; choose another port, or 0 for a free one`);
  process.exit(1);
});
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  console.log(`listening http://127.0.0.1:${server.address().port}`);
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(0));
