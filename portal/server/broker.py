"""The broker of the embedded default: kombu's folder of files, in which a message appears whole, and no file is needed.

kombu (5.7) opens a message's file under its final name and fills it afterwards; a reader that comes between finds it empty
and the whole worker ends with a JSONDecodeError (seen here within a minute, with two workers and a busy clock). And it
keeps in files which queue belongs to which exchange, written once at the start: with the folder emptied, every message
was dropped until the next start.
"""

import uuid
from pathlib import Path
from time import monotonic
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps


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


class Transport(filesystem.Transport):
    """kombu's filesystem transport with that channel."""

    Channel = Channel


TRANSPORT_ALIASES["folder"] = "portal.server.broker:Transport"
