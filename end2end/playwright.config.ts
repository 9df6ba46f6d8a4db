// Which tests run where. `hydrated` and `plain` run the same pages with JavaScript on and off; `secrets` looks, after
// all others, whether anything they produced holds a secret. What makes sense with scripts only, or need not be done twice,
// says so by a tag (support/pages.ts) and is no test of the other project.

import { defineConfig } from "@playwright/test";
import { join } from "node:path";

const browser = {
  browserName: "chromium" as const,
  viewport: { width: 1360, height: 820 },
  launchOptions: {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  },
};
const after = { dependencies: ["begin"] };

export default defineConfig({
  testDir: "tests",
  outputDir: join(process.env.TIDEGATE_RUN_DIR ?? ".run", "pictures"),
  fullyParallel: false,
  workers: Number(process.env.TIDEGATE_TEST_WORKERS ?? 2),
  // Deadlines, not expectations: a busy machine may need long, and nothing waits for them to pass.
  timeout: 120_000,
  globalTimeout: 45 * 60_000,
  expect: { timeout: 20_000 },
  forbidOnly: !!process.env.CI,
  reporter: [["./support/report.ts"]],
  use: { actionTimeout: 20_000, navigationTimeout: 30_000, screenshot: "only-on-failure", trace: "off" },
  projects: [
    { name: "begin", testMatch: "begin.spec.ts", teardown: "secrets" },
    { name: "story", testMatch: "story/**/*.spec.ts", timeout: 240_000, use: browser, ...after },
    { name: "crash", testMatch: "crash/**/*.spec.ts", timeout: 120_000, ...after },
    { name: "retry", testMatch: "retry/**/*.spec.ts", ...after },
    { name: "ingress", testMatch: "ingress/**/*.spec.ts", ...after },
    { name: "verify", testMatch: "verify/**/*.spec.ts", ...after },
    { name: "hydrated", testMatch: "pages/**/*.spec.ts", grepInvert: /@plain/, use: browser, ...after },
    { name: "plain", testMatch: "pages/**/*.spec.ts", grepInvert: /@scripted/, use: { ...browser, javaScriptEnabled: false }, ...after },
    { name: "secrets", testMatch: "secrets.spec.ts" },
  ],
});
