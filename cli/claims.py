"""What a start has chosen and does not use yet is claimed, so that another one on this computer chooses something else.

A claim is a name that Linux keeps for a socket: visible to all users of the same network, and gone with its holder.
Elsewhere nothing is claimed, and who comes second is told that the port is taken.
"""

import socket
import sys
import time

PATIENCE = 20.0
"""Seconds for what others claim for a moment only."""
_ours: dict[str, socket.socket] = {}


def claim(what: str) -> bool:
    """Say whether it is ours now: until `let_go`, in this program and in any copy of it, or until they end."""
    if what in _ours or sys.platform != "linux":
        return True
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f"\0fairground {what}")
    except OSError:
        name.close()
        return False
    _ours[what] = name
    return True


def await_claim(what: str) -> None:
    """Wait until it is ours, but not for ever: whoever held it so long does not do what we do."""
    deadline = time.monotonic() + PATIENCE
    while not claim(what) and time.monotonic() < deadline:
        time.sleep(0.05)


def let_go(*what: str) -> None:
    """Give up these claims, or all."""
    for one in what or list(_ours):
        if name := _ours.pop(one, None):
            name.close()
