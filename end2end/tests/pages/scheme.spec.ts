// A vendor whose scheme was written by hand: changed later on its page and by command, without losing what was typed.

import { post } from "../../support/http.ts";
import { expect, test } from "../../support/pages.ts";
import { newSecret } from "../../support/run.ts";
import { Site } from "../../support/site.ts";
import type { Page } from "@playwright/test";
import { createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const SCHEME = `name = "Weather service"
algorithm = "hmac-sha256"
signature = { from = "header:x-weather-signature", encoding = "hex" }
signed = "{body}"
event = { id = ["json:id"], type = ["json:type"] }
`;

let site: Site;
let file: string;
const key = newSecret("weather-");
test.beforeEach(async ({ as }) => {
  site = await Site.empty();
  file = join(site.server.folder, "scheme.toml");
  writeFileSync(file, SCHEME);
  await site.server.cli(["vendor", "add", "weather", "--scheme-file", file, "--secret-stdin"], { once: true, input: key });
  await site.server.follows();
  await as(site);
});
test.afterEach(() => site.stop());

/** Sends a webhook signed in this header over this text. */
function storm(id: string, header = "x-weather-signature", before = "") {
  const body = JSON.stringify({ id, type: "storm" });
  const signature = createHmac("sha256", key).update(before + body).digest("hex");
  return post(`${site.url}/webhooks/weather`, { body, headers: { "content-type": "application/json", [header]: signature } });
}

async function typed(page: Page, text: string): Promise<void> {
  const fold = page.locator("details", { has: page.getByLabel("How it signs", { exact: true }) });
  if (!(await fold.evaluate((details: HTMLDetailsElement) => details.open))) await fold.locator("summary").first().click();
  await page.getByLabel("How it signs", { exact: true }).and(page.locator("textarea")).fill(text);
  await page.getByRole("button", { name: "Save scheme" }).click();
}

test("a scheme with a mistake comes back with what was typed, and the mended one is kept to", async ({ page, open, ready, hydrated }) => {
  const first = await storm("storm-1");
  expect(first.status).toBe(202);
  const next = SCHEME.replace("x-weather-signature", "x-weather-sign").replace('"{body}"', '"v2:{body}"');
  await open(site, "/vendors/weather");
  await expect(page.getByRole("region", { name: "Scheme in use" })).toContainText("x-weather-signature");
  await expect(page.getByRole("heading", { name: "Options of its preset" })).toHaveCount(0);

  for (const [text, words] of [
    [next.replace("signed =", "singed ="), "singed"],
    [next.replace("json:id", "header:x-id"), "event.id"],
    [`key = "hex"\n${next}`, "version 1 of the secret does not fit"],
  ] as const) {
    await typed(page, text);
    await page.waitForURL(/draft=/);
    await ready();
    await expect(page.locator("#scheme-hint")).toContainText(words);
    expect((await page.locator("textarea#scheme").inputValue()).trim(), "what was typed is not lost").toBe(text.trim());
  }
  expect((await storm("storm-2")).status, "nothing was changed").toBe(202);

  await typed(page, next);
  if (hydrated) await expect(page.getByText("Saved. All nodes judge by it within a second.")).toBeVisible();
  await expect(page).toHaveURL(`${site.url}/vendors/weather`);
  await ready();
  await expect(page.getByRole("region", { name: "Scheme in use" })).toContainText("v2:{body}");
  await site.server.follows();
  expect((await storm("storm-3")).json.code).toBe("missing_header");
  const again = await storm("storm-1", "x-weather-sign", "v2:");
  expect([again.status, again.json.id], "what was stored is still known").toEqual([200, first.json.id]);
  expect((await storm("storm-4", "x-weather-sign", "v2:")).status).toBe(202);
});

test("the command changes a scheme, and says what stands in the way", async () => {
  writeFileSync(file, SCHEME.replace("x-weather-signature", "x-weather-sign"));
  await site.server.cli(["vendor", "set", "weather", "--scheme-file", file]);
  await site.server.follows();
  expect((await storm("storm-1", "x-weather-sign")).status).toBe(202);
  const audit = await site.server.database.sql("select detail from audit_log where action = 'vendor.scheme'");
  expect(audit).toContain("x-weather-sign");

  writeFileSync(file, SCHEME.replace("json:type", "json:kind"));
  const refused = await site.server.cli<string>(["vendor", "set", "weather", "--scheme-file", file], { code: 2 });
  expect(refused).toContain("`event.type` was decided when the vendor was added");
  await site.server.addVendor("preset");
  const unfit = await site.server.cli<string>(["vendor", "set", "preset", "--scheme-file", file], { code: 2 });
  expect(unfit).toContain("This vendor has a preset");
});

test("an editor sees the scheme and cannot change it", async ({ page, open, as }) => {
  await as(site, await site.person("editor@example.test", "editor", "default"));
  await open(site, "/vendors/weather");
  await expect(page.getByRole("region", { name: "Scheme in use" })).toContainText("x-weather-signature");
  await expect(page.getByRole("button", { name: "Save scheme" })).toHaveCount(0);
});
