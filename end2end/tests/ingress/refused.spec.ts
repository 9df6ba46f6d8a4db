// What is kept of refused requests: bounded, explained, and by command checked again and accepted.

import { expect, test } from "@playwright/test";
import { ENGINES } from "../../support/database.ts";
import { deliver, post, send } from "../../support/http.ts";
import { Tidegate } from "../../support/server.ts";
import { newHook, sign } from "../../support/sign.ts";
import { until } from "../../support/until.ts";

for (const engine of ENGINES) {
  test(`a flood of forged requests leaves the newest 200 and no more, and good ones pass on ${engine}`, async () => {
    const server = await Tidegate.start({ engine });
    try {
      const vendor = await server.addVendor("acme");
      await server.follows();
      const forged = sign("std_webhooks", "whsec_AAAA", newHook({ more: { filler: "x".repeat(20_000) } }));
      for (let round = 0; round < 8; round++) {
        const answers = await Promise.all(Array.from({ length: 100 }, () => post(vendor.url, forged)));
        expect(answers.every(({ status }) => status === 401)).toBe(true);
      }
      expect((await deliver(vendor)).status).toBe(202);
      const kept = async (what: string) => Number(await server.database.sql(`select ${what}`));
      await until("all are written", async () => (await kept("count(*) from refused_requests where path = '/webhooks/acme'")) === 200);
      expect(await kept("sum(bytes) from refused_captures")).toBeLessThanOrEqual(8 * 1024 * 1024);
      const listed = await server.cli<any[]>(["requests", "list", "--vendor", "acme", "--outcome", "refused", "--limit", "500"]);
      expect(listed).toHaveLength(200);
    } finally {
      await server.stop();
    }
  });

  test(`a request signed with a revoked secret is told from others, and after a rotation back it is accepted on ${engine}`, async () => {
    const server = await Tidegate.start({ engine });
    try {
      const first = await server.addVendor("acme", "generic_hex");
      await server.cli(["vendor", "rotate", "acme"], { once: true });
      await server.cli(["vendor", "revoke", "acme", "--version", "1"]);
      await server.follows();
      const signed = sign("generic_hex", first.secret, newHook({ type: "story.revoked" }));
      const answer = await post(first.url, signed);
      expect(answer.status).toBe(401);
      expect(answer.text).not.toContain("revoked");
      const id = answer.json.request_id;
      const told = await until("it is explained", async () => {
        const { story } = await server.cli(["requests", "show", id]).catch(() => ({ story: undefined }));
        return story?.request;
      });
      expect(told.finding.code).toBe("revoked_secret");
      expect(told).toMatchObject({ method: "POST", path: "/webhooks/acme", client: "127.0.0.1", captured: true });

      const still = await server.cli(["requests", "recheck", id]);
      expect(still.code).toBe("revoked_secret");
      // The command is right; the request is not, yet.
      await server.cli(["requests", "accept", id], { code: 1 });
      await server.cli(["vendor", "rotate", "acme", "--secret-stdin"], { input: first.secret });
      const now = await server.cli(["requests", "recheck", id]);
      expect(now.code).toBe("valid");
      const { event_id } = await server.cli(["requests", "accept", id]);
      expect((await server.cli(["requests", "accept", id])).event_id).toBe(event_id);
      // The vendor sends it again: it is there already, under the same id.
      await server.follows();
      const repeated = await post(first.url, signed);
      expect([repeated.status, repeated.json.id]).toEqual([200, event_id]);
    } finally {
      await server.stop();
    }
  });
}

test("a method that is not answered says which are", async () => {
  const server = await Tidegate.start();
  try {
    const plain = await server.addVendor("acme");
    const greeting = await server.addVendor("meta", "meta");
    await server.follows();
    const allowed = async (url: string) => (await send(url, { method: "PUT" })).headers.get("allow");
    expect(await allowed(plain.url)).toBe("POST");
    expect(await allowed(greeting.url)).toBe("POST, GET");
  } finally {
    await server.stop();
  }
});
