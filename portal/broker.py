"""The broker of the embedded default: kombu's folder of files, whose messages appear whole.

kombu (5.7) opens a message's file under its final name and fills it afterwards; a reader that comes between finds it empty
and the whole worker ends with a JSONDecodeError (seen here within a minute, with two workers and a busy clock).
"""

import uuid
from pathlib import Path
from time import monotonic
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """Writes a message under another name, and renames it when it is whole."""

    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]  # its parents disagree
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        unfinished = Path(self.data_folder_out) / f".{name}.new"
        unfinished.write_bytes(str_to_bytes(dumps(payload)))
        unfinished.replace(Path(self.data_folder_out) / name)


class Transport(filesystem.Transport):
    """kombu's filesystem transport with that channel."""

    Channel = Channel


TRANSPORT_ALIASES["folder"] = "portal.broker:Transport"
