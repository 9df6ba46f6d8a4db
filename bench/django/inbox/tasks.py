"""What is done about a webhook: it is passed on, signed, once its row says so."""

import threading
import time

import requests
from celery import shared_task
from django.conf import settings
from django.utils import timezone

from . import signature
from .models import WebhookEvent

SECRET = signature.key(settings.WEBHOOK_SECRET)
local = threading.local()


def session():
    """Connections to the target that stay open."""
    if not hasattr(local, "session"):
        local.session = requests.Session()
    return local.session


@shared_task(
    autoretry_for=(requests.RequestException,), retry_backoff=True, retry_jitter=True, max_retries=12
)
def process(pk):
    event = WebhookEvent.objects.get(pk=pk)
    if event.status == "done":
        return
    if settings.MARK_BEGINNING:
        event.status = "processing"
        event.save(update_fields=["status"])
    if settings.TARGET:
        body, now = bytes(event.payload), str(int(time.time()))
        answer = session().post(
            settings.TARGET,
            data=body,
            timeout=30,
            headers={
                "content-type": "application/json",
                "idempotency-key": f"event-{pk}",
                "webhook-id": f"event-{pk}",
                "webhook-timestamp": now,
                "webhook-signature": signature.sign(SECRET, f"event-{pk}", now, body),
            },
        )
        answer.raise_for_status()
    event.status = "done"
    event.processed_at = timezone.now()
    event.save(update_fields=["status", "processed_at"])
