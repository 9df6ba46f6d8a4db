// Prints a line per test as it ends, what went wrong at the end, and last `N passed, N failed, N skipped`.

import type { FullConfig, FullResult, Reporter, Suite, TestCase, TestResult } from "@playwright/test/reporter";

const plain = (text = "") => text.replace(/\x1b\[\d+m/g, "");

export default class Report implements Reporter {
  private all: Suite | undefined;
  private began = Date.now();

  printsToStdio = () => true;

  onBegin(_: FullConfig, suite: Suite) {
    this.all = suite;
    console.log(`${suite.allTests().length} tests`);
  }

  onTestEnd(test: TestCase, result: TestResult) {
    const word = result.status === "passed" ? "ok     " : result.status === "skipped" ? "skipped" : "FAILED ";
    const why = test.annotations.find((note) => note.description)?.description;
    const [, ...names] = test.titlePath();
    console.log(`${word} ${(result.duration / 1000).toFixed(1).padStart(5)}s  ${names.join(" › ")}${why ? ` (${why})` : ""}`);
  }

  onStdOut = (text: string | Buffer) => void process.stdout.write(text);
  onStdErr = (text: string | Buffer) => void process.stderr.write(text);

  onError(error: { message?: string; stack?: string }) {
    console.log(plain(error.stack ?? error.message));
  }

  onEnd(result: FullResult) {
    const tests = this.all?.allTests() ?? [];
    const failed = tests.filter((test) => test.outcome() === "unexpected");
    for (const test of failed) {
      console.log(`\n--- ${test.titlePath().slice(1).join(" › ")}\n    ${test.location.file}:${test.location.line}`);
      for (const error of test.results.at(-1)?.errors ?? []) console.log(plain(error.stack ?? error.message));
      for (const { name, path } of test.results.at(-1)?.attachments ?? []) if (path) console.log(`    ${name}: ${path.replace(process.env.TIDEGATE_RUN_DIR ?? "", ".run")}`);
    }
    const skipped = tests.filter((test) => test.outcome() === "skipped").length;
    const passed = tests.length - failed.length - skipped;
    console.log(`\n${result.status} after ${Math.round((Date.now() - this.began) / 1000)} s`);
    console.log(`${passed} passed, ${failed.length} failed, ${skipped} skipped`);
  }
}
