// Without a mouse: the order of the tab key, the skip link, and that one always sees where one is.

import { expect, test } from "../../support/pages.ts";
import type { Page } from "@playwright/test";

const focused = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement as HTMLElement;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const words = (element.innerText || element.getAttribute("aria-label") || "").trim().split("\n")[0]!;
    const ring = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== "none";
    const inside = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight;
    const place = element.closest("nav")?.getAttribute("aria-label") ?? element.closest("table")?.className ?? element.closest("header, main")?.className ?? "";
    return { words, ring, inside, place, tag: element.tagName };
  });

test("the tab key goes from the skip link through navigation and filters to the rows, always visibly", async ({ busy, page, open, as }) => {
  await as(busy.site);
  await open(busy.site, "/jobs");
  const seen: Awaited<ReturnType<typeof focused>>[] = [];
  for (let presses = 0; presses < 60 && !seen.at(-1)?.words.startsWith("acme story"); presses++) {
    await page.keyboard.press("Tab");
    seen.push(await focused(page));
  }
  const at = (test: (stop: (typeof seen)[number]) => boolean) => seen.findIndex(test);
  const order = [
    at(({ words }) => words === "Skip to content"),
    at(({ place }) => place === "Main"),
    at(({ place }) => place === "Filters"),
    at(({ words }) => words.startsWith("acme story")),
  ];
  expect(order[0]).toBe(0);
  expect(order, JSON.stringify(seen.map(({ words }) => words))).toEqual([...order].sort((a, b) => a - b));
  expect(order).not.toContain(-1);
  expect(seen.filter(({ ring }) => !ring).map(({ words, tag }) => `${tag} ${words}`), "without a visible ring").toEqual([]);
  expect(seen.filter(({ inside }) => !inside).map(({ words, tag }) => `${tag} ${words}`), "outside the screen").toEqual([]);
});

test("the skip link moves the focus to the content", async ({ busy, page, open, as }) => {
  await as(busy.site);
  await open(busy.site, "/jobs");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/#main$/);
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => !!document.activeElement?.closest("main"))).toBe(true);
});

test("a row is opened and a form is filled with the keyboard alone", async ({ busy, page, open, ready, as }) => {
  await as(busy.site);
  await open(busy.site, "/jobs?state=failed");
  await page.getByRole("link", { name: "acme story.unreadable" }).focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/jobs\/job_/);
  await ready();
  await as(busy.site, null);
  await open(busy.site, "/login");
  await page.getByLabel("E-mail address").focus();
  await page.keyboard.type(busy.site.owner.email);
  await page.keyboard.press("Tab");
  await page.keyboard.type(busy.site.owner.password);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(`${busy.site.url}/`);
});
