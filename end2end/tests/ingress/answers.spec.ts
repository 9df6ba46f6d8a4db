// Every preset against the table of answers: signing is done here, apart from the program's own code.

import { expect, test } from "@playwright/test";
import { expectNamed, expectProblem, post, raw, send, wire } from "../../support/http.ts";
import { Tidegate } from "../../support/server.ts";
import { PRESETS, newHook, sign, type Signed } from "../../support/sign.ts";

let server: Tidegate;
const vendors = new Map<string, { url: string; secret: string }>();

test.beforeAll(async () => {
  server = await Tidegate.start();
  for (const preset of Object.keys(PRESETS)) vendors.set(preset, await server.addVendor(preset.replaceAll("_", "-"), preset));
  await server.follows();
});
test.afterAll(() => server.stop());

const now = () => Math.floor(Date.now() / 1000);
const without = ({ headers, body }: Signed, name: string): Signed => ({
  headers: Object.fromEntries(Object.entries(headers).filter(([header]) => header !== name)),
  body,
});

for (const [preset, maker] of Object.entries(PRESETS)) {
  test.describe(preset, () => {
    const vendor = () => vendors.get(preset)!;

    test("a signed webhook is accepted, and sent again it is a duplicate with the first id", async () => {
      const signed = sign(preset, vendor().secret, newHook());
      const first = await post(vendor().url, signed);
      expect(first.status, first.text).toBe(202);
      expect(first.json).toEqual({ status: "accepted", id: expect.stringMatching(/^evt_[0-9a-f]{32}$/) });
      expectNamed(first);
      const again = await post(vendor().url, signed);
      expect(again.status).toBe(200);
      expect(again.json).toEqual({ status: "duplicate", id: first.json.id });
      expectNamed(again);
    });

    test("the same id with another body is another event", async () => {
      const hook = newHook();
      const first = await post(vendor().url, sign(preset, vendor().secret, hook));
      const other = await post(vendor().url, sign(preset, vendor().secret, { ...hook, more: { changed: true } }));
      expect([first.status, other.status]).toEqual([202, 202]);
      expect(other.json.id).not.toBe(first.json.id);
    });

    test("a missing header is a 400 that names it", async () => {
      for (const name of maker.required) {
        const answer = await post(vendor().url, without(sign(preset, vendor().secret, newHook()), name));
        expectProblem(answer, 400, "missing_header");
        expect(answer.json.detail).toContain(name);
      }
    });

    test("a signed body that is not JSON is a 400", async () => {
      const answer = await post(vendor().url, sign(preset, vendor().secret, newHook({ body: '{"id": "cut' })));
      expectProblem(answer, 400, "body_not_json");
    });

    test("a repeated security header is a 400", async () => {
      const { headers, body } = sign(preset, vendor().secret, newHook());
      for (const name of new Set([maker.header, ...(maker.time ? [maker.time] : [])])) {
        const pairs: [string, string][] = [...Object.entries(headers), [name, headers[name]!], ["content-length", String(body.length)]];
        expectProblem(await raw(vendor().url, wire(vendor().url, "POST", pairs, body)), 400, "repeated_header");
      }
    });

    test("another secret, another body, and a signature of another form are 401s", async () => {
      const good = sign(preset, vendor().secret, newHook());
      const strange = "whsec_" + Buffer.from("quite another secret, also long").toString("base64");
      expectProblem(await post(vendor().url, sign(preset, strange, newHook())), 401, "signature_mismatch");
      expectProblem(await post(vendor().url, { ...good, body: good.body.replace("data", "date").replace("acme/", "acmf/").replace("event_c", "event_d").replace("output", "outputs") }), 401, "signature_mismatch");
      const broken = { ...good, headers: { ...good.headers, [maker.header]: "nonsense" } };
      expectProblem(await post(vendor().url, broken), 401, /^(signature|timestamp)_/);
    });

    if (maker.time || preset === "stripe") {
      test("a stale and a future timestamp are 401s although they are signed", async () => {
        expectProblem(await post(vendor().url, sign(preset, vendor().secret, newHook({ at: now() - 400 }))), 401, "timestamp_stale");
        expectProblem(await post(vendor().url, sign(preset, vendor().secret, newHook({ at: now() + 400 }))), 401, "timestamp_future");
      });
    }
  });
}

test("Slack's url_verification is answered with its challenge and stores nothing", async () => {
  const vendor = vendors.get("slack")!;
  const events = async () => (await server.database.sql("select count(*) from events")).trim();
  const before = await events();
  const body = JSON.stringify({ type: "url_verification", token: "old", challenge: "3eZbrw1aBm2rZgRNFdxV2595E9CY" });
  const answer = await post(vendor.url, sign("slack", vendor.secret, newHook({ body })));
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toMatch(/^text\/plain/);
  expect(answer.text).toBe("3eZbrw1aBm2rZgRNFdxV2595E9CY");
  expectNamed(answer);
  expect(await events()).toBe(before);
  expectProblem(await post(vendor.url, sign("slack", "another secret", newHook({ body }))), 401, "signature_mismatch");
});

test("a wrong method is a 405 that names the right one", async () => {
  const { url } = vendors.get("std_webhooks")!;
  for (const method of ["GET", "PUT", "DELETE", "PATCH"]) {
    const answer = await send(url, { method });
    expectProblem(answer, 405, "method_not_allowed");
    expect(answer.headers.get("allow")).toBe("POST");
  }
});

test("a body over 512 KiB is a 413, declared and chunked", async () => {
  const vendor = vendors.get("std_webhooks")!;
  const body = JSON.stringify({ type: "big", data: { id: "x", text: "a".repeat(512 * 1024) } });
  const { headers } = sign("std_webhooks", vendor.secret, newHook({ body }));
  const pairs = Object.entries(headers);
  const declared = await raw(vendor.url, wire(vendor.url, "POST", [...pairs, ["content-length", String(body.length)]]));
  expectProblem(declared, 413, "body_too_large");
  const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  expectProblem(await raw(vendor.url, wire(vendor.url, "POST", [...pairs, ["transfer-encoding", "chunked"]], chunk)), 413, "body_too_large");
});

test("a body just under 512 KiB is accepted", async () => {
  const vendor = vendors.get("std_webhooks")!;
  const frame = JSON.stringify({ type: "big", data: { id: "y", text: "" } });
  const body = JSON.stringify({ type: "big", data: { id: "y", text: "a".repeat(512 * 1024 - frame.length) } });
  expect(body).toHaveLength(512 * 1024);
  expect((await post(vendor.url, sign("std_webhooks", vendor.secret, newHook({ body })))).status).toBe(202);
});

test("a content type no vendor sends is a 415", async () => {
  const vendor = vendors.get("std_webhooks")!;
  for (const type of ["text/html", "multipart/form-data; boundary=x", "application/xml"]) {
    const signed = sign("std_webhooks", vendor.secret, newHook());
    expectProblem(await post(vendor.url, { ...signed, headers: { ...signed.headers, "content-type": type } }), 415, "content_type");
  }
});

test("too many and too large headers are 431s", async () => {
  const vendor = vendors.get("std_webhooks")!;
  const { headers, body } = sign("std_webhooks", vendor.secret, newHook());
  const pairs: [string, string][] = [...Object.entries(headers), ["content-length", String(body.length)]];
  const many = Array.from({ length: 80 }, (_, i): [string, string] => [`x-more-${i}`, "1"]);
  expectProblem(await raw(vendor.url, wire(vendor.url, "POST", [...pairs, ...many], body)), 431, "headers_too_large");
  const large: [string, string][] = [["x-large", "a".repeat(40 * 1024)]];
  expectProblem(await raw(vendor.url, wire(vendor.url, "POST", [...pairs, ...large], body)), 431, "headers_too_large");
});

test("far more headers than any HTTP library parses are a 431, too", async () => {
  const { url } = vendors.get("std_webhooks")!;
  const many = Array.from({ length: 300 }, (_, i): [string, string] => [`x-more-${i}`, "1"]);
  const answer = await raw(url, wire(url, "POST", [...many, ["content-length", "2"]], "{}"));
  expect(answer.status).toBe(431);
});

test("every refused request of a known vendor is kept with its reason and without its secret", async () => {
  const vendor = vendors.get("stripe")!;
  const answer = await post(vendor.url, sign("stripe", "whsec_wrong_wrong_wrong", newHook()));
  const id = (answer.json.request_id as string).replace("req_", "").toUpperCase();
  await expect
    .poll(() => server.database.sql(`select status || ' ' || reason from refused_requests where hex(id) = '${id}'`))
    .toBe("401 signature_mismatch\n");
});
