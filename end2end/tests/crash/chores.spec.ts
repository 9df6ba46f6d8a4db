// A node is killed in the middle of a chore: nobody else does it while its lease lasts, and then another node does it whole.

import { expect, test } from "@playwright/test";
import { Tidegate } from "../../support/server.ts";
import { until } from "../../support/until.ts";
import { rows } from "./promise.ts";

test("a chore whose node is killed in the middle is taken over by another when its lease ends", async () => {
  const first = await Tidegate.start({ engine: "postgres" });
  const nodes = new Map<string, Tidegate>();
  const known = async (server: Tidegate) =>
    nodes.set(await until("it is on the list", async () => (await rows(first, "select id from nodes")).find((id) => !nodes.has(id))), server);
  try {
    await known(first);
    await known(await Tidegate.beside(first));
    // A server that starts does everything once.
    await until("every chore was done", async () => (await rows(first, "select count(*) from chores where last_ended is null or node_id is not null"))[0] === "0");

    // Somebody has a hand on what the chore is to remove, for longer than it takes to notice and to kill.
    await first.database.sql("insert into sessions (id, data, expires_at) values ('over', '\\x00', 1)");
    const held = first.database.sql("begin; select 1 from sessions where id = 'over' for update; select pg_sleep(20); commit");
    await until("the row is held", async () =>
      (await rows(first, "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'"))[0] === "1");
    await first.database.sql("update chores set next_at = 1 where name = 'sessions'");
    const busy = await until("a node is at it", async () => (await rows(first, "select node_id from chores where name = 'sessions' and node_id is not null"))[0]);
    const [run] = await rows(first, "select run from chores where name = 'sessions'");
    await nodes.get(busy)!.end("SIGKILL");
    const [other] = [...nodes.keys()].filter((id) => id !== busy);
    expect((await rows(first, "select node_id, last_error from chores where name = 'sessions'"))[0], "it died with the chore in hand").toBe(`${busy}|`);

    await held;
    await until("the other node did it", async () =>
      (await rows(first, "select last_node from chores where name = 'sessions' and node_id is null"))[0] === other, 80);
    const told = await rows(first, "select run, failures, last_error, (select count(*) from sessions where id = 'over') from chores where name = 'sessions'");
    expect(told).toEqual([`${Number(run) + 1}|0||0`]);
  } finally {
    for (const server of [...nodes.values()].reverse()) await server.stop();
  }
});
