"""A browser before the whole site, and the real reconciler on the memory fabric behind it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connections
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django import Settings

from portal.mail import outbox
from provisioning.fabrics.memory.place import Place
from provisioning.reconciler.sweep import due
from provisioning.reconciler.walk import reconcile
from tests.portal.site import chromium, site
from tests.simulation import Simulation


@pytest.fixture(scope="module", autouse=True)
def unsafe() -> Iterator[None]:
    """Playwright keeps a loop in this thread, which Django would take for a reason to refuse."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "yes")
        expect.set_options(timeout=60_000)
        yield


@pytest.fixture(autouse=True)
def around(settings: Settings, tmp_path: Path) -> None:
    """What a browser's tests need of the settings."""
    outbox.poke_with(lambda: None)
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.ARCHIVES = tmp_path / "archives"
    cache.clear()


@pytest.fixture
def url(transactional_db: None, around: None) -> Iterator[str]:
    """The site's address."""
    with site() as address:
        yield address


@pytest.fixture(scope="module")
def browser(unsafe: None) -> Iterator[Browser]:
    """One chromium for the tests of a file; its loop ends with it."""
    with chromium() as opened:
        yield opened


@pytest.fixture
def context(browser: Browser, url: str) -> Iterator[BrowserContext]:
    """Somebody's browser, which asks nobody but the site."""
    opened = browser.new_context(base_url=url, viewport={"width": 390, "height": 844}, timezone_id="Europe/Berlin")
    opened.set_default_timeout(60_000)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, url: str) -> Iterator[Page]:
    """A page that may say nothing to its console and fetch nothing from elsewhere."""
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("request", lambda request: None if request.url.startswith(url) else said.append(request.url))
    yield opened
    assert [words for words in said if "responded with a status of" not in words] == []


@pytest.fixture
def place(transactional_db: None, tmp_path: Path) -> Iterator[Place]:
    """The memory place, with a reconciler that works in a thread of its own."""
    world = Simulation(tmp_path / "archives")
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.05):
            for kind, pk in list(due(timezone.now())):
                reconcile(kind, pk, at=timezone.now(), world=world.world)
        connections.close_all()

    worker = threading.Thread(target=work, name="reconciler")
    worker.start()
    yield world.place
    over.set()
    worker.join(20)
