"""`./fairground status`: what runs here, and where."""

from cli import container_engine, env_file, front_door, ours, programs, up
from cli.home import home


def status() -> int:
    """Print it; 0 if the portal runs, else 3."""
    settings = env_file.read()
    for name in (up.NAME, *ours.NAMES, front_door.NAME):
        number = programs.pid(name)
        print(f"{name:12} {f'pid {number}' if number else 'does not run'}")
    engine = container_engine.find()
    print(f"{'engine':12} {engine.docker_host if engine else 'does not answer'}")
    print(f"{'portal':12} {settings.get('SITE_URL', 'was never started')}")
    print(f"{'data':12} {home()}")
    return 0 if programs.pid(up.NAME) else 3
