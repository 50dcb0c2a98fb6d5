"""Which loopback ports we listen on. They are chosen once, because people's addresses hold them."""

import socket

from cli import claims, env_file
from cli.talk import HaltError, say

WEB, APPS = 8000, 8080
FURTHER = 50


def choose(web: int | None, apps: int | None, *, apps_in_use: bool) -> dict[str, str]:
    """The settings that name our ports: as asked, else as kept, else free ones. Raises HaltError.

    `apps_in_use`: our own front door runs already, so its port is taken by itself.
    """
    kept = env_file.read()
    settings: dict[str, str] = {}
    if web or "WEB_LISTEN" not in kept:
        port = _free_from(web or WEB, "the portal", fixed=bool(web))
        settings |= {"WEB_LISTEN": f"127.0.0.1:{port}", "SITE_URL": f"http://localhost:{port}"}
    elif not take(*split(kept["WEB_LISTEN"])):
        raise HaltError(f"{kept['WEB_LISTEN']} is taken by another program. End it, or choose another with --port.")
    if apps_in_use and str(apps) == kept.get("APPS_PORT"):
        apps = None  # asked for once more
    if apps or "FRONT_DOOR_LISTEN" not in kept:
        port = _free_from(apps or APPS, "the services", fixed=bool(apps))
        settings |= {"FRONT_DOOR_LISTEN": f"127.0.0.1:{port}", "APPS_PORT": str(port)}
    elif not apps_in_use and not take(*split(kept["FRONT_DOOR_LISTEN"])):
        raise HaltError(
            f"{kept['FRONT_DOOR_LISTEN']}, where the services' addresses lead, is taken by another program. "
            "End it, or choose another with --apps-port; addresses given out so far then stop working."
        )
    return settings


def split(listen: str) -> tuple[int, str]:
    """Port and host of "host:port"."""
    host, _, port = listen.rpartition(":")
    return int(port), host


def take(port: int, host: str = "127.0.0.1") -> bool:
    """Whether it is ours to listen there, until our claims are let go. Another start may be just about to."""
    return is_free(port, host) and claims.claim(f"{host}:{port}")


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether we could listen there now."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError:
            return False
    return True


def _free_from(wanted: int, purpose: str, *, fixed: bool) -> int:
    """This port if it is free. Else, unless it is fixed, the next free one."""
    if take(wanted):
        return wanted
    if fixed:
        raise HaltError(f"Port {wanted} ({purpose}) is taken by another program. End it, or choose another port.")
    for port in range(wanted + 1, wanted + FURTHER):
        if take(port):
            say(f"Port {wanted} ({purpose}) is taken by another program; {port} is used from now on.")
            return port
    raise HaltError(f"No port from {wanted} to {wanted + FURTHER} is free ({purpose}).")
