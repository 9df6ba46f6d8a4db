// Pictures of every page in light, dark and on a phone, of a site where things go well and badly.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { deliver, deliverMany, send } from "../support/http.ts";
import { test } from "../support/pages.ts";
import { NO_CREDIT } from "../support/peers.ts";
import { ROOT } from "../support/run.ts";
import { newHook } from "../support/sign.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

const LOOKS = {
  light: { width: 1360, height: 820, scheme: "light" },
  dark: { width: 1360, height: 820, scheme: "dark" },
  phone: { width: 390, height: 844, scheme: "light" },
} as const;

const LONG = "Harbour authority publishes its revised timetable for the spring tides of the northern estuary, with notes for skippers";

async function fill(site: Site) {
  const { server, peer } = site;
  const acme = await server.addVendor("acme");
  const openai = await server.addVendor("openai", "openai");
  await server.addVendor("stripe-live", "stripe");
  await server.cli(["vendor", "add", "newsroom-notes", "--preset", "notion"]);
  await server.addProvider("gpt", `${peer.url}/v1`, { model: "gpt-5-mini" });
  await server.addProvider("claude", `${peer.url}/v1`, { kind: "anthropic", model: "claude-sonnet" });
  await server.addWordpress("daily-herald", peer.url);
  await server.addWordpress("quarterly-review-of-tidal-sciences", "http://127.0.0.1:9");
  const rule = (vendor: string, type: string, provider: string, destination: string, title: string) =>
    server.cli(["rule", "add", "--vendor", vendor, "--type", type, "--job", "generate", "--provider", provider, "--destination", destination,
      "--title", title, "--template", "Summarise for our readers in two short paragraphs: {{ data.headline }}"]);
  await rule("acme", "story.*", "gpt", "daily-herald", `{{ data.headline }}`);
  await rule("openai", "response.*", "claude", "daily-herald", "Answer {{ data.data.id }}");
  await rule("acme", "lost.*", "gpt", "quarterly-review-of-tidal-sciences", LONG);
  await server.cli(["rule", "add", "--vendor", "acme", "--type", "digest.*", "--job", "generate", "--provider", "gpt",
    "--title", "What the tide brought in", "--unique-for", "1h", "--unique-by", "subject"]);
  await server.cli(["schedule", "add", "morning-digest", "--vendor", "acme", "--type", "digest.due", "--subject", "digest-of-the-northern-estuary", "--cron", "0 7 * * 1-5", "--zone", "Europe/Berlin"]);
  await server.cli(["schedule", "add", "check-the-wires", "--vendor", "acme", "--type", "digest.of-all-the-wires-and-their-corrections", "--every", "15m"]);
  await server.cli(["schedule", "add", "weekly-round-up-of-the-harbour-authority", "--vendor", "newsroom-notes", "--type", "week.over", "--cron", "30 5 * * 1"]);
  await server.cli(["schedule", "disable", "weekly-round-up-of-the-harbour-authority"]);
  await server.cli(["destination", "test", "daily-herald"]);
  await server.cli(["destination", "test", "quarterly-review-of-tidal-sciences"], { code: 1 });
  await server.cli(["destination", "add", "forecast-desk", "--kind", "http", "--url", `${peer.url}/forecasts`], { once: true });
  await server.cli(["destination", "rotate", "forecast-desk"], { once: true });
  await server.cli(["destination", "add", "lighthouse-log", "--kind", "wordpress", "--url", peer.url, "--auth", "jwt"]);
  await server.cli(["token", "rotate"]);
  await server.cli(["destination", "add", "tide-table-archive", "--kind", "http", "--url", `${peer.url}/archive`], { once: true });
  await server.cli(["rule", "add", "--vendor", "acme", "--type", "archive.*", "--job", "forward", "--destination", "tide-table-archive"]);
  const scheme = join(server.folder, "scheme.toml");
  writeFileSync(scheme, `name = "Buoys"\nalgorithm = "hmac-sha256"\nsignature = { from = "header:x-buoy-signature", encoding = "hex" }\nsigned = "{body}"\nevent = { id = ["json:id"], type = ["json:type"] }\n`);
  await server.cli(["vendor", "add", "buoys", "--scheme-file", scheme], { once: true });
  await server.cli(["vendor", "rotate", "stripe-live", "--overlap", "24h"], { once: true });
  await server.cli(["vendor", "add", "alerts", "--preset", "tidegate"]);
  await server.follows();

  for (const offered of ["secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl", "secret_of_somebody_else_0123456789abcdef"])
    await send(`${site.url}/webhooks/newsroom-notes`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ verification_token: offered }) });

  const story = (n: number) => newHook({ type: n % 3 ? "story.ready" : "story.changed", more: { headline: n % 7 ? `High water ${n}` : LONG } });
  await deliverMany(acme, Array.from({ length: 40 }, (_, n) => story(n)));
  for (let n = 0; n < 8; n++) await deliver(openai, { type: "response.completed" }, "openai");
  await server.jobsIn("succeeded", 96);
  await server.cli(["events", "replay", "--yes", "--vendor", "openai", "--rate", "1000"]);
  await server.jobsIn("succeeded", 112);
  await peer.fails({ path: "/v1", status: 400 });
  for (let n = 1; n < 4; n++) await deliver(acme, story(n));
  await server.jobsIn("failed", 3);
  await peer.fails({ path: "/archive", status: 410 });
  await deliver(acme, { type: "archive.closed" });
  await server.jobsIn("held", 1);
  await peer.works();
  // So many tries in a row would open its breaker, and nothing would end as a dead letter.
  await server.cli(["breaker", "set", "closed", "--destination", "quarterly-review-of-tidal-sciences"]);
  for (let n = 0; n < 2; n++) await deliver(acme, { type: "lost.letter" });
  await server.jobsIn("deadletter", 2, 60);
  for (let n = 0; n < 6; n++) await deliver({ ...acme, secret: "whsec_AAAA" });
  await send(acme.url, { method: "POST", body: "{}", headers: { "content-type": "application/json" } });
  await send(acme.url, { method: "POST", body: "<a/>", headers: { "content-type": "application/xml" } });
  await deliver(acme, { at: Math.floor(Date.now() / 1000) - 1_234 });
  for (const n of [1, 2, 3]) await deliver(acme, newHook({ id: "msg_versions", type: "order.changed", more: { n } }));
  // A type with a schema, and payloads whose field was renamed.
  const drifting = ["--vendor", "openai", "--type", "response.completed"];
  await until("the catalogue knows the type", async () =>
    (await server.cli<any[]>(["schema", "list"])).some((row) => row.event_type === "response.completed"));
  await server.cli(["schema", "learn", ...drifting, "--mode", "hold"]);
  await server.cli(["mapping", "set", ...drifting, "--from-version", "2026-06"], { input: "rename /data/output/*/cost /data/output/*/price" });
  await server.follows();
  for (let n = 0; n < 3; n++) await deliver(openai, { type: "response.completed", more: { data: { response_id: `resp_${n}`, status: 4 } } }, "openai");
  await server.jobsIn("held", 4);
  // A provider whose credit is used up.
  await server.addProvider("reserve", `${peer.url}/reserve/v1`, { model: "gpt-5-nano" });
  await rule("acme", "reserve.*", "reserve", "daily-herald", "What the reserve writes");
  await server.follows();
  await peer.fails({ path: "/reserve", status: 429, json: NO_CREDIT });
  await deliver(acme, { type: "reserve.asked" });
  await server.jobsIn("held", 5);
  // The mark by which `follows` saw that the server is up to date is no part of the picture.
  await server.database.sql("delete from secrets where vendor_id in (select id from vendors where slug like 'mark-%'); delete from vendors where slug like 'mark-%'; update config_version set version = version + 1");
  await server.cli(["pause", "begin", "vendor", "stripe-live"]);
  await server.cli(["pause", "begin", "deliveries"]);
  await server.cli(["breaker", "set", "open", "--destination", "quarterly-review-of-tidal-sciences"]);
  // Nothing holds a job by itself yet, so the picture gets one by hand.
  await server.database.sql("update jobs set state = 'held', reason = 'Held by hand: check the headline first' where id in (select id from jobs where state = 'failed' limit 1)");
  await peer.fails({ path: "/v1", status: 429, retry_after: 1800, times: 2 });
  for (let n = 1; n < 3; n++) await deliver(acme, story(n));
  await until("two wait", async () => (await server.jobs(["--state", "pending"])).length >= 2);
  await peer.fails({ path: "/v1", delay_ms: 240_000 });
  for (let n = 1; n < 3; n++) await deliver(acme, story(n));
  await until("two run", async () => (await server.jobs(["--state", "running"])).length >= 2);
}

test("pictures of every page", async ({ page, open, as, faults }) => {
  faults.allow(/./);
  const empty = await Site.empty();
  const site = await Site.empty();
  try {
    await fill(site);
    const first = async (state: string, kind?: string) =>
      (await site.server.jobs(["--state", state, ...(kind ? ["--kind", kind] : [])]))[0].id as string;
    const refused = async (reason: string) =>
      (await site.server.cli<any[]>(["requests", "list", "--reason", reason]))[0].id as string;
    const changed = (await site.server.cli<any[]>(["events", "list", "--type", "order.changed"]))[1].id as string;
    await site.server.cli(["requests", "recheck", await refused("signature_mismatch")]);
    await site.server.cli(["requests", "accept", "--anyway", await refused("timestamp_stale")]);
    const vendorId = `ven_${(await site.server.database.sql("select lower(hex(id)) from vendors where slug = 'acme'")).trim()}`;
    const heldBySchema = (await site.server.jobs(["--state", "held"])).find(({ reason }: any) => reason.startsWith("schema")).id;
    const replay = async (end: string) => `evt_${(await site.server.database.sql(`select lower(hex(${end})) from replayed_events limit 1`)).trim()}`;
    const [copy, replayed] = [await replay("event_id"), await replay("origin_id")];
    await site.server.cli(["schedule", "run-now", "morning-digest"]);
    const repeated = (await site.server.cli<any>(["schedule", "run-now", "morning-digest"])).event as string;
    const news = (await site.server.cli<any[]>(["events", "list", "--vendor", "alerts"]))[0].id as string;
    const edited = await first("failed", "generate");
    const copyOfIt = (await site.server.cli<any>(["jobs", "edit", edited, "--model", "gpt-5"])).id as string;
    await site.server.addVendor("hooks-of-the-weather-service", "generic_hex", ["--option", "one_time=signed", "--option", "prefix=v1="]);
    await site.server.follows();
    // Such as a node that was killed leaves behind.
    await site.server.database.sql("insert into nodes select randomblob(16), 'gate-2.eu-central.tides.example', 'ingress,worker', version, started_at - 90000000000, heartbeat_at - 400000000 from nodes limit 1");
    await until("every chore was done", async () => (await site.server.cli<any[]>(["chore", "list"])).every(({ last }) => last));
    await site.server.cli(["chore", "set", "retention", "--cron", "0 3 * * *", "--zone", "America/Argentina/Buenos_Aires"]);
    await site.server.cli(["chore", "disable", "counters"]);
    await site.server.database.sql("update chores set failures = 3, last_count = null, last_error = 'the database is unavailable: (code: 13) database or disk is full' where name = 'unique-keys'; update chores set last_count = 48211 where name = 'subjects'");
    const destinations = Object.fromEntries((await site.server.cli<any[]>(["destination", "list"])).map(({ slug, id }) => [slug, id]));
    const pages: [string, Site, string][] = [
      ["overview", site, "/"],
      ["overview-empty", empty, "/"],
      ["jobs", site, "/jobs"],
      ["jobs-change", site, "/jobs/change?what=cancel&state=failed"],
      ["jobs-empty", empty, "/jobs"],
      ["jobs-failed", site, "/jobs?state=failed"],
      ["jobs-no-match", site, "/jobs?state=cancelled"],
      ["job-succeeded", site, `/jobs/${await first("succeeded", "publish")}`],
      ["job-failed", site, `/jobs/${await first("failed")}`],
      ["job-deadletter", site, `/jobs/${await first("deadletter")}`],
      ["job-held", site, `/jobs/${await first("held")}`],
      ["job-waiting", site, `/jobs/${await first("pending")}`],
      ["job-running", site, `/jobs/${await first("running")}`],
      ["job-payload", site, `/jobs/${await first("succeeded", "publish")}?payload=shown`],
      ["replays", site, "/replays?chosen=yes&type=story.*"],
      ["replays-empty", empty, "/replays"],
      ["events", site, "/events"],
      ["events-empty", empty, "/events"],
      ["event", site, `/events/${changed}?payload=shown`],
      ["event-replayed", site, `/events/${replayed}`],
      ["event-copy", site, `/events/${copy}`],
      ["requests", site, "/requests"],
      ["requests-refused", site, "/requests?outcome=refused"],
      ["requests-empty", empty, "/requests"],
      ["request-mismatch", site, `/requests/${await refused("signature_mismatch")}?show=body`],
      ["request-accepted", site, `/requests/${await refused("timestamp_stale")}`],
      ["request-not-kept", site, `/requests/${await refused("content_type")}`],
      ["sender-link", site, `/requests/sender?vendor=${vendorId}`],
      ["job-held-by-schema", site, `/jobs/${heldBySchema}`],
      ["types", site, "/events/types"],
      ["types-empty", empty, "/events/types"],
      ["type", site, "/events/types/openai/response.completed"],
      ["type-without-schema", site, "/events/types/acme/story.ready"],
      ["vendors", site, "/vendors"],
      ["vendors-empty", empty, "/vendors"],
      ["vendor", site, "/vendors/acme"],
      ["vendor-rotating", site, "/vendors/stripe-live"],
      ["vendor-new", site, "/vendors/new"],
      ["vendor-news", site, "/vendors/alerts"],
      ["vendor-new-news", site, "/vendors/new?preset=tidegate"],
      ["event-news", site, `/events/${news}`],
      ["vendor-new-options", site, "/vendors/new?preset=generic_hex"],
      ["vendor-new-custom", site, "/vendors/new/custom"],
      ["vendor-presets", site, "/vendors/presets"],
      ["vendor-offers", site, "/vendors/newsroom-notes"],
      ["destinations", site, "/destinations"],
      ["destination", site, `/destinations/${destinations["quarterly-review-of-tidal-sciences"]}`],
      ["destination-rotating", site, `/destinations/${destinations["forecast-desk"]}`],
      ["destination-tokens", site, `/destinations/${destinations["lighthouse-log"]}`],
      ["vendor-scheme", site, "/vendors/buoys"],
      ["destination-new", site, "/destinations/new"],
      ["providers", site, "/providers"],
      ["provider-new", site, "/providers/new"],
      ["rules", site, "/rules"],
      ["rule-new", site, "/rules/new"],
      ["schedules", site, "/schedules"],
      ["schedules-empty", empty, "/schedules"],
      ["schedule-new", site, "/schedules/new"],
      ["schedule-times", site, `/schedules/${(await site.server.cli<any[]>(["schedule", "list"]))[0].id}/times`],
      ["event-repeated", site, `/events/${repeated}`],
      ["limits", site, "/limits"],
      ["breakers", site, "/breakers"],
      ["nodes", site, "/nodes"],
      ["job-edit", site, `/jobs/${edited}/edit`],
      ["job-edit-elsewhere", site, `/jobs/${await first("succeeded", "publish")}/edit`],
      ["job-edited", site, `/jobs/${edited}`],
      ["job-edited-copy", site, `/jobs/${copyOfIt}`],
      ["vendor-signing", site, "/vendors/hooks-of-the-weather-service#signing"],
      ["audit", site, "/audit"],
      ["not-found", site, "/no-such-page"],
      ["job-not-found", site, "/jobs/job_00000000000070008000000000000000"],
    ];
    for (const [look, { width, height, scheme }] of Object.entries(LOOKS)) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme: scheme });
      // The window grows to the whole page, so that what sticks to its edge is at the edge.
      const shoot = async (name: string) => {
        const whole = await page.evaluate(() => document.documentElement.scrollHeight);
        await page.setViewportSize({ width, height: Math.max(height, whole) });
        await page.screenshot({ path: join(ROOT, "shots", `${name}-${look}.png`) });
        await page.setViewportSize({ width, height });
      };
      for (const each of [site, empty]) {
        await as(each);
        for (const [name, where, path] of pages) {
          if (where !== each) continue;
          await open(where, path);
          await shoot(name);
        }
      }
      await as(site);
      await open(site, `/requests/sender?vendor=${vendorId}`);
      const sender = (await page.getByRole("region", { name: "Link to the sender page" }).innerText()).trim();
      await page.goto(sender);
      await shoot("sender");
      await page.getByLabel("Headers").fill("webhook-id: msg_1\nwebhook-timestamp: 1790000000\nwebhook-signature: v1,AAAA");
      await page.getByLabel("Body").fill('{"type": "story.ready"}');
      await page.getByRole("button", { name: "Check" }).click();
      await shoot("sender-verdict");
      await as(site, null);
      await open(site, "/login");
      await shoot("login");
    }
  } finally {
    await site.server.end("SIGKILL");
    await site.stop();
    await empty.stop();
  }
});
