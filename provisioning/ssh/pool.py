"""The connections of this process: one per login, not more than a bounded number at a time."""

import os
import threading
import time

from provisioning.ssh.session import Login, Session

MOST = 128
"""Connections kept open. Beyond it the one unused for longest is closed; one that is at work never is."""
STALE = 300.0
"""Seconds unused after which a connection is closed."""


class Pool:
    """Sessions by login."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.lock = threading.Lock()
        self.sessions: dict[Login, Session] = {}

    def session(self, login: Login) -> Session:
        """The session of this login; it connects when it is used."""
        with self.lock:
            session = self.sessions.pop(login, None) or Session(login)
            self.sessions[login] = session  # at the end: most recently asked for
            leaving = self.leaving()
        for old in leaving:
            close(old)
        return session

    def leaving(self) -> list[Session]:
        """Take those out that are too old, or too many. The newest always stays."""
        *others, _ = self.sessions
        idle = [name for name in others if not self.sessions[name].lock.locked()]
        too_many = len(self.sessions) - self.most
        limit = time.monotonic() - STALE
        names = [name for place, name in enumerate(idle) if place < too_many or self.sessions[name].used_at < limit]
        return [self.sessions.pop(name) for name in names]

    def drop(self, login: Login) -> None:
        """Forget one login, and the key by which that machine is known. Silent if there is none."""
        with self.lock:
            session = self.sessions.pop(login, None)
        if session is not None:
            close(session)

    def forget(self) -> None:
        """In a forked child: its parent's connections are not its own."""
        self.lock = threading.Lock()
        self.sessions = {}


def close(session: Session) -> None:
    """Close a session unless somebody just took it."""
    if session.lock.acquire(blocking=False):
        try:
            session.drop()
        finally:
            session.lock.release()


POOL = Pool()
os.register_at_fork(after_in_child=POOL.forget)
