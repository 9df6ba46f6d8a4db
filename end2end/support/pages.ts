// Tests that look at pages: one fixture opens them, another fails the test on errors nobody expected.
// Runs with JavaScript on (project `hydrated`) and off (`plain`).

import { expect, test as base, type Page } from "@playwright/test";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Busy, type Person, type Site } from "./site.ts";
import { produced } from "./run.ts";

/** A page that is still open when its server ends asks in vain. */
const GONE = /ERR_(ABORTED|CONNECTION_REFUSED|CONNECTION_RESET|CONNECTION_CLOSED|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING)/;

/** What went wrong in the browser; `allow` takes what a test provokes. */
export class Faults {
  readonly seen: string[] = [];
  private allowed: RegExp[] = [];

  constructor(private scripts: boolean) {}

  allow(...what: RegExp[]): void {
    this.allowed.push(...what);
  }

  watch(page: Page): void {
    page.on("console", (message) => {
      if (GONE.test(message.text())) return;
      if (!this.scripts && message.text().includes("was preloaded using link preload but not used")) return;
      if (["error", "warning"].includes(message.type())) this.seen.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => this.seen.push(`page error: ${error.stack ?? error.message}`));
    page.on("requestfailed", (request) => {
      const why = request.failure()?.errorText ?? "";
      // Leaving a page ends what it was still loading, and its stream; without JavaScript scripts are not loaded.
      if (!GONE.test(why) && !(why === "csp" && !this.scripts)) this.seen.push(`request failed: ${request.method()} ${request.url()} ${why}`);
    });
    page.on("response", (response) => {
      if (response.status() >= 400) this.seen.push(`answer: ${response.status()} ${response.request().method()} ${response.url()}`);
    });
  }

  get unexpected(): string[] {
    return this.seen.filter((fault) => !this.allowed.some((pattern) => pattern.test(fault)));
  }
}

/** Of a test that needs scripts: it is run in `hydrated` alone. */
export const SCRIPTED = { tag: "@scripted" };
/** Of a test that scripts change nothing about: it is run in `plain` alone. */
export const PLAIN = { tag: "@plain" };

type Tools = {
  /** Whether this project runs JavaScript. */
  hydrated: boolean;
  faults: Faults;
  /** Opens a path of a site and waits until it can be used; the status of its answer. */
  open: (site: Site, path: string) => Promise<number>;
  /** Waits until the page that is there now can be used. */
  ready: () => Promise<void>;
  /** Lets the browser act as somebody; nobody when none is given. */
  as: (site: Site, person?: Person | null) => Promise<void>;
};

export const test = base.extend<Tools, { busy: Busy }>({
  hydrated: async ({ javaScriptEnabled }, use) => use(javaScriptEnabled !== false),
  faults: [
    async ({ page, hydrated }, use) => {
      const faults = new Faults(hydrated);
      faults.watch(page);
      await use(faults);
      expect.soft(faults.unexpected, "errors in the browser").toEqual([]);
    },
    { auto: true },
  ],
  ready: async ({ page, hydrated }, use) => {
    await use(async () => {
      await page.waitForLoadState("load");
      if (hydrated) await page.locator("html[data-hydrated]").waitFor({ state: "attached", timeout: 30_000 });
      // A page that shows a secret or a set-up link does so on purpose.
      if (!/\/(setup|(vendors|destinations)\/(added|rotated))\b/.test(page.url())) produced("page", `${page.url()}\n${await page.content()}`);
    });
  },
  open: async ({ page, ready }, use) => {
    await use(async (site, path) => {
      const answer = await page.goto(site.url + path);
      await ready();
      return answer!.status();
    });
  },
  as: async ({ context, page }, use) => {
    await use(async (site, person) => {
      // A page that is still open would ask as nobody.
      await page.goto("about:blank");
      await context.clearCookies();
      if (person === null) return;
      const [name, value] = (await site.cookie(person)).split("=") as [string, string];
      await context.addCookies([{ name, value, url: site.url }]);
    });
  },
  busy: [
    async ({}, use) => {
      const busy = await Busy.start();
      await use(busy);
      await busy.site.stop();
    },
    { scope: "worker", timeout: 90_000 },
  ],
});
export { expect };

type Known = { path: string; heading: string; status?: number };

/** Every page and how it answers; `{…}` stands for an id of the busy site. */
export const PAGES: Known[] = [
  { path: "/", heading: "Overview" },
  { path: "/jobs", heading: "Jobs" },
  { path: "/jobs?state=deadletter", heading: "Jobs" },
  { path: "/jobs?state=held", heading: "Jobs" },
  { path: "/jobs/{succeeded}", heading: "acme story" },
  { path: "/jobs/{failed}", heading: "acme story.unreadable" },
  { path: "/jobs/{dead}", heading: "acme story.unpublished" },
  { path: "/jobs/{failed}/edit", heading: "Edit and run again" },
  { path: "/jobs/change?what=cancel&state=failed", heading: "Cancel jobs" },
  { path: "/replays", heading: "Replays" },
  { path: "/replays?chosen=yes&type=story.*", heading: "Replays" },
  { path: "/jobs/{succeeded}?payload=shown", heading: "acme story" },
  { path: "/events", heading: "Events" },
  { path: "/events?type=none", heading: "Events" },
  { path: "/events/{event}", heading: "story." },
  { path: "/requests", heading: "Requests" },
  { path: "/requests?outcome=refused", heading: "Requests" },
  { path: "/requests/{refused}", heading: "Signature does not fit" },
  { path: "/vendors", heading: "Vendors" },
  { path: "/vendors/acme", heading: "acme" },
  { path: "/vendors/new", heading: "Add vendor" },
  { path: "/vendors/new/custom", heading: "Describe a vendor" },
  { path: "/vendors/presets", heading: "Known vendors" },
  { path: "/destinations", heading: "Destinations" },
  { path: "/destinations/{destination}", heading: "site" },
  { path: "/destinations/dst_00000000000070008000000000000000", heading: "No such destination", status: 404 },
  { path: "/destinations/new", heading: "Add destination" },
  { path: "/providers", heading: "Providers" },
  { path: "/providers/new", heading: "Add provider" },
  { path: "/rules", heading: "Rules" },
  { path: "/schedules", heading: "Schedules" },
  { path: "/schedules/new", heading: "Add schedule" },
  { path: "/limits", heading: "Limits" },
  { path: "/rules/new", heading: "Add rule" },
  { path: "/nodes", heading: "Nodes" },
  { path: "/audit", heading: "Audit" },
  { path: "/audit?action=vendor", heading: "Audit" },
  { path: "/events/types", heading: "Event types" },
  { path: "/events/types/acme/story.ready", heading: "story.ready" },
  { path: "/no-such-page", heading: "No such page", status: 404 },
  { path: "/vendors/nobody", heading: "No such vendor", status: 404 },
  { path: "/jobs/job_00000000000070008000000000000000", heading: "Job", status: 404 },
];

/** The same with the ids of this site. */
export const pagesOf = (busy: Busy): Known[] =>
  PAGES.map(({ path, ...rest }) => ({ path: path.replace(/\{(\w+)\}/g, (_, name) => busy.idOf(name)), ...rest }));

/** Something is wrong with a field, and the words beside it say what. */
export async function expectWrong(page: Page, label: string | RegExp, words: string): Promise<void> {
  const field = page.getByLabel(label).first();
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await expect(page.locator(`#${await field.getAttribute("aria-describedby")}`)).toContainText(words);
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Serious and critical findings of axe-core on the page as it is now. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => (await (window as any).axe.run(document)).violations);
  return found
    .filter(({ impact }: any) => ["serious", "critical"].includes(impact))
    .map(({ id, help, nodes }: any) => `${id}: ${help}: ${nodes.map(({ html, any }: any) => `${html.slice(0, 160)} ${any?.[0]?.message ?? ""}`).join(" | ")}`);
}
