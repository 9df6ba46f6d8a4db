"""Taking a webhook in: check, store, start the task, answer."""

import json

from django.conf import settings
from django.db import IntegrityError
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from . import signature
from .models import WebhookEvent
from .tasks import process

SECRET = signature.key(settings.WEBHOOK_SECRET)


def answer(http_status, **what):
    text = json.dumps(what)
    # Without its length gunicorn would send it in chunks.
    headers = {"Content-Length": str(len(text))}
    return HttpResponse(text, status=http_status, content_type="application/json", headers=headers)


def fields(request, vendor):
    """What is stored of a genuine webhook; otherwise the answer that refuses it."""
    body = request.body
    if not signature.is_genuine(SECRET, request.headers, body, settings.WEBHOOK_TOLERANCE):
        return None, answer(401, code="signature_mismatch")
    try:
        event_type = json.loads(body).get("type", "")
    except (ValueError, AttributeError):
        return None, answer(400, code="body_unreadable")
    return {
        "source": vendor, "external_id": request.headers["webhook-id"], "event_type": event_type,
        "headers": dict(request.headers), "payload": body,
    }, None


@csrf_exempt
@require_POST
def receive(request, vendor):
    found, refusal = fields(request, vendor)
    if refusal:
        return refusal
    try:
        # One statement, committed by itself: the task must find the row.
        event = WebhookEvent.objects.create(**found)
    except IntegrityError:
        return answer(200, status="duplicate", id=found["external_id"])
    process.delay(event.pk)
    return answer(202, status="accepted", id=event.pk)


@csrf_exempt
@require_POST
async def receive_async(request, vendor):
    found, refusal = fields(request, vendor)
    if refusal:
        return refusal
    try:
        event = await WebhookEvent.objects.acreate(**found)
    except IntegrityError:
        return answer(200, status="duplicate", id=found["external_id"])
    # Celery has no asynchronous way to send; it waits for Redis a fraction of a millisecond.
    process.delay(event.pk)
    return answer(202, status="accepted", id=event.pk)


def ready(_request):
    return answer(200, status="pass")
