"""Where results are delivered to: answers 200 and counts, on the core of the load generator."""

import json
import subprocess
import time
import urllib.request

from machine import LOAD, LOAD_CORE, on


class Sink:
    def __init__(self):
        self.process = subprocess.Popen([LOAD, "sink"], stdout=subprocess.PIPE, text=True, preexec_fn=on(LOAD_CORE))
        self.address = self.process.stdout.readline().split()[1]

    def count(self):
        """`distinct` deliveries by their idempotency key, all `requests`, and `last_ago`: seconds since the last."""
        with urllib.request.urlopen(f"http://{self.address}/count", timeout=5) as answer:
            return json.load(answer)

    def wait_for(self, wanted, patience):
        """Waits until so many were delivered, or nothing came for `patience` seconds."""
        while True:
            seen = self.count()
            if seen["distinct"] >= wanted or (seen["last_ago"] or 0) > patience:
                return seen
            time.sleep(0.1)

    def remove(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
