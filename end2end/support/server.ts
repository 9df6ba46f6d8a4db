// A running Tidegate with ports, data folder and database of its own, and its command line.

import { mkdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { makeDatabase, type Database, type Engine } from "./database.ts";
import { freePorts, run, start, type Running } from "./process.ts";
import { DATA, PRODUCED, PROGRAM, fresh, newSecret, produced, secret } from "./run.ts";
import { until } from "./until.ts";

export type Settings = {
  engine?: Engine;
  /** Further TIDEGATE_… settings, without that prefix. */
  set?: Record<string, string>;
  /** What is logged, as `RUST_LOG` says it. */
  logs?: string;
  /** The master key is in a file of the data folder instead of a setting. */
  keyFile?: boolean;
  /** Size no file may outgrow can be set later with `limitFiles`. */
  limitable?: boolean;
};

export type CliOptions = {
  input?: string;
  /** Its output shows a secret on purpose and is not kept. */
  once?: boolean;
  /** Exit code that is expected. */
  code?: number;
  /** Variables on top of the server's own. */
  set?: Record<string, string>;
};

export class Tidegate {
  readonly name: string;
  readonly folder: string;
  readonly log: string;
  url = "";
  metricsUrl = "";
  /** The set-up link printed at the last start, if one was. */
  setupLink: string | undefined;
  running: Running | undefined;
  private env: Record<string, string> = {};

  private constructor(readonly database: Database, private settings: Settings, name: string, folder: string) {
    this.name = name;
    this.folder = folder;
    this.log = join(PRODUCED, `${name}.log`);
  }

  static async start(settings: Settings = {}): Promise<Tidegate> {
    const name = fresh("server");
    const folder = join(DATA, name);
    mkdirSync(folder, { recursive: true });
    const server = new Tidegate(await makeDatabase(settings.engine ?? "sqlite", folder), settings, name, folder);
    const key = newSecret() + "0".repeat(28); // 64 hexadecimal digits
    secret(key);
    server.env = {
      TIDEGATE_DATA_DIR: folder,
      TIDEGATE_DATABASE_URL: server.database.url,
      ...(settings.keyFile ? {} : { TIDEGATE_MASTER_KEY: key }),
      TIDEGATE_ALLOW_PRIVATE_TARGETS: "true",
      TIDEGATE_RETRY_BASE_MS: "50",
      ...(process.env.TIDEGATE_SITE_ROOT ? { TIDEGATE_SITE_ROOT: process.env.TIDEGATE_SITE_ROOT } : {}),
      RUST_LOG: settings.logs ?? "info",
      ...Object.fromEntries(Object.entries(settings.set ?? {}).map(([name, value]) => [`TIDEGATE_${name}`, value])),
    };
    await server.listen();
    return server;
  }

  /** Another node on the database and with the master key of `first`. It goes before `first` does. */
  static async beside(first: Tidegate, set: Record<string, string> = {}): Promise<Tidegate> {
    const name = fresh("server");
    const folder = join(DATA, name);
    mkdirSync(folder, { recursive: true });
    const database = { ...first.database, remove: async () => {} };
    const node = new Tidegate(database, first.settings, name, folder);
    const more = Object.fromEntries(Object.entries(set).map(([name, value]) => [`TIDEGATE_${name}`, value]));
    node.env = { ...first.env, TIDEGATE_DATA_DIR: folder, ...more };
    await node.listen();
    return node;
  }

  /** Starts on ports of its own. */
  private async listen(): Promise<void> {
    // Between finding a free port and taking it another program may take it.
    for (let last = 3; ; last--) {
      const [main, metrics] = await freePorts(2);
      this.url = `http://127.0.0.1:${main}`;
      this.metricsUrl = `http://127.0.0.1:${metrics}/metrics`;
      this.env.TIDEGATE_LISTEN = `127.0.0.1:${main}`;
      this.env.TIDEGATE_METRICS_LISTEN = `127.0.0.1:${metrics}`;
      try {
        await this.launch();
        if (this.settings.keyFile) secret(readFileSync(join(this.folder, "master.key"), "utf8").trim());
        return;
      } catch (error) {
        if (last === 0) throw error;
      }
    }
  }

  /** Starts the process (again), on the same ports and data. */
  async launch(): Promise<void> {
    const command = [PROGRAM, "serve"];
    // The signal of a too large file would end the process; ignored, the write fails as on a full disk.
    const whole = this.settings.limitable ? ["sh", "-c", 'trap "" XFSZ; exec "$@"', "sh", ...command] : command;
    this.setupLink = undefined;
    const running = start(whole, this.env, this.log);
    this.running = running;
    const lines = createInterface({ input: running.child.stdout! });
    let said = "";
    lines.on("line", (line) => {
      said += `${line}\n`;
      const link = /https?:\S+\/setup\?token=(\S+)/.exec(line);
      if (link) {
        this.setupLink = link[0];
        secret(link[1]!);
      }
    });
    let code: number | string | undefined;
    void running.ended.then((ended) => (code = ended));
    await until(`${this.name} is ready`, async () => {
      if (code !== undefined) return true;
      if (!said.includes("Tidegate is running on")) return false;
      return (await fetch(`${this.url}/readyz`)).ok;
    }, 30);
    if (code !== undefined) throw new Error(`${this.name} ended with ${code}; see ${this.log}`);
  }

  /** What the server and its commands find in their environment. */
  environment(): Record<string, string> {
    return { ...this.env };
  }

  get pid(): number {
    return this.running!.child.pid!;
  }

  /** Sends a signal and waits for the end; the exit code or the signal that ended it. */
  async end(signal: NodeJS.Signals, seconds = 30): Promise<number | string> {
    const running = this.running;
    if (!running) return 0;
    running.child.kill(signal);
    let code: number | string | undefined;
    void running.ended.then((ended) => (code = ended));
    await until(`${this.name} ends after ${signal}`, () => code !== undefined, seconds);
    this.running = undefined;
    return code!;
  }

  /** Keeps what the server tells about itself, ends it and forgets its database. */
  async stop(): Promise<void> {
    if (this.running && this.running.child.exitCode === null) {
      try {
        produced("metrics", await (await fetch(this.metricsUrl)).text());
      } catch {
        // It was stopped, or listens nowhere.
      }
      await this.end("SIGTERM", 20).catch(() => this.end("SIGKILL"));
    }
    await this.database.remove();
  }

  /** Runs a command; its JSON, or its text where it prints none. */
  async cli<T = any>(args: string[], options: CliOptions = {}): Promise<T> {
    const env = { PATH: process.env.PATH ?? "", ...this.env, RUST_LOG: "warn", ...options.set };
    const input = options.input === undefined ? undefined : `${options.input}\n`;
    const { code, out, err } = await run([PROGRAM, ...args, "--output", "json"], { env, input });
    const kept = `$ tidegate ${args.join(" ")}\n${err}`;
    produced("cli", options.once ? kept : kept + out);
    if (code !== (options.code ?? 0)) throw new Error(`tidegate ${args.join(" ")} ended with ${code}: ${err}${out}`);
    try {
      return JSON.parse(out) as T;
    } catch {
      return (out || err) as T;
    }
  }

  /** Lets no file of this process grow beyond `bytes`, or lifts the limit. The soft limit only: that may be raised again. */
  async limitFiles(bytes: number | "unlimited"): Promise<void> {
    const { code, err } = await run(["prlimit", "--pid", String(this.pid), `--fsize=${bytes}:`]);
    if (code !== 0) throw new Error(err);
  }

  // ---- set-up in one call each

  async addVendor(slug: string, preset = "std_webhooks", more: string[] = []): Promise<{ url: string; secret: string }> {
    const given = preset === "generic_hex" || preset === "generic_base64" ? newSecret() : undefined;
    const args = ["vendor", "add", slug, "--preset", preset, ...(given ? ["--secret-stdin"] : []), ...more];
    const made = await this.cli(args, { once: true, input: given });
    return { url: made.url, secret: given ?? secret(made.secret) };
  }

  async addProvider(slug: string, baseUrl: string, more: { kind?: string; model?: string; key?: string } = {}) {
    const key = more.key === undefined ? newSecret("sk-") : secret(more.key);
    const { kind = "openai", model = "fixed" } = more;
    const args = ["provider", "add", slug, "--kind", kind, "--base-url", baseUrl, "--model", model, "--key-stdin"];
    return this.cli(args, { input: key });
  }

  async addWordpress(slug: string, url: string, more: { user?: string; password?: string; args?: string[] } = {}) {
    const args = ["destination", "add", slug, "--kind", "wordpress", "--url", url, "--user", more.user ?? "gateway"];
    const password = secret(more.password ?? newSecret());
    return this.cli([...args, "--password-stdin", ...(more.args ?? [])], { input: password });
  }

  /** Vendor `acme`, provider `model`, destination `site`, and the rule that ties them, with `more` options. */
  async setUp(
    peer: string,
    template = "Say something about {{ data.data.id }}.",
    more: string[] = [],
  ): Promise<{ url: string; secret: string }> {
    const vendor = await this.addVendor("acme");
    await this.addProvider("model", `${peer}/v1`);
    await this.addWordpress("site", peer);
    await this.cli(["rule", "add", "--vendor", "acme", "--type", "*", "--job", "generate", "--provider", "model",
      "--destination", "site", "--template", template, ...more]);
    await this.follows();
    return vendor;
  }

  private marks = 0;

  /** Waits until the server works with what was configured last: with a vendor added after it, in a tenant of its own. */
  async follows(): Promise<void> {
    if (this.marks === 0) await this.cli(["tenant", "add", "marks"]);
    const mark = `mark-${this.marks++}`;
    await this.addVendor(mark, "std_webhooks", ["--tenant", "marks"]);
    await until("the server follows the configuration", async () => {
      const answer = await fetch(`${this.url}/webhooks/marks/${mark}`, { method: "PUT" });
      return answer.status === 405;
    });
  }

  jobs(filter: string[] = []): Promise<any[]> {
    return this.cli<any[]>(["jobs", "list", "--limit", "5000", ...filter]);
  }

  /** Waits until `count` jobs are in `state`; all of them. */
  jobsIn(state: string, count: number, seconds = 30): Promise<any[]> {
    return until(`${count} jobs ${state}`, async () => {
      const found = await this.jobs(["--state", state]);
      return found.length >= count ? found : undefined;
    }, seconds);
  }
}
