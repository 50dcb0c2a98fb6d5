"""Pictures of every page, wide and narrow, light and dark, into shots/: `python -m tests.shots [name …]`."""

import os
import sys
import tempfile
from pathlib import Path
from typing import Literal

import django
from django.core.management import call_command
from playwright.sync_api import Browser, ConsoleMessage

TO = Path("shots")
SIZES = {"wide": (1280, 800), "narrow": (390, 844)}
LIGHTS: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def shoot(browser: Browser, url: str, pages: dict[str, str], session: str) -> None:
    """Take the pictures, and say what the browser had to complain about."""
    from tests.portal.site import let_in

    for size, (width, height) in SIZES.items():
        for light in LIGHTS:
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=light)
            page = context.new_page()
            page.on("console", complain)
            for name, path in pages.items():
                context.clear_cookies()
                if not name.startswith("out-"):
                    let_in(context, url, session)
                page.goto(url + path, wait_until="load")
                page.wait_for_timeout(400)
                page.screenshot(path=TO / f"{name}-{size}-{light}.png", full_page=True)
            context.close()


def complain(message: ConsoleMessage) -> None:
    """Print what the browser says, except that pages about what is not there have the status for it."""
    if "responded with a status of" not in message.text:
        print(message.type, message.text, message.location)


def main(wanted: list[str]) -> None:
    """Fill, run, shoot."""
    TO.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(FAIRGROUND_HOME=home, DJANGO_SETTINGS_MODULE="portal.settings", STATIC_HASHED="no")
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "yes"  # playwright keeps a loop in this thread
        django.setup()
        from tests.portal.site import chromium, fill, site

        call_command("migrate", verbosity=0)
        pages, session = fill()
        pages = {name: path for name, path in pages.items() if not wanted or any(word in name for word in wanted)}
        with site() as url, chromium() as browser:
            shoot(browser, url, pages, session)


if __name__ == "__main__":
    main(sys.argv[1:])
