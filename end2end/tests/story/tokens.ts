// A real WordPress that is shown signed tokens instead of a password: connected, told apart from forged ones, and of no
// use without the plugin.

import { expect, test } from "@playwright/test";
import { deliver, send } from "../../support/http.ts";
import type { Wordpress } from "../../support/peers.ts";
import { Tidegate } from "../../support/server.ts";

/** As an administrator does under Settings → Writing. */
const connect = (wordpress: Wordpress, issuer: string) =>
  wordpress.php(`$user = get_user_by("login", "${wordpress.env.WP_AUTHOR_USER}");
    update_option("tidegate_gateway", array("issuer" => "${issuer}", "user" => $user->ID, "saved_at" => microtime(true)));
    echo implode(",", Tidegate\\Token\\Gateway::connected()->key_ids());`);

/** The tests, in a file of their own; whoever calls this sees to it that nobody else uses the site meanwhile. */
export function tokenTests(wordpress: () => Wordpress) {
  let server: Tidegate;
  test.beforeAll(async () => {
    server = await Tidegate.start();
  });
  test.afterAll(async () => {
    await wordpress().php(`delete_option("tidegate_gateway"); delete_option("tidegate_keys");`);
    await server.stop();
  });

  test("a site is connected by its settings, and posts arrive as the account chosen there", async () => {
    const vendor = await server.addVendor("acme");
    const made = await server.cli(["destination", "add", "herald", "--kind", "wordpress", "--url", wordpress().url, "--auth", "jwt"]);
    expect(made).toEqual({ slug: "herald", secret: null, issuer: server.url });

    const keys = await send(`${server.url}/.well-known/jwks.json`);
    expect(keys.status).toBe(200);
    expect(keys.headers.get("content-type")).toBe("application/jwk-set+json");
    expect(keys.json.keys).toEqual([{ kty: "EC", crv: "P-256", use: "sig", alg: "ES256",
      kid: expect.any(String), x: expect.any(String), y: expect.any(String) }]);

    const before = await server.cli(["destination", "test", "herald"], { code: 1 });
    expect(JSON.stringify(before)).toContain("Settings → Writing");

    expect(await connect(wordpress(), server.url)).toBe(keys.json.keys[0].kid);
    expect(JSON.stringify(await server.cli(["destination", "test", "herald"]))).toContain(wordpress().env.WP_AUTHOR_USER!);
    await server.cli(["rule", "add", "--vendor", "acme", "--type", "*", "--job", "publish", "--destination", "herald",
      "--title", "Tide", "--template", "High water."]);
    await server.follows();
    await deliver(vendor);
    const [job] = await server.jobsIn("succeeded", 1);
    const story = await server.cli<any>(["jobs", "show", job.id]);
    const id = Number(story.chapters[0].result.post_id);
    expect(await wordpress().php(`echo get_the_author_meta("login", get_post_field("post_author", ${id}));`)).toBe(wordpress().env.WP_AUTHOR_USER);
  });

  test("a token of another installation, or of none, is answered 401", async () => {
    const route = `${wordpress().url}/wp-json/tidegate/v1/status`;
    const other = await Tidegate.start();
    try {
      // Its key is not the one the site knows.
      await other.cli(["destination", "add", "herald", "--kind", "wordpress", "--url", wordpress().url, "--auth", "jwt"]);
      expect(JSON.stringify(await other.cli(["destination", "test", "herald"], { code: 1 }))).toMatch(/does not know the key/);
    } finally {
      await other.stop();
    }
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const now = Math.floor(Date.now() / 1000);
    const claims = part({ iss: server.url, aud: wordpress().url, iat: now, exp: now + 60, jti: "made-up-token" });
    const token = `${part({ alg: "none" })}.${claims}.`;
    const answer = await send(route, { headers: { authorization: `Bearer ${token}` } });
    expect([answer.status, answer.json.code]).toEqual([401, "tidegate_bad_token"]);
  });

  test("without the plugin the failure says what is missing", async () => {
    await wordpress().plugin(false);
    try {
      const answer = await server.cli(["destination", "test", "herald"], { code: 1 });
      expect(JSON.stringify(answer)).toContain("plugin is not active there");
    } finally {
      await wordpress().plugin(true);
    }
  });
}
