"""`./fairground down`: ends everything that was ever started here. Data stays."""

from cli import container_engine, front_door, machines, ours, programs, up
from cli.home import settings_file
from cli.talk import HaltError, many, say


def down() -> int:
    """End our programs, the front door, all machines' programs, and an engine of our own."""
    if programs.stop(up.NAME, patience=30):
        say("Web and workers have ended.")
    for name in ours.NAMES:  # of an `up` that was killed
        programs.stop(name)
    if front_door.stop():
        say("The front door is closed.")
    if engine := _engine():
        if count := machines.stop(engine):
            say(f"Stopped {many(count, 'machine', 'machines')}; their data stays, and the next `up` starts them again.")
        if engine.is_ours and any(container["State"] == "running" for container in engine.api.containers()):
            say("The container engine runs on: machines of another checkout run on it.")
        elif engine.is_ours:
            container_engine.stop()
            say("The container engine has ended.")
    say("Nothing of Fairground runs any more.")
    return 0


def _engine() -> container_engine.Engine | None:
    """The one that our machines live on. Raises HaltError if it is away: nobody knows then what runs on it."""
    engine, where = container_engine.of_our_machines(), container_engine.where_machines_live()
    if where and engine is None:
        raise HaltError(
            f"The container engine at {where} does not answer: services that run on it were not stopped, all else was. "
            f"Start it and say `down` again; or, if it is gone for good, take DOCKER_HOST out of {settings_file()}."
        )
    return engine
