"""Where the processor's time goes, by what the code is for: groups the functions that `perf` saw.

Called by profile.sh. A function is put where its own name says; what it calls is counted by itself. Kernel time is that of
whoever called it, told by what the kernel was doing.
"""

import collections
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from machine import LOAD_CORE, ONE_CORE, SERVER_CORE, load
from report import RESULTS, say
from rounds import CELLS, start
from servers.sink import Sink

SECONDS = float(os.environ.get("SECONDS_EACH", "4"))
HERTZ = os.environ.get("HERTZ", "997")
# Webhooks that are delivered while it is recorded.
FOLLOWED = int(os.environ.get("FOLLOWED", "8000"))
WANTED = os.environ.get("CELLS", "sqlite+job/256,sqlite+deliver/64,postgres+job/256,postgres+deliver/64").split(",")
FOLDER = RESULTS / "profile"

# The first that fits; tried on the function, after the process and the file it is in.
KERNEL = [
    ("kernel: disk and files", r"ext4|jbd2|blk|bio|virtblk|vfs_(f?sync|write|read)|fsync|writeback|folio|page_cache|filemap|iomap|scsi|nvme|pwrite|pread|xas_|submit_|virtqueue|vring"),
    ("kernel: network", r"tcp|inet|\b_*ip_|sock|skb|\b_*net_|netif|\b_*sk_|loopback|neigh|dev_|napi|unix_|\bnf_|\bipt_|process_backlog|eth_"),
    ("kernel: memory", r"page|fault|mm_|mmap|vma|alloc|slab|kmem|clear_|zap_|memcg|obj_cgroup|lru|kfree|kmalloc"),
    ("kernel: waiting and switching", r"sched|futex|epoll|ep_|wake|schedule|switch|eventfd|hrtimer|timer|poll|idle|rcu|irq|tick|nanosleep|_raw_spin|syscall|entry_|do_exit"),
]
PROGRAM = [
    ("allocator", r"^_?mi_|mimalloc"),
    ("SHA-256 and HMAC", r"sha2|sha256|hmac|Sha256|GFp_sha|ring_core.*sha|digest"),
    ("TLS and sealing", r"rustls|chacha|poly1305|\baes|\bring(::|_core)|webpki|Poly1305"),
    ("JSON", r"serde_json|serde_core|serde::|simd_json"),
    ("HTTP server and client", r"hyper|axum|tower|\bhttp::|http_body|httparse|reqwest|\bh2::|headers"),
    ("tracing and metrics", r"tracing|metrics"),
    ("database client (sqlx)", r"sqlx"),
    ("tokio and channels", r"tokio|mio::|futures|parking_lot|flume|async_channel|crossbeam|event_listener"),
    ("Tidegate's store", r"store::|store\["),
    ("Tidegate", r"tidegate|signature::|domain::|app::|minijinja"),
    ("standard library", r"core::|alloc::|std::|hashbrown|uuid|bytes::|compiler_builtins|rust_"),
]
RUST = re.compile(r"::|^_ZN|^_R|\[[0-9a-f]{16}\]|^<")
LIBC = re.compile(r"libc|ld-linux|libm|vdso")


def group(process, function, file):
    if "kernel" in file or file == "[unknown]" and function.startswith("["):
        place = next((name for name, words in KERNEL if re.search(words, function)), "kernel: other")
        return f"{place} (for PostgreSQL)" if process == "postgres" else place
    if process == "postgres":
        return "PostgreSQL"
    if LIBC.search(file):
        return "libc: malloc, locks, copying"
    for name, words in PROGRAM:
        if re.search(words, function):
            return name
    # What is neither Rust nor known is the C of SQLite.
    return "standard library" if RUST.search(function) else "SQLite"


def samples(data):
    """Process, and stack of (function, file) from the inside out, of every sample."""
    text = subprocess.run(["perf", "script", "--no-inline", "-i", data, "-F", "comm,ip,sym,dso"], capture_output=True, text=True).stdout
    for block in text.split("\n\n"):
        lines = block.strip("\n").splitlines()
        if len(lines) < 2:
            continue
        stack = []
        for line in lines[1:]:
            found = re.match(r"\s*[0-9a-f]+ (.*) \(([^()]*)\)$", line)
            if found:
                stack.append((found[1], found[2]))
        if stack:
            yield lines[0].strip(), stack


def record(cell, data):
    """Records the server's core while webhooks go through this cell; says how many, and what its threads are called."""
    sink = Sink() if cell.job == "deliver" else None
    try:
        server = start(cell, sink and sink.address)
        try:
            pids = ",".join(map(str, server.pids)) if not ONE_CORE else None
            place = ["-p", pids] if pids else ["-a", "-C", ",".join(map(str, SERVER_CORE))]
            perf = ["perf", "record", "-q", "-e", "cpu-clock", "-F", HERTZ, "--call-graph", "dwarf,4096", "-o", data, *place]
            recorder = subprocess.Popen(perf, stderr=subprocess.DEVNULL)
            if sink:
                # The recording ends with the last delivery; webhooks are taken in its first part.
                count = FOLLOWED
                load("send", "--address", server.address, "--connections", cell.connections, "--warmup", 0, "--seconds", 60, "--count", count)
                sink.wait_for(count, 30)
            else:
                count = load("send", "--address", server.address, "--connections", cell.connections, "--warmup", 0,
                             "--seconds", SECONDS)["accepted"]
            recorder.send_signal(signal.SIGINT)
            recorder.wait(timeout=60)
            return count, {"postgres"} | {Path(name).read_text().strip() for pid in server.own
                                          for name in glob.glob(f"/proc/{pid}/task/*/comm")}
        finally:
            server.remove()
    finally:
        if sink:
            sink.remove()


def main():
    if ONE_CORE:
        os.sched_setaffinity(0, LOAD_CORE)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in WANTED:
        say(f"recording {name}")
        with tempfile.TemporaryDirectory() as folder:
            data = f"{folder}/perf.data"
            count, ours = record(CELLS[name], data)
            groups, functions, stacks, idle = collections.Counter(), collections.Counter(), collections.Counter(), 0
            for process, stack in samples(data):
                function, file = stack[0]
                # The core idles, or does something for others.
                if process not in ours:
                    idle += 1
                    continue
                groups[group(process, function, file)] += 1
                functions[f"{function.split('+')[0][:90]} ({group(process, function, file)})"] += 1
                stacks[";".join([process, *(one.replace(";", ":") for one, _ in reversed(stack))])] += 1
        total = sum(groups.values())
        file = FOLDER / (name.replace("/", "-") + ".folded")
        file.write_text("".join(f"{stack} {times}\n" for stack, times in stacks.items()))
        if shutil.which("inferno-flamegraph"):
            with open(file) as stacks_, open(file.with_suffix(".svg"), "w") as picture:
                subprocess.run(["inferno-flamegraph", "--title", name], stdin=stacks_, stdout=picture, check=False)
        print(f"\n| {name}: {count:,} webhooks, {total:,} samples at {HERTZ} Hz, core busy {total / max(1, total + idle):.0%} | share |\n|---|---|")
        for what, times in groups.most_common():
            print(f"| {what} | {times / total:.1%} |")
        print("\n| function | share |\n|---|---|")
        for what, times in functions.most_common(15):
            print(f"| `{what}` | {times / total:.1%} |")
        (FOLDER / (name.replace("/", "-") + ".json")).write_text(json.dumps(
            {"cell": name, "webhooks": count, "samples": total, "idle": idle, "groups": dict(groups.most_common()),
             "functions": dict(functions.most_common(60)), "at": time.time()}, indent=1))


if __name__ == "__main__":
    main()
