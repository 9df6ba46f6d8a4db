"""Settings, tuned for speed: no middleware, no sessions, connections that stay open, no template engine.

What `bench/tune.sh` tries out is set by `GATEWAY_…` variables; without them, each is as it is most often met.
"""

import os
from urllib.parse import urlsplit

_database = urlsplit(os.environ["GATEWAY_DATABASE_URL"])
# Statements that PostgreSQL plans once for each connection; Django asks anew each time unless told.
_prepared = {"server_side_binding": True, "prepare_threshold": 1} if os.environ.get("GATEWAY_PREPARED") else {}
# Connections that threads borrow, where threads come and go; otherwise each keeps its own for ever.
_pool = {"pool": {"min_size": 4, "max_size": int(os.environ["GATEWAY_POOL"])}} if os.environ.get("GATEWAY_POOL") else {}

SECRET_KEY = "nothing is signed with this"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = os.environ.get("GATEWAY_URLS", "gateway.urls")
WSGI_APPLICATION = "gateway.wsgi.application"
ASGI_APPLICATION = "gateway.asgi.application"
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
        "CONN_MAX_AGE": 0 if _pool else None,
        "OPTIONS": _prepared | _pool,
    }
}

# Where the secret of the one vendor is, and where results go.
WEBHOOK_SECRET = os.environ["GATEWAY_SECRET"]
WEBHOOK_TOLERANCE = 300
TARGET = os.environ.get("GATEWAY_TARGET")
# Whether a row says that its task has begun; one durable write less when not, and less to look up.
MARK_BEGINNING = os.environ.get("GATEWAY_MARK", "1") == "1"

CELERY_BROKER_URL = os.environ["GATEWAY_REDIS_URL"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = os.environ.get("GATEWAY_ACKS", "late") == "late"
CELERY_WORKER_PREFETCH_MULTIPLIER = int(os.environ.get("GATEWAY_PREFETCH", "16"))
CELERY_WORKER_DISABLE_RATE_LIMITS = True
# Unless told, Celery closes the connection to the database before and after each task, and PostgreSQL makes a process for
# the next one: that was four fifths of the time of a task.
CELERY_DB_REUSE_MAX = int(os.environ.get("GATEWAY_REUSE", "1000000"))
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# As many connections to the broker as threads may want one at once.
CELERY_BROKER_POOL_LIMIT = 64
