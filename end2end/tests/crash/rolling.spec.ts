// A rolling restart behind a balancer: each of three nodes is stopped and started again while webhooks come. Nobody who
// sends one notices, no try of a job is lost, and no job is done twice.

import { expect, test } from "@playwright/test";
import { Balancer } from "../../support/balancer.ts";
import { deliver } from "../../support/http.ts";
import { Receiver } from "../../support/peers.ts";
import { Tidegate } from "../../support/server.ts";
import { newHook } from "../../support/sign.ts";
import { pause, until } from "../../support/until.ts";
import { expectNothingLost, rows } from "./promise.ts";

const SENDERS = 3;

test("three nodes are restarted one after the other and no request fails", async () => {
  test.setTimeout(240_000);
  const peer = await Receiver.start();
  // Long enough for a balancer that asks ten times a second.
  const first = await Tidegate.start({ engine: "postgres", set: { DRAIN_SECONDS: "3", RETRY_BASE_MS: "20" } });
  const nodes = [first];
  let balancer: Balancer | undefined;
  try {
    const vendor = await first.setUp(peer.url);
    nodes.push(await Tidegate.beside(first), await Tidegate.beside(first));
    const before = await Balancer.before(nodes.map(({ url }) => url));
    balancer = before;
    await until("the balancer uses all of them", () => nodes.every(({ url }) => before.uses(url)));
    // Jobs are at work whenever a node is stopped.
    await peer.fails({ path: "/v1", delay_ms: 300 });

    const through = { ...vendor, url: vendor.url.replace(first.url, before.url) };
    const accepted = new Map<string, string>();
    const refused: string[] = [];
    let sending = true;
    const sender = async () => {
      while (sending) {
        const hook = newHook();
        const answer = await deliver(through, hook).catch(String);
        if (typeof answer !== "string" && answer.status === 202) accepted.set(hook.id, answer.json.id);
        else refused.push(typeof answer === "string" ? answer : `${answer.status} ${answer.text}`);
        await pause(100);
      }
    };
    const senders = Array.from({ length: SENDERS }, sender);
    for (const node of nodes) {
      const sent = accepted.size;
      await until("webhooks come", () => accepted.size > sent + 10);
      expect(await node.end("SIGTERM", 60)).toBe(0);
      await node.launch();
      await until("it is used again", () => before.uses(node.url), 30);
    }
    sending = false;
    await Promise.all(senders);

    expect(before.broken).toEqual([]);
    expect(refused).toEqual([]);
    await peer.works();
    await expectNothingLost(first, peer, accepted);
    expect(await rows(first, "select count(*) from attempts where outcome <> 'succeeded'")).toEqual(["0"]);
    // Nodes that ended in good order are off the list; only the three of now are on it.
    expect(await rows(first, "select count(*) from nodes")).toEqual(["3"]);
  } finally {
    balancer?.stop();
    for (const node of nodes.reverse()) await node.stop();
    await peer.stop();
  }
});
