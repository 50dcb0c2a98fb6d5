"""Which service is to be photographed next, and what becomes of the picture."""

import logging
from datetime import datetime

from django.conf import settings
from django.core.cache import cache
from django.db.models import F, QuerySet

from portal.camera import shot
from portal.camera.browser import NoPictureError, program
from provisioning.driver import Endpoint
from provisioning.models import Deployment, Picture

log = logging.getLogger(__name__)

BUSY = "camera"
"""The cache's name for: a picture is being taken. One at a time, in the whole house."""
LOOPBACK = "127.0.0.1"


def photograph(at: datetime) -> bool:
    """Take one picture that is due. Return whether one was taken; that none could be is no error."""
    if not cache.add(BUSY, True, shot.WITHIN + 20):
        return False
    try:
        return _photograph(at)
    finally:
        cache.delete(BUSY)


def is_any_due(at: datetime) -> bool:
    """Whether a picture is due, and we have what takes one."""
    return _due(at).exists()


def tidy() -> None:
    """Forget pictures of services that are over."""
    Picture.objects.over().delete()


def view_of(deployment: Deployment) -> shot.View:
    """Where its page is seen: at our own front door, whatever stands before that."""
    if settings.LAN_ADDRESS:
        return shot.View(deployment.url, Endpoint(settings.LAN_ADDRESS, deployment.port or 0))
    listen = settings.TLS_LISTEN if settings.TLS else settings.FRONT_DOOR_LISTEN
    host, _, port = listen.rpartition(":")
    door = Endpoint(LOOPBACK if host in ("", "0.0.0.0") else host, int(port))  # noqa: S104 - read, not listened to
    return shot.View(deployment.url, door, settings.APPS_SCHEME == "https" and not settings.TLS)


def _due(at: datetime) -> "QuerySet[Deployment]":
    if settings.FRONT_DOOR != "caddy" or not program():
        return Deployment.objects.none()
    return Deployment.objects.filter(Picture.is_due(at)).order_by(F("picture__tried_at").asc(nulls_first=True), "pk")


def _photograph(at: datetime) -> bool:
    deployment = _due(at).first()
    if deployment is None or not Picture.objects.claim(deployment, at):
        return False
    try:
        data = shot.shoot(view_of(deployment))
    except NoPictureError as why:
        log.info("no picture of %s: %s", deployment.host, why)
        return False
    return Picture.objects.keep(deployment, data, at=at)
