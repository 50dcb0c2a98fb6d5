"""Writes the front door's whole configuration from the settings and the rows."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand

from provisioning.driver import Endpoint
from provisioning.front_door.admin_api import AdminApi
from provisioning.front_door.base import Base, base_config
from provisioning.front_door.caddy import CaddyDoor, entry
from provisioning.front_door.tls import Tls
from provisioning.front_door.visits import Visits
from provisioning.models import Route
from provisioning.step import RouteLine


class Command(BaseCommand):
    """`manage.py front_door [--file …]`."""

    help = "Make the running front door true to settings and rows, or write its configuration to a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to."""
        parser.add_argument("--file", type=Path, help="write to this file instead")
        parser.add_argument("--portal", default="127.0.0.1:8000", help="where the portal listens")

    def handle(self, *_: Any, **options: Any) -> None:
        """For a start: not while services are being put up."""
        host, _, port = options["portal"].rpartition(":")
        base = Base(
            admin=settings.CADDY_ADMIN,
            listen=settings.FRONT_DOOR_LISTEN,
            apps_domain=settings.APPS_DOMAIN,
            portal=Endpoint(host, int(port)),
            portal_host=urlsplit(settings.SITE_URL).netloc,
            trusted=settings.TRUSTED_PROXIES,
            tls=Tls(settings.TLS_LISTEN, settings.PLAIN_LISTEN, settings.TLS_CERTIFICATE, settings.TLS_KEY)
            if settings.TLS
            else None,
            visits=Visits(str(settings.VISITS)),
            lan=f"{settings.LAN_ADDRESS}:{settings.LAN_PORTS}" if settings.LAN_ADDRESS else "",
        )
        lines = [
            RouteLine(route.deployment.key, route.deployment.host, Endpoint(route.upstream_host, route.upstream_port))
            for route in Route.objects.filter(is_live=True).select_related("deployment").order_by("deployment__key")
        ]
        if options["file"]:
            options["file"].write_text(json.dumps(base_config(base, [entry(line) for line in lines]), indent=1))
        else:
            CaddyDoor(AdminApi(settings.CADDY_ADMIN)).ensure_base(base, lines, within=20)
