// Settings → Writing of a real WordPress, where an administrator connects a gateway: filled in as a person does it, with
// JavaScript and without, and believed by the deliveries that follow.

import { expect, test, type Browser, type Page } from "@playwright/test";
import { send } from "../../support/http.ts";
import type { Wordpress } from "../../support/peers.ts";
import { Tidegate } from "../../support/server.ts";

const FORM = "/wp-admin/options-writing.php";

/** A browser in which somebody is signed in to the site. */
async function signedIn(browser: Browser, wordpress: Wordpress, who: "ADMIN" | "EDITOR", javaScriptEnabled: boolean): Promise<Page> {
  const context = await browser.newContext({ javaScriptEnabled });
  const page = await context.newPage();
  await page.goto(`${wordpress.url}/wp-login.php`);
  await page.locator("#user_login").fill(wordpress.env[`WP_${who}_USER`]!);
  await page.locator("#user_pass").fill(wordpress.env[`WP_${who}_PASSWORD`]!);
  await page.locator("#wp-submit").click();
  await expect(page).toHaveURL(/wp-admin/);
  return page;
}

/** The tests, in a file of their own; whoever calls this sees to it that nobody else uses the site meanwhile. */
export function settingsTests(wordpress: () => Wordpress) {
  let server: Tidegate;
  test.beforeAll(async () => {
    server = await Tidegate.start();
    await server.cli(["destination", "add", "herald", "--kind", "wordpress", "--url", wordpress().url, "--auth", "jwt"]);
  });
  test.afterEach(async () => {
    await wordpress().php(`delete_option("tidegate_gateway"); delete_option("tidegate_keys");`);
  });
  test.afterAll(() => server.stop());

  const tested = (code = 0) => server.cli(["destination", "test", "herald"], { code }).then((said) => JSON.stringify(said));

  for (const scripts of [true, false]) {
    test(`an administrator connects a gateway and takes it away again (${scripts ? "with" : "without"} JavaScript)`, async ({ browser }) => {
      const page = await signedIn(browser, wordpress(), "ADMIN", scripts);
      const [address, account, key] = ["Address of Tidegate", "Its tokens stand for", "Its public key"].map((label) => page.getByLabel(label));
      const save = async () => {
        // With JavaScript the site takes this mark out of the address at once.
        const saved = page.waitForResponse((answer) => answer.url().includes("settings-updated=true"));
        await page.getByRole("button", { name: "Save Changes" }).click();
        expect((await saved).status()).toBe(200);
        await page.waitForLoadState();
      };
      await page.goto(wordpress().url + FORM);
      await expect(page.getByRole("heading", { name: "AI results" })).toBeVisible();
      await expect(address!).toHaveValue("");
      await expect(account!.locator("option:checked")).toHaveText("— Nobody —");
      expect(await tested(1)).toContain("Settings → Writing");

      // The keys are fetched from the address as it is saved.
      await address!.fill(`${server.url}/`);
      await account!.selectOption({ label: wordpress().env.WP_AUTHOR_USER! });
      await save();
      await expect(page.getByText("Settings saved.")).toBeVisible();
      await expect(address!).toHaveValue(server.url);
      await expect(account!.locator("option:checked")).toHaveText(wordpress().env.WP_AUTHOR_USER!);
      await expect(page.getByText("1 key is known since")).toBeVisible();
      expect(await tested()).toContain(wordpress().env.WP_AUTHOR_USER!);

      // Pasted instead, as on a site that cannot reach the gateway.
      const published = (await send(`${server.url}/.well-known/jwks.json`)).text;
      await key!.fill(published);
      await save();
      await expect(key!).toHaveValue(published);
      expect(await tested()).toContain(wordpress().env.WP_AUTHOR_USER!);

      // A mistake is named where the form is, and lets nobody in.
      await address!.fill("http://tidegate.example.com");
      await key!.fill("-----BEGIN PUBLIC KEY-----");
      await save();
      await expect(page.getByText("The address of Tidegate must begin with https://.")).toBeVisible();
      await expect(page.getByText("This is no public key as JWK, JWKS or PEM")).toBeVisible();
      await expect(address!).toHaveValue("");
      await expect(key!).toHaveValue("");
      expect(await tested(1)).toContain("Settings → Writing");

      await address!.fill(server.url);
      await account!.selectOption({ label: "— Nobody —" });
      await save();
      await expect(page.getByText("Choose an account that may edit posts for the tokens of Tidegate.")).toBeVisible();
      expect(await tested(1)).toContain("403");
      await page.context().close();
    });
  }

  test("an editor does not get to see the form", async ({ browser }) => {
    const page = await signedIn(browser, wordpress(), "EDITOR", true);
    const answer = await page.goto(wordpress().url + FORM);
    expect(answer!.status()).toBe(403);
    await expect(page.getByLabel("Address of Tidegate")).toHaveCount(0);
    await page.context().close();
  });
}
