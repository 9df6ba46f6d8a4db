// What holds for every page: it loads without an error, says what it is, and can be read by everybody.

import { expect, PAGES, pagesOf, PLAIN, SCRIPTED, test, violations } from "../../support/pages.ts";

// Tests must be named before the site is there, so by paths without ids.
for (const [at, { path: name, heading, status = 200 }] of PAGES.entries()) {
  test(`${name} loads without errors, has one heading and a title`, async ({ busy, page, open, as, faults }) => {
    const { path } = pagesOf(busy)[at]!;
    if (status === 404) faults.allow(/404/);
    await as(busy.site);
    expect(await open(busy.site, path), path).toBe(status);
    await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
    await expect(page.getByRole("heading", { level: 1 })).toContainText(heading);
    await expect(page).toHaveTitle(/ · Tidegate$/);
    expect(await page.locator("main").count()).toBe(1);
  });
}

// The checker is a script.
test("no page has a serious violation of accessibility, light or dark", SCRIPTED, async ({ busy, page, open, as, faults }) => {
  test.setTimeout(240_000);
  faults.allow(/404/, /401/); // the page that is open while its session ends
  const found: string[] = [];
  const check = async (path: string) => {
    await open(busy.site, path);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      found.push(...(await violations(page)).map((what) => `${path} ${colorScheme} ${what}`));
    }
  };
  await as(busy.site);
  for (const { path } of pagesOf(busy)) await check(path);
  await as(busy.site, null);
  for (const path of ["/login", "/setup"]) await check(path);
  expect(found).toEqual([]);
});

// Style sheets know nothing of scripts, so once is enough.
test("on a phone no page is wider than the screen, and no table than its box", PLAIN, async ({ busy, page, open, as, faults }) => {
  faults.allow(/404/);
  await page.setViewportSize({ width: 390, height: 844 });
  await as(busy.site);
  const wide: string[] = [];
  for (const { path } of pagesOf(busy)) {
    await open(busy.site, path);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    if (width > 390) wide.push(`${path}: ${width}`);
    const cut = await page.evaluate(() =>
      [...document.querySelectorAll("table")].filter((table) => table.getBoundingClientRect().right > innerWidth - 8).map((table) => table.innerText.slice(0, 40)));
    for (const words of cut) wide.push(`${path}: table ${JSON.stringify(words)}`);
  }
  expect(wide).toEqual([]);
});

test("the navigation leads to every place and marks the one that is open", async ({ busy, page, open, ready, as }) => {
  await as(busy.site);
  await open(busy.site, "/");
  for (const [words, path] of [["Jobs", "/jobs"], ["Events", "/events"], ["Requests", "/requests"], ["Vendors", "/vendors"], ["Destinations", "/destinations"], ["Providers", "/providers"], ["Rules", "/rules"], ["Schedules", "/schedules"], ["Limits", "/limits"], ["Breakers", "/breakers"], ["Overview", "/"]] as const) {
    const rail = page.getByRole("navigation", { name: "Main" });
    await rail.getByRole("link", { name: words }).first().click();
    await expect(page).toHaveURL(busy.site.url + path);
    await ready();
    await expect(page.getByRole("heading", { level: 1, name: words })).toBeVisible();
    await expect(rail.locator('[aria-current="page"]').first()).toContainText(words);
  }
});
