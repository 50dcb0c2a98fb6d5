"""What an admin says about a container engine."""

import ipaddress
import re
import resource
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from provisioning.driver import PORTALS, Form, Option
from provisioning.driver import marked as _

ABOUT = _("Containers of an engine, Docker or Podman, that this computer reaches.")
OPTIONS = (
    Option(
        "docker_host", _("Where the engine listens"), needed=True,
        help=_("unix:///path/of/socket or tcp://host:port. Whoever reaches it rules the engine: never an open network."),
    ),
    Option(
        "image", _("Image that machines start from"), needed=True,
        help=_("On that engine. `./fairground up` makes one on this computer's engine and prints its name."),
    ),
    Option(
        "git_door_host", _("Address under which machines reach the portal"),
        help=_("An address of this computer that the engine's networks lead to. Empty: they cannot reach it."),
    ),
    Option(
        "address", _("Address at which the engine publishes ports"), default="127.0.0.1",
        help=_("Reached from this computer alone."),
    ),
    Option("bridge_prefix", _("How the names of its networks begin"), default="fg"),
    Option("open_files", _("Open files of one machine, at most"), Form.NUMBER, help=_("Empty: as many as may be.")),
    Option("tasks", _("Tasks of one user, at most"), Form.NUMBER, help=_("Empty: as many as may be.")),
)  # fmt: skip
MOST_FILES, MOST_TASKS = 4096, 16_384
"""Of one machine; of one user in all machines. Podman 4.3 gives itself, and so to others, not more than 32,768 tasks."""


@dataclass(frozen=True)
class Options:
    """One configured engine."""

    docker_host: str  # "unix:///run/…/engine.sock" or "tcp://10.0.0.5:2375"
    image: str  # name of the machine image on that engine
    git_door_host: str = ""  # the address under which machines reach the portal's git door; "" = they cannot
    bridge_prefix: str = "fg"  # how the names of our bridges begin; the firewall knows them by it
    address: str = "127.0.0.1"  # where ports are published, and reached from the portal's host
    open_files: int = 0  # limit of open files; 0 = as many as may be
    tasks: int = 0  # limit of tasks of one user, in all machines, where an engine needs one; 0 = as many as may be


def problems(options: Mapping[str, Any]) -> Sequence[str]:
    """Sentences about wrong options, for the admin's form."""
    known = [field.name for field in fields(Options)]
    text = {name: str(options.get(name, "")) for name in known}
    found = [f"{name}: " + _("There is no such option.") for name in sorted(set(options) - {*known, *PORTALS})]
    if not re.fullmatch(r"unix:///.+|tcp://\S+", text["docker_host"]):
        found.append("docker_host: " + _("Please say it as unix:///path/of/socket or tcp://host:port."))
    if not text["image"]:
        found.append("image: " + _("Please say which image machines start from."))
    if text["bridge_prefix"] and not re.fullmatch(r"[a-z][a-z0-9]{1,5}", text["bridge_prefix"]):
        found.append("bridge_prefix: " + _("Two to six small letters and digits, beginning with a letter."))
    addresses = [name for name in ("git_door_host", "address") if text[name] and not _is_address(text[name])]
    found += [f"{name}: " + _("That is no IP address.") for name in addresses]
    if text["address"] and _is_address(text["address"]) and ipaddress.ip_address(text["address"]).is_unspecified:
        found.append("address: " + _("Not all addresses: sshd of the machines would be open to everybody."))
    numbers = [name for name in ("open_files", "tasks") if not re.fullmatch(r"\d{0,7}", text[name])]
    found += [f"{name}: " + _("Please give a number; 0 for as many as may be.") for name in numbers]
    return found


def read(options: Mapping[str, Any]) -> Options:
    """Options as a whole. Raises ValueError naming what is wrong."""
    if wrong := problems(options):
        raise ValueError(" ".join(wrong))
    given = {field.name: options[field.name] for field in fields(Options) if field.name in options}
    files, tasks = _at_most(resource.RLIMIT_NOFILE, MOST_FILES), _at_most(resource.RLIMIT_NPROC, MOST_TASKS)
    chosen = {"open_files": int(given.get("open_files") or files), "tasks": int(given.get("tasks") or tasks)}
    return Options(**{**given, **chosen})


def _at_most(what: int, most: int) -> int:
    """What a machine may have. More than this host gives us would be refused where nobody may raise limits."""
    hard = resource.getrlimit(what)[1]
    return most if hard == resource.RLIM_INFINITY else min(most, hard)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
