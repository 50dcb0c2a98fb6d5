"""The addresses for programs."""

from django.urls import path

from portal.api import views

urlpatterns = [
    path("apps", views.apps, name="api-apps"),
    path("places", views.places, name="api-places"),
    path("events", views.events, name="api-events"),
    path("services", views.services, name="api-services"),
    path("services/<str:key>", views.service, name="api-service"),
    path("services/<str:key>/restart", views.restart, name="api-restart"),
    path("services/<str:key>/pull", views.pull, name="api-pull"),
    path("services/<str:key>/retry", views.retry, name="api-retry"),
    path("services/<str:key>/end", views.end, name="api-end"),
    path("services/<str:key>/outputs", views.outputs, name="api-outputs"),
]
