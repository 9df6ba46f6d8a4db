// A vendor renames a field: the webhook is taken in, its job waits, the pages say what changed, a mapping makes it fit,
// and what was held runs with the mapped value. Then the pages and commands one by one.

import { deliver } from "../../support/http.ts";
import { CHAT } from "../../support/peers.ts";
import { expect, test } from "../../support/pages.ts";
import { Site } from "../../support/site.ts";
import { until } from "../../support/until.ts";

test.describe.configure({ mode: "serial" });

let site: Site;
let vendor: { url: string; secret: string };
const TYPE = "/events/types/acme/story.ready";

/** Waits until the catalogue counted `events` of a type. */
const counted = (type: string, events: number) =>
  until(`${events} of ${type} in the catalogue`, async () => {
    const rows = await site.server.cli<any[]>(["schema", "list"]);
    return rows.find((row) => row.event_type === type && row.events >= events);
  });
const prompts = async () => (await site.peer.requests(CHAT)).map(({ body }) => JSON.parse(body).messages.at(-1).content as string);
const of = ["--vendor", "acme", "--type", "story.ready"];

test.beforeAll(async () => {
  site = await Site.empty();
  vendor = await site.server.setUp(site.peer.url, "Write about: {{ data.headline }} ({{ event_type }})");
});
test.afterAll(() => site.stop());
test.beforeEach(async ({ as }) => as(site));

test("before the first event the catalogue says what to do", async ({ page, open }) => {
  await open(site, "/vendors");
  await page.getByRole("link", { name: "Event types" }).first().click();
  await expect(page).toHaveURL(`${site.url}/events/types`);
  await expect(page.getByRole("heading", { name: "No event types yet" })).toBeVisible();
});

test("types that were seen are listed with count and sample, and lead to their page", async ({ page, open, ready }) => {
  for (let n = 0; n < 6; n++) expect((await deliver(vendor, { more: { headline: `High water ${n}` } })).status).toBe(202);
  await deliver(vendor, { type: "odd/type ü?", more: { headline: "odd" } });
  await counted("story.ready", 6);
  await counted("odd/type ü?", 1);
  await open(site, "/events/types");
  const row = page.getByRole("row", { name: /story\.ready/ });
  await expect(row).toContainText("No schema");
  await expect(row).toContainText("6");
  await expect(row.getByTitle(/^evt_[0-9a-f]{32}$/)).toBeVisible();
  await page.getByRole("link", { name: "odd/type ü?", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("odd/type ü?");
  await ready();
  await page.reload();
  await ready();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("odd/type ü?");
});

test("a schema is learned from stored events with a button, and held to", async ({ page, open, ready }) => {
  await open(site, TYPE);
  await page.getByLabel("or learn it from the last").fill("6");
  await page.getByRole("button", { name: "Learn" }).click();
  await expect(page.getByText("Schema v1 is saved and in use.")).toBeVisible();
  await ready();
  await expect(page.getByRole("textbox", { name: "Schema", exact: true })).toHaveValue(/"required": \[[^\]]*"headline"/);
  await expect(page.getByRole("region", { name: "Schema versions" })).toContainText("learned from 6");
  await page.getByRole("button", { name: "Hold" }).click();
  await expect(page.getByRole("button", { name: "Hold" })).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByRole("region", { name: "Seen" })).toContainText("Hold v1");
  await site.server.follows();
});

test("a payload whose field was renamed is taken in, held, mapped on the page, released, and runs with the mapped value", async ({ page, open, ready, hydrated }) => {
  const heading = `Spring tide ${hydrated}`;
  const before = (await site.server.jobs()).length;
  const answer = await deliver(vendor, { more: { heading } });
  expect(answer.status).toBe(202);
  const [job] = await site.server.jobsIn("held", 1);
  expect(job.reason).toContain("schema: /headline is missing");
  expect((await site.server.jobs()).length).toBe(before + 1);

  await open(site, `/jobs/${job.id}`);
  const shape = page.getByRole("region", { name: "Shape" });
  await expect(shape).toContainText("1 difference to schema v1");
  const changed = shape.getByRole("list", { name: "What changed since the last good payload" });
  await expect(changed).toContainText("/heading is new (string)");
  await expect(changed).toContainText("/headline is missing (was string)");
  await shape.getByRole("link", { name: /Schema and mapping/ }).click();
  await expect(page).toHaveURL(site.url + TYPE);
  await ready();

  const held = page.getByRole("region", { name: "Held" });
  await expect(held).toContainText("1 job waits");
  await expect(held).toContainText("None of them fits yet");
  await expect(page.getByRole("button", { name: /^Release/ })).toHaveCount(0);
  await page.getByRole("textbox", { name: "Rules", exact: true }).fill("rename /heading /headline\nrenam /a /b");
  await page.getByRole("button", { name: "Save mapping" }).click();
  await expect(page.getByRole("alert")).toContainText('Not saved. Line 2: "renam" is no rule');
  await ready();
  await expect(page.getByRole("textbox", { name: "Rules", exact: true })).toHaveValue(/renam \/a \/b/);
  await page.getByRole("textbox", { name: "Rules", exact: true }).fill("rename /heading /headline");
  await page.getByRole("button", { name: "Save mapping" }).click();
  await expect(page.getByText(/Mapping v\d is saved and in use\./)).toBeVisible();
  await ready();
  await expect(held).toContainText("All of them fit now.");
  await expect(held).toContainText(/Fits schema v1, with mapping v\d/);
  await expect(held.getByRole("list", { name: "What the mapping changes" })).toContainText("/headline is new (string)");
  await held.getByRole("button", { name: "Release 1 job" }).click();
  await expect(page.getByText("Released 1 job.")).toBeVisible();
  await ready();
  await expect(held).toHaveCount(0);

  await until("the model was asked about the mapped value", async () => (await prompts()).includes(`Write about: ${heading} (story.ready)`));
  await until("the job succeeded", async () => (await site.server.jobs(["--state", "succeeded"])).some(({ id }: any) => id === job.id));
  const stored = await site.server.cli(["schema", "show", ...of]);
  expect(stored.held).toEqual({ held: 0, fitting: 0, more: false });
  await open(site, `/jobs/${job.id}`);
  await expect(page.getByRole("region", { name: "Shape" })).toContainText(/Fits schema v1, with mapping v\d/);

  // A version of a mapping is let go with its button.
  const versions = page.getByRole("region", { name: "Mapping versions" });
  await open(site, TYPE);
  await versions.getByRole("button", { name: /^Stop using mapping/ }).click();
  await expect(versions.getByText("In use")).toHaveCount(0);
  await site.server.follows();
});

test("with warn the job runs and the catalogue says since when payloads drift", async ({ page, open }) => {
  await site.server.cli(["schema", "mode", "warn", ...of]);
  await site.server.follows();
  const { json } = await deliver(vendor, { more: { heading: "Drifting" } });
  expect(json.status).toBe("accepted");
  await until("the model was asked", async () => (await prompts()).includes("Write about:  (story.ready)"));
  await until("the drift is seen", async () => {
    const rows = await site.server.cli<any[]>(["schema", "list"]);
    return rows.find((row) => row.event_type === "story.ready")?.drift_since;
  });
  await open(site, "/events/types");
  await expect(page.getByRole("row", { name: /story\.ready/ })).toContainText(/Warn v\d.*began/);
});

test("a pasted schema that is wrong is shown with its line, and an older version is used again", async ({ page, open, ready }) => {
  await open(site, TYPE);
  const text = page.getByRole("textbox", { name: "Schema", exact: true });
  await text.fill('{\n  "properties": {\n    "a": {"$ref": "https://example.com/schema.json"}\n  }\n}');
  await page.getByRole("button", { name: "Save as new version" }).click();
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("Not saved. Line 3:");
  await expect(alert).toContainText("leads out of the schema");
  await ready();
  await expect(text).toHaveValue(/example\.com/);
  await text.fill('{"required": ["id"], "type": "object"}');
  await page.getByRole("button", { name: "Save as new version" }).click();
  await expect(page.getByText(/Schema v\d+ is saved and in use\./)).toBeVisible();
  await ready();
  const versions = page.getByRole("region", { name: "Schema versions" });
  await versions.getByRole("button", { name: "Use schema v1" }).click();
  await expect(versions.getByRole("listitem").filter({ hasText: "v1" }).first()).toContainText("In use");
  await page.getByRole("button", { name: "Off" }).click();
  await expect(page.getByRole("button", { name: "Off" })).toHaveAttribute("aria-pressed", "true");
  await page.getByRole("button", { name: "Warn" }).click();
  await expect(page.getByRole("button", { name: "Warn" })).toHaveAttribute("aria-pressed", "true");
});

test("an editor sees types and differences and can change nothing; another tenant sees nothing", async ({ page, open, as, faults }) => {
  const editor = await site.person(`editor-${Date.now()}@example.test`, "editor");
  await as(site, editor);
  await open(site, TYPE);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("story.ready");
  for (const name of ["Learn", "Save as new version", "Save mapping", "Hold"]) {
    await expect(page.getByRole("button", { name })).toHaveCount(0);
  }
  const tenant = `else-${Date.now()}`;
  await site.server.cli(["tenant", "add", tenant]);
  const stranger = await site.person(`stranger-${Date.now()}@example.test`, "admin", tenant);
  faults.allow(/404/, /401/); // the page that is open while its session ends
  await site.server.follows();
  await as(site, stranger);
  expect(await open(site, TYPE)).toBe(404);
  await open(site, "/events/types");
  await expect(page.getByRole("heading", { name: "No event types yet" })).toBeVisible();
});

test("the commands do the same as the pages", async () => {
  const { cli } = { cli: site.server.cli.bind(site.server) };
  const learned = await cli(["schema", "learn", ...of, "--samples", "5", "--mode", "hold"]);
  expect(learned.version).toBeGreaterThan(1);
  await site.server.follows();
  expect((await deliver(vendor, { more: { heading: "By command" } })).status).toBe(202);
  await site.server.jobsIn("held", 1);
  expect(await cli(["schema", "release", ...of, "--dry-run"])).toEqual({ held: 1, fitting: 0, more: false, released: 0 });
  expect(await cli(["mapping", "set", ...of], { input: "rename /heading headline", code: 2 })).toContain("line 1");
  expect(await cli(["schema", "set", ...of], { input: "{", code: 2 })).toContain("no JSON");
  const mapped = await cli(["mapping", "set", ...of], { input: "rename /heading /headline" });
  expect(mapped).toMatchObject({ held: 1, fitting: 1 });
  expect(await cli(["schema", "release", ...of])).toEqual({ held: 1, fitting: 1, more: false, released: 1 });
  await until("the model was asked about it", async () => (await prompts()).includes("Write about: By command (story.ready)"));
  const versions = await cli<any[]>(["mapping", "list", ...of]);
  expect(versions[0]).toMatchObject({ version: mapped.version, active: true, text: "rename /heading /headline\n" });
  await cli(["mapping", "use", String(mapped.version), "--stop", ...of]);
  const saved = await cli(["schema", "set", ...of], { input: '{"type": "object"}' });
  expect((await cli(["schema", "show", ...of])).row).toMatchObject({ mode: "hold", version: saved.version });
  await cli(["schema", "mode", "off", ...of]);
  expect((await cli(["schema", "show", ...of])).row.mode).toBe("off");
});
