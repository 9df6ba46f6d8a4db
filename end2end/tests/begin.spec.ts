import { expect, test } from "@playwright/test";
import { must } from "../support/process.ts";
import { PROGRAM } from "../support/run.ts";

test("the program says its version", async () => {
  expect(await must([PROGRAM, "--version"])).toMatch(/^tidegate \d+\.\d+\.\d+/);
});
