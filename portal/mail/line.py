"""The line to the mail server. It is cut when its time is over, however slowly the server goes on.

A time limit on a socket is one for each piece that arrives: a server that sends one letter every ten seconds would keep
whoever talks to it for ever.
"""

import smtplib
import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Timer
from typing import Any

from django.core.mail.backends.smtp import EmailBackend

LASTS = 100.0
"""Seconds from the first word to the last, for all the mails that one line carries."""

Hold = Callable[[socket.socket], None]


class _Plain(smtplib.SMTP):
    """Hands its socket to whoever cuts."""

    hold: Hold

    def _get_socket(self, *args: Any) -> socket.socket:
        opened: socket.socket = super()._get_socket(*args)  # type: ignore[misc]  # smtplib's own place for this
        self.hold(opened)
        return opened


class _Encrypted(smtplib.SMTP_SSL, _Plain):
    """The same, with the encryption put around the socket after it was handed over."""


class Line(EmailBackend):
    """Django's own, which is cut LASTS seconds after it was opened. What was under way then was not taken, or nobody knows."""

    lasts = LASTS
    held: socket.socket | None = None
    was_cut = False
    clock: Timer | None = None

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """What opens the connection: it connects as soon as it is made, and so must know before whom to tell."""
        kind = _Encrypted if self.use_ssl else _Plain
        return type(kind.__name__, (kind,), {"hold": staticmethod(self._hold)})

    def open(self) -> bool | None:
        """Open it, and set the clock. Raises OSError, as everything that smtplib raises is one."""
        if self.connection is None and self.clock is None:
            self.was_cut = False
            self.clock = Timer(self.lasts, self._cut)
            self.clock.daemon = True
            self.clock.start()
        return super().open()

    def close(self) -> None:
        """Say goodbye, if anybody is there; and stop the clock."""
        try:
            super().close()
        finally:
            if self.clock:
                self.clock.cancel()
            if self.held:
                self.held.close()
            self.clock = self.held = None

    def _hold(self, opened: socket.socket) -> None:
        self.held = opened.dup()  # encryption takes the original over

    def _cut(self) -> None:
        self.was_cut = True
        if self.held:
            with suppress(OSError):
                self.held.shutdown(socket.SHUT_RDWR)
