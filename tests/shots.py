"""Pictures of every page, wide and narrow, light and dark, into shots/: `python -m tests.shots [name …]`."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
import httpx
from playwright.sync_api import Browser, sync_playwright

from tests.needs import program
from tests.waiting import until

TO = Path("shots")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"wide": (1280, 800), "narrow": (390, 844)}
LIGHTS = ("light", "dark")


@contextmanager
def site() -> Iterator[str]:
    """Run the web process on a free port of this computer, in a home of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(FAIRGROUND_HOME=home, DJANGO_SETTINGS_MODULE="portal.settings")
        os.environ.update(SITE_URL=f"http://localhost:{port}", STATIC_HASHED="no")
        command = [
            sys.executable,
            "-m",
            "uvicorn",
            "portal.asgi:application",
            "--port",
            str(port),
            "--log-level",
            "warning",
        ]
        django.setup()
        django.core.management.call_command("migrate", verbosity=0)
        server = subprocess.Popen(command)
        try:
            url = f"http://localhost:{port}"
            until("the site answers", lambda: _answers(url))
            yield url
        finally:
            server.terminate()
            server.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


def fill() -> tuple[dict[str, str], str]:
    """Fill the database; return the pages to look at and a session that is signed in."""
    from allauth.account.models import EmailAddress
    from django.contrib.sessions.backends.db import SessionStore
    from django.utils import timezone

    from portal import outbox
    from portal.letters import letter
    from portal.models import User
    from tests.portal.scenes import fair

    now = timezone.now()
    owner = User.objects.create(email="weber@example.org", first_name="Ms Weber", time_zone="Europe/Berlin")
    User.objects.create(email="new@example.org", is_staff=True)
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    services = fair(owner, now)
    outbox.put(letter("account/email_confirmation_signup", {"code": "482915"}), owner.email, at=now)
    session = SessionStore()
    session["_auth_user_id"] = str(owner.pk)
    session["_auth_user_backend"] = "allauth.account.auth_backends.AuthenticationBackend"
    session["_auth_user_hash"] = owner.get_session_auth_hash()
    session.save()
    app = services["ready"].release.app.slug
    pages = {
        "front": "/", "shelf": "/apps", "shelf-empty": "/apps?q=kahoot", "app": f"/apps/{app}",
        "new": f"/services/new?app={app}", "home": "/home", "me": "/me", "mailbox": "/mailbox",
        "event": f"/events/{services['ready'].event.key}", "extend": f"/events/{services['ready'].event.key}/extend",
        "404": "/nothing", "out-login": "/accounts/login/", "out-signup": "/accounts/signup/",
        "out-reset": "/accounts/password/reset/", "out-door-nothing": "/door/x.apps.localhost",
    }  # fmt: skip
    pages |= {f"service-{name}": f"/services/{service.key}" for name, service in services.items()}
    for name in ("building", "silent", "ended"):
        pages[f"out-door-{name}"] = f"/door/{services[name].host}"
    return pages, session.session_key or ""


def shoot(browser: Browser, url: str, pages: dict[str, str], session: str, wanted: list[str]) -> None:
    """Take the pictures, and say what the browser had to complain about."""
    for size, (width, height) in SIZES.items():
        for light in LIGHTS:
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=light)
            for name, path in pages.items():
                if wanted and not any(word in name for word in wanted):
                    continue
                context.clear_cookies()
                if not name.startswith("out-"):
                    context.add_cookies([{"name": "fairground-session", "value": session, "url": url}])
                page = context.new_page()
                page.on("console", lambda said, name=name: print(name, said.type, said.text))
                page.goto(url + path, wait_until="load")
                page.wait_for_timeout(400)
                page.screenshot(path=TO / f"{name}-{size}-{light}.png", full_page=True)
                page.close()
            context.close()


def main(wanted: list[str]) -> None:
    """Fill, run, shoot."""
    TO.mkdir(exist_ok=True)
    with site() as url:
        pages, session = fill()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program("chromium"), args=FLAGS)
            shoot(browser, url, pages, session, wanted)
            browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
