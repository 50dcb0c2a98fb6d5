"""Three people before every door: the owner, a stranger, and somebody from behind the counter."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from portal.models import User
from tests.makers import make_person
from tests.portal.provider import ANNA, Directory, directory

MEMORY = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


@pytest.fixture(autouse=True)
def quiet(settings: Settings) -> Iterator[None]:
    """Plain static files, a cache of this test's own."""
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    settings.CACHES = MEMORY
    yield
    cache.clear()


@pytest.fixture
def now() -> datetime:
    """The views read the clock, so the rows of these tests are made by it too."""
    return timezone.now()


@pytest.fixture
def owner(db: None) -> User:
    """Whose it is."""
    return make_person("owner")


@pytest.fixture
def stranger(db: None) -> User:
    """Whose it is not."""
    return make_person("stranger")


@pytest.fixture
def staff(db: None) -> User:
    """Somebody from behind the counter."""
    person = make_person("staff")
    person.is_staff = True
    person.save()
    return person


@pytest.fixture(scope="session")
def running() -> Iterator[Directory]:
    """One OpenID provider for all tests of this process."""
    with directory() as found:
        yield found


@pytest.fixture
def school(running: Directory, settings: Settings, db: None) -> Directory:
    """The school's directory, which this house asks, with Anna in it, whose mail address it has proven."""
    settings.SOCIALACCOUNT_PROVIDERS = running.as_setting()
    settings.ALLOWED_HOSTS = ["testserver", "localhost"]
    running.knows("anna-7", email=ANNA, email_verified=True, name="Anna Weber")
    return running


@pytest.fixture
def visit(client: Client, owner: User) -> Client:
    """The owner's browser."""
    client.force_login(owner)
    return client


@pytest.fixture
def desk(client: Client, staff: User) -> Client:
    """The browser of an administrator."""
    User.objects.filter(pk=staff.pk).update(is_superuser=True)
    client.force_login(User.objects.get(pk=staff.pk))
    return client
