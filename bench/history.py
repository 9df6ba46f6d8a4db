"""Rows of a database that has been in use for a while: jobs that wait, and jobs that ended long ago with all they left.

Written past the program, because ten million webhooks take their time; the columns are those the program fills.
"""

import contextlib
import random
import sqlite3
import subprocess
import time

from machine import database_url


def turned(one, bits):
    """The lower half of an id, its bits rotated to the left."""
    low = one % 2**64
    return (low << bits | low >> 64 - bits) % 2**64


TENANT = 0x0000_0000_0000_7000_8000_0000_0000_0001
SOMEONE = 0x0000_0000_0000_7000_8000_0000_0000_0002
# The queue of jobs of this vendor for this destination, as `Job::queue` works it out.
QUEUE = int.from_bytes((TENANT % 2**64 ^ turned(SOMEONE, 21) ^ turned(SOMEONE, 42)).to_bytes(8, "big"), "big", signed=True)
DAY = 86_400_000_000
# Rows of one transaction on SQLite.
PIECE = 50_000

# Columns by table; those that end in `:id` hold 128 bits, those that end in `:bytes` bytes.
EVENTS = "id:id tenant_id:id vendor_id:id external_id body_hash:bytes event_type received_at request_id:id trace_id body_len"
JOBS = ("id:id tenant_id:id event_id:id kind state title vendor_id:id rule_id:id destination_id:id queue params idempotency_key attempt "
        "max_attempts priority next_run_at input_tokens output_tokens created_at started_at finished_at updated_at")
ATTEMPTS = "job_id:id number node_id:id started_at finished_at outcome status input_tokens output_tokens"
RESULTS = "job_id:id result"


def fresh(at):
    """An id that sorts by its time, in microseconds, as the program makes them (version 7)."""
    return (at // 1000) << 80 | 7 << 76 | random.getrandbits(12) << 64 | 2 << 62 | random.getrandbits(62)


def job(at, event, state):
    one, done = fresh(at), at + 900 if state == "succeeded" else None
    return (one, TENANT, event, "callback", state, "0", SOMEONE, SOMEONE, SOMEONE, QUEUE, "{}", f"{one:032x}", 1 if done else 0, 10, 0, at, 0, 0,
            at, at + 400 if done else None, done, done or at)


def waiting(count):
    """Jobs that are due, stored during the last hour."""
    now = time.time_ns() // 1000
    for number in range(count):
        at = now - 3_600_000_000 + number * 3_500_000_000 // count
        yield "jobs", job(at, fresh(at), "pending")


def finished(count):
    """Events whose one job ended well, over the thirty days before yesterday. Their bodies have been deleted."""
    now = time.time_ns() // 1000
    for number in range(count):
        at = now - 31 * DAY + number * 30 * DAY // count
        event = fresh(at)
        yield "events", (event, TENANT, SOMEONE, f"msg_{event:032x}", random.randbytes(32), "batch.completed", at, fresh(at),
                         f"{event:032x}", 1024)
        done = job(at, event, "succeeded")
        yield "jobs", done
        yield "attempts", (done[0], 1, SOMEONE, at + 400, at + 900, "succeeded", 200, 0, 0)
        yield "results", (done[0], "{}")


TABLES = {"events": EVENTS, "jobs": JOBS, "attempts": ATTEMPTS, "results": RESULTS}


def names(table):
    return ", ".join(column.partition(":")[0] for column in TABLES[table].split())


def kinds(table):
    return [column.partition(":")[2] for column in TABLES[table].split()]


def write(server, rows):
    """Writes rows into the database of a Tidegate that does not run."""
    by_table = {}
    for table, row in rows:
        piece = by_table.setdefault(table, [])
        piece.append(row)
        if len(piece) == PIECE:
            put(server, table, piece)
            piece.clear()
    for table, piece in by_table.items():
        put(server, table, piece)
    settle(server)


def put(server, table, rows):
    if server.database == "sqlite":
        marks = ", ".join("?" * len(kinds(table)))
        convert = [(lambda value: value.to_bytes(16, "big")) if kind == "id" else None for kind in kinds(table)]
        with contextlib.closing(sqlite3.connect(f"{server.folder}/tidegate.db", isolation_level=None)) as file:
            file.execute("pragma synchronous = off")
            file.execute("begin")
            file.executemany(f"insert into {table} ({names(table)}) values ({marks})",
                             ([to(value) if to else value for to, value in zip(convert, row)] for row in rows))
            file.execute("commit")
        return
    shape = {"id": "%032x", "bytes": "\\\\x%s"}
    lines = []
    for row in rows:
        told = []
        for kind, value in zip(kinds(table), row):
            told.append("\\N" if value is None else shape[kind] % (value.hex() if kind == "bytes" else value) if kind else str(value))
        lines.append("\t".join(told))
    subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", database_url(server.name), "-c", f"copy {table} ({names(table)}) from stdin"],
                   input="\n".join(lines) + "\n", text=True, check=True, stdout=subprocess.DEVNULL)


def settle(server):
    """What a database does by itself in time: statistics, and the log written back."""
    if server.database == "sqlite":
        with contextlib.closing(sqlite3.connect(f"{server.folder}/tidegate.db")) as file:
            file.execute("pragma wal_checkpoint(truncate)")
        return
    for statement in ("vacuum (analyze)", "checkpoint"):
        subprocess.run(["psql", "-qX", database_url(server.name), "-c", statement], check=True, stdout=subprocess.DEVNULL)
