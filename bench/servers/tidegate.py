"""Tidegate on a fresh database, set up through its own command line, or on a copy of one that is ready."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from machine import SECRET, SERVER_CORE, database_url, free_port, on, postmaster, psql, wait_until_ready

TIDEGATE = os.environ["TIDEGATE"]


class Tidegate:
    def __init__(self, database, job, roles, wrap=(), target=None, template=None, serve=True, ready=wait_until_ready):
        self.folder = Path(tempfile.mkdtemp(prefix="tidegate-bench."))
        self.database, self.job, self.ready = database, job, ready
        self.address, self.metrics = (f"127.0.0.1:{free_port()}" for _ in range(2))
        if database == "sqlite":
            self.url = f"sqlite://{self.folder}/tidegate.db"
            if template:
                shutil.copy(template.folder / "tidegate.db", self.folder)
        else:
            self.name = f"bench_{os.getpid()}_{time.monotonic_ns()}"
            psql(f"create database {self.name}" + (f" template {template.name} strategy file_copy" if template else ""))
            self.url = database_url(self.name)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("TIDEGATE_")} | {
            "TIDEGATE_DATABASE_URL": self.url, "TIDEGATE_DATA_DIR": str(self.folder), "TIDEGATE_LISTEN": self.address,
            "TIDEGATE_METRICS_LISTEN": self.metrics, "TIDEGATE_ROLES": roles, "TIDEGATE_MAX_WAITING": "1000000000",
            # One sink stands for many endpoints.
            "TIDEGATE_DESTINATION_CALLS": "64",
            # The provider of the rule has to be somewhere; nothing calls it, because no worker runs.
            "TIDEGATE_ALLOW_PRIVATE_TARGETS": "true",
            # A secret is 32 bytes; this one protects nothing.
            "TIDEGATE_MASTER_KEY": "00" * 32,
        }
        try:
            if not template:
                self.set_up(target)
            if serve:
                self.serve(wrap)
        except BaseException:
            self.remove()
            raise

    def serve(self, wrap):
        self.process = subprocess.Popen([*wrap, TIDEGATE, "serve"], env=self.environment, preexec_fn=on(SERVER_CORE),
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.start_seconds = self.ready(self.address, [self.process])
        self.own = [self.process.pid]
        self.pids = self.own + ([postmaster()] if self.database == "postgres" else [])

    def set_up(self, target):
        self.command("vendor", "add", "bench", "--preset", "std_webhooks", "--secret-stdin", stdin=SECRET)
        if self.job == "deliver":
            self.command("destination", "add", "sink", "--kind", "http", "--url", f"http://{target}/")
            self.command("rule", "add", "--vendor", "bench", "--job", "callback", "--destination", "sink")
        elif self.job:
            self.command("provider", "add", "nobody", "--kind", "openai", "--base-url", "http://127.0.0.1:9/v1",
                         "--model", "none")
            self.command("rule", "add", "--vendor", "bench", "--job", "generate", "--provider", "nobody")

    def command(self, *arguments, stdin=""):
        subprocess.run([TIDEGATE, *arguments], env=self.environment, input=stdin, text=True, check=True,
                       stdout=subprocess.DEVNULL)

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

    def stop(self):
        """Lets it end what it is at."""
        self.process.terminate()
        self.process.wait(timeout=30)

    def remove(self):
        process = getattr(self, "process", None)
        if process and process.poll() is None:
            self.kill()
        if self.database == "postgres":
            psql(f"drop database if exists {self.name} with (force)")
        shutil.rmtree(self.folder, ignore_errors=True)
