// The same webhook by many senders at once, on both databases: one event, one job, the same id for all.

import { expect, test } from "@playwright/test";
import { ENGINES } from "../../support/database.ts";
import { post } from "../../support/http.ts";
import { Tidegate } from "../../support/server.ts";
import { newHook, sign } from "../../support/sign.ts";

for (const engine of ENGINES) {
  test(`fifty equal webhooks at once are one event on ${engine}`, async () => {
    const server = await Tidegate.start({ engine });
    try {
      const vendor = await server.addVendor("acme");
      await server.follows();
      const signed = sign("std_webhooks", vendor.secret, newHook());
      const answers = await Promise.all(Array.from({ length: 50 }, () => post(vendor.url, signed)));
      expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(49);
      expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1);
      expect(await server.cli<any[]>(["events", "list"])).toHaveLength(1);
    } finally {
      await server.stop();
    }
  });

  test(`fifty webhooks with two bodies under one id are two versions on ${engine}`, async () => {
    const server = await Tidegate.start({ engine });
    try {
      const vendor = await server.addVendor("acme");
      await server.follows();
      const two = [1, 2].map((n) => sign("std_webhooks", vendor.secret, newHook({ id: "msg_one", more: { n } })));
      const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => post(vendor.url, two[i % 2]!)));
      expect(answers.filter(({ status }) => status === 202)).toHaveLength(2);
      const ids = [...new Set(answers.map(({ json }) => json.id as string))];
      expect(ids).toHaveLength(2);
      const { story } = await server.cli(["events", "show", ids[0]!]);
      expect(story.versions.map(({ id }: any) => id).sort()).toEqual(ids.sort());
    } finally {
      await server.stop();
    }
  });
}
