"""Programs kept alive by systemd, where it is pid 1 (virtual machines, hosts of a pool)."""

from __future__ import annotations

import subprocess

from machine.onboard.places import CODE, UNITS, write_whole

PREFIX = "fairground-"
UNIT = """\
[Unit]
Description=Fairground: {name}
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart={onboard} program-run {name}
ExecStopPost={onboard} program-ended {name} $EXIT_STATUS
KillMode=control-group
TimeoutStopSec=10
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
"""


class Systemd:
    """The supervisor of machines that have it."""

    def kept(self) -> set[str]:
        """Names of the programs it keeps alive."""
        return {path.name[len(PREFIX) : -len(".service")] for path in UNITS.glob(f"{PREFIX}*.service")}

    def announce(self, name: str) -> None:
        """Systemd finds a new unit at once."""

    def keep(self, name: str) -> None:
        """Keep a program alive from now on, also after a reboot."""
        unit = UNIT.format(name=name, onboard=f"{CODE}/current/onboard")
        write_whole(UNITS / f"{PREFIX}{name}.service", unit.encode(), 0o644)
        self.systemctl("daemon-reload")
        self.systemctl("enable", "--now", "--no-block", f"{PREFIX}{name}.service")

    def restart(self, names: list[str]) -> None:
        """End and start again."""
        self.systemctl("restart", *(f"{PREFIX}{name}.service" for name in names))

    def drop(self, names: list[str]) -> None:
        """End programs and keep them no more."""
        self.systemctl("disable", "--now", *(f"{PREFIX}{name}.service" for name in names))
        for name in names:
            self.forget(name)
        self.systemctl("daemon-reload")

    def systemctl(self, *words: str) -> None:
        """Tell systemd."""
        subprocess.run(
            ["systemctl", "--quiet", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        )

    def said(self, name: str, limit: int) -> bytes:
        """The last output of a program."""
        command = [
            "journalctl",
            "--quiet",
            "--no-pager",
            "-o",
            "short-iso",
            "-n",
            "500",
            "-u",
            f"{PREFIX}{name}.service",
        ]
        return subprocess.run(command, capture_output=True, check=False).stdout[-limit:]

    def forget(self, name: str) -> None:
        """Remove what was written for a program."""
        (UNITS / f"{PREFIX}{name}.service").unlink(missing_ok=True)
