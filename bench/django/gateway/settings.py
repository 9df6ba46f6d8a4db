"""Settings, tuned for speed: no middleware, no sessions, connections that stay open, no template engine."""

import os
from urllib.parse import urlsplit

_database = urlsplit(os.environ["GATEWAY_DATABASE_URL"])

SECRET_KEY = "nothing is signed with this"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "gateway.urls"
WSGI_APPLICATION = "gateway.wsgi.application"
INSTALLED_APPS = ["inbox"]
MIDDLEWARE = []
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGGING_CONFIG = None
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _database.path.lstrip("/"),
        "USER": _database.username or "",
        "PASSWORD": _database.password or "",
        "HOST": _database.hostname or "",
        "PORT": _database.port or "",
        # For ever, one for each thread.
        "CONN_MAX_AGE": None,
    }
}

# Where the secret of the one vendor is, and where results go.
WEBHOOK_SECRET = os.environ["GATEWAY_SECRET"]
WEBHOOK_TOLERANCE = 300
TARGET = os.environ.get("GATEWAY_TARGET")

CELERY_BROKER_URL = os.environ["GATEWAY_REDIS_URL"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 16
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# As many connections to the broker as threads may want one at once.
CELERY_BROKER_POOL_LIMIT = 64
