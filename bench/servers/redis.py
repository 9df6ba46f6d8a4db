"""A Redis server for what needs one as its broker; nothing is kept after it."""

import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from machine import free_port, on


class Redis:
    def __init__(self, cores, fsync="always"):
        self.folder, self.port = Path(tempfile.mkdtemp(prefix="redis-bench.")), free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", "",
             "--appendonly", "yes", "--appendfsync", fsync],
            preexec_fn=on(cores), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        self.wait_for("PONG", "ping")

    def ask(self, *command):
        return subprocess.run(["redis-cli", "-p", str(self.port), *command], capture_output=True, text=True).stdout.strip()

    def wait_for(self, wanted, *question):
        """Until Redis answers so; a worker that stands ready asks it for tasks (`brpop`)."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            if wanted in self.ask(*question):
                return
            time.sleep(0.025)
        raise RuntimeError(f"{wanted} did not come from Redis")

    def remove(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
