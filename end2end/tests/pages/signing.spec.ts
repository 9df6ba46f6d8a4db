// The options of a vendor's preset: changed on its page and by command, kept to at its URL, and nobody else's to change.

import { post } from "../../support/http.ts";
import { expect, expectWrong, test } from "../../support/pages.ts";
import { Site, form } from "../../support/site.ts";
import type { Locator } from "@playwright/test";
import { createHmac } from "node:crypto";

test.describe.configure({ mode: "serial" });

let site: Site;
let plain: { url: string; secret: string };
test.beforeAll(async () => {
  site = await Site.empty();
  plain = await site.server.addVendor("plain", "generic_hex");
  await site.server.follows();
});
test.afterAll(() => site.stop());
test.beforeEach(async ({ as }) => as(site));

/** Opens the form, which is folded away unless something is wrong with it. */
async function unfolded(panel: Locator): Promise<void> {
  const fold = panel.locator("details");
  if (!(await fold.evaluate((details: HTMLDetailsElement) => details.open))) await fold.locator("summary").click();
}

/** One signed text under any number of ids, as somebody sends it who captured it once. */
function captured(header = "x-signature") {
  const body = JSON.stringify({ type: "a.b", n: Math.random() });
  const time = String(Math.floor(Date.now() / 1000));
  const signature = createHmac("sha256", plain.secret).update(`${time}.${body}`).digest("hex");
  return (id: string) =>
    post(plain.url, { body, headers: { "content-type": "application/json", "x-timestamp": time, [header]: signature, "x-event-id": id } });
}

test("an option that cannot be taken is said at its field, and nothing is changed", async ({ page, open, ready, faults }) => {
  faults.allow(/\/ui\/vendor\/signing\/set/);
  const panel = page.getByRole("region", { name: "Options of its preset" });
  for (const [label, value, words] of [
    ["Tolerance in seconds", "0", "Give a number of seconds"],
    ["Signature header", "two words", "Give one header name"],
    ["Value that counts once", "nowhere:x", "Write signed, or one place"],
  ] as const) {
    await open(site, "/vendors/plain");
    await unfolded(panel);
    await panel.getByLabel(label).fill(value);
    await panel.getByRole("button", { name: "Save options" }).click();
    await expectWrong(page, label, words);
    await ready();
  }
  await expect(panel.getByLabel("Place of the event’s id")).toHaveCount(0);
  expect((await captured()("evt_first")).status).toBe(202);
});

test("a signed text that was captured carries other events until the page says that it counts once", async ({ page, open, ready, hydrated }) => {
  const before = captured();
  expect([(await before("evt_1")).status, (await before("evt_2")).status]).toEqual([202, 202]);

  await open(site, "/vendors/plain");
  const panel = page.getByRole("region", { name: "Options of its preset" });
  await unfolded(panel);
  await panel.getByLabel("Value that counts once").fill("signed");
  await panel.getByLabel("Signature header").fill("X-Plain-Signature");
  await panel.getByLabel("Algorithm").selectOption("hmac-sha256");
  await panel.getByRole("button", { name: "Save options" }).click();
  if (hydrated) await expect(panel.getByText("Saved.")).toBeVisible();
  await ready();
  await expect(async () => {
    await open(site, "/vendors/plain");
    await expect(panel.getByText("X-Plain-Signature")).toBeVisible({ timeout: 500 });
  }).toPass();
  await unfolded(panel);
  await expect(panel.getByLabel("Value that counts once")).toHaveValue("signed");
  await expect(panel.getByLabel("Algorithm")).toHaveValue("hmac-sha256");
  await site.server.follows();

  expect((await captured()("evt_3")).json.code).toBe("missing_header");
  const after = captured("x-plain-signature");
  expect((await after("evt_4")).status).toBe(202);
  const other = await after("evt_5");
  expect([other.status, other.json.code]).toEqual([401, "replayed"]);
  expect((await after("evt_4")).status, "the same event again is a repetition").toBe(200);

  // The command line says the same and can undo it.
  const undo = ["--preset-option", "signature_header", "--preset-option", "one_time", "--option", "tolerance=600"];
  const set = await site.server.cli<any>(["vendor", "set", "plain", ...undo]);
  expect(set.options).toEqual({ algorithm: "hmac-sha256", tolerance: "600" });
  await site.server.follows();
  const again = captured();
  expect([(await again("evt_6")).status, (await again("evt_7")).status]).toEqual([202, 202]);
  await expect(site.server.cli(["vendor", "set", "plain", "--option", "event_id=json:id"])).rejects.toThrow(/decided when the vendor was added/);
  const audit = await site.server.database.sql("select detail from audit_log where action = 'vendor.signing' order by at desc limit 1");
  expect(audit.trim()).toBe("one_time as the preset has it; signature_header as the preset has it; tolerance=600");
  await site.server.cli(["vendor", "set", "plain", "--preset-option", "algorithm", "--preset-option", "tolerance"]);
});

test("an editor sees the options and cannot set them", async ({ page, open, as, faults }) => {
  faults.allow(/403/);
  const editor = await site.person(`editor-${Date.now()}@example.test`, "editor");
  await as(site, editor);
  await open(site, "/vendors/plain");
  const panel = page.getByRole("region", { name: "Options of its preset" });
  await expect(panel.getByText("x-signature, as its preset says")).toBeVisible();
  await expect(panel.getByRole("button")).toHaveCount(0);
  const [mine] = await site.server.cli<any[]>(["vendor", "list"]);
  const headers = { cookie: await site.cookie(editor), accept: "application/json" };
  const answer = await form(`${site.url}/ui/vendor/signing/set`, { vendor: mine.id, "options[one_time]": "signed" }, headers);
  expect(answer.status).toBe(403);
});
