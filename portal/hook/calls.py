"""What the webhook is owed, and sending it: a call is a row first, sent later, and again only if nobody knows it was taken.

Rows follow from the machines' rows, so a death at any line forgets none. Of one machine "gone" never overtakes "made".
What is not taken is tried again after 30 seconds, a minute, two … an hour, for three days; then it is given up, with an Entry.
"""

import hashlib
import hmac
import json
import logging
import ssl
from datetime import datetime, timedelta
from functools import cache
from threading import Lock
from time import monotonic
from typing import Any

import httpx
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from portal.hook.address import AddressRefused, Target, located
from provisioning.models import Admission, Entry, HookCall, House, Machine
from provisioning.phases import Happened, Phase

log = logging.getLogger(__name__)

AT_ONCE = 50
BEGUN_WITHIN = 10.0
"""Seconds of a round after which no further call is begun."""
PATIENCE = 5.0
"""Seconds that the other side may take."""
CLAIM = timedelta(minutes=1)
"""For how long a call is somebody's who makes it: longer than one takes."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
DOUBLED = 10
TRIED_FOR = timedelta(days=3)

_round = Lock()


def tell(at: datetime) -> int:
    """Owe what is new, and make the calls that are due. Return how many were taken. One round at a time in a program.

    In quarantine none leaves: what a restored database owes was perhaps told after its backup.
    """
    if not _round.acquire(blocking=False):
        return 0
    try:
        house = House.here()
        if not house.hook_address or Admission.objects.filter(quarantined=True).exists():
            return 0
        owe(at)
        give_up(at)
        return _make_all(house, at)
    finally:
        _round.release()


def is_anybody_told() -> bool:
    """Whether the house has a webhook."""
    return bool(House.here().hook_address)


def owe(at: datetime) -> None:
    """Write down a call for each machine that is there, and for each that it was told of and that is gone."""
    running = Machine.objects.exclude(phase=Phase.GONE).filter(sighting__seen="running", hook_calls=None)
    running = running.exclude(deployment=None)  # one on trial is nobody's, and goes at once
    _write([HookCall(machine=machine, what="made", told=_about(machine)) for machine in _with(running)], at)
    untold = ~Exists(HookCall.objects.filter(machine=OuterRef("machine"), what="gone"))
    gone = HookCall.objects.filter(untold, what="made", machine__phase=Phase.GONE).order_by("pk")[:AT_ONCE]
    _write([HookCall(machine_id=made.machine_id, what="gone", told=made.told) for made in gone], at)


def give_up(at: datetime) -> None:
    """Try no more what was not taken for TRIED_FOR, and note it where people read what was done."""
    for call in open_calls().filter(created_at__lte=at - TRIED_FOR).select_related("machine").order_by("pk")[:AT_ONCE]:
        with transaction.atomic():
            if open_calls().filter(pk=call.pk).update(given_up_at=at):
                Entry.objects.write(
                    call.machine, Happened.HOOK, at=at, cause=f"hook:{call.key}", what=call.what, why=call.trouble
                )


def open_calls() -> QuerySet[HookCall]:
    """What is owed and still tried."""
    return HookCall.objects.filter(answered_at=None, given_up_at=None)


def signed(key: str, body: bytes, at: datetime) -> str:
    """The header by which the other side knows who speaks, and when: HMAC-SHA256 over "seconds.body"."""
    moment = str(int(at.timestamp()))
    made = hmac.new(key.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={made}"


def _with(machines: QuerySet[Machine]) -> QuerySet[Machine]:
    return machines.select_related("deployment", "fabric").order_by("pk")[:AT_ONCE]


def _about(machine: Machine) -> dict[str, Any]:
    seen, deployment = machine.sighting, machine.deployment
    return {
        "machine": machine.key,
        "place": machine.fabric.name,
        "place_id": machine.place_id,
        "address": (seen.get("ssh") or {}).get("host", ""),
        "ports": {name: endpoint["port"] for name, endpoint in (seen.get("ports") or {}).items()},
        "service": deployment.name,
        "service_address": deployment.url,
    }


def _write(calls: list[HookCall], at: datetime) -> None:
    for call in calls:
        call.created_at = call.due_at = at
    HookCall.objects.bulk_create(calls, ignore_conflicts=True)


def _make_all(house: House, at: datetime) -> int:
    earlier = open_calls().filter(machine=OuterRef("machine"), pk__lt=OuterRef("pk"))
    due = open_calls().filter(~Exists(earlier), due_at__lte=at).order_by("due_at", "pk")[:AT_ONCE]
    taken, until = 0, monotonic() + BEGUN_WITHIN
    for call in due:
        if monotonic() >= until:
            break
        if _claimed(call, at):
            taken += _make(call, house, at)
    return taken


def _claimed(call: HookCall, at: datetime) -> bool:
    """Make it ours. False: somebody else makes it, or has made it."""
    unclaimed = open_calls().filter(pk=call.pk, due_at=call.due_at)
    return unclaimed.update(due_at=at + CLAIM, tries=F("tries") + 1) == 1


def _make(call: HookCall, house: House, at: datetime) -> bool:
    told = {**call.told, "id": call.key, "what": f"machine.{call.what}", "at": call.created_at.isoformat()}
    body = json.dumps(told, sort_keys=True).encode()
    try:
        status = _post(located(house.hook_address), body, signed(house.hook_key, body, at))
        trouble = "" if 200 <= status < 300 else f"status {status}"
    except (AddressRefused, httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        trouble = (str(error) or type(error).__name__)[:200]
    if trouble:
        log.warning("the webhook did not take that machine %s is %s: %s", call.told["machine"], call.what, trouble)
        due_at = at + min(FIRST_PAUSE * 2 ** min(call.tries, DOUBLED), LONGEST_PAUSE)
        HookCall.objects.filter(pk=call.pk, answered_at=None).update(due_at=due_at, trouble=trouble)
        return False
    HookCall.objects.filter(pk=call.pk).update(answered_at=at, trouble="")
    return True


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities that everybody trusts; to read them takes 50 ms of CPU, so it is done once."""
    return httpx.create_ssl_context(trust_env=False)


def _post(target: Target, body: bytes, signature: str) -> int:
    """Send it to the address that was looked up, under the name that was asked for. Of the answer only its status is read."""
    host = f"[{target.at}]" if ":" in target.at else target.at
    where = target.url._replace(netloc=host if target.url.port is None else f"{host}:{target.url.port}").geturl()
    named = target.url.netloc.rpartition("@")[2]
    headers = {"Host": named, "Content-Type": "application/json", "Fairground-Signature": signature}
    hello = {"sni_hostname": target.url.hostname}
    with (
        httpx.Client(trust_env=False, timeout=PATIENCE, follow_redirects=False, verify=_trusted()) as client,
        client.stream("POST", where, content=body, headers=headers, extensions=hello) as answer,
    ):
        return answer.status_code
