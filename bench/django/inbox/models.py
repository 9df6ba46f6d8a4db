"""What is stored of a webhook."""

from django.db import models


class WebhookEvent(models.Model):
    """One webhook. The vendor's id makes it the same one when it comes again."""

    source = models.CharField(max_length=64)
    external_id = models.CharField(max_length=255)
    event_type = models.CharField(max_length=255)
    headers = models.JSONField()
    # The bytes as they came; a JSON column would read and write them once more.
    payload = models.BinaryField()
    status = models.CharField(max_length=16, default="received")
    received_at = models.DateTimeField(auto_now_add=True)
    processed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="one_of_each")]
