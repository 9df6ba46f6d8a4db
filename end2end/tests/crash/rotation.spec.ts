// Secrets and the master key are replaced while webhooks keep coming: none is refused, on either database.

import { expect, test } from "@playwright/test";
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ENGINES } from "../../support/database.ts";
import { deliver, post, send, type Answer } from "../../support/http.ts";
import { start } from "../../support/process.ts";
import { PROGRAM, newSecret, secret } from "../../support/run.ts";
import { Tidegate } from "../../support/server.ts";
import { Site, form } from "../../support/site.ts";
import { pause, until } from "../../support/until.ts";

/** Sends webhooks until told to stop, eight at a time, each with the secret that is current then. */
class Sender {
  readonly answers: { status: number; secret: string }[] = [];
  private going = true;
  private clients: Promise<void>[];

  constructor(private url: string, public secret: string) {
    this.clients = Array.from({ length: 8 }, async () => {
      while (this.going) {
        const used = this.secret;
        const answer: Pick<Answer, "status"> = await deliver({ url, secret: used }).catch(() => ({ status: 0 }));
        this.answers.push({ status: answer.status, secret: used });
        await pause(2);
      }
    });
  }

  /** Waits until so many more were answered. */
  more(count: number) {
    const from = this.answers.length;
    return until(`${count} more webhooks`, () => this.answers.length >= from + count, 60);
  }

  refused() {
    return this.answers.filter(({ status }) => status !== 202);
  }

  async stop() {
    this.going = false;
    await Promise.all(this.clients);
  }
}

const matches = async (server: Tidegate, version: number) =>
  (await server.cli<any[]>(["vendor", "secrets", "acme"])).find((row) => row.version === version).last_hour as number;

for (const engine of ENGINES) {
  test(`a secret is replaced under load without one refusal, and the old one is refused after its end (${engine})`, async () => {
    const server = await Tidegate.start({ engine });
    const vendor = await server.addVendor("acme");
    await server.follows();
    const sender = new Sender(vendor.url, vendor.secret);
    try {
      await sender.more(200);
      const rotated = await server.cli<{ version: number; secret: string }>(["vendor", "rotate", "acme"], { once: true });
      expect(rotated.version).toBe(2);
      // The vendor still signs with the old one for a while, then changes over.
      await sender.more(200);
      await server.follows();
      sender.secret = secret(rotated.secret);
      await sender.more(200);
      await until("both versions were counted", async () => (await matches(server, 1)) > 300 && (await matches(server, 2)) > 100);

      // Ending the old one by mistake is refused, with the number of requests that would have been lost.
      await expect(server.cli(["vendor", "revoke", "acme", "--version", "1"])).rejects.toThrow(/\d+ requests matched this version during the last hour/);
      await server.cli(["vendor", "revoke", "acme", "--version", "1", "--force"]);
      await server.follows();
      await sender.more(200);
      await sender.stop();
      expect(sender.refused()).toEqual([]);
      expect(sender.answers.length).toBeGreaterThan(800);
      expect((await deliver({ ...vendor })).status).toBe(401);
      expect((await deliver({ ...vendor, secret: rotated.secret })).status).toBe(202);
    } finally {
      await sender.stop();
      await server.stop();
    }
  });

  test(`the master key is replaced under load, killed in the middle, and the server never refuses (${engine})`, async () => {
    // The key is in a file of the data folder, as in an installation nobody configured.
    const server = await Tidegate.start({ engine, keyFile: true });
    const vendor = await server.addVendor("acme");
    for (let n = 0; n < 15; n++) await server.addVendor(`v${n}`);
    await server.follows();
    const sender = new Sender(vendor.url, vendor.secret);
    // What is refused is kept sealed, and comes all the time.
    const stranger = new Sender(vendor.url, "whsec_AAAA");
    try {
      const before = readFileSync(join(server.folder, "master.key"), "utf8");
      copyFileSync(join(server.folder, "master.key"), join(server.folder, "before.key"));
      await sender.more(100);
      // One value in a transaction, killed as soon as the first ones are through.
      // How long it runs depends on the machine, so it is killed a little later each time until it was in the middle.
      let underWay = false;
      for (let wait = 40; !underWay && wait < 1_500; wait += 15) {
        const killed = start([PROGRAM, "key", "rotate", "--batch", "1"], server.environment(), server.log);
        await pause(wait);
        killed.child.kill("SIGKILL");
        await killed.ended;
        underWay = (await server.cli(["key", "status"])).replacement_under_way;
      }
      expect(underWay, "killed in the middle").toBe(true);
      await sender.more(100);
      // A restart in between works with the key that is in place.
      const done = await server.cli<{ finished: boolean; resealed: number }>(["key", "rotate"]);
      expect(done.finished).toBe(true);
      await sender.more(200);
      await stranger.more(20);
      await sender.stop();
      await stranger.stop();
      expect(sender.refused()).toEqual([]);
      expect(stranger.refused().every(({ status }) => status === 401)).toBe(true);
      const captured = async () => Number(await server.database.sql("select count(*) from refused_captures"));
      await until("refused requests were kept", async () => (await captured()) > 0);

      const after = readFileSync(join(server.folder, "master.key"), "utf8");
      expect(after).not.toBe(before);
      expect(existsSync(join(server.folder, "master.key.next"))).toBe(false);
      secret(after.trim());
      expect(await server.cli(["key", "status"])).toMatchObject({ replacement_under_way: false, sealed_with_older_keys: 0 });
      // Started anew with the new key everything works; with the old one it does not start.
      await server.end("SIGTERM");
      await server.launch();
      expect((await deliver(vendor)).status).toBe(202);
      await expect(
        server.cli(["vendor", "list"], { set: { TIDEGATE_MASTER_KEY_FILE: join(server.folder, "before.key") } }),
      ).rejects.toThrow(/another master key/);
    } finally {
      await sender.stop();
      await stranger.stop();
      await server.stop();
    }
  });

  test(`what nodes seal with the old key while it is replaced is sealed anew: captures, offers, the key of links (${engine})`, async () => {
    const site = await Site.empty({ engine, keyFile: true });
    const { server } = site;
    const VENDORS = 12;
    const refusing: string[] = [];
    const offering: string[] = [];
    for (let n = 0; n < VENDORS; n++) {
      refusing.push((await server.addVendor(`v${n}`)).url);
      await server.cli(["vendor", "add", `n${n}`, "--preset", "notion"]);
      offering.push(`${server.url}/webhooks/n${n}`);
    }
    await server.follows();
    const acme = await server.addVendor("acme");
    await server.follows();
    const id = (await server.cli<any[]>(["vendor", "list"])).find(({ slug }) => slug === "v0").id;
    const headers = { cookie: await site.cookie(), accept: "application/json" };
    const asked = () => form(`${server.url}/ui/sender/link`, { vendor: id }, headers);

    // Refused requests and offered secrets at all vendors in turn, slowly enough that none crowds an older one out.
    let going = true;
    const statuses = new Set<number>();
    const strangers = (async () => {
      for (let n = 0; going; n = (n + 1) % VENDORS) {
        statuses.add((await deliver({ url: refusing[n]!, secret: "whsec_AAAA" })).status);
        const offer = { headers: { "content-type": "application/json" }, body: JSON.stringify({ verification_token: newSecret("secret_") }) };
        statuses.add((await post(offering[n]!, offer)).status);
        await pause(25);
      }
    })();
    try {
      let late = 0;
      let link = "";
      // A node hears of the new data key within a second; a replacement that it heard of at once is made again. Whether it
      // ever seals something late depends on the machine. What is asked below holds either way.
      for (let round = 0; round < 4 && late === 0; round++) {
        await pause(300);
        const rotating = server.cli<{ finished: boolean; late: number }>(["key", "rotate"]);
        if (link === "") {
          const begun = "select count(*) from key_rotation where finished_at is null";
          await until("the replacement began", async () => (await server.database.sql(begun)).trim() !== "0");
          link = (await asked()).json.url;
        }
        const done = await rotating;
        expect(done.finished).toBe(true);
        late = done.late;
        secret(readFileSync(join(server.folder, "master.key"), "utf8").trim());
      }
      const count = async (table: string) => Number(await server.database.sql(`select count(*) from ${table}`));
      await until("captures and offers were kept", async () => {
        return Math.min(await count("refused_captures"), await count("offered_secrets")) > VENDORS;
      });
      going = false;
      await strangers;
      expect([...statuses].sort()).toEqual([200, 401]);
      expect(await server.cli(["key", "status"])).toMatchObject({ replacement_under_way: false, sealed_with_older_keys: 0 });

      // With the new key alone: captures open, offers can be accepted, the link leads to its page.
      await server.end("SIGTERM");
      await server.launch();
      const [refused] = await server.cli<any[]>(["requests", "list", "--vendor", "v0", "--limit", "1"]);
      expect(await server.cli(["requests", "show", refused.id])).toBeTruthy();
      const [offer] = await server.cli<any[]>(["vendor", "offers", "n0"]);
      await server.cli(["vendor", "accept", "n0", "--offer", offer.id], { once: true });
      const page = await send(link.replace(/^https?:\/\/[^/]+/, server.url));
      expect([page.status, page.text.includes("v0")]).toEqual([200, true]);
      expect((await deliver(acme)).status).toBe(202);
    } finally {
      going = false;
      await strangers.catch(() => {});
      await site.stop();
    }
  });
}
