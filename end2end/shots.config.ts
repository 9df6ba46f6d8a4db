// Screenshots: the tests' own tools, another purpose.

import { defineConfig } from "@playwright/test";
import tests from "./playwright.config.ts";

const { dependencies: _, ...hydrated } = tests.projects!.find(({ name }) => name === "hydrated")!;

export default defineConfig({
  ...tests,
  testDir: "shots",
  workers: 1,
  projects: [{ ...hydrated, name: "shots", testMatch: "*.shots.ts", timeout: 300_000 }],
});
