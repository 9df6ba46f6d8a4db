// Nobody can find out which vendors and tenants exist.

import { expect, test } from "@playwright/test";
import { ENGINES } from "../../support/database.ts";
import { expectProblem, post } from "../../support/http.ts";
import { Tidegate } from "../../support/server.ts";
import { newHook, sign } from "../../support/sign.ts";
import { until } from "../../support/until.ts";

for (const engine of ENGINES) {
  test(`unknown vendor, unknown tenant and disabled vendor answer alike (${engine})`, async () => {
    const server = await Tidegate.start({ engine });
    try {
      const off = await server.addVendor("switched-off");
      await server.addVendor("other");
      await server.follows();
      const signed = () => sign("std_webhooks", off.secret, newHook());
      expect((await post(off.url, signed())).status).toBe(202);
      // No command switches a vendor off yet.
      const no = engine === "sqlite" ? "0" : "false";
      await server.database.sql(`update vendors set enabled = ${no} where slug = 'switched-off'; update config_version set version = version + 1`);
      await until("the vendor is off", async () => (await post(off.url, signed())).status !== 202);

      const paths = ["/webhooks/switched-off", "/webhooks/never-was", "/webhooks/no-tenant/switched-off", "/webhooks/marks/never-was"];
      const answers = [];
      for (const path of paths) answers.push(await post(server.url + path, signed()));
      const bodies = answers.map((answer) => {
        expectProblem(answer, 404);
        return { ...answer.json, request_id: "" };
      });
      for (const body of bodies) expect(body).toEqual(bodies[0]);
      const shape = (headers: Headers) => [...headers.keys()].filter((name) => name !== "date").sort();
      for (const answer of answers) expect(shape(answer.headers)).toEqual(shape(answers[0]!.headers));
    } finally {
      await server.stop();
    }
  });
}
