"""The goals, and what the results say of each: reads bench/results/*.json and prints one table.

Called at the end of each benchmark. Nothing here is measured or remembered: a goal whose cells are in no file is "not
measured", and one is met only by the median of the numbers in the files. Ratios are made within a round.
"""

import json
from collections import namedtuple

from report import RESULTS, number, spread

# `better`: whether more is better ("≥") or less ("≤"). `found`: the values of all rounds, `None` when not measured.
Goal = namedtuple("Goal", "name what better floor target found note", defaults=("",))
NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}


def read(name):
    try:
        return json.loads((RESULTS / f"{name}.json").read_text())
    except FileNotFoundError:
        return {}


def dig(one, *path):
    """The value at this path, `None` where it ends early."""
    for key in path:
        if not isinstance(one, dict) or one.get(key) is None:
            return None
        one = one[key]
    return one


def over(rounds, value):
    """The value of each round; nothing unless every round has it."""
    found = []
    for one in rounds:
        try:
            found.append(value(one))
        except (KeyError, TypeError, ZeroDivisionError):
            return None
    return found or None


def beside_django():
    everything = read("latest")
    rounds = [one["cells"] for one in everything.get("each", [])]
    open_rate, whole_rate = everything.get("open_rate", 300), everything.get("whole_rate")

    def ratio(ours, theirs, *path, more=True):
        def value(cells):
            mine, yours = dig(cells, ours, *path), dig(cells, theirs, *path)
            return mine / yours if more else yours / mine
        return over(rounds, value)

    def kept_up(*cells):
        """Says which of these did not take what was sent at the fixed rate."""
        late = []
        for name in cells:
            sent, rate = over(rounds, lambda one: one[name]["per_second"]), whole_rate if "deliver" in name else open_rate
            if sent and rate and min(sent) < 0.98 * rate:
                late.append(f"{name.split('+')[0]} took {min(sent):.0f}/s")
        return ", ".join(late)

    yield Goal("G1", "accepted/s, each starting a job: PostgreSQL ÷ Django", "≥", 15, 30, ratio("postgres+job/64", "django+job/64", "per_second"))
    yield Goal("G2", "accepted/s, each starting a job: SQLite ÷ Django", "≥", 20, 45, ratio("sqlite+job/64", "django+job/64", "per_second"))
    for database, name in NAMES.items():
        yield Goal("G3", f"webhook to delivered result, a second: {name} ÷ Django", "≥", 12, 25,
                   ratio(f"{database}+deliver/64", "django+deliver/64", "per_second"))
    for database, name in NAMES.items():
        yield Goal("G4", f"processor time from webhook to delivered result: Django ÷ {name}", "≥", 12, 25,
                   ratio(f"{database}+deliver/64", "django+deliver/64", "cpu_ms_per_1000", more=False))
    for load_name, title in (("+job/open", f"at {open_rate}/s, no worker"),
                             ("+deliver/open", f"at {whole_rate or 50:.0f}/s, each delivered")):
        for database, name in NAMES.items():
            ours, theirs = database + load_name, "django" + load_name
            yield Goal("G5", f"p99 of answers {title}: Django ÷ {name}", "≥", 2, 4, ratio(ours, theirs, "p99", more=False),
                       kept_up(ours, theirs))
    for way in ("append", "overwrite"):
        for database, name in NAMES.items():
            cell = f"{database}/open"
            yield Goal("G6", f"p50 of answers ÷ p50 of fdatasync ({way}), {open_rate}/s: {name}", "≤", 2.5, 1.6,
                       over(rounds, lambda one: one[cell]["p50"] / one[cell]["disk"][way]["p50"]))
    for database, name in NAMES.items():
        cell = f"{database}/256"
        # On SQLite commits are counted; strace has told how many syncs there are to each.
        each = dig(everything, "summary", "syncs_per_commit_by_strace", cell) if database == "sqlite" else 1
        yield Goal("G7", f"events per disk sync, 256 connections: {name}", "≥", 20, 60,
                   over(rounds, lambda one: one[cell]["events_per_sync"] / (each or 1)), "" if each else "a sync for each commit taken for granted")
    for when, load_name, moment in (("idle", "+deliver/64", "idle"), (f"at {whole_rate or 50:.0f}/s", "+deliver/open", "busy"),
                                    ("as busy as can be", "+deliver/64", "busy")):
        for database, name in NAMES.items():
            yield Goal("G16", f"memory of the stack without PostgreSQL, {when}: Django ÷ {name}", "≥", 6, 12,
                       ratio(database + load_name, "django" + load_name, "memory", moment, "pss", more=False))
    for database, name in NAMES.items():
        yield Goal("G17", f"start to first 202: Django ÷ {name}", "≥", 10, 30,
                   ratio(f"{database}/start", "django/start", "start_seconds", more=False))


def queues():
    rounds = read("queues").get("each", [])
    ours, sqlite = "Tidegate, 1,024 jobs at a time", "SQLite: Tidegate, 1,024 jobs at a time"
    graphile, single = "graphile-worker, batches", "graphile-worker, single"

    def ratio(theirs, key, ours=ours, more=True):
        return over(rounds, lambda one: one[ours][key] / one[theirs][key] if more else one[theirs][key] / one[ours][key])

    yield Goal("G8", "drained jobs/s ÷ graphile-worker, batches", "≥", 1, 1.5, ratio(graphile, "per_second"))
    for theirs, floor, target in ((single, 4, 8), ("pg-boss, pairs", 8, 15), ("pg-boss, batches", 8, 15), ("apalis", 3, 6),
                                  ("procrastinate", 15, 30), ("Celery", 8, 15)):
        yield Goal("G9", f"drained jobs/s ÷ {theirs}", "≥", floor, target, ratio(theirs, "per_second"))
    yield Goal("G10", "drained jobs/s ÷ awa", "≥", 1, 1.5, ratio("awa", "per_second"))
    yield Goal("G11", "drained jobs/s on SQLite ÷ apalis at FULL", "≥", 5, 15, ratio("SQLite: apalis", "per_second", sqlite))
    for theirs in (single, graphile):
        yield Goal("G12", f"stored to begun, p50: {theirs} ÷ ours", "≥", 1.5, 3, ratio(theirs, "p50", more=False))
    yield Goal("G13", "WAL bytes a job: awa ÷ ours", "≥", 1.2, 2.5, ratio("awa", "wal_bytes", more=False))


def growth():
    everything = read("growth")
    rounds = everything.get("each", [])
    engines = [engine for engine in NAMES if rounds and f"{engine} empty" in rounds[0]] or list(NAMES)

    def ratio(engine, state, than, what):
        return over(rounds, lambda one: one[f"{engine} {state}"][what]["per_second"] / one[f"{engine} {than}"][what]["per_second"])

    held = f"a transaction left open, after {everything.get('reader_seconds', 0):.0f} s of work" if rounds else "a transaction left open"
    for engine in engines:
        yield Goal("G14", f"drained jobs/s beside {held} ÷ on an empty database: {NAMES[engine]}", "≥", 0.8, 0.95, ratio(engine, "reader", "empty", "drain"),
                   "" if everything.get("reader_seconds", 0) >= 300 else "the goal asks for 300 s")
        yield Goal("G14", f"accepted/s beside a transaction left open ÷ without: {NAMES[engine]}", "≥", 0.8, 0.95, ratio(engine, "reader", "empty", "accept"))
    waiting = sorted((int(name.split()[1].replace(",", "")) for name in (rounds[0] if rounds else ()) if name.startswith(engines[0]) and "waiting" in name))
    # The goal is about a million; fewer would meet it too easily.
    least, most = (waiting[0], waiting[-1]) if len(waiting) > 1 and waiting[-1] >= 1_000_000 else (1_000, 1_000_000)
    for engine in engines:
        yield Goal("G15", f"drained jobs/s with {most:,} waiting ÷ with {least:,}: {NAMES[engine]}", "≥", 0.7, 0.9,
                   ratio(engine, f"{most:,} waiting", f"{least:,} waiting", "drain"))


def chaos():
    for one in read("chaos") or [{}]:
        kills, crashes = one.get("kills", 0), one.get("restarts", 0)
        what = f"accepted events lost, {kills} kills and {crashes} crashes of the database: {NAMES.get(one.get('engine'), 'any')}"
        # A run that accepted nothing could lose nothing.
        found = [len(one["lost"])] if one.get("accepted") else None
        note = f"of {one['accepted']:,}" if found else ""
        yield Goal("G18", what if found else "accepted events lost", "≤", 0, 0, found, note)


def verdict(goal, median):
    def reached(bound):
        return median >= bound if goal.better == "≥" else median <= bound
    return "target met" if reached(goal.target) else "floor met" if reached(goal.floor) else "MISSED"


def main():
    print("\n| goal | what | floor | target | measured [least..most] | rounds | |\n|---|---|---|---|---|---|---|")
    order = {f"G{n}": n for n in range(1, 25)}
    goals = sorted([*beside_django(), *queues(), *growth(), *chaos()], key=lambda goal: order[goal.name])
    for goal in goals:
        bounds = f"{goal.better} {goal.floor:g} | {goal.better} {goal.target:g}"
        if not goal.found:
            print(f"| {goal.name} | {goal.what} | {bounds} | | | not measured |")
            continue
        one = spread(goal.found)
        says = f"**{number(one['median'])}** [{number(one['min'])}..{number(one['max'])}]"
        note = f" ({goal.note})" if goal.note else ""
        print(f"| {goal.name} | {goal.what} | {bounds} | {says} | {len(goal.found)} | {verdict(goal, one['median'])}{note} |")


if __name__ == "__main__":
    main()
