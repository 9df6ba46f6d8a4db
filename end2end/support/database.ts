// A database for one server: a SQLite file, or a database of its own on the PostgreSQL that run.sh started.

import { join } from "node:path";
import { must } from "./process.ts";
import { fresh } from "./run.ts";

export type Engine = "sqlite" | "postgres";
export const ENGINES: Engine[] = ["sqlite", "postgres"];

export interface Database {
  engine: Engine;
  url: string;
  /** Runs SQL as its owner; one line a row, columns split by |. */
  sql(text: string): Promise<string>;
  /** Makes the database unreachable until `back`; PostgreSQL only. */
  away(): Promise<void>;
  back(): Promise<void>;
  /** Lets the whole server crash and waits until it has recovered; PostgreSQL only, and only one that this run started. */
  restart(): Promise<void>;
  remove(): Promise<void>;
}

export const makeDatabase = (engine: Engine, folder: string): Promise<Database> =>
  engine === "sqlite" ? Promise.resolve(sqlite(folder)) : postgres();

function sqlite(folder: string): Database {
  const file = join(folder, "tidegate.db");
  const refuse = () => Promise.reject(new Error("a SQLite file cannot be switched off; limit its size instead"));
  return {
    engine: "sqlite",
    url: `sqlite://${file}`,
    sql: (text) => must(["sqlite3", "-cmd", ".timeout 10000", file, text]),
    away: refuse,
    back: refuse,
    restart: refuse,
    remove: async () => {},
  };
}

async function postgres(): Promise<Database> {
  const admin = process.env.TIDEGATE_TEST_POSTGRES_URL;
  if (!admin) throw new Error("TIDEGATE_TEST_POSTGRES_URL is not set; run end2end/run.sh");
  const name = fresh("t").replaceAll("-", "_");
  const url = admin.replace(/\/[^/]*$/, `/${name}`);
  const psql = (to: string, text: string) =>
    must(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", to, "-c", text]);
  const cut = `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`;
  await psql(admin, `create database ${name}`);
  return {
    engine: "postgres",
    url,
    sql: (text) => psql(url, text),
    away: async () => {
      await psql(admin, `alter database ${name} with allow_connections false`);
      await psql(admin, cut);
    },
    back: async () => {
      await psql(admin, `alter database ${name} with allow_connections true`);
    },
    restart: async () => {
      const command = process.env.TIDEGATE_TEST_POSTGRES_RESTART;
      if (!command) throw new Error("this PostgreSQL was not started by scripts/with-postgres.sh");
      await must([command], { seconds: 90 });
    },
    remove: async () => {
      await psql(admin, `drop database if exists ${name} with (force)`);
    },
  };
}
