"""The rounds of the benchmark: every cell once a round, the order rotated, each on a database of its own.

Called by run.sh, which builds the programs and starts PostgreSQL. A cell starts its server, sends webhooks, kills the
server with SIGKILL and then counts what the database holds: a cell whose stored events are not exactly the
accepted answers is void, and the run fails.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
TIDEGATE, LOAD = os.environ["TIDEGATE"], os.environ["LOAD"]
POSTGRES = os.environ["TIDEGATE_TEST_POSTGRES_URL"]
ROUNDS = int(os.environ.get("ROUNDS", "5"))
SECONDS = float(os.environ.get("SECONDS_EACH", "6"))
WARMUP = float(os.environ.get("WARMUP", "2"))
ONE_CORE = os.environ.get("LAYOUT", "one-core") == "one-core" and os.cpu_count() > 1
SERVER_CORE, LOAD_CORE = {1}, {0}
# Less than 0 (root only) for a machine on which other things run: what is measured then goes before them.
PRIORITY = int(os.environ.get("PRIORITY", "0"))
OPEN_RATE = 300
# Requests made before each cell; more than any server here can answer in its time.
COUNT = int(os.environ.get("COUNT", "500000"))
RESULTS = Path(__file__).parent / "results"

# name: database (None: the floor), rule, roles, connections, rate
CELLS = {
    "floor/64": (None, False, "", 64, None),
    "floor/256": (None, False, "", 256, None),
    "floor/open": (None, False, "", 64, OPEN_RATE),
}
for _db in ("sqlite", "postgres"):
    CELLS |= {
        f"{_db}/64": (_db, False, "ingress", 64, None),
        f"{_db}/256": (_db, False, "ingress", 256, None),
        f"{_db}+job/64": (_db, True, "ingress", 64, None),
        f"{_db}+job/256": (_db, True, "ingress", 256, None),
        f"{_db}+worker/256": (_db, False, "ingress,worker", 256, None),
        f"{_db}/open": (_db, False, "ingress", 64, OPEN_RATE),
    }


def say(text):
    print(text, file=sys.stderr, flush=True)


def on(cores):
    """Places a child on these cores, with the priority of the run."""
    def place():
        if ONE_CORE:
            os.sched_setaffinity(0, cores)
        if PRIORITY:
            os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
    return place


def children(pid):
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name may hold spaces and brackets; everything after its last bracket is plain.
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        found += [int(stat.parent.name)] if parent == pid else []
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def psql(statement, database="postgres"):
    url = urlsplit(POSTGRES)._replace(path=f"/{database}").geturl()
    done = subprocess.run(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", url, "-c", statement],
                          check=True, capture_output=True, text=True)
    return done.stdout.strip()


def postmaster():
    return int((Path(psql("show data_directory")) / "postmaster.pid").read_text().split()[0])


def load(*arguments):
    done = subprocess.run([LOAD, *map(str, arguments)], check=True, capture_output=True, text=True,
                          preexec_fn=on(LOAD_CORE), env=os.environ | {"LOAD_SECRET": SECRET})
    return json.loads(done.stdout)


def peak_memory(pid):
    """The most a process had in memory, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


class Floor:
    def __init__(self):
        self.process = subprocess.Popen([LOAD, "floor"], stdout=subprocess.PIPE, text=True, preexec_fn=on(SERVER_CORE),
                                        env=os.environ | {"LOAD_SECRET": SECRET})
        self.address = self.process.stdout.readline().split()[1]
        self.pids = [self.process.pid]

    def syncs(self):
        return 0

    def stored(self):
        return None

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def remove(self):
        self.process.stdout.close()


class Tidegate:
    """A server on a fresh database, set up through its own command line."""

    def __init__(self, database, rule, roles, wrap=()):
        self.folder = Path(tempfile.mkdtemp(prefix="tidegate-bench."))
        self.database, self.rule = database, rule
        self.address, self.metrics = (f"127.0.0.1:{free_port()}" for _ in range(2))
        if database == "sqlite":
            url = f"sqlite://{self.folder}/tidegate.db"
        else:
            self.name = f"bench_{os.getpid()}_{time.monotonic_ns()}"
            psql(f"create database {self.name}")
            url = urlsplit(POSTGRES)._replace(path=f"/{self.name}").geturl()
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("TIDEGATE_")} | {
            "TIDEGATE_DATABASE_URL": url, "TIDEGATE_DATA_DIR": str(self.folder), "TIDEGATE_LISTEN": self.address,
            "TIDEGATE_METRICS_LISTEN": self.metrics, "TIDEGATE_ROLES": roles, "TIDEGATE_MAX_WAITING": "1000000000",
            # The provider of the rule has to be somewhere; nothing calls it, because no worker runs.
            "TIDEGATE_ALLOW_PRIVATE_TARGETS": "true",
            # A secret is 32 bytes; this one protects nothing.
            "TIDEGATE_MASTER_KEY": "00" * 32,
        }
        try:
            self.command("vendor", "add", "bench", "--preset", "std_webhooks", "--secret-stdin", stdin=SECRET)
            if rule:
                self.command("provider", "add", "nobody", "--kind", "openai", "--base-url", "http://127.0.0.1:9/v1",
                             "--model", "none")
                self.command("rule", "add", "--vendor", "bench", "--job", "generate", "--provider", "nobody")
            self.process = subprocess.Popen([*wrap, TIDEGATE, "serve"], env=self.environment, preexec_fn=on(SERVER_CORE),
                                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.wait_ready()
        except BaseException:
            self.remove()
            raise
        self.pids = [self.process.pid] + ([postmaster()] if database == "postgres" else [])

    def command(self, *arguments, stdin=""):
        subprocess.run([TIDEGATE, *arguments], env=self.environment, input=stdin, text=True, check=True,
                       stdout=subprocess.DEVNULL)

    def wait_ready(self):
        for _ in range(400):
            try:
                urllib.request.urlopen(f"http://{self.address}/readyz", timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.025)
        raise RuntimeError("the server did not start")

    def commits(self):
        """How many batches were committed so far."""
        with urllib.request.urlopen(f"http://{self.metrics}/metrics", timeout=5) as answer:
            text = answer.read().decode()
        found = re.search(r"^tidegate_commit_rows_count (\d+)", text, re.M)
        return int(found[1]) if found else 0

    def syncs(self):
        """How often the database waited for the disk so far: counted by PostgreSQL; on SQLite one for each commit, to
        which `--count-syncs` adds the truth."""
        return int(psql("select wal_sync from pg_stat_wal")) if self.database == "postgres" else self.commits()

    def wal_bytes(self):
        return int(psql("select wal_bytes from pg_stat_wal")) if self.database == "postgres" else None

    def stored(self):
        """Events and jobs in the database."""
        counts = "select (select count(*) from events), (select count(*) from event_payloads), (select count(*) from jobs)"
        if self.database == "sqlite":
            with sqlite3.connect(f"{self.folder}/tidegate.db", timeout=30) as connection:
                row = connection.execute(counts).fetchone()
        else:
            row = tuple(map(int, psql(counts, self.name).split("|")))
        return row

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def remove(self):
        process = getattr(self, "process", None)
        if process and process.poll() is None:
            self.kill()
        if self.database == "postgres":
            psql(f"drop database if exists {self.name} with (force)")
        shutil.rmtree(self.folder, ignore_errors=True)


def disk(seconds, rate=None):
    return load("fsync", "--folder", tempfile.gettempdir(), "--seconds", seconds, *(["--rate", rate] if rate else []))


def measure(name):
    database, rule, roles, connections, rate = CELLS[name]
    # The disk has its moods; a wait for it is compared with what it was like a moment ago, asked as often.
    before = disk(1.5, rate) if rate else None
    server = Tidegate(database, rule, roles) if database else Floor()
    try:
        arguments = ["send", "--address", server.address, "--connections", connections, "--warmup", WARMUP,
                     "--seconds", SECONDS, "--count", COUNT, "--cpu-of", ",".join(map(str, server.pids))]
        arguments += ["--rate", rate] if rate else []
        commits = server.commits() if database else 0
        syncs, wal = server.syncs(), server.wal_bytes() if database else None
        cell = load(*arguments)
        if database:
            # PostgreSQL's processes tell their counts once a second.
            time.sleep(1.2 if database == "postgres" else 0)
            cell["commits"] = server.commits() - commits
            cell["syncs"] = server.syncs() - syncs
            cell["wal_bytes"] = server.wal_bytes() - wal if wal is not None else None
            cell["server_memory_mib"] = peak_memory(server.pids[0])
        cell["disk"] = before
        server.kill()
        stored = server.stored()
    finally:
        server.remove()
    if stored is not None:
        cell["stored"] = stored
        wanted = (cell["accepted"], cell["accepted"], cell["accepted"] if rule else 0)
        if stored != wanted:
            raise SystemExit(f"VOID: {name} answered {wanted} (events, bodies, jobs) and holds {stored}")
    if cell["errors"] or cell["refused"] or cell["duplicate"]:
        raise SystemExit(f"VOID: {name} had answers other than 202: {cell}")
    # 1.0: the server (and PostgreSQL) had the whole core busy; less: it waited, mostly for the disk.
    cell["server_busy"] = cell["server_cpu"] / SECONDS
    cell["cpu_ms_per_1000"] = 1e6 * cell["server_cpu"] / max(1, cell["measured"])
    if database:
        cell["events_per_commit"] = cell["accepted"] / max(1, cell["commits"])
        cell["events_per_sync"] = cell["accepted"] / max(1, cell["syncs"])
    return cell


def count_syncs(name):
    """How often the server waits for the disk for each batch it commits, counted by strace; slower, so not timed."""
    if not shutil.which("strace"):
        return None
    database, rule, roles, connections, rate = CELLS[name]
    with tempfile.NamedTemporaryFile("r") as report:
        wrap = ("strace", "-f", "--seccomp-bpf", "-e", "trace=fsync,fdatasync", "-o", report.name)
        server = Tidegate(database, rule, roles, wrap)
        try:
            before, commits = sum("sync(" in line for line in open(report.name)), server.commits()
            load("send", "--address", server.address, "--connections", connections, "--warmup", 0, "--seconds", 3, "--count", COUNT,
                        *(["--rate", rate] if rate else []))
            commits = server.commits() - commits
            after = sum("sync(" in line for line in open(report.name))
        finally:
            # strace ends with its child, the server.
            for child in children(server.process.pid):
                os.kill(child, signal.SIGKILL)
            server.process.wait()
            server.remove()
    return (after - before) / max(1, commits)


def spread(values):
    """Median, least and most."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def summarise(rounds, cells):
    """What the rounds come to: ratios made within each round, then their median, least and most."""
    def column(value):
        found = [value(one) for one in rounds]
        return spread(found)

    ratios = {}
    for name in cells:
        kind, load_name = name.split("/")
        if load_name == "open":
            if kind != "floor":
                for share in ("p50", "p99"):
                    for way in ("append", "overwrite"):
                        ratios[f"{kind}: {share} of answers at {OPEN_RATE}/s ÷ {share} of fdatasync ({way})"] = column(
                            lambda one: one["cells"][name][share] / one["cells"][name]["disk"][way][share])
            continue
        if kind == "floor":
            continue
        floor = f"floor/{load_name}"
        at = f"{kind}, {load_name} connections"
        if floor in cells:
            ratios[f"{at}: accepted/s ÷ floor"] = column(
                lambda one: one["cells"][name]["per_second"] / one["cells"][floor]["per_second"])
            ratios[f"{at}: processor time an event ÷ floor"] = column(
                lambda one: one["cells"][name]["cpu_ms_per_1000"] / one["cells"][floor]["cpu_ms_per_1000"])
        ratios[f"{at}: accepted/s ÷ fdatasync/s"] = column(
            lambda one: one["cells"][name]["per_second"] / one["disk"]["append"]["per_second"])
        ratios[f"{at}: events per sync"] = column(lambda one: one["cells"][name]["events_per_sync"])
    absolutes = {
        name: {key: column(lambda one: one["cells"][name][key])["median"]
               for key in ("per_second", "p50", "p99", "p999", "cpu_ms_per_1000", "server_busy", "generator_busy", "server_memory_mib",
                           "events_per_commit")
               if key in rounds[0]["cells"][name]}
        for name in cells
    }
    plain = {way: {key: column(lambda one: one["disk"][way][key]) for key in ("per_second", "p50", "p99")}
             for way in ("append", "overwrite")}
    return {"ratios": ratios, "absolutes": absolutes, "fdatasync": plain}


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(summary):
    print(f"| ratio within one round, {ROUNDS} rounds | median | min | max |\n|---|---|---|---|")
    for name, one in summary["ratios"].items():
        print(f"| {name} | **{number(one['median'])}** | {number(one['min'])} | {number(one['max'])} |")
    print("\n| medians, for orientation | accepted/s | p50 ms | p99 ms | p99.9 ms | CPU s / 1000 | server busy "
          "| events/commit | MiB |\n|---|---|---|---|---|---|---|---|---|")
    for name, one in summary["absolutes"].items():
        print(f"| {name} | {one['per_second']:.0f} | {one['p50'] / 1e3:.1f} | {one['p99'] / 1e3:.1f} "
              f"| {one['p999'] / 1e3:.1f} | {one['cpu_ms_per_1000'] / 1e3:.4f} | {one['server_busy']:.0%} "
              f"| {one.get('events_per_commit', 0):.0f} "
              f"| {one.get('server_memory_mib', 0):.0f} |")
    print()
    for way, one in summary["fdatasync"].items():
        print(f"4 KiB and fdatasync, {way}: {one['per_second']['median']:.0f}/s, p50 {one['p50']['median'] / 1e3:.2f} ms "
              f"({one['p50']['min'] / 1e3:.2f}–{one['p50']['max'] / 1e3:.2f}), p99 {one['p99']['median'] / 1e3:.1f} ms")
    for name, value in summary["syncs_per_commit_by_strace"].items():
        print(f"syncs per commit, {name}, counted by strace: {value:.2f}")
    print(f"other load while measuring (1 min average before each round): {summary['loads']}")


def main():
    if ONE_CORE:
        os.sched_setaffinity(0, LOAD_CORE)
    if PRIORITY:
        for pid in [postmaster(), *children(postmaster())]:
            with contextlib.suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, pid, PRIORITY)
    cells = [name for name in os.environ.get("CELLS", ",".join(CELLS)).split(",") if name in CELLS]
    RESULTS.mkdir(exist_ok=True)
    rounds, loads = [], []
    for number_ in range(ROUNDS):
        loads.append(os.getloadavg()[0])
        turn = (number_ * len(cells)) // ROUNDS
        one = {"disk": disk(3), "cells": {}}
        say(f"round {number_ + 1}: {one['disk']}")
        for name in cells[turn:] + cells[:turn]:
            one["cells"][name] = cell = measure(name)
            say(f"  {name:20} {cell['per_second']:8.0f}/s  p50 {cell['p50']:6} p99 {cell['p99']:6} µs"
                f"  {cell['cpu_ms_per_1000']:6.1f} ms/1000  busy {cell['server_busy']:.0%}"
                f"  generator {cell['generator_busy']:.0%}"
                f"  rows {cell.get('events_per_commit', 0):.0f}{'  RAN OUT' if cell['ran_out'] else ''}")
        rounds.append(one)
        (RESULTS / "partial.json").write_text(json.dumps(rounds))
    summary = summarise(rounds, cells)
    summary["loads"] = [round(one, 1) for one in loads]
    summary["syncs_per_commit_by_strace"] = {
        name: found for name in cells if name.startswith("sqlite/") and (found := count_syncs(name)) is not None}
    settings = {name: psql(f"show {name}") for name in ("server_version", "fsync", "synchronous_commit", "full_page_writes")}
    versions = {"tidegate": subprocess.run([TIDEGATE, "--version"], capture_output=True, text=True).stdout.strip(),
                "commit": subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip(),
                "kernel": os.uname().release, "postgres": settings}
    everything = {"versions": versions, "rounds": ROUNDS, "seconds": SECONDS, "warmup": WARMUP,
                  "one_core": ONE_CORE, "priority": PRIORITY, "summary": summary, "each": rounds}
    (RESULTS / "latest.json").write_text(json.dumps(everything, indent=1, ensure_ascii=False))
    (RESULTS / "partial.json").unlink()
    table(summary)


if __name__ == "__main__":
    main()
