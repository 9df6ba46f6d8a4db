"""Rows of a database that has been in use for a while: jobs that wait, and jobs that ended long ago with all they left.

One webhook goes through the program, once. Then the database itself copies every row that is known by its event or its job, as
often as is wanted, each time with ids and times of its own. So nothing here knows the columns of the program, ten
million take minutes, and what is copied is what the program writes.
"""

import contextlib
import json
import sqlite3
import subprocess
import time
import uuid

from machine import database_url
from servers.sink import Sink
from servers.tidegate import TIDEGATE, Tidegate
from webhook import post

SECOND, HOUR, DAY = 1_000_000, 3_600_000_000, 86_400_000_000
# What the first webhook is called, and so its copies.
FIRST = "msg_first"
# Bodies are the first to be deleted: of jobs that ended a day ago there are none. Of each type a few samples are kept.
FORGOTTEN = {"event_payloads", "event_type_samples"}
# From so many rows on, indexes are made anew afterwards, which is quicker than keeping them up.
MANY = 200_000


def lived_in(engine, finished):
    """A Tidegate, not running, whose database holds one webhook: its job waits, or is done. With it the ids of both."""
    sink = Sink()
    began = time.time_ns() // 1000
    server = Tidegate(engine, "deliver", "ingress,worker" if finished else "ingress", target=sink.address)
    try:
        if post(server.address, FIRST) != 202:
            raise RuntimeError("the first webhook was refused")
        until = time.monotonic() + 20
        while not (jobs := listed(server, "jobs", "--state", "succeeded" if finished else "pending")):
            if time.monotonic() > until:
                raise RuntimeError("the first job did not end")
            time.sleep(0.1)
        server.stop()
        return server, number(listed(server, "events")[0]), number(jobs[0]), began
    except BaseException:
        server.remove()
        raise
    finally:
        sink.remove()


def listed(server, *what):
    said = subprocess.run([TIDEGATE, what[0], "list", *what[1:], "--output", "json"], env=server.environment, check=True,
                          capture_output=True, text=True).stdout
    found = json.loads(said)
    return found if isinstance(found, list) else found["items"]


def number(item):
    """The 128 bits of an id, which is told with what it is an id of before them."""
    return uuid.UUID(item["id"][-32:])


def filled(engine, count, finished):
    """A database to be copied, of so many jobs: waiting ones of the last hour, or finished ones of the thirty days before
    yesterday with event, tries and result."""
    server, event, job, began = lived_in(engine, finished)
    try:
        span = 30 * DAY if finished else HOUR
        first = began - (31 * DAY if finished else HOUR)
        with (Postgres if engine == "postgres" else Sqlite)(server) as database:
            database.prepare(first, max(1, span // count))
            for table, row in database.rows():
                known_by = {row[column] for column in database.key(table)}
                # A job that waits needs nothing but itself; of one that is done all is kept but the bodies.
                of_job, of_event = (any(is_id(value, one) for value in known_by) for one in (job, event))
                if (of_job or of_event and finished) and table not in FORGOTTEN:
                    database.copy(table, row, {column: changed(database, column, value, event, job, began)
                                               for column, value in row.items()}, count)
            database.settle()
        return server
    except BaseException:
        server.remove()
        raise


def is_id(value, one):
    return value in (str(one), one.bytes)


def changed(database, column, value, event, job, began):
    """What a column holds in the copy `n`, as SQL: ids and times are its own, everything else is that of the row copied."""
    old = f"seed.{column}"
    if isinstance(value, int) and not isinstance(value, bool) and began - SECOND <= value < began + 30 * DAY:
        return f"{old} - {began} + {database.at}"
    for which, one in ((1, event), (2, job)):
        if is_id(value, one):
            return database.id(which)
        if isinstance(value, str) and one.hex in value:
            return f"replace({old}, '{one.hex}', {database.hex(which)})"
        if isinstance(value, str) and str(one) in value:
            return f"replace({old}, '{one}', {database.hyphened(which)})"
    return f"'{FIRST}_' || n" if value == FIRST else old


class Postgres:
    """Copies inside PostgreSQL. Triggers and keys of other tables are off meanwhile: what they would add is copied, too."""

    def __init__(self, server):
        self.url = database_url(server.name)

    def __enter__(self):
        self.run("alter system set max_wal_size = '8GB'", "select pg_reload_conf()")
        return self

    def __exit__(self, *_):
        self.run("alter system reset max_wal_size", "select pg_reload_conf()")

    def run(self, *statements):
        """Runs these in one session and returns what they print."""
        return subprocess.run(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", self.url], input=";\n".join(statements) + ";\n",
                              check=True, capture_output=True, text=True).stdout

    def prepare(self, first, step):
        self.at = f"({first} + n * {step})"

    def hex(self, which):
        """32 digits: a time in milliseconds, and then what differs from copy to copy, as in version 7."""
        return (f"lpad(to_hex({self.at} / 1000), 12, '0') || '7' || lpad(to_hex(n % 4096), 3, '0') || '8' || "
                f"lpad(to_hex(n * 2654435761 % 576460752303423488 * 2 + {which}), 15, '0')")

    def id(self, which):
        return f"({self.hex(which)})::uuid"

    def hyphened(self, which):
        return f"({self.hex(which)})::uuid::text"

    def rows(self):
        tables = self.run("select tablename from pg_tables where schemaname = 'public' order by 1").split()
        for table in tables:
            for line in self.run(f"select row_to_json({table}) from {table}").splitlines():
                yield table, json.loads(line)

    def key(self, table):
        """The columns of its primary key."""
        return self.run("select attname from pg_index join pg_attribute on attrelid = indrelid and attnum = any (indkey) "
                        f"where indisprimary and indrelid = '{table}'::regclass").split()

    def copy(self, table, row, columns, count):
        told = json.dumps(row).replace("'", "''")
        kept = f"from pg_indexes where tablename = '{table}' and indexname not in (select conname from pg_constraint) order by 1"
        found, indexes = ([], []) if count < MANY else (
            self.run(f"select indexname {kept}").splitlines(), self.run(f"select indexdef {kept}").splitlines())
        self.run("set synchronous_commit = off", "set session_replication_role = replica", "set maintenance_work_mem = '512MB'",
                 *(f"drop index {name}" for name in found),
                 f"create temp table seed as select * from json_populate_record(null::{table}, '{told}')",
                 f"insert into {table} ({', '.join(columns)}) select {', '.join(columns.values())} "
                 f"from seed, generate_series(1::bigint, {count}) n", *indexes)

    def settle(self):
        """What a database does by itself in time: statistics, marks that rows are old, and the log written back."""
        self.run("vacuum (freeze, analyze)")
        self.run("checkpoint")


class Sqlite:
    """Copies inside SQLite, without a journal: a database that is lost meanwhile is made again."""

    def __init__(self, server):
        self.file = sqlite3.connect(f"{server.folder}/tidegate.db", isolation_level=None)

    def __enter__(self):
        for pragma in ("journal_mode = off", "synchronous = off", "cache_size = -400000", "foreign_keys = off", "temp_store = file"):
            self.file.execute(f"pragma {pragma}").fetchall()
        return self

    def __exit__(self, *_):
        self.file.close()

    def prepare(self, first, step):
        self.at = f"({first} + n * {step})"
        self.file.create_function("bytes_of", 1, bytes.fromhex, deterministic=True)
        self.file.create_function("hyphened", 1, lambda digits: str(uuid.UUID(digits)), deterministic=True)

    def hex(self, which):
        return (f"printf('%012x7%03x8%015x', {self.at} / 1000, n % 4096, n * 2654435761 % 576460752303423488 * 2 + {which})")

    def id(self, which):
        return f"bytes_of({self.hex(which)})"

    def hyphened(self, which):
        return f"hyphened({self.hex(which)})"

    def rows(self):
        tables = self.file.execute("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by 1").fetchall()
        for (table,) in tables:
            found = self.file.execute(f"select * from {table}")
            columns = [one[0] for one in found.description]
            for row in found.fetchall():
                yield table, dict(zip(columns, row))

    def key(self, table):
        return [column for _, column, *_, place in self.file.execute(f"pragma table_info({table})") if place]

    def copy(self, table, row, columns, count):
        indexes = self.file.execute("select name, sql from sqlite_schema where type = 'index' and tbl_name = ? and sql is not null",
                                    (table,)).fetchall() if count >= MANY else []
        for name, _ in indexes:
            self.file.execute(f"drop index {name}")
        self.file.execute(f"create temp table seed as select * from {table} limit 0")
        self.file.execute(f"insert into seed values ({', '.join('?' * len(row))})", tuple(row.values()))
        self.file.execute(f"insert into {table} ({', '.join(columns)}) with recursive numbers (n) as "
                          f"(select 1 union all select n + 1 from numbers where n < {count}) "
                          f"select {', '.join(columns.values())} from seed, numbers")
        self.file.execute("drop table seed")
        for _, statement in indexes:
            self.file.execute(statement)

    def settle(self):
        """In the journal that the program uses."""
        self.file.execute("pragma journal_mode = wal").fetchall()
