// One role a process: three on one PostgreSQL do together what one does alone, and none of them does another's part.

import { expect, test } from "@playwright/test";
import { deliver, send } from "../../support/http.ts";
import { Receiver } from "../../support/peers.ts";
import { Tidegate } from "../../support/server.ts";
import { login } from "../../support/site.ts";
import { newSecret, secret } from "../../support/run.ts";
import { rows } from "./promise.ts";

test("ingress, worker and dashboard are three processes, and a webhook takes its way through all of them", async () => {
  const peer = await Receiver.start();
  const ingress = await Tidegate.start({ engine: "postgres", set: { ROLES: "ingress" } });
  const nodes = [ingress];
  try {
    const vendor = await ingress.setUp(peer.url);
    expect((await deliver(vendor)).status).toBe(202);
    expect(await rows(ingress, "select state, count(*) from jobs group by state")).toEqual(["pending|1"]);

    const dashboard = await Tidegate.beside(ingress, { ROLES: "dashboard" });
    nodes.push(dashboard);
    const worker = await Tidegate.beside(ingress, { ROLES: "worker" });
    nodes.push(worker);
    await ingress.jobsIn("succeeded", 2);
    expect(await rows(ingress, "select distinct n.roles from all_attempts a join nodes n on n.id = a.node_id")).toEqual(["worker"]);

    // Each answers for itself, and for nothing else.
    for (const node of nodes) expect((await send(`${node.url}/readyz`)).status).toBe(200);
    const hook = new URL(vendor.url).pathname;
    const posted = (node: Tidegate) => deliver({ ...vendor, url: node.url + hook }).then(({ status }) => status);
    expect([await posted(ingress), await posted(worker)]).toEqual([202, 404]);
    expect(await posted(dashboard)).not.toBe(202);
    const asked = async (node: Tidegate) => (await send(`${node.url}/login`)).status;
    expect([await asked(dashboard), await asked(ingress), await asked(worker)]).toEqual([200, 404, 404]);

    // The dashboard tells the story of what the others did.
    const person = { email: "owner@example.test", password: newSecret() };
    await ingress.cli(["user", "add", person.email, "--role", "owner"], { input: person.password });
    const cookie = /^(tidegate=[^;]+)/.exec((await login(dashboard.url, person)).headers.get("set-cookie") ?? "")![1]!;
    secret(cookie.slice("tidegate=".length));
    const publish = (await ingress.jobs(["--kind", "publish"]))[0];
    const page = await send(`${dashboard.url}/jobs/${publish.id}`, { headers: { cookie, accept: "text/html" } });
    expect(page.status).toBe(200);
    expect(page.text).toContain("Post created");
  } finally {
    for (const node of nodes.reverse()) await node.stop();
    await peer.stop();
  }
});
