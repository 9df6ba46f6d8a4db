// Coming in: the one-time set-up, signing in and out, and what strangers see.

import { expect, test } from "../../support/pages.ts";
import { newSecret } from "../../support/run.ts";
import { Tidegate } from "../../support/server.ts";
import { Site, login } from "../../support/site.ts";

test("the printed link makes the first account once and leads to the first steps", async ({ page, ready }) => {
  const server = await Tidegate.start();
  try {
    const link = server.setupLink!;
    expect(link).toBeTruthy();
    const [email, password] = ["first@example.test", newSecret()];
    await page.goto(link);
    await ready();
    await page.getByLabel("E-mail address").fill(email);
    await page.getByLabel("Password").fill("too short");
    await page.getByRole("button", { name: "Make the account" }).click();
    await expect(page.getByText("Use at least 12 characters.")).toBeVisible();
    await ready();
    await page.getByLabel("E-mail address").fill(email);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Make the account" }).click();
    await expect(page).toHaveURL(`${server.url}/`);
    await ready();
    await expect(page.getByRole("heading", { name: "First steps" })).toBeVisible();
    await expect(page.getByText("0 of 4 done")).toBeVisible();

    await page.context().clearCookies();
    await page.goto(link);
    await ready();
    await expect(page.getByText("Tidegate is set up already.")).toBeVisible();
    await expect(page.getByLabel("Password")).toHaveCount(0);
    const token = new URL(link).searchParams.get("token")!;
    const again = await fetch(`${server.url}/ui/setup`, {
      method: "POST",
      headers: { accept: "text/html" },
      body: new URLSearchParams({ token, email: "second@example.test", password: newSecret() }),
      redirect: "manual",
    });
    expect(again.headers.get("set-cookie")).toBeNull();
    expect((await server.cli<any[]>(["user", "list"])).map((user) => user.email)).toEqual([email]);
  } finally {
    await server.stop();
  }
});

test("without the link nobody can make the first account", async ({ page, ready }) => {
  const server = await Tidegate.start();
  try {
    await page.goto(`${server.url}/setup`);
    await ready();
    await expect(page.getByText("Open the one-time link")).toBeVisible();
    await page.goto(`${server.url}/setup?token=guessed-guessed-guessed-guessed`);
    await ready();
    await page.getByLabel("E-mail address").fill("thief@example.test");
    await page.getByLabel("Password").fill(newSecret());
    await page.getByRole("button", { name: "Make the account" }).click();
    await expect(page.getByText("This link was used already or has ended.")).toBeVisible();
    expect(await server.cli(["user", "list"])).toEqual([]);
  } finally {
    await server.stop();
  }
});

test.describe("signing in", () => {
  let site: Site;
  test.beforeAll(async () => {
    site = await Site.empty();
  });
  test.afterAll(() => site.stop());

  test("a wrong password is refused beside the field, the right one leads to where one wanted to go", async ({ page, open, ready }) => {
    await open(site, "/vendors?x=1");
    await expect(page).toHaveURL(/\/login\?next=/);
    const fill = async (password: string) => {
      await page.getByLabel("E-mail address").fill(site.owner.email);
      await page.getByLabel("Password").fill(password);
      await page.getByRole("button", { name: "Sign in" }).click();
    };
    await fill("certainly not it");
    await expect(page.getByText("E-mail address or password is wrong.")).toBeVisible();
    await ready();
    const field = page.getByLabel("Password");
    await expect(field).toHaveAttribute("aria-invalid", "true");
    await fill(site.owner.password);
    await expect(page).toHaveURL(`${site.url}/vendors?x=1`);
  });

  test("an unknown account is told the same as a wrong password", async ({ page, open }) => {
    await open(site, "/login");
    await page.getByLabel("E-mail address").fill("nobody@example.test");
    await page.getByLabel("Password").fill("certainly not it");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByText("E-mail address or password is wrong.")).toBeVisible();
  });

  test("after signing in nobody is sent to another site", async ({ page, open }) => {
    await open(site, "/login?next=//evil.example/");
    await page.getByLabel("E-mail address").fill(site.owner.email);
    await page.getByLabel("Password").fill(site.owner.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page).toHaveURL(`${site.url}/`);
  });

  test("signing out ends the session, also for a copy of its cookie", async ({ page, open, ready, as, context }) => {
    await as(site);
    const [cookie] = await context.cookies();
    site.sessions.clear();
    await open(site, "/");
    await page.getByRole("button", { name: "Sign out" }).first().click();
    await expect(page).toHaveURL(`${site.url}/login`);
    await ready();
    await context.addCookies([{ name: cookie!.name, value: cookie!.value, url: site.url }]);
    await open(site, "/jobs");
    await expect(page).toHaveURL(/\/login/);
  });

  test("the session's cookie is for this site's requests alone", async ({ as, context }) => {
    await as(site);
    const answer = await login(site.url, site.owner);
    expect(answer.headers.get("set-cookie")).toMatch(/HttpOnly/i);
    expect(answer.headers.get("set-cookie")).toMatch(/SameSite=(Lax|Strict)/i);
    await context.clearCookies();
  });

  test("after many wrong passwords even the right one has to wait", async ({ page, open, faults }) => {
    const person = await site.person(`hasty-${Date.now()}@example.test`, "editor");
    await Promise.all(Array.from({ length: 21 }, () => login(site.url, { ...person, password: "certainly not it" })));
    faults.allow(/429|500/);
    await open(site, "/login");
    await page.getByLabel("E-mail address").fill(person.email);
    await page.getByLabel("Password").fill(person.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByText("Too much at once. Wait a minute, then try again.")).toBeVisible();
  });
});
