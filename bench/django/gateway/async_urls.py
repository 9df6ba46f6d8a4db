"""The addresses of `urls`, answered by asynchronous views."""

from django.urls import path

from inbox import views

urlpatterns = [
    path("webhooks/<slug:vendor>", views.receive_async),
    path("readyz", views.ready),
]
