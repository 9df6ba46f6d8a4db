"""Tidegate's queue beside others, with jobs that do nothing: how many a second each works off, and how soon one begins.

Called by queues.sh, which installs the others and starts PostgreSQL. Every cell has a fresh database; rounds are interleaved
and their order rotates. A cell in which a job is left over, is lost, or ends badly is void, and the run fails.
"""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections import namedtuple
from pathlib import Path

from machine import ONE_CORE, cpu_of, database_url, memory_of, on, postmaster, psql
from report import RESULTS, number, say, spread
from servers.redis import Redis

ROUNDS = int(os.environ.get("ROUNDS", "3"))
# Multiplies the number of jobs of every drain; for a quick look.
SCALE = float(os.environ.get("SCALE", "1"))
# Jobs of a latency run, and how many of them are stored a second.
LATENCY, RATE = int(os.environ.get("LATENCY", "300")), int(os.environ.get("RATE", "50"))
# The worker has one core and PostgreSQL, or Redis, the other. SQLite is part of the worker, so it has both.
WORKER_CORE, DATABASE_CORE = {0}, {1}
# A worker that ends nothing for so long has lost the rest, in seconds.
PATIENCE = 120

CACHE = Path(os.environ["QUEUES"])
TIDEGATE = os.environ["QUEUE"]

# `jobs`: how many are drained, chosen so that it takes some seconds. `left`: whether one has not ended yet; `kept`: how many
# of the ended ones the database still has, `None` where they are deleted or only counted.
Queue = namedtuple("Queue", "database command jobs left kept settings", defaults=({},))


def tidegate(database, jobs, workers):
    return Queue(database, [TIDEGATE], jobs, "select exists (select 1 from jobs where state in ('pending', 'running'))",
                 "select count(*) from all_attempts where outcome = 'succeeded'",
                 {"QUEUE_WORKERS": str(workers)})


def node(program):
    return [CACHE / "node/node_modules/node/bin/node", CACHE / "node" / program]


def python(program):
    return [CACHE / "python/bin/python", Path(__file__).parent / "queues/python" / program]


def graphile(jobs, mode):
    return Queue("postgres", node("graphile.mjs"), jobs, "select exists (select 1 from graphile_worker._private_jobs)", None,
                 {"QUEUE_MODE": mode})


def pg_boss(jobs, mode):
    return Queue("postgres", node("pgboss.mjs"), jobs,
                 "select exists (select 1 from pgboss.job where name = 'noop' and state < 'completed')",
                 "select count(*) from pgboss.job where name = 'noop' and state = 'completed'", {"QUEUE_MODE": mode})


def apalis(database, jobs, table):
    return Queue(database, [CACHE / f"rust/release/apalis_{database}"], jobs,
                 f"select exists (select 1 from {table} where status <> 'Done')", f"select count(*) from {table}")


QUEUES = {
    "Tidegate, 1,024 jobs at a time": tidegate("postgres", 100_000, 1_024),
    "Tidegate, 32 (its default)": tidegate("postgres", 40_000, 32),
    "graphile-worker, batches": graphile(100_000, "batch"),
    "graphile-worker, single": graphile(10_000, "single"),
    "pg-boss, batches": pg_boss(40_000, "batch"),
    "pg-boss, pairs": pg_boss(10_000, "pairs"),
    "procrastinate": Queue("postgres", python("procrastinate_queue.py"),
                           2_000, "select exists (select 1 from procrastinate_jobs where status in ('todo', 'doing'))",
                           "select count(*) from procrastinate_jobs where status = 'succeeded'"),
    "Celery": Queue("redis", python("celery_queue.py"), 2_000,
                    "return redis.call('llen', 'celery') + redis.call('hlen', 'unacked')", None),
    "apalis": apalis("postgres", 40_000, "apalis.jobs"),
    "awa": Queue("postgres", [CACHE / "rust/release/awa"], 40_000,
                 "select {jobs} > (select coalesce(sum(completed_count), 0) from awa.receipt_completion_batches)"
                 " + (select count(*) from awa.done_entries)"
                 " + (select coalesce(sum(pruned_completed_count), 0) from awa.queue_terminal_rollups)", None),
    "SQLite: Tidegate, 1,024 jobs at a time": tidegate("sqlite", 60_000, 1_024),
    "SQLite: Tidegate, 32 (its default)": tidegate("sqlite", 40_000, 32),
    "SQLite: apalis": apalis("sqlite", 5_000, "Jobs"),
}
POSTGRES, SQLITE = "Tidegate, 1,024 jobs at a time", "SQLite: Tidegate, 1,024 jobs at a time"
# Celery's Redis writes to the disk from another process, as PostgreSQL does.
OURS = {"postgres": POSTGRES, "redis": POSTGRES, "sqlite": SQLITE}


class Place:
    """A fresh database, and the means to run a queue's program on it."""

    def __init__(self, queue):
        self.queue, self.folder = queue, Path(tempfile.mkdtemp(prefix="tidegate-queues."))
        self.name = f"bench_{os.getpid()}_{time.monotonic_ns()}"
        self.redis = Redis(DATABASE_CORE) if queue.database == "redis" else None
        match queue.database:
            case "postgres":
                psql(f"create database {self.name}")
                self.url, self.of_database = database_url(self.name), [postmaster()]
            case "redis":
                self.url, self.of_database = self.redis.url, [self.redis.process.pid]
            case _:
                self.url, self.of_database = f"sqlite://{self.folder}/queue.db", []
        self.environment = os.environ | {"QUEUE_URL": self.url, "PYTHONDONTWRITEBYTECODE": "1"} | queue.settings

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.queue.database == "postgres":
            psql(f"drop database if exists {self.name} with (force)")
        if self.redis:
            self.redis.remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, *arguments):
        place = on(WORKER_CORE) if self.of_database else None
        return subprocess.Popen([*self.queue.command, *map(str, arguments)], env=self.environment, text=True,
                                stdout=subprocess.PIPE, preexec_fn=place)

    def run(self, *arguments):
        with self.start(*arguments) as process:
            said = process.stdout.read()
        if process.returncode:
            raise SystemExit(f"VOID: {' '.join(map(str, arguments))} failed: {said}")
        return said

    def ask(self, question):
        if self.queue.database == "postgres":
            answer = psql(question, self.name)
            return {"t": 1, "f": 0}.get(answer) if answer in "tf" else int(answer)
        if self.redis:
            return int(self.redis.ask("eval", question, "0"))
        with contextlib.closing(sqlite3.connect(f"{self.folder}/queue.db", timeout=30)) as connection:
            return connection.execute(question).fetchone()[0]

    def settle(self):
        """Nothing that filling left to do is done while draining: dirty pages, statistics."""
        if self.queue.database == "postgres":
            psql("checkpoint", self.name)
            psql("analyze", self.name)


def wal():
    return [int(one) for one in psql("select wal_bytes, wal_fpi from pg_stat_wal").split("|")]


def drain(name):
    queue = QUEUES[name]
    jobs = max(200, int(queue.jobs * SCALE))
    with Place(queue) as place:
        place.run("fill", jobs)
        place.settle()
        before = wal()
        spawned = time.monotonic()
        process = place.start("work", jobs)
        try:
            if process.stdout.readline() != "first\n":
                raise SystemExit(f"VOID: {name} ended before its first job")
            first, cpu, cpu_of_database = time.monotonic(), cpu_of([process.pid]), cpu_of(place.of_database)
            if process.stdout.readline() != "ran\n":
                raise SystemExit(f"VOID: {name} ended before its last job")
            memory = memory_of([process.pid])
            while place.ask(queue.left.format(jobs=jobs)):
                if time.monotonic() > first + PATIENCE:
                    raise SystemExit(f"VOID: {name} left jobs over")
                time.sleep(0.01)
            took = time.monotonic() - first
            cpu, cpu_of_database = cpu_of([process.pid]) - cpu, cpu_of(place.of_database) - cpu_of_database
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        if queue.kept and (kept := place.ask(queue.kept)) != jobs:
            raise SystemExit(f"VOID: {name} kept {kept} of {jobs} jobs")
        # PostgreSQL's processes tell their counts when they end, or once a second.
        time.sleep(1.2 if queue.database == "postgres" else 0)
        bytes_, pages = (now - then for now, then in zip(wal(), before))
        return {"jobs": jobs, "per_second": jobs / took, "cpu_us": 1e6 * cpu / jobs, "database_cpu_us": 1e6 * cpu_of_database / jobs,
                "wal_bytes": bytes_ / jobs, "wal_pages": pages / jobs, "memory_mib": memory, "start_seconds": first - spawned}


def latency(name):
    with Place(QUEUES[name]) as place:
        waits = json.loads(place.run("latency", LATENCY, RATE))
    return {"p50": waits[len(waits) // 2], "p99": waits[len(waits) * 99 // 100], "max": waits[-1]}


# What is compared: above 1 is in Tidegate's favour.
COMPARED = {
    "jobs/s": lambda ours, theirs: ours["per_second"] / theirs["per_second"],
    "processor time a job": lambda ours, theirs: processor(theirs) / processor(ours),
    "stored to begun, p50": lambda ours, theirs: theirs["p50"] / ours["p50"],
    "p99": lambda ours, theirs: theirs["p99"] / ours["p99"],
    "start to first job": lambda ours, theirs: theirs["start_seconds"] / ours["start_seconds"],
    "memory": lambda ours, theirs: theirs["memory_mib"] / ours["memory_mib"],
}


def processor(one):
    """Processor time a job, the database's included."""
    return one["cpu_us"] + one["database_cpu_us"]


def summarise(rounds, names):
    """Ratios made within each round, then their median, least and most; and the medians of what was measured."""
    ratios, absolutes = {}, {}
    for name in names:
        absolutes[name] = {key: spread([one[name][key] for one in rounds])["median"] for key in rounds[0][name]}
        ours = OURS[QUEUES[name].database]
        if ours in names and name != ours:
            ratios[name] = {what: spread([compare(one[ours], one[name]) for one in rounds]) for what, compare in COMPARED.items()}
    return {"ratios": ratios, "absolutes": absolutes}


def table(summary):
    print(f"| Tidegate, 1,024 jobs at a time, against | {' | '.join(COMPARED)} |\n|---|{'---|' * len(COMPARED)}")
    for name, found in summary["ratios"].items():
        cells = (f"**{number(one['median'])}** ({number(one['min'])}–{number(one['max'])})" for one in found.values())
        print(f"| {name} | {' | '.join(cells)} |")
    print("\n| medians | jobs/s | processor µs a job: worker + database | p50 ms | p99 ms | WAL bytes a job | start s | MiB |"
          "\n|---|---|---|---|---|---|---|---|")
    for name, one in summary["absolutes"].items():
        database = QUEUES[name].database == "postgres"
        processor_time = f"{one['cpu_us']:.0f}" + (f" + {one['database_cpu_us']:.0f}" if database else "")
        print(f"| {name} | {one['per_second']:,.0f} | {processor_time} | {one['p50'] / 1e3:.1f} | {one['p99'] / 1e3:.1f} "
              f"| {number(one['wal_bytes']) if database else ''} | {one['start_seconds']:.2f} | {one['memory_mib']:.0f} |")


def main():
    if ONE_CORE:
        os.sched_setaffinity(0, WORKER_CORE)
    wanted = os.environ.get("CELLS", "")
    names = [name for name in QUEUES if not wanted or any(part in name for part in wanted.split(","))]
    RESULTS.mkdir(exist_ok=True)
    rounds = []
    for round_ in range(ROUNDS):
        say(f"round {round_ + 1}, load {os.getloadavg()[0]:.1f}")
        turn = round_ * len(names) // ROUNDS
        one = {}
        for name in names[turn:] + names[:turn]:
            one[name] = found = drain(name) | latency(name)
            say(f"  {name:36} {found['per_second']:8.0f}/s  p50 {found['p50'] / 1e3:7.2f} p99 {found['p99'] / 1e3:7.1f} ms  "
                f"CPU {found['cpu_us']:5.0f} + {found['database_cpu_us']:5.0f} µs  start {found['start_seconds']:.2f} s  {found['memory_mib']:.0f} MiB")
        rounds.append(one)
    summary = summarise(rounds, names)
    settings = {name: psql(f"show {name}") for name in ("server_version", "fsync", "synchronous_commit", "full_page_writes")}
    everything = {"rounds": ROUNDS, "scale": SCALE, "latency": {"jobs": LATENCY, "a_second": RATE}, "one_core": ONE_CORE,
                  "postgres": settings, "summary": summary, "each": rounds}
    (RESULTS / "queues.json").write_text(json.dumps(everything, indent=1, ensure_ascii=False))
    table(summary)


if __name__ == "__main__":
    main()
