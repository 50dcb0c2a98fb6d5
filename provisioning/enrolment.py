"""How a machine that makes its own host key tells it to the portal: once, soon after it was asked for, with a word of its own.

The word goes out in what the place hands to the machine at its first boot, where any program on the machine may read it.
So it is good for nothing but this, and not for long. It is derived from the machine's key: nothing of it is kept.
"""

import base64
import binascii
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from provisioning.driver import Secret
from provisioning.models import Machine
from provisioning.models.reconciled import woken
from provisioning.nudge import nudge_on_commit
from provisioning.phases import Kind, Phase, Wanted

GOOD_FOR = timedelta(minutes=15)
MOST_BYTES = 1024
"""Of what a machine sends: one line as in /etc/ssh/ssh_host_ed25519_key.pub, with whatever remark."""
KIND = "ssh-ed25519"
_BEGIN = b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20"


def word_for(key: str) -> Secret:
    """The word that the machine with this key is given."""
    return Secret(salted_hmac("provisioning.enrolment", key, algorithm="sha256").hexdigest())


def enrol(key: str, word: str, line: bytes, at: datetime) -> bool:
    """Take a machine's host key down and wake it. False, and nothing more: a wrong word, too late, or a key is known.

    The first key wins and is never changed, also where two come at the same moment.
    """
    host_key = _read(line)
    if not host_key or not constant_time_compare(word, word_for(key).reveal):
        return False
    since = at - GOOD_FOR
    unknown = Machine.objects.filter(key=key, wanted=Wanted.UP, phase=Phase.BUILDING, asked_at__gte=since)
    with transaction.atomic():
        found = unknown.values_list("pk", flat=True).first()
        if not unknown.filter(enrolled_key="").update(enrolled_key=host_key, **woken(at)):
            return False
        assert found is not None
        nudge_on_commit(Kind.MACHINE, found)
        return True


def _read(line: bytes) -> str:
    """The public key as OpenSSH writes it, without a remark; empty if it is none of the one kind that we take."""
    words = line.split()
    if len(words) < 2 or len(line) > MOST_BYTES or words[0] != KIND.encode():
        return ""
    try:
        blob = base64.b64decode(words[1], validate=True)
    except binascii.Error:
        return ""
    fits = blob.startswith(_BEGIN) and len(blob) == len(_BEGIN) + 32
    return f"{KIND} {base64.b64encode(blob).decode()}" if fits else ""
