"""A phone on a network of its own: a namespace with a wire to this computer, and a browser in it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.needs import program
from tests.portal.site import FLAGS


@dataclass(frozen=True)
class Phone:
    """Where this computer is for it, and how a program is started on it."""

    here: str
    namespace: str

    @contextmanager
    def browser(self, folder: Path) -> Iterator[Page]:
        """Its browser, as narrow as one."""
        start = folder / "browser"
        browser = program("chromium", "chromium-browser", "google-chrome")
        start.write_text(f'#!/bin/sh\nexec ip netns exec {self.namespace} {browser} "$@"\n')
        start.chmod(0o755)
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=start, args=FLAGS)
            yield chromium.new_page(viewport={"width": 360, "height": 640})
            chromium.close()


@contextmanager
def phone() -> Iterator[Phone]:
    """Plug it in; needs root."""
    number = os.getpid() % 16384
    name, here, there = f"fgt{number}", _address(number, 1), _address(number, 2)
    with ExitStack() as last:
        _ip("netns", "add", name)
        last.callback(_ip, "netns", "delete", name)
        _ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("address", "add", f"{here}/30", "dev", name)
        _ip("link", "set", name, "up")
        for words in (f"address add {there}/30 dev eth0", "link set eth0 up", "link set lo up"):
            _ip("-n", name, *words.split())
        yield Phone(here, name)


def _address(number: int, host: int) -> str:
    """Of the number-th network of four addresses in 10.211.0.0/16."""
    return f"10.211.{number // 64}.{number % 64 * 4 + host}"


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
