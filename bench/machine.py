"""This machine: which core runs what, ports, PostgreSQL's command line, and the programs of `load/`."""

import contextlib
import json
import os
import re
import socket
import subprocess
import threading
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
LOAD = os.environ.get("LOAD", "")
POSTGRES = os.environ["TIDEGATE_TEST_POSTGRES_URL"]
ONE_CORE = os.environ.get("LAYOUT", "one-core") == "one-core" and os.cpu_count() > 1
SERVER_CORE, LOAD_CORE = {1}, {0}
# Less than 0 (root only) for a machine on which other things run: what is measured then goes before them.
PRIORITY = int(os.environ.get("PRIORITY", "0"))


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


def family(pid):
    """A process and its descendants."""
    return [pid, *(one for child in children(pid) for one in family(child))]


def cpu_of(pids):
    """Processor seconds of these processes and their descendants so far, ended children included."""
    total = 0
    for pid in {one for pid in pids for one in family(pid)}:
        with contextlib.suppress(OSError):
            stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            # The children's share of a process that is counted holds only those that ended.
            total += sum(map(int, stat[11:15]))
    return total / os.sysconf("SC_CLK_TCK")


def footprint(pids):
    """What these processes hold in memory, in MiB: `rss` as `ps` counts it; `pss`, in which pages that several processes map
    are shared out; `anon`, the part of it that no file stands behind."""
    sums = dict.fromkeys(("rss", "pss", "anon"), 0)
    for pid in pids:
        with contextlib.suppress(OSError):
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            for kind, name in (("rss", "Rss"), ("pss", "Pss"), ("anon", "Pss_Anon")):
                sums[kind] += int(re.search(rf"^{name}:\s+(\d+)", rollup, re.M)[1]) / 1024
    return sums


def families(pids):
    """These processes and their descendants."""
    return {one for pid in pids for one in family(pid)}


def memory_of(pids):
    """What these processes and their descendants have in memory, in MiB; shared pages are shared out."""
    return footprint(families(pids))["pss"]


class Watch:
    """Looks at the memory of these processes and their descendants twice a second; `most` is the largest of each kind."""

    def __init__(self, pids):
        self.pids, self.over = families(pids), threading.Event()
        self.most = footprint(self.pids)
        self.thread = threading.Thread(target=self.look)

    def look(self):
        while not self.over.wait(0.5):
            self.most = {kind: max(most, now) for (kind, most), now in zip(self.most.items(), footprint(self.pids).values())}

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def wait_until_ready(address, processes):
    """Waits until a server answers on /readyz; the seconds it took."""
    began = time.monotonic()
    while time.monotonic() - began < 20:
        try:
            urllib.request.urlopen(f"http://{address}/readyz", timeout=2).close()
            return time.monotonic() - began
        except OSError:
            if any(process.poll() is not None for process in processes):
                break
            time.sleep(0.005)
    raise RuntimeError("the server did not start")


def database_url(name):
    return urlsplit(POSTGRES)._replace(path=f"/{name}").geturl()
