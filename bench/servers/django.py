"""The gateway of `bench/django/`: gunicorn, PostgreSQL, Redis as broker, and a Celery worker where jobs run.

As durable as Tidegate: PostgreSQL commits each event, Redis syncs each task (`appendfsync always`) before it answers.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from machine import SECRET, SERVER_CORE, database_url, free_port, on, postmaster, psql, wait_until_ready

PYTHON = os.environ.get("DJANGO_PYTHON")
PROJECT = Path(__file__).parent.parent / "django"
# What was fastest on one core; `bench/README.md` has the others.
WORKERS, THREADS = (int(one) for one in os.environ.get("GUNICORN", "2x8").split("x"))
CELERY = int(os.environ.get("CELERY", "2"))
FSYNC = os.environ.get("REDIS_FSYNC", "always")


class Django:
    def __init__(self, job, target=None):
        self.folder = Path(tempfile.mkdtemp(prefix="django-bench."))
        self.name = f"bench_{os.getpid()}_{time.monotonic_ns()}"
        self.job, self.processes = job, []
        psql(f"create database {self.name}")
        self.address = f"127.0.0.1:{free_port()}"
        self.redis = free_port()
        self.environment = os.environ | {
            "GATEWAY_DATABASE_URL": database_url(self.name), "GATEWAY_REDIS_URL": f"redis://127.0.0.1:{self.redis}/0",
            "GATEWAY_SECRET": SECRET, "PYTHONDONTWRITEBYTECODE": "1",
        }
        if target:
            self.environment["GATEWAY_TARGET"] = f"http://{target}/"
        try:
            subprocess.run([PYTHON, "manage.py", "migrate", "-v", "0"], cwd=PROJECT, env=self.environment, check=True)
            self.start("redis-server", "--port", str(self.redis), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", "",
                       "--appendonly", "yes", "--appendfsync", FSYNC)
            self.wait_for_redis()
            self.start(PYTHON, "-m", "gunicorn", "gateway.wsgi", "--bind", self.address, "--worker-class", "gthread",
                       "--workers", str(WORKERS), "--threads", str(THREADS), "--keep-alive", "75", "--log-level", "error")
            if job == "deliver":
                self.start(PYTHON, "-m", "celery", "-A", "gateway", "worker", "--concurrency", str(CELERY), "--loglevel", "ERROR",
                           "--without-gossip", "--without-mingle", "--without-heartbeat")
            self.start_seconds = wait_until_ready(self.address, self.processes)
        except BaseException:
            self.remove()
            raise
        self.own = [process.pid for process in self.processes]
        self.pids = [*self.own, postmaster()]

    def start(self, *command):
        self.processes.append(subprocess.Popen(
            command, cwd=PROJECT, env=self.environment, preexec_fn=on(SERVER_CORE), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True))

    def ask_redis(self, *command):
        return subprocess.run(["redis-cli", "-p", str(self.redis), *command], capture_output=True, text=True).stdout.strip()

    def wait_for_redis(self):
        for _ in range(200):
            if self.ask_redis("ping") == "PONG":
                return
            time.sleep(0.025)
        raise RuntimeError("Redis did not start")

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
        self.waiting = int(self.ask_redis("llen", "celery") or 0)
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
        shutil.rmtree(self.folder, ignore_errors=True)
