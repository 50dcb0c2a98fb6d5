"""The broker of the embedded default: kombu's folder of files, in which a message appears whole, and no file is needed.

kombu (5.7) opens a message's file under its final name and fills it afterwards; a reader that comes between finds it empty
and the whole worker ends with a JSONDecodeError (seen here within a minute, with two workers and a busy clock). And it
keeps in files which queue belongs to which exchange, written once at the start: with the folder emptied, every message
was dropped until the next start. And it looks into the folder again and again: here whoever writes a message rings a bell,
so it is read at once, and nobody looks for what is not there.
"""

import uuid
from functools import cached_property
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps

from portal.server.bell import Bells, ring

LONGEST_SLEEP = 10.0
"""Seconds after which a reader looks although no bell rang: whoever empties the folder takes the bells with it."""
LOOKS_ROUND = 2.0
"""Seconds for which Celery's worker waits for a message before it looks whether it is to end. Here a bell says so."""


class Channel(filesystem.Channel):
    """Writes a message under another name, and renames it when it is whole. Every exchange leads to the queue of its name."""

    def get_table(self, exchange: str) -> list[Any]:
        """The one way there is; asked of nobody who may have forgotten it."""
        return [filesystem.exchange_queue_t(exchange, "", exchange)]

    def _queue_bind(self, *_: Any) -> None:
        """Nothing to be remembered."""

    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]  # its parents disagree
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        folder = Path(self.data_folder_out)
        folder.mkdir(mode=0o700, exist_ok=True)
        unfinished = folder / f".{name}.new"
        unfinished.write_bytes(str_to_bytes(dumps(payload)))
        unfinished.replace(folder / name)
        ring(folder, queue)

    def basic_ack(self, delivery_tag: Any, multiple: bool = False) -> None:
        """There may be room for one more message: whoever sleeps because there was none is woken."""
        had_room = self.qos.can_consume()
        super().basic_ack(delivery_tag, multiple=multiple)
        for queue in () if had_room else self._active_queues:
            ring(Path(self.data_folder_in), queue)


class Transport(filesystem.Transport):
    """kombu's filesystem transport with that channel; it sleeps until a bell rings."""

    Channel = Channel
    client: Any  # its parents say that these may be None, and then use them
    cycle: Any
    _callbacks: Any

    @cached_property
    def bells(self) -> Bells:
        """Those of the folder that it reads."""
        return Bells(Path(self.client.transport_options["data_folder_in"]))

    def drain_events(self, connection: Any, timeout: float | None = None, **_: Any) -> None:
        """Hand one message to whoever reads its queue. Raises TimeoutError when there was none for so many seconds.

        For a worker, which asks again and again, also when a bell rang for nothing, and else after LONGEST_SLEEP.
        """
        is_worker = timeout == LOOKS_ROUND
        until = monotonic() + (float("inf") if timeout is None else LONGEST_SLEEP if is_worker else timeout)
        rung = False
        while True:
            try:
                self.cycle.get(self._deliver, timeout=timeout)
            except Empty:
                if (left := until - monotonic()) <= 0 or (rung and is_worker):
                    raise TimeoutError from None
                rung = self.bells.listen(self._callbacks, min(left, LONGEST_SLEEP))
            else:
                return

    def close_connection(self, connection: Any) -> None:
        """Read and hear nothing any more."""
        super().close_connection(connection)
        self.bells.close()


def wake_all(folder: Path) -> None:
    """Wake every reader, because there may be something to do that is no message."""
    for bell in folder.glob("*.bell"):
        ring(folder, bell.stem)


TRANSPORT_ALIASES["folder"] = "portal.server.broker:Transport"
