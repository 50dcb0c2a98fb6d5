"""Telling the one who looks after an app that it did not start: what is said, to whom, and how often at most.

The address stands in a repository, and so may be anybody's: there is one mail for one failed launch, MOST a day to an
address and from a person, and nothing in it that is secret or says whose launch it was, unless they want an answer.
"""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import quote

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from catalog.manifest import Maintainer, Param
from portal import words
from portal.mail import outbox
from portal.mail.letters import Letter, letter
from portal.models import Token, User
from portal.pages.logs import log_of
from portal.server.log_lines import HIDDEN, Hides
from provisioning.enrolment import word_for
from provisioning.errors import Blame
from provisioning.models import Admission, Deployment, Entry, Machine
from provisioning.phases import Happened, Phase, Wanted

MOST = 5
A_DAY = timedelta(days=1)
LINES, LONGEST = 60, 300
"""How much of what the installer said is sent: its last lines, and so many letters of each."""
SHORTEST = 3
"""Letters of a name or an answer; shorter ones stand in too many other words to be taken out."""

A_KEY = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)", re.DOTALL)
_NAMED = r"[\w-]{0,20}(?:passw|passphrase|secret|token|credential|api[_-]?key)[\w-]{0,20}"
WHAT_LOOKS_SECRET = {
    re.compile(rf"(?i)({_NAMED}[\"']?(?:\s*[:=]+|\s+is)\s*)\S+"): rf"\1{HIDDEN}",
    re.compile(rf"(?i)(\s--?{_NAMED}\s+)\S+"): rf"\1{HIDDEN}",
    re.compile(rf"\b{Token.PREFIX}[\w-]{{8,}}"): HIDDEN,
    re.compile(r"(://)[^/\s@]+@"): rf"\1{HIDDEN}@",
    re.compile(r"(://[^\s?#]{1,500}\?)\S+"): rf"\1{HIDDEN}",
    re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,9}"): HIDDEN,
}  # fmt: skip
"""Beside what is known: words after "password:", what opens an address of the net, and mail addresses of anybody.

All lengths have an end: a program may print one word of 64 KiB, and a pattern that looks through it from each letter is slow.
"""


def who_is_told(deployment: Deployment) -> Maintainer | None:
    """The first whom the app's manifest names; nobody where the app is not to blame, or it is being tried again."""
    has_failed = deployment.phase == Phase.FAILED and deployment.wanted == Wanted.UP and not deployment.is_retry_wished
    is_theirs = has_failed and deployment.blame == Blame.APP
    return next(iter(deployment.manifest.maintainers), None) if is_theirs else None


def told_at(deployment: Deployment) -> datetime | None:
    """When they were told of the launch that failed last."""
    told = _letters().filter(deployment=deployment, told__attempt=deployment.failed_attempt)
    return told.values_list("at", flat=True).first()


def why_not(deployment: Deployment, to: Maintainer, by: User, at: datetime) -> str:
    """Say why nothing can be sent now; nothing if it can."""
    lately = _letters().filter(at__gt=at - A_DAY)
    if told_at(deployment):
        return _("The app's maintainer has been told of this already.")
    if lately.filter(by=by).count() >= MOST:
        return _(
            "You have told maintainers of as many failures as you may within a day. You can send this one tomorrow."
        )
    if lately.filter(told__to=to.address.lower()).count() >= MOST:
        return _(
            "This maintainer has had as many of these mails as may be within a day. You can send this one tomorrow."
        )
    return ""


def written(deployment: Deployment, to: Maintainer, writer: User | None = None) -> Letter:
    """What is sent. `writer`: who may be written back to."""
    machine, manifest = deployment.machine(), deployment.manifest
    discreet = Discreet(deployment, machine)
    params = deployment.problem_params
    trouble = words.problem(deployment.problem, deployment.blame, params, was_open=False, title=manifest.name)
    told = {
        "maintainer": to.name,
        "app": manifest.name,
        "release": deployment.release,
        "trouble": replace(trouble, happened=discreet(trouble.happened)),
        "log": _last_lines(discreet(_said(machine) or trouble.tail)),
        "writer": writer,
    }
    return letter("maintainer", told)


@transaction.atomic
def tell(deployment: Deployment, to: Maintainer, mail: Letter, *, by: User, at: datetime) -> bool:
    """Owe them this mail, once for a failed launch. Return False if they know, or had enough for today."""
    Admission.lock()
    if why_not(deployment, to, by, at):
        return False
    about = {"to": to.address.lower(), "attempt": deployment.failed_attempt}
    cause = f"letter:{deployment.failed_attempt}"
    Entry.objects.write(deployment, Happened.LETTER, by=by, at=at, cause=cause, **about)
    entry = _letters().get(deployment=deployment, told__attempt=deployment.failed_attempt)
    outbox.put(mail, to.address, at=at, entry=entry)
    return True


class Discreet:
    """Takes out of what programs said whatever is secret, what was typed in, and whose launch it was."""

    def __init__(self, deployment: Deployment, machine: Machine | None) -> None:
        public = deployment.manifest.name.lower()
        told = {*_answers(deployment), *_names(deployment)}
        private = {one for one in told if len(one) >= SHORTEST and one.lower() not in public}
        self.known = {form for one in private.union(_secrets(deployment, machine)) for form in _forms(one)}

    def __call__(self, said: str) -> str:
        hidden = A_KEY.sub(HIDDEN, said)  # first: when a line of it is gone, it is not seen to be one
        hidden = Hides((one for one in self.known if one in hidden), shortest=1)(hidden)
        for pattern, instead in WHAT_LOOKS_SECRET.items():
            hidden = pattern.sub(instead, hidden)
        return hidden


def _letters() -> QuerySet[Entry]:
    return Entry.objects.filter(happened=Happened.LETTER).order_by("at", "pk")


def _said(machine: Machine | None) -> str:
    """All that is read of its log. A line of which only the end was read goes: it may be the end of a secret."""
    log = log_of(machine)
    said = "\n".join(f"{job.title}\n{job.text.rstrip()}" for job in log.jobs)
    return said if log.is_whole else said.partition("\n")[2].partition("\n")[2]


def _last_lines(said: str) -> str:
    return "\n".join(line[:LONGEST] for line in said.splitlines()[-LINES:])


def _secrets(deployment: Deployment, machine: Machine | None) -> Iterator[str]:
    """What nobody but the service's own people may know, however short it is."""
    for param in deployment.manifest.params:
        if param.is_secret:
            yield from _given(param, deployment)
    if machine:
        yield from (str(value) for value in machine.outputs.values())
        yield from (machine.login_key, machine.host_key, machine.git_bearer, word_for(machine.key).reveal)


def _answers(deployment: Deployment) -> Iterator[str]:
    """What was typed in: what an app suggests itself says nothing of anybody."""
    for param in deployment.manifest.params:
        if not param.choices and deployment.values.get(param.id) != param.default:
            yield from _given(param, deployment)


def _given(param: Param, deployment: Deployment) -> Iterator[str]:
    value = deployment.values.get(param.id)
    if isinstance(value, str):
        yield value
        if param.type == "file":
            yield base64.b64decode(value).decode("utf-8", "replace")


def _names(deployment: Deployment) -> Iterator[str]:
    yield from (deployment.title, deployment.event.name, deployment.host, deployment.name)
    for person in (deployment.owner, deployment.launched_by):
        if person:
            yield from (person.email, person.called, person.first_name, person.last_name)


def _forms(value: str) -> Iterator[str]:
    """As it is, line by line, and as it stands in addresses, in JSON and in headers."""
    yield value
    yield from (line.strip() for line in value.splitlines() if len(line.strip()) >= SHORTEST)
    yield quote(value, safe="")
    yield json.dumps(value)[1:-1]
    yield base64.b64encode(value.encode()).decode()
