"""What backlog, history and a forgotten transaction cost: accepted and drained jobs a second, against an empty database.

Called by growth.sh, which builds the programs and starts PostgreSQL. Each state of the database is made once and copied for
each cell; rounds are interleaved and their order rotates.
"""

import contextlib
import json
import os
import sqlite3
import subprocess
import time
from collections import namedtuple

from history import filled
from machine import LOAD_CORE, ONE_CORE, database_url, load, on
from report import RESULTS, number, say, spread
from servers.tidegate import Tidegate

ROUNDS = int(os.environ.get("ROUNDS", "3"))
SECONDS = float(os.environ.get("SECONDS_EACH", "3"))
WARMUP = float(os.environ.get("WARMUP", "1"))
# Jobs that are drained in each cell, besides those that stay waiting.
DRAIN = int(os.environ.get("DRAIN", "40000"))
BACKLOGS = [int(one) for one in os.environ.get("BACKLOGS", "1000,1000000").split(",")]
FINISHED = int(os.environ.get("FINISHED", "1000000"))
# How long jobs go through the queue before a drain is measured: beside the forgotten transaction, and as long in every other
# state, so that what they leave behind is compared with as much of it.
READER_SECONDS = float(os.environ.get("READER_SECONDS", "30"))
ENGINES = os.environ.get("ENGINES", "sqlite,postgres").split(",")
QUEUE = os.environ["QUEUE"]
CONNECTIONS, COUNT = 64, 300_000


@contextlib.contextmanager
def reader(server):
    """A transaction that has read something and is then forgotten."""
    if server.database == "sqlite":
        with contextlib.closing(sqlite3.connect(f"{server.folder}/tidegate.db", isolation_level=None)) as file:
            file.execute("begin")
            file.execute("select count(*) from config_version").fetchone()
            yield
        return
    with subprocess.Popen(["psql", "-qAtX", database_url(server.name)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as psql:
        psql.stdin.write("begin isolation level repeatable read;\nselect count(*) from config_version;\n")
        psql.stdin.flush()
        psql.stdout.readline()
        yield
        psql.stdin.close()


# `count` jobs, `finished` or waiting; `beside`: what else goes on.
State = namedtuple("State", "count finished beside", defaults=(1, True, contextlib.nullcontext))
STATES = {
    "empty": State(),
    **{f"{count:,} waiting": State(count, False) for count in BACKLOGS},
    f"{FINISHED:,} finished": State(FINISHED),
    "reader": State(beside=reader),
}
WANTED = [part for part in os.environ.get("CELLS", "").split(",") if part]
STATES = {name: state for name, state in STATES.items() if not WANTED or name == "empty" or any(part in name for part in WANTED)}


def queue(server, *arguments, **more):
    return subprocess.Popen([QUEUE, *map(str, arguments)], text=True, stdout=subprocess.PIPE,
                            env=os.environ | {"QUEUE_URL": server.url, "QUEUE_WORKERS": "256"}, **more)


def work_off(server):
    """Fills the queue and has as many jobs worked off; the seconds from the first that begins to the last."""
    with queue(server, "fill", DRAIN) as filling:
        if filling.wait():
            raise SystemExit("VOID: the queue could not be filled")
    process = queue(server, "work", DRAIN, preexec_fn=on(LOAD_CORE) if server.database == "postgres" else None)
    try:
        said = [(process.stdout.readline(), time.monotonic()) for _ in range(2)]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    (first, began), (ran, ended) = said
    if (first, ran) != ("first\n", "ran\n"):
        raise SystemExit(f"VOID: the queue said {said}")
    return ended - began


def accept(template_, state):
    """Accepted a second, each starting a job."""
    server = Tidegate(template_.database, "deliver", "ingress", template=template_)
    try:
        before = server.stored()
        with STATES[state].beside(server):
            found = load("send", "--address", server.address, "--connections", CONNECTIONS, "--warmup", WARMUP,
                         "--seconds", SECONDS, "--count", COUNT)
        server.kill()
        stored = tuple(now - then for now, then in zip(server.stored(), before))
        if stored != (found["accepted"],) * 3 or found["errors"] or found["refused"] or found["duplicate"]:
            raise SystemExit(f"VOID: {state} stored {stored} of {found}")
        return {"per_second": found["per_second"], "p50": found["p50"], "p99": found["p99"]}
    finally:
        server.remove()


def drain(template_, state):
    """Begun a second, while as many stay waiting as the state has."""
    server = Tidegate(template_.database, "deliver", "ingress", template=template_, serve=False)
    try:
        with STATES[state].beside(server):
            until = time.monotonic() + READER_SECONDS
            while time.monotonic() < until:
                work_off(server)
            return {"per_second": DRAIN / work_off(server)}
    finally:
        server.remove()


def main():
    if ONE_CORE:
        os.sched_setaffinity(0, LOAD_CORE)
    RESULTS.mkdir(exist_ok=True)
    templates, rounds = {}, []
    try:
        for engine in ENGINES:
            for state in STATES:
                say(f"making a database: {engine}, {state}")
                began = time.monotonic()
                templates[engine, state] = filled(engine, STATES[state].count, STATES[state].finished)
                say(f"  {time.monotonic() - began:.0f} s")
        names = list(templates)
        for round_ in range(ROUNDS):
            say(f"round {round_ + 1}, load {os.getloadavg()[0]:.1f}")
            turn, one = round_ * len(names) // ROUNDS, {}
            for name in names[turn:] + names[:turn]:
                engine, state = name
                one[" ".join(name)] = found = {"accept": accept(templates[name], state), "drain": drain(templates[name], state)}
                say(f"  {engine:8} {state:20} accepts {found['accept']['per_second']:6.0f}/s  drains {found['drain']['per_second']:6.0f}/s")
            rounds.append(one)
    finally:
        for server in templates.values():
            server.remove()
    summary = {}
    for engine in ENGINES:
        for state in STATES:
            for what in ("accept", "drain"):
                values = [one[f"{engine} {state}"][what]["per_second"] for one in rounds]
                ratios = [one[f"{engine} {state}"][what]["per_second"] / one[f"{engine} empty"][what]["per_second"] for one in rounds]
                summary[f"{engine}, {state}, {what}"] = {"a_second": spread(values), "of_empty": spread(ratios)}
    (RESULTS / "growth.json").write_text(json.dumps(
        {"rounds": ROUNDS, "seconds": SECONDS, "drained": DRAIN, "finished": FINISHED, "reader_seconds": READER_SECONDS, "summary": summary, "each": rounds}, indent=1))
    print(f"| a second ÷ that of an empty database, {ROUNDS} rounds | median | min | max | a second |\n|---|---|---|---|---|")
    for name, one in summary.items():
        if "empty" not in name:
            ratio = one["of_empty"]
            print(f"| {name} | **{number(ratio['median'])}** | {number(ratio['min'])} | {number(ratio['max'])} | {one['a_second']['median']:.0f} |")


if __name__ == "__main__":
    main()
