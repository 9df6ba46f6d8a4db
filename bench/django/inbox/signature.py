"""Signatures of Standard Webhooks: HMAC-SHA256 over id, time and body."""

import base64
import hashlib
import hmac
import time


def key(secret):
    """The bytes a `whsec_…` secret stands for."""
    return base64.b64decode(secret.removeprefix("whsec_"))


def sign(secret, webhook_id, timestamp, body):
    """The signature of one message."""
    signed = b".".join([webhook_id.encode(), timestamp.encode(), body])
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()


def is_genuine(secret, headers, body, tolerance):
    """Whether the headers hold a signature of this body that is not too old."""
    webhook_id, timestamp = headers.get("webhook-id"), headers.get("webhook-timestamp")
    if not webhook_id or not timestamp or not timestamp.isdigit():
        return False
    if abs(time.time() - int(timestamp)) > tolerance:
        return False
    wanted = sign(secret, webhook_id, timestamp, body)
    given = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(wanted, one) for one in given)
