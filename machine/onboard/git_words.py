"""What git is told, and what it says when it fails.

All settings, also the bearer, stand in a 0600 configuration file of its own: git reads it in every version, and nothing
of it is in a command line. No submodules, hooks, redirects, prompts or credential helpers; only https, or http where
the address says so (the portal's own door); every object is checked as it arrives.
"""

from __future__ import annotations

import re

from machine.onboard.failure import Failed, Why

SETTINGS = """\
[protocol]
    allow = never
[protocol "{scheme}"]
    allow = always
[http]
    followRedirects = false
    lowSpeedLimit = 1000
    lowSpeedTime = 60
[transfer]
    fsckObjects = true
[core]
    hooksPath = /dev/null
    fsmonitor = false
    autocrlf = false
[credential]
    helper =
[submodule]
    recurse = false
[gc]
    auto = 0
[maintenance]
    auto = false
[safe]
    directory = {repository}
"""
BEARER = '[http "{url}"]\n    extraHeader = Authorization: Bearer {bearer}\n'

COMPLAINTS = (
    (Why.DISK_FULL, ("No space left", "Disk quota")),
    (Why.TOO_BIG, ("signal 25", "[Ff]ile too large")),
    (Why.NO_SUCH_COMMIT, ("not our ref", "find remote ref", "no such remote ref", "unadvertised object")),
    (Why.ACCESS_REFUSED, (r"error: (40[1347]|30\d)", "Authentication failed", "could not read Username")),
    (Why.ACCESS_REFUSED, ("repository '.*' not found", "redirection", "transport '.*' not allowed")),
    (Why.BAD_CONTENT, ("fsck", "error in object", "bad object", "bad tree", "invalid path", "corrupt")),
    (Why.BAD_CONTENT, ("does not match", "index-pack failed", "unpack-objects failed")),
    (Why.UNREACHABLE, ("unable to access", "[Tt]imed out", "too slow", "resolve host", "hung up", "early EOF")),
    (Why.UNREACHABLE, (r"error: 5\d\d", r"curl \d", "RPC failed", "unexpected disconnect")),
)


def named(complaint: str, otherwise: Why = Why.BAD_CONTENT) -> Failed:
    """What git complained of, by our name for it."""
    for why, words in COMPLAINTS:
        if re.search("|".join(words), complaint):
            return Failed(why, complaint.strip()[-600:])
    return Failed(otherwise, complaint.strip()[-600:])
