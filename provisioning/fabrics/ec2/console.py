"""What a machine wrote to its console: its host key among it, said by the machine and passed on by the cloud."""

import re
import threading
import time

from botocore.exceptions import ClientError

from provisioning.fabrics.ec2.cloud import Cloud

MOST = 64 << 10
BETWEEN_LOOKS = 20.0
"""Seconds; a console is written late, and asking costs a request."""
LOOKS = 30
_BEGINS, _ENDS = "-----BEGIN SSH HOST KEY KEYS-----", "-----END SSH HOST KEY KEYS-----"
_KEY = re.compile(r"ssh-ed25519 [A-Za-z0-9+/=]{60,80}")


def host_key_in(text: str) -> str:
    """The first that the console shows: whatever an app prints later is not believed. Empty if there is none."""
    block, ends, _rest = text.partition(_BEGINS)[2].partition(_ENDS)
    key = _KEY.search(block) if ends else None
    return key[0] if key else ""


class Consoles:
    """Consoles that were read, so that each is read until it says what we want, and not again."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._looks: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def host_key(self, cloud: Cloud, instance: str) -> str:
        """The host key of a running instance; empty while the console does not say."""
        with self._lock:
            looks, at = self._looks.get(instance, (0, -BETWEEN_LOOKS))
            if instance in self._known or looks >= LOOKS or time.monotonic() - at < BETWEEN_LOOKS:
                return self._known.get(instance, "")
            self._looks[instance] = (looks + 1, time.monotonic())
        if key := host_key_in(read(cloud, instance)):
            with self._lock:
                self._known[instance] = key
                del self._looks[instance]
        return key

    def forget(self, instance: str) -> None:
        """It is gone."""
        with self._lock:
            self._known.pop(instance, None)
            self._looks.pop(instance, None)


def read(cloud: Cloud, instance: str) -> str:
    """Its end; empty where the cloud has no consoles, or not yet."""
    try:
        return str(cloud.ask("get_console_output", InstanceId=instance).get("Output", ""))[-MOST:]
    except ClientError:  # not offered, not allowed, not yet: the machine tells the portal itself
        return ""
