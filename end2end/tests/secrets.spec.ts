import { expect, test } from "@playwright/test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PRODUCED, secrets } from "../support/run.ts";

// A secret counts as seen in the forms in which it would travel by accident: as it is, in a URL, in HTML, in base64, in hex.
const forms = (secret: string) => [
  ...new Set([
    secret,
    encodeURIComponent(secret),
    secret.replace(/&/g, "&amp;").replace(/\//g, "&#x2F;").replace(/=/g, "&#x3D;"),
    Buffer.from(secret).toString("base64").replace(/=+$/, "").slice(0, -1),
    Buffer.from(secret).toString("hex"),
  ]),
];

/** Set by run.sh when nothing was left out. */
const WHOLE = process.env.TIDEGATE_WHOLE_RUN === "1";

/** What a whole run produces at least; a page by the path it begins with. */
const KINDS = ["server", "page", "metrics", "cli", "csv"];
const PAGES = ["/jobs", "/vendors", "/vendors/acme", "/vendors/new", "/destinations", "/providers", "/rules", "/audit"];

test("no secret of this run is in any log, page, metric, export or answer of a command", () => {
  const known = secrets().map(forms);
  const files = readdirSync(PRODUCED);
  if (WHOLE) {
    const kinds = new Set(files.map((file) => file.split("-")[0]));
    expect(KINDS.filter((kind) => !kinds.has(kind)), "kinds of output that are missing").toEqual([]);
    const urls = files.filter((file) => file.startsWith("page-")).map((file) => {
      const [address = ""] = readFileSync(join(PRODUCED, file), "utf8").split("\n", 1);
      return new URL(address).pathname;
    });
    expect(PAGES.filter((page) => !urls.includes(page)), "pages that nobody opened").toEqual([]);
    expect(files.length, "files of a whole run").toBeGreaterThan(300);
    expect(known.length, "secrets of a whole run").toBeGreaterThan(100);
  } else {
    test.skip(files.length < 3, "this part of the tests produced nothing to look through");
  }
  expect(known.length).toBeGreaterThan(0);
  const seen = files.flatMap((file) => {
    const text = readFileSync(join(PRODUCED, file), "utf8");
    return known.flatMap((all) => all.filter((form) => text.includes(form)).map((form) => {
      const line = text.slice(0, text.indexOf(form)).split("\n").length;
      return `${file}:${line} holds ${form.slice(0, 8)}…`;
    }));
  });
  expect(seen).toEqual([]);
});
