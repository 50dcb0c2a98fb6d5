"""`./fairground up`: from a fresh clone to an address that answers, and on until Ctrl-C."""

import contextlib
import fcntl
import http.client
import os
import subprocess
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cli import (
    backup,
    claims,
    container_engine,
    domain,
    env_file,
    front_door,
    local_network,
    machines,
    ours,
    packages,
    portal_files,
    ports,
    programs,
    venv,
)
from cli.children import Watch
from cli.container_engine import EngineError, own
from cli.container_engine.firewall import SPARE_DOORS
from cli.home import CHECKOUT, home, known_by, make_run_folder, run_folder, settings_file
from cli.machine_image import ensure_image
from cli.manage import facts
from cli.talk import HaltError, agree, is_root, many, say

NAME = "up"
PATIENCE = 180.0  # seconds for the first page; a small and busy computer needs more than one minute
DOORS_EVERY = 10.0  # seconds between two looks at front door and engine


def up(asked: Namespace) -> int:
    """Run everything until Ctrl-C; with --detach, until `down`."""
    began = time.monotonic()
    if programs.pid(NAME) is not None:
        raise HaltError(_runs_already())
    agree(plan() + local_network.plan(asked.listen), yes=asked.yes)
    with only_one(), _closed_again_in_vain():
        settings = make_ready(asked)
        if asked.detach and _is_left_alone():
            _await_page(settings, lambda: programs.pid(NAME) is None)
        else:
            _run(settings)
            return 0
    _tell(settings, time.monotonic() - began)
    return 0


def plan() -> list[str]:
    """What a start would change on the system, in sentences; empty if nothing."""
    known_engine()
    lacking = packages.missing(packages.FOR_UP)
    further = [] if venv.is_filled(venv.RUN) or packages.has_venv() else [packages.venv_package()]
    packages.require(lacking, *further)
    if not is_root() and container_engine.find() is None:
        container_engine.ensure(say)  # says what an ordinary user has to do, before anything is made
    steps = [] if venv.is_filled(venv.RUN) else [f"Make a virtual environment with Python packages in {venv.VENV}."]
    wanted = [packages.names(lacking), *further] if lacking else further
    steps += [f"Install the Debian packages {' '.join(wanted)}."] if wanted else []
    steps += [] if home().exists() else [f"Keep data in {home()}."]
    return steps + container_engine.plan()


def make_ready(asked: Namespace) -> dict[str, str]:
    """Everything but our own programs; harmless when done again. Return the settings."""
    for name in ours.NAMES:  # of an earlier run that was killed
        programs.stop(name)
    _close_what_is_elsewhere()
    home().mkdir(mode=0o711, parents=True, exist_ok=True)
    packages.install(packages.missing(packages.FOR_UP))
    venv.make()
    with ThreadPoolExecutor(1) as thread:
        filled = thread.submit(venv.fill, venv.RUN)
        engine = container_engine.ensure(say)
        image = ensure_image(engine, say)
        engine = container_engine.try_door(engine, image, say)
        python = filled.result()
    doors_in_use = programs.pid(front_door.NAME) is not None
    chosen = ports.choose(asked.port, asked.apps_port, apps_in_use=doors_in_use)
    settings = env_file.write(
        env_file.keys()
        | chosen
        | local_network.choose(asked.listen, env_file.read(), chosen)
        | domain.choose(asked, env_file.read(), doors_in_use=doors_in_use)
        | {"DOCKER_HOST": engine.docker_host, "MACHINE_IMAGE": image}
        | {"GIT_DOOR_LISTEN": _git_door(engine), "GIT_DOOR_FOR_US_ALONE": str(int(engine.is_door_for_us_alone))}
        | {"FRONT_DOOR": "caddy", "CADDY_ADMIN": front_door.admin()}
    )
    if count := machines.start_again(engine):
        say(f"Started {many(count, 'machine', 'machines')} again that `down` had stopped.")
    _prepare(python, settings)
    return settings


def _close_what_is_elsewhere() -> None:
    """A front door whose socket is not where it is looked for: it is opened again, with this one's."""
    if env_file.read().get("CADDY_ADMIN", front_door.admin()) != front_door.admin():
        front_door.stop()


def known_engine() -> container_engine.Engine | None:
    """The engine that answers; where our machines live on one, that one. Raises HaltError if it is away."""
    used, named = container_engine.where_machines_live(), os.environ.get("DOCKER_HOST")
    found = container_engine.of_our_machines()
    if used and found is None:
        raise HaltError(
            f"Your services run on the container engine at {used}, which does not answer. Start it first; "
            f"or, if it is gone for good and they with it, take DOCKER_HOST out of {settings_file()}."
        )
    if used and named and named != used:
        raise HaltError(
            f"Your services run on the container engine at {used}, and DOCKER_HOST names {named}; nothing was changed. "
            f"`unset DOCKER_HOST` and say it again; or, if none is left there, take it out of {settings_file()}."
        )
    return found


def _git_door(engine: container_engine.Engine) -> str:
    """Where machines fetch their repositories; beside another portal of this checkout, on another port."""
    if not engine.git_door_host:
        return ""
    kept = env_file.read().get("GIT_DOOR_LISTEN", "")
    doors = [f"{engine.git_door_host}:{container_engine.GIT_DOOR_PORT + spare}" for spare in range(SPARE_DOORS + 1)]
    order = [kept, *doors] if kept in doors else doors
    return next((door for door in order if ports.take(*ports.split(door))), order[0])


def _prepare(python: Path, settings: dict[str, str]) -> None:
    """Database, starter catalog, first administrator, front door."""
    known = facts()
    if known.get("migrations") and not known["is_empty"]:
        say(f"The database will be changed; as it is now, it is kept in {backup.take_before_migration()}.")
    say("Preparing database and catalog …")
    front_door.config_file().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    manage(python, "prepare", "--door-file", str(front_door.config_file()), "--portal", settings["WEB_LISTEN"])
    if not front_door.start(afresh=True):
        manage(python, "front_door", "--portal", settings["WEB_LISTEN"])


def manage(python: Path, *words: str) -> None:
    """Run manage.py; its output is for people. Raises HaltError."""
    env = {**os.environ, **ours.ENV}
    done = subprocess.run(
        [python, CHECKOUT / "manage.py", *words], check=False, env=env, umask=0o077, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        raise HaltError(f"manage.py {words[0]} failed; its words are above.")


def _run(settings: dict[str, str]) -> None:
    began = time.monotonic()
    watch = Watch(ours.children(settings))
    watch.start()
    try:
        if _page_comes(settings, watch):
            _tell(settings, time.monotonic() - began)
            watch.run(_keep_doors, DOORS_EVERY)
    finally:
        say("Stopping web and workers. Services and the engine run on; `./fairground down` ends them too.")
        watch.stop()


def _page_comes(settings: dict[str, str], watch: Watch) -> bool:
    """Wait for the first page; False where somebody ends us before. Raises HaltError if it does not come."""
    try:
        _await_page(settings, lambda: watch.over or watch.has_fallen())
    except HaltError:
        if not watch.over:
            raise
    return not watch.over


def _await_page(settings: dict[str, str], in_vain: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not _answers(settings["WEB_LISTEN"]):
        if time.monotonic() > deadline or in_vain():
            raise HaltError(_why_no_answer(settings["WEB_LISTEN"]))
        time.sleep(0.1)
    claims.let_go()  # we listen


def _why_no_answer(listen: str) -> str:
    if programs.pid("web") is None and not ports.is_free(*ports.split(listen)):
        return f"{listen} was taken by another program at the last moment. End it, or choose another with --port."
    return f"The portal did not answer. See {programs.log_file('web')}"


def _answers(listen: str) -> bool:
    """Whether this portal answers there; another program may have taken its port."""
    connection = http.client.HTTPConnection(listen, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        answer = connection.getresponse()
        ours_say = known_by(portal_files.setting("PORTAL_ID"))
        return answer.status == http.HTTPStatus.OK and answer.headers["X-Portal"] == ours_say
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextlib.contextmanager
def _closed_again_in_vain() -> Iterator[None]:
    """A start that fails leaves no front door open that it has opened itself."""
    was_open = programs.pid(front_door.NAME) is not None
    try:
        yield
    except HaltError:
        if not was_open:
            front_door.stop()
        raise


def _keep_doors() -> None:
    """What stands beside our own programs: the front door, and an engine of our own."""
    try:
        if front_door.start(afresh=False):
            say("The front door had fallen and was opened again.")
        if own.was_set_up() and own.pid() is None:
            container_engine.ensure(say)
    except (HaltError, EngineError) as broken:
        say(str(broken))


def _tell(settings: dict[str, str], seconds: float) -> None:
    say(f"Fairground is at {settings['SITE_URL']} (after {seconds:.1f} s). Logs: {programs.log_file('web').parent}")
    local_network.tell(settings)
    domain.tell(settings)


def _is_left_alone() -> bool:
    """Go on in the background. True in the foreground, which may leave; there is no thread at this point."""
    if os.fork():
        return True
    os.setsid()
    out = os.open(programs.log_file(NAME), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in (0, 1, 2):
        os.dup2(out if number else os.open(os.devnull, os.O_RDONLY), number)
    programs.note(NAME)
    return False


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Hold the lock of `up` as long as this program, or what it leaves behind, lives."""
    make_run_folder()
    if run_folder().stat().st_uid != os.geteuid():
        raise HaltError(f"{run_folder()} belongs to somebody else. Set FAIRGROUND_RUN to a folder of your own.")
    with (run_folder() / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HaltError(_runs_already())
        if programs.pid(NAME) not in {None, os.getpid()}:  # its lock is elsewhere
            raise HaltError(_runs_already())
        programs.note(NAME)
        yield


def _runs_already() -> str:
    where = env_file.read().get("SITE_URL", "")
    return f"Fairground is running already{f', at {where}' if where else ''}. `./fairground down` ends it."
