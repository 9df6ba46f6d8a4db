// One run of the tests: its folder, where everything the program produces is kept, and the secrets that were used,
// so that the last test can look whether any of them leaked.

import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";

export const END2END = resolve(import.meta.dirname, "..");
export const ROOT = resolve(END2END, "..");

const RUN = process.env.TIDEGATE_RUN_DIR ?? join(END2END, ".run");
/** What the program produced: logs, pages, metrics, answers of commands. */
export const PRODUCED = join(RUN, "produced");
/** Data folders and databases of the servers. */
export const DATA = join(RUN, "data");
const SECRETS = join(RUN, "secrets");
for (const folder of [PRODUCED, DATA]) mkdirSync(folder, { recursive: true });

let count = 0;
/** A name that no other part of this run has. */
export const fresh = (what: string) => `${what}-${process.pid}-${(count++).toString().padStart(3, "0")}`;

/** Remembers a secret and gives it back. */
export function secret(value: string): string {
  if (value.length < 12) throw new Error("too short to be found without false alarms");
  appendFileSync(SECRETS, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  return value;
}

/** A new secret of letters and digits. */
export const newSecret = (prefix = "") => secret(prefix + randomBytes(18).toString("hex"));

export function secrets(): string[] {
  try {
    const lines = readFileSync(SECRETS, "utf8").split("\n").filter(Boolean);
    return [...new Set(lines.map((line) => JSON.parse(line) as string))];
  } catch {
    return [];
  }
}

/** Keeps something the program produced. */
export function produced(kind: string, text: string): void {
  writeFileSync(join(PRODUCED, fresh(kind)), text);
}

/** The program under test; run.sh says where it is. */
export const PROGRAM = (() => {
  const program = process.env.TIDEGATE_BIN;
  if (!program) throw new Error("TIDEGATE_BIN is not set; run end2end/run.sh");
  return program;
})();
