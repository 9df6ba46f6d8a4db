"""One signed webhook, sent from here: for what is about a single one, such as the time from start to first answer."""

import base64
import hashlib
import hmac
import http.client
import json
import time

from machine import SECRET

KEY = base64.b64decode(SECRET.removeprefix("whsec_"))


def post(address, webhook_id, path="/webhooks/bench"):
    """Sends a webhook and returns the status of the answer; `OSError` when nobody listens yet."""
    body, at = json.dumps({"type": "batch.completed", "data": {"id": webhook_id}}), str(int(time.time()))
    signed = hmac.new(KEY, f"{webhook_id}.{at}.{body}".encode(), hashlib.sha256).digest()
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.request("POST", path, body, {
            "content-type": "application/json", "webhook-id": webhook_id, "webhook-timestamp": at,
            "webhook-signature": "v1," + base64.b64encode(signed).decode()})
        return connection.getresponse().status
    finally:
        connection.close()


def until_accepted(address, processes, patience=20):
    """Sends one webhook again and again until it is accepted; the seconds it took. Fails when a process ends or time is up."""
    began = time.monotonic()
    while time.monotonic() - began < patience:
        try:
            if post(address, "msg_first") == 202:
                return time.monotonic() - began
        except (OSError, http.client.HTTPException):
            pass
        if any(process.poll() is not None for process in processes):
            break
        time.sleep(0.002)
    raise RuntimeError("the server accepted nothing")
