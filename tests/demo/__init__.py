"""Where `./fairground demo --fabric KIND` tells its story: a file for each kind, whose `open_place` is a `cli.demo.Place`.

@contextmanager
def open_place(settings: Mapping[str, str]) -> Iterator[Ground]:
    with …:                                             # the stand-in begins, from the settings of the portal
        only_place("A name", "kind", options, secrets)  # the portal launches there and nowhere else
        yield Ground("… is a stand-in", left, "nothing is left …")

if __name__ == "__main__":
    run(open_place)
"""

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cli.apart import manage

ADD = """
import json, pathlib
from provisioning.models import Fabric
Fabric.objects.update(is_open=False)
Fabric.objects.create(**json.loads(pathlib.Path({file!r}).read_text()))
"""


def only_place(
    name: str,
    kind: str,
    options: Mapping[str, Any],
    secrets: Mapping[str, Any],
    manage: Callable[..., str] = manage,
) -> None:
    """Let a portal launch here, and nowhere else. `manage` runs its manage.py; that of the demo's if not said."""
    told = {"name": name, "kind": kind, "options": options, "secrets": secrets}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:  # nothing secret goes into a command line
        Path(file.name).write_text(json.dumps(told))
        manage("shell", "-v", "0", "-c", ADD.format(file=file.name))
