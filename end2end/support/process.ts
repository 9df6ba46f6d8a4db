// Starting other programs: each one is ended with the test that started it, also when the test is killed.

import { spawn, type ChildProcess } from "node:child_process";
import { createServer } from "node:net";
import { closeSync, openSync } from "node:fs";

/** Ports of 127.0.0.1 that nobody listened on a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () =>
      new Promise<ReturnType<typeof createServer>>((done, fail) => {
        const server = createServer().once("error", fail);
        server.listen(0, "127.0.0.1", () => done(server));
      }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

export type Running = {
  child: ChildProcess;
  /** Exit code, or the signal that ended it. */
  ended: Promise<number | string>;
};

/** Starts a program whose kernel ends it when this process ends. Its error output goes to `log`. */
export function start(command: string[], env: Record<string, string>, log: string): Running {
  const file = openSync(log, "a", 0o600);
  const child = spawn("setpriv", ["--pdeathsig", "KILL", ...command], {
    env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", ...env },
    stdio: ["ignore", "pipe", file],
  });
  closeSync(file);
  const ended = new Promise<number | string>((done, fail) => {
    child.once("error", fail);
    child.once("exit", (code, signal) => done(code ?? signal ?? "?"));
  });
  ended.catch(() => {});
  return { child, ended };
}

export type Finished = { code: number; out: string; err: string };

/** Runs a command to its end. */
export function run(
  command: string[],
  options: { env?: Record<string, string>; input?: string; seconds?: number } = {},
): Promise<Finished> {
  return new Promise((done, fail) => {
    const [program, ...args] = command;
    const child = spawn(program!, args, {
      env: options.env ?? (process.env as Record<string, string>),
      stdio: ["pipe", "pipe", "pipe"],
      timeout: (options.seconds ?? 60) * 1000,
      killSignal: "SIGKILL",
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (part) => out.push(part));
    child.stderr.on("data", (part) => err.push(part));
    child.once("error", fail);
    child.once("close", (code) =>
      done({ code: code ?? -1, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }));
    child.stdin.on("error", () => {}); // it ended without reading
    child.stdin.end(options.input ?? "");
  });
}

/** Runs a command that must succeed; its output. */
export async function must(command: string[], options: Parameters<typeof run>[1] = {}): Promise<string> {
  const { code, out, err } = await run(command, options);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}: ${err || out}`);
  return out;
}
