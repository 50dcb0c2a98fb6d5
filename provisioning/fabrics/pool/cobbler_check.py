"""What an admin learns about Cobbler before it installs anything. Nothing is changed, there or at any switch."""

import time
from collections.abc import Iterator, Mapping, Sequence

from provisioning.driver import Finding
from provisioning.driver import marked as _
from provisioning.errors import Stop
from provisioning.fabrics.pool.cobbler import Cobbler, System
from provisioning.fabrics.pool.host import Host
from provisioning.fabrics.pool.marks import Stage, mark_of
from provisioning.fabrics.pool.reimage import Reimaging

NAME = "Cobbler"


def cobbler_findings(reimaging: Reimaging, within: float) -> Sequence[Finding]:
    """Whether it lets us in, has the profile, and knows each host at its address, with a power switch that answers."""
    if not reimaging.hosts:
        return []
    cobbler, until = reimaging.cobbler, time.monotonic() + within
    try:
        version, systems = cobbler.version(until), cobbler.systems(until)
        has_profile = cobbler.options.profile in cobbler.profiles(until)
    except Stop as stop:
        told = _("It does not do what we ask for (%(said)s). Look at its address, user and password.")
        return [Finding(NAME, False, told, {"said": stop.params.get("said", stop.code)})]
    profile = {"profile": cobbler.options.profile}
    found = [Finding(NAME, True, _("It lets us in: version %(version)s."), {"version": version})]
    if not has_profile:
        found = [Finding(NAME, False, _("It has no profile “%(profile)s”."), profile)]
    return [*found, *(wrong for host in reimaging.hosts for wrong in wrong_with(host, cobbler, systems, until))]


def wrong_with(host: Host, cobbler: Cobbler, systems: Mapping[str, System], until: float) -> Iterator[Finding]:
    """What it knows of one host, compared with what we need."""
    params = {"system": host.row.system, "address": host.row.address}
    system = systems.get(host.row.system)
    if system is None:
        yield Finding(host.name, False, _("Cobbler has no system of exactly the name “%(system)s”."), params)
        return
    if not system.is_at(host.row.address):
        yield Finding(host.name, False, _("Cobbler's system “%(system)s” is not at %(address)s."), params)
        return
    if not system.has_power:
        yield Finding(host.name, False, _("Cobbler knows no power switch for it."), params)
    else:
        yield from wrong_with_power(host, cobbler, until)
    if system.netboot and mark_of(system).stage != Stage.INSTALL:
        told = _("It would be installed at its next start: switch “netboot” off in Cobbler.")
        yield Finding(host.name, False, told, params)


def wrong_with_power(host: Host, cobbler: Cobbler, until: float) -> Iterator[Finding]:
    """Whether its switch says anything."""
    try:
        cobbler.is_on(host.row.system, until)
    except Stop as stop:
        told = _("Its power switch does not answer Cobbler (%(said)s).")
        yield Finding(host.name, False, told, {"said": stop.params.get("said", stop.code)})
