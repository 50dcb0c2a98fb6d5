"""The front door: the reverse proxy that owns all public addresses, and the prober that asks pages through it."""

from functools import lru_cache

from provisioning.front_door.admin_api import AdminApi
from provisioning.front_door.caddy import CaddyDoor
from provisioning.front_door.memory import MemoryDoor, MemoryProber
from provisioning.front_door.probe import HttpProber
from provisioning.step import FrontDoor, Prober

__all__ = ["CaddyDoor", "HttpProber", "MemoryDoor", "MemoryProber", "memory_door", "open_front_door", "open_prober"]


@lru_cache(maxsize=1)
def memory_door() -> MemoryDoor:
    """The one door in memory of this program."""
    return MemoryDoor()


def open_front_door(kind: str, caddy_admin: str) -> FrontDoor:
    """The door that the settings name: `caddy` (with the address of its admin API) or `memory`. Opens no connection."""
    if kind == "caddy":
        return CaddyDoor(AdminApi(caddy_admin))
    if kind == "memory":
        return memory_door()
    raise ValueError(f"FRONT_DOOR is '{kind}'; it must be 'caddy' or 'memory'")


def open_prober(kind: str, scheme: str = "http") -> Prober:
    """The prober that belongs to this kind of door; `scheme`: what visitors use."""
    return HttpProber(scheme) if kind == "caddy" else MemoryProber(memory_door())
