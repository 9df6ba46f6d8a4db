"""The rounds of the benchmark: every cell once a round, the order rotated, each on a database of its own.

Called by run.sh, which builds the programs and starts PostgreSQL. A cell starts its server, sends webhooks, kills the
server with SIGKILL and then counts what the database holds: a cell whose stored events are not exactly the
accepted answers is void, and the run fails.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections import namedtuple

from machine import LOAD_CORE, ONE_CORE, PRIORITY, Watch, children, cpu_of, families, footprint, load, postmaster, psql
from report import RESULTS, number, say, spread
from servers.django import PYTHON, Django, chosen
from servers.floor import Floor
from servers.sink import Sink
from servers.tidegate import TIDEGATE, Tidegate
from webhook import until_accepted

ROUNDS = int(os.environ.get("ROUNDS", "5"))
SECONDS = float(os.environ.get("SECONDS_EACH", "6"))
WARMUP = float(os.environ.get("WARMUP", "2"))
OPEN_RATE = 300
# Webhooks a second of the cells in which each is delivered at once: what Django keeps up with on one core.
WHOLE_RATE = float(os.environ.get("WHOLE_RATE", "50"))
# Requests made before each cell; more than any server here can answer in its time.
COUNT = int(os.environ.get("COUNT", "500000"))
# Webhooks that are sent in one go and then followed to the end of their job; as many as take some seconds.
FOLLOWED = {"django": 1_000, "sqlite": 20_000, "postgres": 20_000}
# A server that delivers nothing for so long has lost the rest, in seconds.
PATIENCE = 30

# `job`: what each event starts. `wait` is a job that no worker runs, `deliver` one that posts the event to a sink.
Cell = namedtuple("Cell", "server job roles connections rate", defaults=(None, "ingress", 64, None))
CELLS = {
    "floor/64": Cell("floor"),
    "floor/256": Cell("floor", connections=256),
    "floor/open": Cell("floor", rate=OPEN_RATE),
}
for _db in ("sqlite", "postgres"):
    CELLS |= {
        f"{_db}/64": Cell(_db),
        f"{_db}/256": Cell(_db, connections=256),
        f"{_db}+job/64": Cell(_db, "wait"),
        f"{_db}+job/256": Cell(_db, "wait", connections=256),
        f"{_db}+worker/256": Cell(_db, roles="ingress,worker", connections=256),
        f"{_db}+deliver/64": Cell(_db, "deliver", "ingress,worker"),
        f"{_db}/open": Cell(_db, rate=OPEN_RATE),
        f"{_db}+job/open": Cell(_db, "wait", rate=OPEN_RATE),
        f"{_db}+deliver/open": Cell(_db, "deliver", "ingress,worker", rate=WHOLE_RATE),
        f"{_db}/start": Cell(_db, "wait", "ingress,api,dashboard,worker"),
    }
CELLS |= {
    "django+job/64": Cell("django", "wait"),
    "django+deliver/64": Cell("django", "deliver"),
    "django+job/open": Cell("django", "wait", rate=OPEN_RATE),
    "django+deliver/open": Cell("django", "deliver", rate=WHOLE_RATE),
    # Its worker would begin at the same time on the same core, and is left out to its advantage.
    "django/start": Cell("django", "wait"),
}


def disk(seconds, rate=None):
    return load("fsync", "--folder", tempfile.gettempdir(), "--seconds", seconds, *(["--rate", rate] if rate else []))


def start(cell, target=None, **more):
    match cell.server:
        case "floor":
            return Floor()
        case "django":
            return Django(cell.job, target, **more)
        case database:
            return Tidegate(database, cell.job, cell.roles, target=target, **more)


def measure(name):
    cell = CELLS[name]
    # The disk has its moods; a wait for it is compared with what it was like a moment ago, asked as often.
    before = disk(1.5, OPEN_RATE) if cell.rate else None
    sink = Sink() if cell.job == "deliver" else None
    try:
        server = start(cell, sink and sink.address, **({"ready": until_accepted} if name.endswith("/start") else {}))
        try:
            # What a start leaves to do is done, so that idle is idle.
            time.sleep(1)
            idle = footprint(families(server.own))
            if name.endswith("/start"):
                found = {"accepted": 1, "errors": 0, "refused": 0, "duplicate": 0}
            else:
                with Watch(server.own) as busy:
                    found = follow(cell, server, sink) if sink and not cell.rate else send(cell, server, sink)
                found["memory"] = {"busy": busy.most, "end": footprint(families(server.own))}
            found |= {"disk": before, "start_seconds": getattr(server, "start_seconds", None),
                      "memory": found.get("memory", {}) | {"idle": idle}}
            server.kill()
            stored = server.stored()
        finally:
            server.remove()
    finally:
        if sink:
            sink.remove()
    if stored is not None:
        found["stored"] = stored
        wanted = (found["accepted"], found["accepted"], found["accepted"] if cell.job else 0)
        if stored != wanted:
            raise SystemExit(f"VOID: {name} answered {wanted} (events, bodies, jobs) and holds {stored}")
    if found["errors"] or found["refused"] or found["duplicate"]:
        raise SystemExit(f"VOID: {name} had answers other than 202: {found}")
    return found


def send(cell, server, sink):
    """Sends for a set time, and tells what was accepted and what it cost."""
    arguments = ["send", "--address", server.address, "--connections", cell.connections, "--warmup", WARMUP,
                 "--seconds", SECONDS, "--count", COUNT, "--cpu-of", ",".join(map(str, server.pids))]
    arguments += ["--rate", cell.rate] if cell.rate else []
    stores = cell.server != "floor"
    commits, syncs, wal = server.commits() if stores else 0, server.syncs(), server.wal_bytes()
    found = load(*arguments)
    if sink:
        ended = time.monotonic()
        seen = delivered(found["accepted"], sink)
        found["behind_seconds"] = max(0.0, time.monotonic() - seen["last_ago"] - ended)
        found["delivered_twice"] = seen["requests"] - seen["distinct"]
    if stores:
        # PostgreSQL's processes tell their counts once a second.
        time.sleep(0 if cell.server == "sqlite" else 1.2)
        found["commits"] = server.commits() - commits
        found["syncs"] = server.syncs() - syncs
        found["wal_bytes"] = server.wal_bytes() - wal if wal is not None else None
        found["events_per_commit"] = found["accepted"] / max(1, found["commits"])
        found["events_per_sync"] = found["accepted"] / max(1, found["syncs"])
    # 1.0: the server (and PostgreSQL) had the whole core busy; less: it waited, mostly for the disk.
    found["server_busy"] = found["server_cpu"] / SECONDS
    found["cpu_ms_per_1000"] = 1e6 * found["server_cpu"] / max(1, found["measured"])
    return found


def delivered(count, sink):
    """Waits until so many were delivered; fails when some never are."""
    seen = sink.wait_for(count, PATIENCE)
    if seen["distinct"] != count:
        raise SystemExit(f"VOID: {count} were accepted and {seen['distinct']} delivered")
    # The rows of the last jobs may be written a moment after their delivery.
    time.sleep(1.5)
    return seen | {"last_ago": seen["last_ago"] + 1.5}


def follow(cell, server, sink):
    """Sends a set number of webhooks at once and waits until each was delivered: from the first byte to the last job."""
    count, cpu, began = FOLLOWED[cell.server], cpu_of(server.pids), time.monotonic()
    found = load("send", "--address", server.address, "--connections", cell.connections, "--warmup", 0, "--seconds", 110,
                 "--count", count)
    seen = delivered(found["accepted"], sink)
    took = time.monotonic() - began - seen["last_ago"]
    cpu = cpu_of(server.pids) - cpu
    return found | {"per_second": count / took, "server_cpu": cpu, "server_busy": cpu / took, "measured": count,
                    "cpu_ms_per_1000": 1e6 * cpu / count, "delivered_twice": seen["requests"] - seen["distinct"]}


def count_syncs(name):
    """How often the server waits for the disk for each batch it commits, counted by strace; slower, so not timed."""
    if not shutil.which("strace"):
        return None
    cell = CELLS[name]
    with tempfile.NamedTemporaryFile("r") as report:
        wrap = ("strace", "-f", "--seccomp-bpf", "-e", "trace=fsync,fdatasync", "-o", report.name)
        server = Tidegate(cell.server, cell.job, cell.roles, wrap)
        try:
            before, commits = sum("sync(" in line for line in open(report.name)), server.commits()
            load("send", "--address", server.address, "--connections", cell.connections, "--warmup", 0, "--seconds", 3,
                 "--count", COUNT, *(["--rate", cell.rate] if cell.rate else []))
            commits = server.commits() - commits
            after = sum("sync(" in line for line in open(report.name))
        finally:
            # strace ends with its child, the server.
            for child in children(server.process.pid):
                os.kill(child, signal.SIGKILL)
            server.process.wait()
            server.remove()
    return (after - before) / max(1, commits)


def beside_django(cells, column):
    """What Tidegate does in the time, and with the processor time and memory, that Django needs for one."""
    ratios = {}

    def ratio(title, ours, theirs, more, *path):
        """Of the value at this path of both cells: ours to theirs where more is better, else the other way round."""
        if ours in cells and theirs in cells:
            def value(one, name):
                found = one["cells"][name]
                for key in path:
                    found = found[key]
                return found
            ratios[title] = column(lambda one: value(one, ours) / value(one, theirs) if more else value(one, theirs) / value(one, ours))

    for database in ("sqlite", "postgres"):
        def cell(load_name):
            return database + load_name, "django" + load_name

        mine, yours = f"{database} ÷ Django", f"Django ÷ {database}"
        ratio(f"{mine}: accepted/s, each starting a job", *cell("+job/64"), True, "per_second")
        ratio(f"{yours}: processor time an event, accepted", *cell("+job/64"), False, "cpu_ms_per_1000")
        ratio(f"{mine}: webhook to delivered result, a second", *cell("+deliver/64"), True, "per_second")
        ratio(f"{yours}: processor time from webhook to delivered result", *cell("+deliver/64"), False, "cpu_ms_per_1000")
        for share in ("p50", "p99"):
            ratio(f"{yours}: {share} of answers at {OPEN_RATE}/s, no worker", *cell("+job/open"), False, share)
            ratio(f"{yours}: {share} of answers at {WHOLE_RATE:.0f}/s, each delivered", *cell("+deliver/open"), False, share)
        for kind in ("pss", "rss"):
            for when, load_name, moment in (("idle", "+deliver/64", "idle"), (f"at {WHOLE_RATE:.0f}/s", "+deliver/open", "busy"),
                                            ("as busy as can be", "+deliver/64", "busy")):
                ratio(f"{yours}: memory ({kind}), PostgreSQL's left out, {when}", *cell(load_name), False, "memory", moment, kind)
        ratio(f"{yours}: start to first 202", *cell("/start"), False, "start_seconds")
    return ratios


def summarise(rounds, cells):
    """What the rounds come to: ratios made within each round, then their median, least and most."""
    def column(value):
        found = [value(one) for one in rounds]
        return spread(found)

    ratios = beside_django(cells, column)
    for name in cells:
        kind, load_name = name.split("/")
        if kind.startswith("django") or "deliver" in kind or load_name == "start":
            continue
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
               for key in ("per_second", "p50", "p99", "p999", "cpu_ms_per_1000", "server_busy", "generator_busy",
                           "events_per_commit", "start_seconds")
               if rounds[0]["cells"][name].get(key) is not None}
        for name in cells
    }
    for name in cells:
        for when, kinds in rounds[0]["cells"][name]["memory"].items():
            for kind in kinds:
                absolutes[name][f"{when}_{kind}_mib"] = column(lambda one: one["cells"][name]["memory"][when][kind])["median"]
    plain = {way: {key: column(lambda one: one["disk"][way][key]) for key in ("per_second", "p50", "p99")}
             for way in ("append", "overwrite")}
    return {"ratios": ratios, "absolutes": absolutes, "fdatasync": plain}


def table(summary):
    print(f"| ratio within one round, {ROUNDS} rounds | median | min | max |\n|---|---|---|---|")
    for name, one in summary["ratios"].items():
        print(f"| {name} | **{number(one['median'])}** | {number(one['min'])} | {number(one['max'])} |")
    print("\n| medians, for orientation | accepted/s | p50 ms | p99 ms | p99.9 ms | CPU s / 1000 | server busy "
          "| events/commit | MiB idle | busy |\n|---|---|---|---|---|---|---|---|---|---|")
    for name, one in summary["absolutes"].items():
        if "per_second" not in one:
            print(f"| {name} | first 202 after {one['start_seconds']:.3f} s | | | | | | | {one['idle_pss_mib']:.0f} | |")
            continue
        print(f"| {name} | {one['per_second']:.0f} | {one['p50'] / 1e3:.1f} | {one['p99'] / 1e3:.1f} "
              f"| {one['p999'] / 1e3:.1f} | {one['cpu_ms_per_1000'] / 1e3:.4f} | {one['server_busy']:.0%} "
              f"| {one.get('events_per_commit', 0):.0f} "
              f"| {one['idle_pss_mib']:.0f} | {one['busy_pss_mib']:.0f} |")
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
    # Without Python's packages the rest can be measured all the same.
    cells = [name for name in cells if PYTHON or not name.startswith("django")]
    RESULTS.mkdir(exist_ok=True)
    rounds, loads = [], []
    for number_ in range(ROUNDS):
        loads.append(os.getloadavg()[0])
        turn = (number_ * len(cells)) // ROUNDS
        one = {"disk": disk(3), "cells": {}}
        say(f"round {number_ + 1}: {one['disk']}")
        for name in cells[turn:] + cells[:turn]:
            one["cells"][name] = cell = measure(name)
            if "per_second" not in cell:
                say(f"  {name:20} first 202 after {cell['start_seconds']:.3f} s")
                continue
            say(f"  {name:20} {cell['per_second']:8.0f}/s  p50 {cell['p50']:6} p99 {cell['p99']:6} µs"
                f"  {cell['cpu_ms_per_1000']:6.1f} ms/1000  busy {cell['server_busy']:.0%}"
                f"  generator {cell['generator_busy']:.0%}"
                f"  rows {cell.get('events_per_commit', 0):.0f}{'  RAN OUT' if cell['ran_out'] else ''}")
        rounds.append(one)
        (RESULTS / "partial.json").write_text(json.dumps(rounds))
    summary = summarise(rounds, cells)
    summary["loads"] = [round(one, 1) for one in loads]
    summary["syncs_per_commit_by_strace"] = {
        name: found for name in cells if name.startswith("sqlite/") and not name.endswith("/start") and (found := count_syncs(name)) is not None}
    settings = {name: psql(f"show {name}") for name in ("server_version", "fsync", "synchronous_commit", "full_page_writes")}
    versions = {"tidegate": subprocess.run([TIDEGATE, "--version"], capture_output=True, text=True).stdout.strip(),
                "commit": subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip(),
                "kernel": os.uname().release, "postgres": settings, "django": "/".join(chosen()) if PYTHON else None}
    everything = {"versions": versions, "rounds": ROUNDS, "seconds": SECONDS, "warmup": WARMUP,
                  "open_rate": OPEN_RATE, "whole_rate": WHOLE_RATE, "one_core": ONE_CORE, "priority": PRIORITY, "summary": summary, "each": rounds}
    (RESULTS / "latest.json").write_text(json.dumps(everything, indent=1, ensure_ascii=False))
    (RESULTS / "partial.json").unlink()
    table(summary)


if __name__ == "__main__":
    main()
