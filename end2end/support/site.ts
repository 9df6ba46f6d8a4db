// A server with people and traffic, for the tests that look at pages.

import { send, deliver, deliverMany } from "./http.ts";
import { Receiver } from "./peers.ts";
import { Tidegate, type Settings } from "./server.ts";
import { newHook } from "./sign.ts";
import { newSecret, secret } from "./run.ts";
import { until } from "./until.ts";

export type Person = { email: string; password: string };

export class Site {
  owner!: Person;
  private constructor(readonly server: Tidegate, readonly peer: Receiver) {}

  /** A server with an owner and nothing else. */
  static async empty(settings: Settings = {}): Promise<Site> {
    const peer = await Receiver.start();
    const site = new Site(await Tidegate.start({ ...settings, set: { RETRY_BASE_MS: "1", ...settings.set } }), peer);
    site.owner = await site.person("owner@example.test", "owner");
    return site;
  }

  get url(): string {
    return this.server.url;
  }

  async person(email: string, role: string, tenant?: string): Promise<Person> {
    const password = newSecret();
    await this.server.cli(["user", "add", email, "--role", role, ...(tenant ? ["--tenant", tenant] : [])], { input: password });
    return { email, password };
  }

  /** Sessions that go on, by e-mail address: signing in anew for every page would soon be too often. */
  readonly sessions = new Map<string, string>();

  /** Signs in as a form does; the session's cookie. */
  async cookie(person: Person = this.owner): Promise<string> {
    const known = this.sessions.get(person.email);
    if (known) return known;
    const answer = await login(this.url, person);
    const cookie = /^(tidegate=[^;]+)/.exec(answer.headers.get("set-cookie") ?? "")?.[1];
    if (!cookie) throw new Error(`${person.email} could not sign in: ${answer.status} ${answer.text}`);
    secret(cookie.slice("tidegate=".length));
    this.sessions.set(person.email, cookie);
    return cookie;
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await this.peer.stop();
  }
}

export const form = (url: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  send(url, { method: "POST", body: new URLSearchParams(fields), headers: { accept: "text/html", ...headers } });

export const login = (url: string, { email, password }: Person) => form(`${url}/ui/login`, { email, password, next: "" });

/** Enough work that every page has something to show. */
export class Busy {
  failed!: any;
  dead!: any;
  succeeded!: any;
  refused!: any;
  event!: string;
  destination!: string;
  editor!: Person;
  stranger!: Person;
  constructor(readonly site: Site, readonly vendor: { url: string; secret: string }) {}

  /** What stands for `{name}` in the paths of pages. */
  idOf(name: string): string {
    const known: Record<string, string> = { succeeded: this.succeeded.id, failed: this.failed.id, dead: this.dead.id, refused: this.refused.id, event: this.event, destination: this.destination };
    const id = known[name];
    if (!id) throw new Error(`nothing of the busy site is called ${name}`);
    return id;
  }

  static async start(): Promise<Busy> {
    const site = await Site.empty();
    const { server, peer } = site;
    const busy = new Busy(site, await server.setUp(peer.url));
    busy.editor = await site.person("editor@example.test", "editor");
    await server.cli(["tenant", "add", "elsewhere"]);
    busy.stranger = await site.person("stranger@example.test", "admin", "elsewhere");
    await server.addVendor("zenith", "stripe");
    [{ id: busy.destination }] = await server.cli(["destination", "list"]);

    await peer.fails({ path: "/v1", status: 400 });
    await deliver(busy.vendor, { type: "story.unreadable" });
    [busy.failed] = await server.jobsIn("failed", 1);
    await peer.fails({ path: "/wp-json", status: 503 });
    await deliver(busy.vendor, { type: "story.unpublished" });
    [busy.dead] = await server.jobsIn("deadletter", 1);
    await peer.works();
    await deliverMany(busy.vendor, Array.from({ length: 55 }, (_, i) => newHook({ type: i % 2 ? "story.ready" : "story.changed" })));
    const done = await server.jobsIn("succeeded", 111);
    await deliver({ ...busy.vendor, secret: "whsec_AAAA" }, { type: "story.forged" });
    busy.refused = await until("the forged one is listed", async () =>
      (await server.cli<any[]>(["requests", "list", "--reason", "signature_mismatch"]))[0]);
    busy.succeeded = done.find(({ kind }) => kind === "publish");
    busy.event = (await server.cli(["jobs", "show", busy.succeeded.id])).arrival.event_id;
    return busy;
  }
}
