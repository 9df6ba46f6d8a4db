// What happens to a job when the far side misbehaves: tries are kept, patience is obeyed, paid answers are not bought twice.

import { expect, test } from "@playwright/test";
import { deliver } from "../../support/http.ts";
import { CHAT, INGEST, Receiver, TEXT } from "../../support/peers.ts";
import { Tidegate } from "../../support/server.ts";

let peer: Receiver;
let server: Tidegate;
let vendor: { url: string; secret: string };

test.beforeEach(async () => {
  peer = await Receiver.start();
  server = await Tidegate.start({ set: { RETRY_BASE_MS: "1" } });
  vendor = await server.setUp(peer.url);
});
test.afterEach(async () => {
  await server.stop();
  await peer.stop();
});

/** The one job of a kind in `state`, with its tries. */
async function chapter(kind: string, state: string) {
  const [job] = await server.jobsIn(state, 1).then((jobs) => jobs.filter((job) => job.kind === kind));
  expect(job, `a ${kind} job that is ${state}`).toBeTruthy();
  const story = await server.cli<any>(["jobs", "show", job.id]);
  return story.chapters.find((chapter: any) => chapter.job.id === job.id);
}

const outcomes = (chapter: any) => chapter.attempts.map(({ number, outcome, status }: any) => [number, outcome, status]);

test("a model that answers 500 twice is asked again until it answers, and every try is kept", async () => {
  await peer.fails({ path: "/v1", status: 500, times: 2 });
  await deliver(vendor);
  await server.jobsIn("succeeded", 2);
  const generate = await chapter("generate", "succeeded");
  expect(outcomes(generate)).toEqual([[1, "retry", 500], [2, "retry", 500], [3, "succeeded", 200]]);
  expect(generate.attempts[0].error).toBe("500 from model");
  expect(generate.result.text).toBe(TEXT);
  expect(await peer.count(CHAT)).toBe(3);
});

test("the model is asked what the rule's template makes of the webhook", async () => {
  await deliver(vendor, { subject: "tide-1" });
  await server.jobsIn("succeeded", 2);
  expect((await peer.requests(CHAT))[0]!.body).toContain("Say something about tide-1.");
});

test("all tries for one job carry the same idempotency key", async () => {
  await peer.fails({ path: "/wp-json", status: 503, times: 3 });
  await deliver(vendor);
  await server.jobsIn("succeeded", 2);
  const keys = (await peer.requests(INGEST)).map(({ headers }) => headers["idempotency-key"]);
  expect(keys).toHaveLength(4);
  expect(new Set(keys).size).toBe(1);
  expect(keys[0]).toMatch(/^job_/);
});

for (const [name, path, kind] of [["model", "/v1", "generate"], ["WordPress", "/wp-json", "publish"]] as const) {
  test(`a ${name} that answers 429 with Retry-After is not asked again before that time`, async () => {
    await peer.fails({ path, status: 429, retry_after: 2, times: 1 });
    await deliver(vendor);
    await server.jobsIn("succeeded", 2);
    const { attempts } = await chapter(kind, "succeeded");
    expect(attempts.map(({ outcome }: any) => outcome)).toEqual(["retry", "succeeded"]);
    // Both times are the server's own.
    expect(attempts[1].started_at - attempts[0].finished_at).toBeGreaterThanOrEqual(2_000_000);
  });

  test(`a ${name} that closes the connection instead of answering is asked again`, async () => {
    await peer.fails({ path, close: true, times: 2 });
    await deliver(vendor);
    await server.jobsIn("succeeded", 2);
    const { attempts } = await chapter(kind, "succeeded");
    expect(attempts.map(({ outcome }: any) => outcome)).toEqual(["retry", "retry", "succeeded"]);
    expect(attempts[0].error).toBeTruthy();
  });
}

test("a 401 from WordPress fails the job at its first try and says what to look at", async () => {
  await peer.fails({ path: "/wp-json", status: 401 });
  await deliver(vendor);
  const publish = await chapter("publish", "failed");
  expect(outcomes(publish)).toEqual([[1, "failed", 401]]);
  expect(publish.job.reason).toMatch(/401 from WordPress/);
  expect(publish.job.reason).toMatch(/application password/i);
  expect(await peer.count(INGEST)).toBe(1);
});

test("a 400 from the model fails the job at its first try", async () => {
  await peer.fails({ path: "/v1", status: 400 });
  await deliver(vendor);
  const generate = await chapter("generate", "failed");
  expect(outcomes(generate)).toEqual([[1, "failed", 400]]);
  expect(generate.job.reason).toMatch(/400 from model/);
});

test("publishing that fails never asks the model again, not even when a person puts it back", async () => {
  await peer.fails({ path: "/wp-json", status: 403 });
  await deliver(vendor);
  const publish = await chapter("publish", "failed");
  expect(await peer.count(CHAT)).toBe(1);
  await peer.works();
  await server.cli(["jobs", "retry", publish.job.id]);
  await server.jobsIn("succeeded", 2);
  expect(await peer.count(CHAT)).toBe(1);
  expect(JSON.parse((await peer.requests(INGEST)).at(-1)!.body).summary).toBe(TEXT);
});

test("tries that are spent end in a dead letter, which a person can put back", async () => {
  await peer.fails({ path: "/wp-json", status: 503 });
  await deliver(vendor);
  const dead = await chapter("publish", "deadletter");
  expect(dead.attempts).toHaveLength(dead.job.max_attempts);
  expect(dead.attempts.at(-1).outcome).toBe("deadletter");
  expect(dead.job.reason).toMatch(/503 from WordPress/);
  await peer.works();
  await server.cli(["jobs", "retry", dead.job.id]);
  await server.jobsIn("succeeded", 2);
  expect(await peer.count(CHAT)).toBe(1);
});
