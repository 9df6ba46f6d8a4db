"""The table of webhooks."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel(
            name="WebhookEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=64)),
                ("external_id", models.CharField(max_length=255)),
                ("event_type", models.CharField(max_length=255)),
                ("headers", models.JSONField()),
                ("payload", models.BinaryField()),
                ("status", models.CharField(default="received", max_length=16)),
                ("received_at", models.DateTimeField(auto_now_add=True)),
                ("processed_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("source", "external_id"), name="one_of_each"),
                ],
            },
        ),
    ]
