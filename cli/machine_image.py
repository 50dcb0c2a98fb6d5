"""Baking the machine image into an engine, by mmdebstrap where it is or can be had, else upon a pulled Debian."""

import fcntl
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from cli import brought
from cli.container_engine import Engine, EngineError, apt_install
from cli.container_engine.api import Api, limits
from cli.home import make_run_folder
from machine.image.recipe import KEPT, LEFT_OUT, REPOSITORY, SUITE, Recipe, read_recipe

BASE = f"debian:{SUITE}-slim"
"""What is pulled where mmdebstrap cannot be had, for an ordinary user or on another system."""
PATIENCE = 900.0
"""Seconds of silence; 38 s for all of it were measured on two cores."""

Say = Callable[[str], None]


def ensure_image(engine: Engine, say: Say = print) -> str:
    """Make sure that the engine has the machine image of today's recipe; return its name. Raises EngineError."""
    recipe = read_recipe()
    api = Api(engine.docker_host, timeout=PATIENCE)
    with (make_run_folder() / "image.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the second of two callers finds the image of the first
        if not _has(api, recipe.tag):
            say("Baking the machine image (once, about a minute) …")
            began = time.monotonic()
            image = _bake(api, recipe, say)
            api.json("POST", f"/images/{quote(image)}/tag", repo=REPOSITORY, tag=recipe.digest)
            say(f"The machine image {recipe.tag} is ready after {time.monotonic() - began:.0f} s.")
    return recipe.tag


def remove_images(engine: Engine) -> None:
    """Take away machine images, and a Debian that we pulled. What a container needs stays, and so does all of it where
    another checkout has its machines."""
    doors = [network["Name"] for network in engine.api.networks(name="fairground-")]
    if not any(name.endswith("-door") for name in doors):
        tags = [tag for image in engine.api.json("GET", "/images/json") for tag in image.get("RepoTags") or ()]
        for tag in tags:
            if tag.startswith(f"{REPOSITORY}:") or tag in brought.read(brought.IMAGES):
                engine.api.ask("DELETE", f"/images/{tag}")


def _has(api: Api, image: str) -> bool:
    return api.ask("GET", f"/images/{image}/json")[0] == 200


def _bake(api: Api, recipe: Recipe, say: Say) -> str:
    """From packages where we are root; else upon what a registry has; else from packages again, in a user namespace."""
    if os.geteuid() == 0 and _has_bootstrap(say):
        return _bake_from_packages(api, recipe)
    why_not = _pull(api)
    if not why_not:
        return _bake_upon_base(api, recipe)
    if shutil.which("mmdebstrap") and shutil.which("newuidmap"):
        return _bake_from_packages(api, recipe)
    raise EngineError(
        f"The machine image needs {BASE}, and it cannot be pulled: {why_not} Without a registry it is made from Debian "
        "packages; for that, as root on Debian: apt install mmdebstrap uidmap. Then start again."
    )


def _has_bootstrap(say: Say) -> bool:
    if shutil.which("mmdebstrap") is None and shutil.which("apt-get"):
        say("Installing mmdebstrap, which makes Debian systems from packages …")
        apt_install(("mmdebstrap", "debian-archive-keyring"))
    return shutil.which("mmdebstrap") is not None


def _pull(api: Api) -> str:
    """Make sure that the engine has Debian; return why it cannot be had, else ""."""
    if _has(api, BASE):
        return ""
    brought.write_down(brought.IMAGES, [BASE])
    status, answer = api.ask("POST", f"/images/create?{urlencode({'fromImage': BASE})}")
    return "" if _has(api, BASE) else f"{answer[-300:].decode(errors='replace').strip()} (status {status})."


def _bake_from_packages(api: Api, recipe: Recipe) -> str:
    """Make a Debian system and hand it to the engine while it is being packed; return the image's id."""
    with tempfile.TemporaryDirectory() as folder:
        overlay, log = Path(folder) / "overlay.tar", Path(folder) / "log"
        overlay.write_bytes(recipe.overlay)
        with log.open("wb") as err:
            making = subprocess.Popen(
                _bootstrap(recipe, overlay),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err,
                start_new_session=True,  # when it fails, it hangs up its whole group
            )  # fmt: skip
        assert making.stdout
        query = urlencode({"fromSrc": "-", "changes": recipe.changes}, doseq=True)
        try:
            status, answer = api.ask("POST", f"/images/create?{query}", making.stdout, Content_Type="application/x-tar")
        finally:
            making.stdout.close()
            failed = making.wait()
        if failed:
            raise EngineError(f"The machine image could not be made:\n{log.read_text(errors='replace')[-1500:]}")
    return _imported(status, answer)


def _bootstrap(recipe: Recipe, overlay: Path) -> list[str]:
    """The last script cleans up by itself; mmdebstrap's own way would then empty the package lists of this host."""
    left_out = [f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT]
    kept = [f"--dpkgopt=path-include={pattern}" for pattern in KEPT]
    return [
        "mmdebstrap", "--variant=minbase", "--format=tar", "--skip=cleanup/apt", *left_out, *kept,
        f"--include={','.join(recipe.packages)}",
        f"--customize-hook=tar-in {overlay} /",
        '--customize-hook=chroot "$1" /usr/lib/machine/finish.sh',
        SUITE, "-", *([recipe.mirror] if recipe.mirror else []),
    ]  # fmt: skip


def _imported(status: int, answer: bytes) -> str:
    """The id in the last line of the engine's story."""
    words = answer.decode(errors="replace")
    found = [part for part in words.replace('"', " ").replace("}", " ").split() if part.startswith("sha256:")]
    if status >= 400 or not found:
        raise EngineError(f"The engine did not take the machine image: {words[-500:]}")
    return found[-1]


def _bake_upon_base(api: Api, recipe: Recipe) -> str:
    """Lay the recipe upon Debian in a container, and keep the result; return the image's id."""
    script = (
        f"apt-get update -q && apt-get install -q -y --no-install-recommends {' '.join(recipe.packages)}"
        " && tar -xf /overlay.tar -C / && rm /overlay.tar && /usr/lib/machine/finish.sh"
    )
    start: dict[str, Any] = {
        "Cmd": ["sh", "-c", script],
        "Entrypoint": [],
        "Tty": True,
        "HostConfig": {"Ulimits": limits()},
    }
    made = api.json("POST", "/containers/create", {"Image": BASE, **start})
    try:
        return _run_and_commit(api, made["Id"], recipe)
    finally:
        api.ask("DELETE", f"/containers/{made['Id']}?force=1&v=1")


def _run_and_commit(api: Api, container: str, recipe: Recipe) -> str:
    _put(api, container, recipe.overlay)
    api.json("POST", f"/containers/{container}/start")
    if code := api.json("POST", f"/containers/{container}/wait")["StatusCode"]:
        story = api.ask("GET", f"/containers/{container}/logs?stdout=1&stderr=1&tail=20")[1]
        raise EngineError(
            f"The machine image could not be made (code {code}): {story.decode(errors='replace')[-1500:]}"
        )
    query: dict[str, Any] = {"container": container, "changes": recipe.changes}
    status, answer = api.ask("POST", f"/commit?{urlencode(query, doseq=True)}", b"{}", Content_Type="application/json")
    return _imported(status, answer)


def _put(api: Api, container: str, overlay: bytes) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        entry = tarfile.TarInfo("overlay.tar")
        entry.size = len(overlay)
        tar.addfile(entry, io.BytesIO(overlay))
    status, answer = api.ask("PUT", f"/containers/{container}/archive?path=/", out.getvalue())
    if status >= 400:
        raise EngineError(f"The engine did not take the files of the machine image: {answer!r}")
