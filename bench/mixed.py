"""Mixed traffic against one server: good, repeated, forged, unsigned, stale and oversized webhooks at a fixed rate.

Called by mixed.sh, which builds the programs. When the run is over the server is killed with SIGKILL and the database
counted. Fails when an answer is not the one its kind must get, when the database does not hold exactly what was
accepted, or when the server's memory grew.
"""

import json
import os
import statistics
import sys

from machine import load
from report import RESULTS
from servers.tidegate import Tidegate

RATE = float(os.environ.get("RATE", "1000"))
SECONDS = float(os.environ.get("SECONDS_EACH", "60"))
# The same traffic before it, in which caches fill: judged like the rest, but for memory.
WARM_UP = float(os.environ.get("WARM_UP", "30" if SECONDS >= 30 else "0"))
CONNECTIONS = int(os.environ.get("CONNECTIONS", "128"))
DATABASE = os.environ.get("DATABASE", "sqlite")
# What each kind may be answered, besides what is counted exactly below.
RIGHT = {
    "valid": {202, 200}, "twin": {202, 200}, "duplicate": {200}, "forged": {401}, "stale": {401},
    "unsigned": {400}, "large": {413}, "chunked": {413},
}
# Memory counts as flat when its last sixth is at most this much above its second sixth: a share and MiB.
GROWTH, SLACK = 1.15, 8


def answers(kinds, name, status):
    return kinds.get(name, {"statuses": {}})["statuses"].get(str(status), 0)


def judge(run, stored):
    """Everything that is not as it should be, in words."""
    kinds, wrong = run["kinds"], []
    for name, kind in kinds.items():
        for status, count in kind["statuses"].items():
            if int(status) not in RIGHT[name]:
                wrong.append(f"{count} {name} requests got {'no answer' if status == '0' else status}")
    sent = sum(kind["sent"] for kind in kinds.values())
    planned = round(RATE * (WARM_UP + SECONDS))
    if sent != planned:
        wrong.append(f"{sent} requests were sent instead of {planned}")
    accepted = answers(kinds, "valid", 202) + answers(kinds, "twin", 202)
    if accepted != run["distinct"]:
        wrong.append(f"{run['distinct']} different webhooks were sent, {accepted} accepted")
    events, bodies, jobs = stored
    if (events, bodies, jobs) != (accepted, accepted, 0):
        wrong.append(f"{accepted} were accepted, but there are {events} events, {bodies} bodies and {jobs} jobs")
    return wrong


def memory(samples):
    """The server's memory in MiB: second sixth, last sixth, least, most."""
    mib = [kib / 1024 for kib in samples if kib]
    sixth = max(1, len(mib) // 6)
    return statistics.median(mib[sixth:2 * sixth] or mib), statistics.median(mib[-sixth:]), min(mib), max(mib)


def main():
    server = Tidegate(DATABASE, False, "ingress")
    try:
        run = load("mixed", "--address", server.address, "--rate", RATE, "--seconds", WARM_UP + SECONDS,
                   "--connections", CONNECTIONS, "--pid", server.process.pid)
        server.kill()
        stored = server.stored()
    finally:
        server.remove()

    wrong = judge(run, stored)
    early, late, least, most = memory(run["resident_kib"][round(WARM_UP):])
    if SECONDS >= 30 and late > early * GROWTH + SLACK:
        wrong.append(f"memory grew from {early:.0f} to {late:.0f} MiB")

    print(f"{RATE:.0f} requests a second for {WARM_UP:.0f} and {SECONDS:.0f} s, {CONNECTIONS} connections, {DATABASE}\n")
    print("| kind | sent | answers | p50 ms | p99 ms | max ms |\n|---|---|---|---|---|---|")
    for name in RIGHT:
        if kind := run["kinds"].get(name):
            told = ", ".join(f"{count} × {status}" for status, count in sorted(kind["statuses"].items()))
            times = " | ".join(f"{kind[time] / 1000:.1f}" for time in ("p50", "p99", "max"))
            print(f"| {name} | {kind['sent']} | {told} | {times} |")
    print(f"\nStored: {stored[0]} events, {stored[1]} bodies; {run['distinct']} different webhooks were sent.")
    print(f"Memory: {early:.1f} MiB early, {late:.1f} MiB at the end (least {least:.1f}, most {most:.1f}).")

    RESULTS.mkdir(exist_ok=True)
    record = {"rate": RATE, "seconds": SECONDS, "warm_up": WARM_UP, "connections": CONNECTIONS, "database": DATABASE,
              "stored": stored, "wrong": wrong, **run}
    (RESULTS / "mixed.json").write_text(json.dumps(record, indent=1) + "\n")
    for words in wrong:
        print(f"WRONG: {words}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
