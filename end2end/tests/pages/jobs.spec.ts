// The list of jobs and the story of one.

import { deliver } from "../../support/http.ts";
import { TEXT } from "../../support/peers.ts";
import { SCRIPTED, expect, test } from "../../support/pages.ts";
import { Site } from "../../support/site.ts";

const table = { name: "Jobs, newest first" };

test("the list shows the newest jobs first and older ones behind a link", async ({ busy, page, open, ready, as }) => {
  await as(busy.site);
  await open(busy.site, "/jobs");
  const links = page.getByRole("table", table).getByRole("rowheader").getByRole("link");
  await expect(links).toHaveCount(50);
  const first = await links.evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href));
  await page.getByRole("link", { name: "Older" }).click();
  await expect(page).toHaveURL(/cursor=/);
  await ready();
  await expect(page.getByRole("link", { name: "Newest" })).toBeVisible();
  await expect.poll(async () => (await links.evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href))).some((href) => first.includes(href))).toBe(false);
  await page.getByRole("link", { name: "Newest" }).click();
  await expect(page).toHaveURL(`${busy.site.url}/jobs`);
});

test("state, kind and vendor narrow the list, and the address keeps them", async ({ busy, page, open, ready, as }) => {
  await as(busy.site);
  await open(busy.site, "/jobs");
  const filters = page.getByRole("navigation", { name: "Filters" });
  const rows = page.getByRole("table", table).locator("tbody tr");
  const choose = async (words: RegExp, address: RegExp) => {
    await filters.getByRole("link", { name: words }).click();
    await expect(page).toHaveURL(address);
    await ready();
    await expect(filters.getByRole("link", { name: words })).toHaveAttribute("aria-current", "true");
  };
  await choose(/^Dead letter/, /state=deadletter/);
  await expect(rows).toHaveCount(1);
  await expect(rows.first()).toContainText("acme story.unpublished");
  await expect(rows.first()).toContainText("503 from WordPress");
  await choose(/^Generate/, /state=deadletter&kind=generate/);
  await expect(page.getByRole("heading", { name: "No match" })).toBeVisible();
  await page.getByRole("main").getByRole("link", { name: "Clear filters" }).last().click();
  await expect(page).toHaveURL(`${busy.site.url}/jobs`);
  await ready();
  await expect(filters.getByRole("link", { name: /^All/ })).toHaveAttribute("aria-current", "true");
  await choose(/^Failed/, /state=failed/);
  await choose(/^acme/, /state=failed&vendor=ven_/);
  await expect(rows).toHaveCount(1);
  const address = page.url();
  await page.goto(address);
  await ready();
  await expect(rows).toHaveCount(1);
  await expect(filters.locator('[aria-current="true"]')).toContainText(["Failed", "acme"]);
});

for (const [path, first, second, address, shown, gone] of [
  ["/jobs", /^Failed/, /^acme/, /\/jobs\?state=failed&vendor=ven_/, "Failed", "Succeeded"],
  ["/requests", /^Accepted/, /^acme/, /\/requests\?outcome=accepted&vendor=ven_/, "Accepted", "Refused"],
] as const) {
  test(`a filter chosen on ${path} while the list of the last one still loads is added to it`, SCRIPTED, async ({ busy, page, open, as }) => {
    await as(busy.site);
    await open(busy.site, path);
    let answer = () => {};
    const held = new Promise<void>((go) => { answer = go; });
    let answered = 0;
    await page.route(/\/ui\/(jobs|requests)\?/, async (route) => { await held; answered += 1; await route.continue(); });
    const filters = page.getByRole("navigation", { name: "Filters" });
    await expect(page.locator(".rows tbody")).toContainText(gone);
    await filters.getByRole("link", { name: first }).click();
    await expect(filters.getByRole("link", { name: first })).toHaveAttribute("aria-current", "true");
    await filters.getByRole("link", { name: second }).click();
    await expect(page).toHaveURL(address);
    expect(answered, "no list came meanwhile").toBe(0);
    answer();
    await expect(page.locator(".rows tbody tr").first()).toContainText(shown);
    await expect(page.locator(".rows tbody")).not.toContainText(gone);
    await expect(filters.locator('[aria-current="true"]')).toHaveCount(2);
    await expect(page).toHaveURL(address);
  });
}

test("an address that says nonsense shows the whole list", async ({ busy, page, open, as }) => {
  await as(busy.site);
  expect(await open(busy.site, "/jobs?state=exploded&vendor=%3Cb%3E&cursor=x")).toBe(200);
  await expect(page.getByRole("table", table).locator("tbody tr")).toHaveCount(50);
});

test("the page of a job tells its story from webhook to post, with a link to the post", async ({ busy, page, open, as }) => {
  await as(busy.site);
  await open(busy.site, `/jobs/${busy.succeeded.id}`);
  const story = page.getByRole("region", { name: "Story", exact: true });
  for (const step of ["Webhook received", "Checks passed", "Text written", "Post created"]) await expect(story).toContainText(step);
  await expect(page.getByRole("link", { name: "Open the post" })).toHaveAttribute("href", new RegExp(`^${busy.site.peer.url}/\\?p=\\d+$`));
  await expect(page.getByRole("region", { name: "Result" }).first()).toContainText(TEXT);
  await expect(page.getByRole("button", { name: "Re-enqueue" })).toHaveCount(0);
});

test("a job that failed says why, with the far side's own words", async ({ busy, page, open, as }) => {
  await as(busy.site);
  await open(busy.site, `/jobs/${busy.failed.id}`);
  const story = page.getByRole("region", { name: "Story", exact: true });
  await expect(story).toContainText("400 from model");
  await expect(story).toContainText("This failure was asked for.");
  await open(busy.site, `/jobs/${busy.dead.id}`);
  await expect(story).toContainText("Tries 2–11");
});

test.describe("changes", () => {
  let site: Site;
  let vendor: { url: string; secret: string };
  test.beforeAll(async () => {
    site = await Site.empty();
    vendor = await site.server.setUp(site.peer.url);
  });
  test.afterAll(() => site.stop());

  test("before the first job the list says what to do", async ({ page, open, as }) => {
    await as(site);
    await open(site, "/jobs");
    await expect(page.getByRole("heading", { name: "No jobs yet" })).toBeVisible();
  });

  test("a new job appears in the open list by itself, without JavaScript with the next load", async ({ page, open, as, hydrated }) => {
    await as(site);
    await open(site, "/jobs");
    const answer = await deliver(vendor, { type: "story.appears" });
    expect(answer.status).toBe(202);
    if (!hydrated) {
      await site.server.jobsIn("succeeded", 2);
      await page.reload();
    }
    await expect(page.getByRole("link", { name: "acme story.appears" })).toHaveCount(2, { timeout: 15_000 });
    await expect(page.getByRole("row", { name: /acme story.appears/ }).first()).toContainText("Succeeded", { timeout: 15_000 });
  });

  for (const [state, path, status, kind] of [["failed", "/v1", 400, "generate"], ["deadletter", "/wp-json", 503, "publish"]] as const) {
    test(`a ${state} job is put back with its button and then succeeds`, async ({ page, open, ready, as, hydrated }) => {
      const type = `story.${state}.${hydrated}`;
      await site.peer.fails({ path, status });
      await deliver(vendor, { type });
      const [job] = (await site.server.jobsIn(state, 1)).filter((job) => job.title.includes(type));
      expect(job.kind).toBe(kind);
      await site.peer.works();
      await as(site);
      await open(site, `/jobs/${job.id}`);
      await page.getByRole("button", { name: "Re-enqueue" }).click();
      const post = page.getByRole("link", { name: "Open the post" });
      if (!hydrated) {
        await expect(page).toHaveURL(new RegExp(`/jobs/${job.id}`));
        await expect.poll(async () => {
          await page.goto(`${site.url}/jobs/${job.id}`);
          return post.count();
        }).toBe(1);
      }
      await expect(post).toBeVisible({ timeout: 15_000 });
      await ready();
      await expect(page.getByRole("button", { name: "Re-enqueue" })).toHaveCount(0);
    });
  }
});
