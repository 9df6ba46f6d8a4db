import { expect, test } from "@playwright/test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "../../support/process.ts";
import { PROGRAM, ROOT } from "../../support/run.ts";

type Vector = {
  id: string;
  scheme: string;
  secret: string;
  secrets?: string[];
  expect: "valid" | "invalid";
  level: string;
  [more: string]: unknown;
};

// The whole set, with the vendors' published vectors, lies beside the checkout where it is worked on.
const shared = ["vectors.json", "published.json"].map((file) => join(ROOT, "../shared/vectors", file));
const files = shared.every(existsSync) ? shared : [join(ROOT, "server/signature/tests/vectors.json")];

for (const file of files) {
  test(`tidegate verify judges every MUST and POLICY vector of ${file.split("/").at(-1)} as it should`, async () => {
    const vectors = (JSON.parse(readFileSync(file, "utf8")) as Vector[]).filter(({ level }) => ["MUST", "POLICY"].includes(level));
    expect(vectors.length).toBeGreaterThan(50);
    const lines = vectors.map(({ scheme, secret, secrets, method, url, headers, body, now_unix, cert_pem }) =>
      JSON.stringify({ preset: scheme, secrets: secrets ?? [secret], method, url, headers, body, now_unix, cert_pem }));
    const out = await must([PROGRAM, "verify"], { input: lines.join("\n") });
    const verdicts = out.trim().split("\n").map((line) => JSON.parse(line) as { verdict: string; reason: string });
    expect(verdicts).toHaveLength(vectors.length);
    const wrong = vectors.flatMap(({ id, level, expect: wanted }, i) => {
      const { verdict, reason } = verdicts[i]!;
      return verdict === wanted ? [] : [`${id} (${level}): ${verdict}, ${reason}; wanted ${wanted}`];
    });
    expect(wrong).toEqual([]);
  });
}

test("tidegate verify answers input it cannot read with exit code 2", async () => {
  const { run } = await import("../../support/process.ts");
  expect((await run([PROGRAM, "verify"], { input: "{]" })).code).toBe(2);
});
