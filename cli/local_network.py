"""`up --listen ADDRESS`: a local network without DNS, such as a school's computer room."""

import ipaddress
import subprocess

from cli import ports, venv
from cli.talk import HaltError, say

LAN_PORTS = "8100-8399"
LOOPBACK = ("localhost", "127.0.0.1")


def choose(address: str | None, kept: dict[str, str], site: dict[str, str]) -> dict[str, str]:
    """The settings for this address, as asked, else as kept; `site`: those of the loopback. Raises HaltError."""
    address = kept.get("LAN_ADDRESS", "") if address is None else address
    port = (site.get("WEB_LISTEN") or kept["WEB_LISTEN"]).rpartition(":")[2]
    here = {"SITE_URL": f"http://localhost:{port}", "LAN_ADDRESS": "", "LAN_LISTEN": "", "ALLOWED_HOSTS": ""}
    if not address and not kept.get("LAN_ADDRESS"):
        return {}
    if not address or address in LOOPBACK:
        return {**here, "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]"}
    _require(address, int(port))
    return {
        "SITE_URL": f"http://{address}:{port}",
        "LAN_ADDRESS": address,
        "LAN_LISTEN": f"{address}:{port}",
        "LAN_PORTS": kept.get("LAN_PORTS", LAN_PORTS),
        "ALLOWED_HOSTS": f"{address},localhost,127.0.0.1,[::1]",
    }


def plan(address: str | None) -> list[str]:
    """What the start would open, in a sentence; empty if nothing."""
    if not address or address in LOOPBACK:
        return []
    return [f"Be reachable for other computers at {address}: the portal's port, and {LAN_PORTS} for the services."]


def tell(settings: dict[str, str]) -> None:
    """The address for phones to photograph, and what a firewall here must let through."""
    address = settings.get("LAN_ADDRESS")
    if not address:
        return
    site, shown = settings["SITE_URL"], venv.PYTHON.parent / "segno"
    subprocess.run([shown, "--compact", "--border", "2", site], check=False, stdin=subprocess.DEVNULL)
    port, services = settings["LAN_LISTEN"].rpartition(":")[2], settings["LAN_PORTS"]
    say(f"Other computers of this network reach it at {site}, and each service at a port of its own ({services}).")
    say(
        f"If this computer has a firewall, let TCP {port} and {services} in, from this network only. Nothing is encrypted."
    )


def _require(address: str, port: int) -> None:
    try:
        is_fit = ipaddress.ip_address(address).version == 4 and not ipaddress.ip_address(address).is_unspecified
    except ValueError:
        is_fit = False
    if not is_fit:
        raise HaltError(f"--listen wants one IPv4 address of this computer, such as 192.168.1.5, not {address}.")
    if not ports.is_free(0, address):
        raise HaltError(f"{address} is no address of this computer. `ip -brief address` lists them.")
    if not ports.is_free(port, address):
        raise HaltError(f"{address}:{port} is taken by another program. End it, or choose another with --port.")
