"""The floor: a bare handler that checks the signature and stores nothing."""

import os
import signal
import subprocess

from machine import LOAD, SECRET, SERVER_CORE, on


class Floor:
    def __init__(self):
        self.process = subprocess.Popen([LOAD, "floor"], stdout=subprocess.PIPE, text=True, preexec_fn=on(SERVER_CORE),
                                        env=os.environ | {"LOAD_SECRET": SECRET})
        self.address = self.process.stdout.readline().split()[1]
        self.own = self.pids = [self.process.pid]

    def syncs(self):
        return 0

    def wal_bytes(self):
        return None

    def stored(self):
        return None

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def remove(self):
        self.process.stdout.close()
