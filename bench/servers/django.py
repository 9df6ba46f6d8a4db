"""The gateway of `bench/django/`: a Python web server, PostgreSQL, Redis as broker, and a Celery worker where jobs run.

As durable as Tidegate: PostgreSQL commits each event, Redis syncs each task (`appendfsync always`) before it answers.
How its parts are set up is a choice of two names, one for each half; `bench/tune.sh` tries them all.
"""

import os
import signal
import subprocess
import time
from collections import namedtuple
from pathlib import Path

from machine import SECRET, SERVER_CORE, database_url, free_port, on, postmaster, psql, wait_until_ready
from servers.redis import Redis

PYTHON = os.environ.get("DJANGO_PYTHON")
PROJECT = Path(__file__).parent.parent / "django"

# `command`: what follows `python -m`; `set`: variables of its own. `{host}` and `{port}` are filled in.
Half = namedtuple("Half", "command set", defaults=({},))
PREPARED = {"GATEWAY_PREPARED": "1"}


def gunicorn(kind, processes, *more, **set_):
    return Half(["gunicorn", "gateway.wsgi", "--bind", "{host}:{port}", "--worker-class", kind, "--workers", str(processes),
                 "--keep-alive", "75", "--log-level", "error", "--worker-tmp-dir", "/dev/shm", *more], set_)


def gthread(processes, threads, **set_):
    return gunicorn("gthread", processes, "--threads", str(threads), **set_)


def granian(interface, *more, **set_):
    return Half(["granian", "--host", "{host}", "--port", "{port}", "--interface", interface, "--workers", "1", "--no-ws",
                 "--backlog", "1024", "--log-level", "error", *more,
                 "gateway.wsgi:application" if interface == "wsgi" else "gateway.asgi:application"], set_)


def celery(pool, concurrency, **set_):
    return Half(["celery", "-A", "gateway", "worker", "--pool", pool, "--concurrency", str(concurrency), "--loglevel", "ERROR",
                 "--without-gossip", "--without-mingle", "--without-heartbeat"], set_)


# What takes webhooks. One core does everything, so there are few processes, and threads for what waits for the disk.
WEB = {
    "gthread-1x8": gthread(1, 8),
    "gthread-1x16": gthread(1, 16),
    "gthread-1x16-prepared": gthread(1, 16, **PREPARED),
    "gthread-1x64": gthread(1, 64),
    "gthread-2x8": gthread(2, 8),
    "gthread-2x8-prepared": gthread(2, 8, **PREPARED),
    "gthread-3x4": gthread(3, 4),
    "gevent-1": gunicorn("gevent", 1, "--worker-connections", "64"),
    "gevent-1-prepared": gunicorn("gevent", 1, "--worker-connections", "64", **PREPARED),
    "granian-8": granian("wsgi", "--blocking-threads", "8"),
    "granian-16": granian("wsgi", "--blocking-threads", "16"),
    "granian-8-prepared": granian("wsgi", "--blocking-threads", "8", **PREPARED),
    "granian-32-prepared": granian("wsgi", "--blocking-threads", "32", **PREPARED),
    "granian-async": granian("asginl", "--loop", "uvloop", GATEWAY_URLS="gateway.async_urls", GATEWAY_POOL="16"),
}
# What delivers.
LEAN = {"GATEWAY_MARK": "0"} | PREPARED
WORKERS = {
    "prefork-2-as-shipped": celery("prefork", 2, GATEWAY_REUSE="0", GATEWAY_PREFETCH="4"),
    "prefork-1": celery("prefork", 1),
    "prefork-2": celery("prefork", 2),
    "prefork-2-prefetch-1": celery("prefork", 2, GATEWAY_PREFETCH="1"),
    "prefork-2-prefetch-128": celery("prefork", 2, GATEWAY_PREFETCH="128"),
    "prefork-2-lean": celery("prefork", 2, **LEAN),
    "prefork-4-lean": celery("prefork", 4, **LEAN),
    "threads-8": celery("threads", 8),
    "threads-4-lean": celery("threads", 4, **LEAN),
    "threads-8-lean": celery("threads", 8, **LEAN),
    "threads-16-lean": celery("threads", 16, **LEAN),
    # A connection of its own for each green thread would be a new one for each task.
    "gevent-16-lean": celery("gevent", 16, GATEWAY_POOL="16", GATEWAY_REUSE="0", **LEAN),
    "solo-lean": celery("solo", 1, **LEAN),
    "threads-8-lean-early": celery("threads", 8, GATEWAY_ACKS="early", **LEAN),
}
# The quickest durable pair on one core; bench/README.md has the table. `DJANGO=web/worker` takes another.
BEST = "granian-8-prepared/prefork-2-lean"
FSYNC = os.environ.get("REDIS_FSYNC", "always")


def chosen():
    """The names of both halves."""
    name = os.environ.get("DJANGO", "on")
    web, _, worker = (BEST if name == "on" else name).partition("/")
    return web, worker


class Django:
    def __init__(self, job, target=None, halves=None, fsync=FSYNC, ready=wait_until_ready):
        web, worker = halves or chosen()
        web, worker = WEB[web], WORKERS[worker]
        self.name = f"bench_{os.getpid()}_{time.monotonic_ns()}"
        self.job, self.processes = job, []
        psql(f"create database {self.name}")
        self.address = f"127.0.0.1:{free_port()}"
        self.redis = Redis(SERVER_CORE, fsync)
        self.processes.append(self.redis.process)
        self.environment = os.environ | {
            "GATEWAY_DATABASE_URL": database_url(self.name), "GATEWAY_REDIS_URL": self.redis.url,
            "GATEWAY_SECRET": SECRET, "PYTHONDONTWRITEBYTECODE": "1",
        }
        if target:
            self.environment["GATEWAY_TARGET"] = f"http://{target}/"
        try:
            subprocess.run([PYTHON, "manage.py", "migrate", "-v", "0"], cwd=PROJECT, env=self.environment, check=True)
            if job == "deliver":
                # It takes seconds to begin, which nobody's time shall hold.
                self.start([PYTHON, "-m", *worker.command], worker.set)
                self.redis.wait_for("cmd=brpop", "client", "list")
            host, port = self.address.split(":")
            self.start([PYTHON, "-m", *(part.format(host=host, port=port) for part in web.command)], web.set)
            self.start_seconds = ready(self.address, self.processes)
        except BaseException:
            self.remove()
            raise
        self.own = [process.pid for process in self.processes]
        self.pids = [*self.own, postmaster()]

    def start(self, command, set_=()):
        self.processes.append(subprocess.Popen(
            command, cwd=PROJECT, env=self.environment | dict(set_), preexec_fn=on(SERVER_CORE), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True))

    def commits(self):
        """Each request commits by itself."""
        return int(psql("select xact_commit from pg_stat_database where datname = current_database()", self.name))

    def syncs(self):
        return int(psql("select wal_sync from pg_stat_wal"))

    def wal_bytes(self):
        return int(psql("select wal_bytes from pg_stat_wal"))

    def stored(self):
        """Events, bodies, and tasks: those that wait, or with a worker those that are done."""
        events, done = psql("select count(*), count(*) filter (where status = 'done') from inbox_webhookevent",
                            self.name).split("|")
        return (int(events), int(events), int(done) if self.job == "deliver" else self.waiting)

    def kill(self):
        # The broker is asked before it goes.
        self.waiting = int(self.redis.ask("llen", "celery") or 0)
        for process in self.processes:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()

    def remove(self):
        if any(process.poll() is None for process in self.processes):
            self.kill()
        psql(f"drop database if exists {self.name} with (force)")
        self.redis.remove()
