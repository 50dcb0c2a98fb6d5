"""A real proxy in front of an HTTP service on a unix socket, which loses requests and replies when told to."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

_CHANGES = (b"POST ", b"PUT ", b"DELETE ", b"PATCH ")


class Loss(Enum):
    """What becomes of a changing request."""

    NONE = "none"
    REPLY = "reply"
    REQUEST = "request"


class LossyProxy:
    """Listens on `path`, leads to `upstream`. Every connection is two threads that copy bytes."""

    def __init__(self, path: Path, upstream: str) -> None:
        self.path = path
        self._upstream = upstream
        self._loss, self._until = Loss.NONE, 0
        self._open = threading.Event()
        self._open.set()
        self._lock = threading.Lock()
        self._listen()

    def lose(self, loss: Loss, nth: int) -> None:
        """From now on, lose the nth changing request, or its reply; once."""
        with self._lock:
            self._loss, self._until = loss, nth

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take requests and keep them."""
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody listens."""
        self.close()
        try:
            yield
        finally:
            self._listen()

    def close(self) -> None:
        """Stop listening."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.path.unlink(missing_ok=True)

    def _listen(self) -> None:
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self.path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            far.connect(self._upstream)
            lost = threading.Event()
            threading.Thread(target=self._requests, args=(near, far, lost), daemon=True).start()
            threading.Thread(target=self._replies, args=(far, near, lost), daemon=True).start()

    def _requests(self, near: socket.socket, far: socket.socket, lost: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while chunk := near.recv(65536):
                self._open.wait(60)
                match self._fate(chunk):
                    case Loss.REQUEST:
                        break
                    case Loss.REPLY:
                        lost.set()
                far.sendall(chunk)
        _hang_up(near, far)

    def _replies(self, far: socket.socket, near: socket.socket, lost: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while chunk := far.recv(65536):
                if lost.is_set():
                    break
                near.sendall(chunk)
        _hang_up(near, far)

    def _fate(self, chunk: bytes) -> Loss:
        """A client sends the head of a request in one piece, which begins with its verb."""
        with self._lock:
            if self._loss is Loss.NONE or not chunk.startswith(_CHANGES):
                return Loss.NONE
            self._until -= 1
            if self._until:
                return Loss.NONE
            fate, self._loss = self._loss, Loss.NONE
            return fate


def _hang_up(*ends: socket.socket) -> None:
    for end in ends:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
