"""Tries the set-ups of the Django gateway: webhooks accepted a second by each web server, and delivered by each worker.

Called by tune.sh, which installs Django and starts PostgreSQL. Everything shares one core; each trial has a fresh database
and a fresh Redis. The last rows show the best pair as people run Redis who do not ask for durability.
"""

import json
import os
import time

from machine import LOAD_CORE, ONE_CORE, Watch, cpu_of, load
from report import RESULTS, number, say, spread
from servers.django import WEB, WORKERS, Django, chosen
from servers.sink import Sink

ROUNDS = int(os.environ.get("ROUNDS", "1"))
SECONDS = float(os.environ.get("SECONDS_EACH", "4"))
WARMUP = float(os.environ.get("WARMUP", "2"))
FOLLOWED = int(os.environ.get("FOLLOWED", "600"))
ONLY = [part for part in os.environ.get("ONLY", "").split(",") if part]
CONNECTIONS = 64
PATIENCE = 30


def accept(web, worker, fsync):
    """Webhooks accepted a second, each starting a task that waits."""
    server = Django("wait", None, (web, worker), fsync)
    try:
        with Watch(server.own) as memory:
            found = load("send", "--address", server.address, "--connections", CONNECTIONS, "--warmup", WARMUP, "--seconds", SECONDS,
                         "--count", 100_000, "--cpu-of", ",".join(map(str, server.pids)))
        server.kill()
        check(f"{web}", found, server.stored())
        return {"per_second": found["per_second"], "p99_ms": found["p99"] / 1e3, "memory_mib": memory.most["pss"],
                "cpu_ms": 1e3 * found["server_cpu"] / max(1, found["measured"])}
    finally:
        server.remove()


def deliver(web, worker, fsync):
    """Webhooks taken and delivered a second, from the first byte to the last delivery."""
    sink = Sink()
    try:
        server = Django("deliver", sink.address, (web, worker), fsync)
        try:
            cpu, began = cpu_of(server.pids), time.monotonic()
            with Watch(server.own) as memory:
                found = load("send", "--address", server.address, "--connections", CONNECTIONS, "--warmup", 0, "--seconds", 110,
                             "--count", FOLLOWED)
                seen = sink.wait_for(FOLLOWED, PATIENCE)
            took = time.monotonic() - began - seen["last_ago"]
            # The rows of the last ones are written a moment after their delivery.
            time.sleep(1.5)
            cpu = cpu_of(server.pids) - cpu
            server.kill()
            check(f"{web}/{worker}", found, server.stored())
            return {"per_second": FOLLOWED / took, "memory_mib": memory.most["pss"], "cpu_ms": 1e3 * cpu / FOLLOWED}
        finally:
            server.remove()
    finally:
        sink.remove()


def check(name, found, stored):
    if found["errors"] or found["refused"] or found["duplicate"] or stored != (found["accepted"],) * 3:
        raise RuntimeError(f"{name}: {found}, stored (events, bodies, tasks): {stored}")


def trials(measure, pairs, fsync="always"):
    """What each pair comes to: medians of rounds in which all of them take their turns, or why there are none."""
    found = {name: [] for name in pairs}
    wrong = {}
    for round_ in range(ROUNDS):
        names = list(pairs)
        turn = round_ * len(names) // ROUNDS
        for name in names[turn:] + names[:turn]:
            if name in wrong:
                continue
            try:
                one = measure(*pairs[name], fsync)
            except RuntimeError as error:
                wrong[name] = {"wrong": str(error)}
                say(f"  {name}: {error}")
                continue
            found[name].append(one)
            say(f"  {name:24} {one['per_second']:4.0f}/s, {one['cpu_ms']:.2f} ms each, {one['memory_mib']:.0f} MiB")
    return {name: wrong.get(name) or {key: spread([one[key] for one in found[name]]) for key in found[name][0]} for name in pairs}


def speed(one):
    return one["per_second"]["median"] if "wrong" not in one else 0


def quickest(found):
    return max(found, key=lambda name: speed(found[name]))


def rows(title, found):
    print(f"| {title} | a second | from | to | processor ms each | MiB |\n|---|---|---|---|---|---|")
    for name, one in sorted(found.items(), key=lambda pair: -speed(pair[1])):
        if "wrong" in one:
            print(f"| {name} | failed | | | | |")
            continue
        rate = one["per_second"]
        print(f"| {name} | {rate['median']:.0f} | {rate['min']:.0f} | {rate['max']:.0f} | {number(one['cpu_ms']['median'])} "
              f"| {one['memory_mib']['median']:.0f} |")
    print()


def main():
    if ONE_CORE:
        os.sched_setaffinity(0, LOAD_CORE)

    def wanted(names):
        return [name for name in names if not ONLY or any(part in name for part in ONLY)]

    first, second = chosen()
    RESULTS.mkdir(exist_ok=True)
    web = trials(accept, {name: (name, second) for name in wanted(WEB)})
    first = quickest(web) if web else first
    workers = trials(deliver, {name: (first, name) for name in wanted(WORKERS)})
    # A task that is acknowledged before it is done is lost with its worker: shown, and never chosen.
    durable = {name: one for name, one in workers.items() if "early" not in name}
    second = quickest(durable) if durable else second
    pair = (first, second)
    lax = trials(accept, {"accepted": pair}, "everysec") | trials(deliver, {"delivered": pair}, "everysec")
    everything = {"rounds": ROUNDS, "seconds": SECONDS, "followed": FOLLOWED, "web": web, "workers": workers, "best": "/".join(pair),
                  "redis_syncs_each_second": lax}
    (RESULTS / "django.json").write_text(json.dumps(everything, indent=1))
    rows("accepted, Redis syncing always", web)
    rows(f"delivered, taken by {first}", workers)
    rows(f"{'/'.join(pair)}, Redis syncing once a second", lax)
    print(f"quickest durable pair: {'/'.join(pair)}")


if __name__ == "__main__":
    main()
