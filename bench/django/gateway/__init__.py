"""A webhook gateway the way it is usually built with Django: a view, a table, a Celery task for each event."""

from .celery import app

__all__ = ["app"]
