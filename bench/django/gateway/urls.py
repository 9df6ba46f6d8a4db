"""One address for each vendor, and one that says that the process answers."""

from django.urls import path

from inbox import views

urlpatterns = [
    path("webhooks/<slug:vendor>", views.receive),
    path("readyz", views.ready),
]
