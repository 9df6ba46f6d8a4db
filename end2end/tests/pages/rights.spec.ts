// Who may see and do what.

import { deliver, send } from "../../support/http.ts";
import { expect, pagesOf, test } from "../../support/pages.ts";
import { form } from "../../support/site.ts";
import { until } from "../../support/until.ts";

const CHANGES: [string, Record<string, string>][] = [
  ["vendor/add", { slug: "theirs", preset: "std_webhooks" }],
  ["provider/add", { slug: "theirs", kind: "openai", model: "m" }],
  ["destination/add", { slug: "theirs", kind: "wordpress", url: "https://example.com" }],
  ["rule/add", { vendor: "ven_00000000000070008000000000000000", pattern: "*", job: "generate" }],
  ["destination/test", { id: "dst_00000000000070008000000000000000" }],
  ["destination/rotate", { id: "dst_00000000000070008000000000000000", overlap_hours: "24" }],
  ["tokens/rotate", { lead_hours: "24" }],
  ["vendor/scheme/set", { vendor: "ven_00000000000070008000000000000000", scheme: "name = 1" }],
  ["reveal", { handle: "guessed" }],
  ["replay/start", { vendor: "ven_00000000000070008000000000000000" }],
  ["replay/cancel", { id: "rpl_00000000000070008000000000000000" }],
  ["vendor/redaction", { vendor: "ven_00000000000070008000000000000000", pointers: "/a", back: "/vendors" }],
  ["request/recheck", { id: "req_00000000000070008000000000000000" }],
  ["request/accept", { id: "req_00000000000070008000000000000000" }],
  ["request/body", { id: "req_00000000000070008000000000000000" }],
  ["sender/link", { vendor: "ven_00000000000070008000000000000000" }],
  ["schedule/add", { slug: "theirs", vendor: "ven_00000000000070008000000000000000", event_type: "a", cron: "0 7 * * *" }],
  ["schedule/switch", { id: "sch_00000000000070008000000000000000", on: "false" }],
  ["schedule/run", { id: "sch_00000000000070008000000000000000" }],
  ["schedule/remove", { id: "sch_00000000000070008000000000000000" }],
  ["chore/run", { name: "sessions" }],
  ["chore/switch", { name: "sessions", on: "false" }],
  ["destination/end-old", { id: "dst_00000000000070008000000000000000", why: "guessed" }],
  ["sender/end", { vendor: "ven_00000000000070008000000000000000" }],
];
const READS = ["overview", "attention", "jobs", "vendors", "destinations", "providers", "rules", "schedules", "chores", "replays", "requests", "events", "payload?of=evt_00000000000070008000000000000000",
  "destination?id=dst_00000000000070008000000000000000", "destination/now?id=dst_00000000000070008000000000000000", "tokens/keys", "vendor/scheme?vendor=ven_00000000000070008000000000000000"];

test("a visitor who is not signed in is sent to sign in, from every page", async ({ busy, page, open, as }) => {
  await as(busy.site, null);
  for (const { path, status } of pagesOf(busy)) {
    if (status === 404) continue;
    await open(busy.site, path);
    await expect(page).toHaveURL(/\/login(\?next=|$)/);
    // The way back is in the form; nothing else of the page that was asked for may be.
    expect((await page.content()).replaceAll(/\/(vendors|events\/types)\/acme/g, "")).not.toContain("acme");
  }
});

test("an editor sees jobs and connections, but nothing to change connections with", async ({ busy, page, open, as, faults }) => {
  await as(busy.site, busy.editor);
  await open(busy.site, "/jobs");
  await expect(page.getByRole("link", { name: /acme story/ }).first()).toBeVisible();
  for (const path of ["/vendors", "/destinations", "/providers", "/rules", "/schedules"]) {
    await open(busy.site, path);
    await expect(page.getByRole("link", { name: /^Add / })).toHaveCount(0);
    await expect(page.getByRole("main").getByRole("button")).toHaveCount(0);
  }
  faults.allow(/403/);
  for (const path of ["/vendors/new", "/destinations/new", "/providers/new", "/rules/new", "/schedules/new"]) {
    expect(await open(busy.site, path), path).toBe(403);
    await expect(page.getByRole("alert")).toContainText("Your role does not allow this.");
    await expect(page.getByRole("main").getByRole("textbox")).toHaveCount(0);
  }
});

test("an editor's own requests to change connections are refused", async ({ busy }) => {
  const cookie = await busy.site.cookie(busy.editor);
  const before = await busy.site.server.database.sql("select (select count(*) from vendors), (select count(*) from providers), (select count(*) from destinations), (select count(*) from rules)");
  for (const [path, fields] of CHANGES) {
    const answer = await form(`${busy.site.url}/ui/${path}`, fields, { cookie, accept: "application/json" });
    expect(answer.text, path).toContain("NotAllowed");
    expect(answer.status, path).toBeGreaterThanOrEqual(400);
  }
  const after = await busy.site.server.database.sql("select (select count(*) from vendors), (select count(*) from providers), (select count(*) from destinations), (select count(*) from rules)");
  expect(after).toBe(before);
});

test("without a session every server function is refused", async ({ busy }) => {
  for (const [path, fields] of [...CHANGES, ["job/retry", { id: busy.failed.id }] as const]) {
    const answer = await form(`${busy.site.url}/ui/${path}`, fields, { accept: "application/json" });
    expect(answer.text, path).toContain("NotSignedIn");
    expect(answer.status, path).toBeGreaterThanOrEqual(400);
  }
  for (const path of READS) {
    const answer = await send(`${busy.site.url}/ui/${path}`, { headers: { accept: "application/json" } });
    expect(answer.text, path).toContain("NotSignedIn");
  }
  expect((await send(`${busy.site.url}/events/stream`)).status).toBe(401);
});

test("jobs of another tenant are as absent as jobs that never were", async ({ busy, page, open, as, faults }) => {
  faults.allow(/404/);
  await as(busy.site, busy.stranger);
  for (const id of [busy.failed.id, busy.succeeded.id, "job_00000000000070008000000000000000"]) {
    expect(await open(busy.site, `/jobs/${id}`)).toBe(404);
    await expect(page.getByRole("alert")).toContainText("There is nothing here, or it is not yours to see.");
  }
  await open(busy.site, "/jobs");
  await expect(page.getByRole("heading", { name: "No jobs yet" })).toBeVisible();
  for (const path of ["/", "/events", "/requests", "/vendors", "/destinations", "/providers", "/rules"]) {
    await open(busy.site, path);
    expect(await page.getByRole("main").innerText(), path).not.toContain("acme");
  }
  const cookie = await busy.site.cookie(busy.stranger);
  const { arrival } = await busy.site.server.cli(["jobs", "show", busy.failed.id]);
  for (const of of [arrival.event_id, busy.failed.id]) {
    const read = await send(`${busy.site.url}/ui/payload?of=${of}`, { headers: { cookie, accept: "application/json" } });
    expect(read.text).toContain("NotFound");
  }
  const again = await form(`${busy.site.url}/ui/replay/start`, { id: arrival.event_id }, { cookie, accept: "application/json" });
  expect(again.text).toContain("NotFound");
  const answer = await form(`${busy.site.url}/ui/job/retry`, { id: busy.failed.id }, { cookie, accept: "application/json" });
  expect(answer.text).toContain("NotFound");
  const [job] = (await busy.site.server.jobs(["--state", "failed"])).filter(({ id }) => id === busy.failed.id);
  expect(job.state).toBe("failed");
});

test("a change that another site's page asks for is a 403", async ({ busy }) => {
  const cookie = await busy.site.cookie();
  const [path, fields] = CHANGES[0]!;
  for (const [name, value] of [["sec-fetch-site", "cross-site"], ["sec-fetch-site", "same-site"], ["origin", "https://evil.example"], ["origin", "null"]] as const) {
    const answer = await form(`${busy.site.url}/ui/${path}`, fields, { cookie, [name]: value });
    expect(answer.status, `${name}: ${value}`).toBe(403);
    expect(answer.json.code).toBe("other_site");
  }
  const vendors = await busy.site.server.cli<any[]>(["vendor", "list"]);
  expect(vendors.map(({ slug }) => slug)).not.toContain("theirs");
});

test("pages forbid foreign scripts, frames and guesses at types", async ({ busy }) => {
  const { headers } = await send(`${busy.site.url}/login`);
  expect(headers.get("content-security-policy")).toMatch(/script-src 'self' 'nonce-/);
  expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("referrer-policy")).toMatch(/^(same-origin|no-referrer)$/);
});

test("text of a webhook stays text on every page that shows it", async ({ busy, page, open, as }) => {
  const type = `story.<img src=x onerror="document.title='owned'">`;
  await deliver(busy.vendor, { type, more: { text: "</script><script>document.title='owned'</script>" } });
  const found = await until("its job", async () => (await busy.site.server.jobs()).find((job) => job.title.includes("<img")));
  await as(busy.site);
  for (const path of ["/", "/jobs", `/jobs/${found.id}`, `/jobs/${found.id}?payload=shown`]) {
    await open(busy.site, path);
    await expect(page).not.toHaveTitle(/^owned/);
    expect(await page.locator("img").count()).toBe(0);
  }
});
