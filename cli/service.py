"""`./fairground service`: a systemd unit that starts the portal with the computer."""

import os
import subprocess
from pathlib import Path
from shlex import quote

from cli.home import CHECKOUT, home, mark, run_folder
from cli.talk import HaltError, is_root, say

SYSTEMD = Path("/run/systemd/system")
"""There where systemd is what runs this system."""


def service(*, only_print: bool) -> int:
    """Write it and let systemd know; with `only_print`, show it and change nothing. Raises HaltError."""
    if only_print:
        print(unit(), end="")
        return 0
    if not SYSTEMD.exists():
        raise HaltError(
            f"This system does not run systemd. Let what starts its programs run this, and nothing was changed: "
            f"{quote(str(CHECKOUT / 'fairground'))} up --yes"
        )
    unit_file().parent.mkdir(parents=True, exist_ok=True)
    unit_file().write_text(unit())
    _systemctl("daemon-reload")
    _systemctl("enable", unit_file().name)
    say(f"Wrote {unit_file()}; the portal starts with the computer from now on.")
    user = "" if is_root() else " --user"
    say(f"Start it now: `./fairground down`, then `systemctl{user} start {unit_file().name}`.")
    if user:
        say("So that it runs while you are not signed in: `loginctl enable-linger`.")
    return 0


def unit_file() -> Path:
    """Root's is the system's; others have units of their own."""
    folder = Path("/etc/systemd/system") if is_root() else Path.home() / ".config" / "systemd" / "user"
    return folder / f"fairground-{mark()}.service"


def take_away() -> None:
    """No start with the computer any more; what runs is ended. Silent if there is no unit."""
    if unit_file().exists():
        if SYSTEMD.exists():
            _systemctl("disable", "--now", unit_file().name)
        unit_file().unlink()
        if SYSTEMD.exists():
            _systemctl("daemon-reload")


def is_active() -> bool:
    """Whether systemd runs the portal."""
    return SYSTEMD.exists() and unit_file().exists() and _systemctl("is-active", "--quiet", unit_file().name) == 0


def restart() -> bool:
    """Let systemd start it anew; return whether it did."""
    return _systemctl("restart", unit_file().name) == 0


def unit() -> str:
    """KillMode: the engine and the front door are started by `up`, and outlive it so that services go on answering."""
    told = {"FAIRGROUND_HOME": home(), "FAIRGROUND_RUN": run_folder()}
    chosen = [f'Environment="{name}={_escaped(path)}"' for name, path in told.items() if name in os.environ]
    return "\n".join(
        [
            "[Unit]",
            f"Description=Fairground, from {_escaped(CHECKOUT)}",
            "After=network-online.target",
            "Wants=network-online.target",
            "",
            "[Service]",
            f'ExecStart="{_escaped(CHECKOUT)}/fairground" up --yes',
            *chosen,
            "KillMode=process",
            "Restart=on-failure",
            "RestartSec=5",
            "TimeoutStopSec=60",
            "",
            "[Install]",
            f"WantedBy={'multi-user' if is_root() else 'default'}.target",
            "",
        ]
    )


def _escaped(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")


def _systemctl(*words: str) -> int:
    user = [] if is_root() else ["--user"]
    return subprocess.run(["systemctl", *user, *words], check=False, stdin=subprocess.DEVNULL).returncode
