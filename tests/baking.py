"""Images that tests need beside the machine image: made of it by a folder's `finish.sh`, once, and kept."""

import hashlib
import io
import tarfile
from pathlib import Path

import docker
from docker.models.networks import Network

from cli.container_engine.api import limits
from machine.image.recipe import REPOSITORY


def ensure_baked(engine: docker.DockerClient, machine_image: str, network: Network, files: Path, kind: str) -> str:
    """Make sure that the engine has it; return its name. `network`: through which Debian's packages are reached.

    Its name is one of the machine images', so that it goes when they go.
    """
    given = _packed(files)
    name = f"{REPOSITORY}:{kind}-{hashlib.sha256(machine_image.encode() + given).hexdigest()[:12]}"
    if not engine.images.list(name):
        _bake(engine, machine_image, network, given, name)
    return name


def _packed(files: Path) -> bytes:
    """The same bytes for the same content whoever checked it out."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path in sorted(files.iterdir()):
            entry = tarfile.TarInfo(f"stand-in/{path.name}")
            entry.size, entry.mode = path.stat().st_size, 0o755
            tar.addfile(entry, io.BytesIO(path.read_bytes()))
    return out.getvalue()


def _bake(engine: docker.DockerClient, machine_image: str, network: Network, given: bytes, name: str) -> None:
    ulimits = [docker.types.Ulimit(name=one["Name"], soft=one["Soft"], hard=one["Hard"]) for one in limits()]
    made = engine.containers.create(
        machine_image, command=["/stand-in/finish.sh"], entrypoint=[], network=network.name, ulimits=ulimits
    )
    try:
        made.put_archive("/", given)
        made.start()
        ended = made.wait(timeout=600)["StatusCode"]
        assert ended == 0, made.logs(tail=30).decode(errors="replace")
        start = engine.images.get(machine_image).attrs["Config"]
        conf = {"Entrypoint": start["Entrypoint"], "Cmd": start["Cmd"] or []}
        repository, _, tag = name.partition(":")
        made.commit(repository, tag, conf=conf)
    finally:
        made.remove(force=True, v=True)
