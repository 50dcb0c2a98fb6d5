"""`python3 -m cli.compose`: what docker-compose.yml needs from this host, written into .env. Harmless when done again."""

import base64
import os
import secrets
import sys
from pathlib import Path

from cli import container_engine, ports
from cli.container_engine import EngineError
from cli.container_engine.firewall import SPARE_DOORS, portal_bridge
from cli.home import CHECKOUT
from cli.machine_image import ensure_image
from cli.talk import say

ENV = CHECKOUT / ".env"
STANDARD_PORTS = ("80", "443")
"""Of browsers. There a proxy listens, not the door behind it."""


def compose(file: Path = ENV) -> dict[str, str]:
    """Find the engine, bake the machine image, fence machines in, and write the file. Raises EngineError."""
    if not (chosen := os.environ.get("DOCKER_HOST", "unix://")).startswith("unix://"):
        raise EngineError(
            f"DOCKER_HOST is {chosen}, but workers get the socket of an engine of this computer, and its machines reach the "
            "portal here. Nothing was changed. Unset it; machines elsewhere are a place of their own, see docs/places.md."
        )
    engine = container_engine.ensure(say)
    if not engine.git_door_host:
        raise EngineError(
            f"The networks of the engine at {engine.docker_host} do not lead to this computer, so machines could not fetch "
            f"their apps from the portal. {file} was not written. Use an engine that root runs: Docker, or Podman of the system."
        )
    kept = _read(file)
    settings = _keys() | _world(engine, kept) | kept | {"MACHINE_IMAGE": ensure_image(engine, say)}
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        _give_back(out.fileno())
        out.write(
            "# Written by `python3 -m cli.compose`; what you change here is kept. Holds keys: for your eyes only.\n"
        )
        out.writelines(f"{name}={text}\n" for name, text in sorted(settings.items()))
    return settings


def _give_back(file: int) -> None:
    """To whoever said `sudo`: the same person says `docker compose up` without."""
    if os.geteuid() == 0 and "SUDO_UID" in os.environ:
        os.fchown(file, int(os.environ["SUDO_UID"]), int(os.environ.get("SUDO_GID", "-1")))


def _keys() -> dict[str, str]:
    password = secrets.token_hex(24)
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "FIELD_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "PORTAL_ID": secrets.token_hex(16),
        "POSTGRES_PASSWORD": password,
        "DATABASE_URL": f"postgres://fairground:{password}@//var/run/postgresql/fairground",
    }


def _world(engine: container_engine.Engine, kept: dict[str, str]) -> dict[str, str]:
    """Where everything is. Machines reach the git door at an address of the host that only they reach."""
    apps_port = kept.get("APPS_PORT", "8080")  # once it was also the port on which the door was published
    socket = engine.docker_host.removeprefix("unix://")
    doors = [f"{engine.git_door_host}:{container_engine.GIT_DOOR_PORT + spare}" for spare in range(SPARE_DOORS + 1)]
    return {
        "ENGINE_SOCKET": socket,
        "ENGINE_GROUP": str(Path(socket).stat().st_gid if Path(socket).exists() else 0),
        "ENGINE_HOST": "unix:///run/engine.sock",
        "PLACE_ADDRESS": "10.215.0.1",
        "NETWORK": "10.215.0.0/24",
        "PORTAL_BRIDGE": portal_bridge(),
        "BRIDGE_PREFIX": container_engine.bridge_prefix(),
        "GIT_DOOR_LISTEN": next((door for door in doors if ports.is_free(*ports.split(door))), doors[0]),
        "WEB_PORT": "8000",
        "APPS_PORT": "8080",
        "DOOR_PORT": "8080" if apps_port in STANDARD_PORTS else apps_port,
        "SITE_URL": "http://localhost:8000",
    }


def _read(file: Path) -> dict[str, str]:
    """What is kept. docker-compose 1 takes DOCKER_HOST for itself, so what containers are told has another name now."""
    lines = file.read_text().splitlines() if file.exists() else []
    kept = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    host = kept.pop("DOCKER_HOST", "")
    return ({"ENGINE_HOST": host} if host else {}) | kept


if __name__ == "__main__":
    try:
        compose()
        say(f"Wrote {ENV}. Now: docker compose up -d --build")
    except EngineError as told:
        sys.exit(str(told))
