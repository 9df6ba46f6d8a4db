// What Tidegate talks to: the receiver that records and fails on demand, a real WordPress, a real small model.

import { createInterface } from "node:readline";
import { join } from "node:path";
import { must, run, start, type Running } from "./process.ts";
import { DATA, END2END, fresh, secret } from "./run.ts";

export type Seen = {
  seq: number;
  at: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
  status: number | null;
  /** Of each post of a call that brought several. */
  statuses?: number[];
};

/** `json` is what is answered with `status`, where that matters. */
export type Mode = { status?: number; json?: object; delay_ms?: number; retry_after?: number; times?: number; close?: boolean; path?: string };

/** Every answer of the receiver as a model. */
export const TEXT = "The harbour master writes: high water at noon.";
export const INGEST = "/wp-json/tidegate/v1/ingest";
export const BATCH = `${INGEST}/batch`;
export const CHAT = "/v1/chat/completions";

/** OpenAI's answer, with 429, to an account without credit. */
export const NO_CREDIT = {
  error: {
    message: "You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
    type: "insufficient_quota",
    param: null,
    code: "insufficient_quota",
  },
};

export class Receiver {
  private constructor(readonly url: string, private running: Running) {}

  static async start(text = TEXT): Promise<Receiver> {
    const log = join(DATA, `${fresh("receiver")}.log`);
    const running = start(["node", join(END2END, "peers/receiver.mjs"), "0"], { RECEIVER_TEXT: text }, log);
    const lines = createInterface({ input: running.child.stdout! });
    const url = await new Promise<string>((done, fail) => {
      lines.on("line", (line) => line.startsWith("listening ") && done(line.slice("listening ".length)));
      void running.ended.then((code) => fail(new Error(`the receiver ended with ${code}; see ${log}`)), fail);
    });
    return new Receiver(url, running);
  }

  private async control<T>(path: string, body?: object): Promise<T> {
    const init = body ? { method: "POST", body: JSON.stringify(body) } : {};
    return (await fetch(`${this.url}/_/${path}`, init)).json() as Promise<T>;
  }

  requests(path: string, limit = 100_000): Promise<Seen[]> {
    return this.control(`requests?path=${encodeURIComponent(path)}&limit=${limit}`);
  }

  async count(path: string): Promise<number> {
    return (await this.control<{ count: number }>(`count?path=${encodeURIComponent(path)}`)).count;
  }

  /** The next answers go wrong in this way. */
  fails(mode: Mode): Promise<unknown> {
    return this.control("mode", mode);
  }

  /** That share of the answers goes wrong, in turn in every way there is; the same seed gives the same faults. */
  suffers(share: number, seed = 1, path = "/"): Promise<unknown> {
    return this.control("chaos", { share, seed, path });
  }

  /** Its plugin takes so many posts in one call from now on. */
  offers(items: number): Promise<unknown> {
    return this.control("offer", { items });
  }

  /** How often each kind of fault happened. */
  faults(): Promise<Record<string, number>> {
    return this.control("chaos");
  }

  /** All answers are as usual again. */
  works(): Promise<unknown> {
    return this.control("mode", { times: 0 });
  }

  async stop(): Promise<void> {
    this.running.child.kill("SIGTERM");
    await this.running.ended;
  }
}

const environment = (text: string) =>
  Object.fromEntries(text.split("\n").filter((line) => line.includes("=")).map((line) => line.split(/=(.*)/s) as [string, string]));

const script = (name: string) => join(END2END, "peers", name);

export class Wordpress {
  private constructor(readonly env: Record<string, string>) {}

  /** Starts the site of this checkout's tests (a minute the first time, seconds after that); run.sh stops it. */
  static async start(): Promise<Wordpress> {
    const env = environment(await must([script("wordpress.sh"), "start"], { seconds: 400 }));
    for (const name of ["WP_APP_PASSWORD", "WP_ADMIN_APP_PASSWORD"]) secret(env[name]!);
    return new Wordpress(env);
  }

  get url(): string {
    return this.env.WP_URL!;
  }

  /** Calls the REST API as the user Tidegate delivers with. */
  async rest(path: string): Promise<any> {
    const login = Buffer.from(`${this.env.WP_USER}:${this.env.WP_APP_PASSWORD}`).toString("base64");
    const answer = await fetch(`${this.url}/wp-json/${path}`, { headers: { authorization: `Basic ${login}` } });
    if (!answer.ok) throw new Error(`${answer.status} from ${path}: ${await answer.text()}`);
    return answer.json();
  }

  /** Runs PHP with the site loaded. */
  php(code: string): Promise<string> {
    const whole = `$_SERVER["SERVER_PROTOCOL"] = "HTTP/1.1"; require getenv("TIDEGATE_WP_LOAD"); ${code}`;
    return must([script("wordpress.sh"), "php", "-r", whole]);
  }

  /** Switches our plugin on or off. */
  async plugin(active: boolean): Promise<void> {
    const call = active ? "activate_plugin" : "deactivate_plugins";
    await this.php(`require ABSPATH . "wp-admin/includes/plugin.php"; ${call}("tidegate/tidegate.php"); flush_rewrite_rules(false);`);
  }
}

export type Model = { url: string; key: string; name: string };

/** A real small model, or `undefined` where its packages cannot be had. */
export async function startModel(): Promise<Model | undefined> {
  const { code, out, err } = await run([script("model.sh"), "start"], { seconds: 400 });
  if (code === 3) return undefined;
  if (code !== 0) throw new Error(err);
  const env = environment(out);
  return { url: env.MODEL_URL!, key: secret(env.MODEL_KEY!), name: env.MODEL_NAME! };
}
