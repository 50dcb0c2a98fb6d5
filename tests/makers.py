"""People, apps, events and services for tests, in as few words as possible."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from catalog.manifest import parse
from catalog.models import App, Dataset, Release
from portal.models import User
from provisioning.models import Deployment, Event, Fabric

NOON = datetime(2027, 5, 3, 12, 0, tzinfo=UTC)
"""A Monday."""

MANIFEST = """
format = 1
id = "{slug}"
name = "Notice board"
tagline = "What is on"
license = "MIT"
maintainers = [{{ name = "Ada", address = "ada@example.org" }}]
{top}
[service]
install = "install"
configure = "configure"
[[process]]
name = "web"
run = ["serve"]
[data]
repo = "https://example.org/{slug}-data.git"
target = "/srv/www"
every = "10m"
[[port]]
number = 80
primary = true
[health.ready]
{ready}
[resources]
{size}
{end}
"""
PAGE = 'path = "/"\ncontains = "Notice board"'
SIZE = 'memory = "128MiB"\ndisk = "1GiB"'
KEEPS = '[archive]\npaths = ["/srv/board"]'

_numbers = count(1)


def make_person(name: str = "ada") -> User:
    """Somebody with an account."""
    return User.objects.create(email=f"{name}-{next(_numbers)}@example.org")


def make_release(*, stateless: bool = False, **words: str) -> Release:
    """A published app's release."""
    slug = f"board-{next(_numbers)}"
    top, end = ("stateless = true", "") if stateless else ("", KEEPS)
    words = {"top": top, "end": end, "ready": PAGE, "size": SIZE} | words
    manifest = parse(MANIFEST.format(slug=slug, **words))
    app = App.objects.create(url=f"https://example.org/{slug}.git", added_at=NOON)
    dataset = Dataset.at(manifest.data.repo, "HEAD") if manifest.data and manifest.data.repo else None
    release = app.take("a" * 40, manifest, at=NOON, dataset=dataset)
    app.publish(release, by=None, at=NOON)
    return release


def make_newer(release: Release, **words: str) -> Release:
    """The next release of its app, on the shelf in its place; with other words in its manifest, if they are given."""
    commit = f"{next(_numbers):07x}".ljust(40, "0")
    usual = {"top": "", "end": KEEPS, "ready": PAGE, "size": SIZE} | words
    manifest = parse(MANIFEST.format(slug=release.manifest.id, **usual)) if words else release.manifest
    newer = release.app.take(commit, manifest, at=NOON, dataset=release.dataset)
    release.app.publish(newer, by=None, at=NOON)
    return newer


def make_fabric(**columns: Any) -> Fabric:
    """The memory place."""
    return Fabric.objects.get_or_create(
        name="memory", owner=None, defaults={"kind": "memory", "most_machines": 1000} | columns
    )[0]


def make_cloud() -> Fabric:
    """Another memory place, with ports and networks of its own."""
    make_fabric()
    options = {"place": "cloud", "first_port": 40000, "subnets": "10.214.0.0/16"}
    usual = {"kind": "memory", "most_machines": 1000, "options": options}
    return Fabric.objects.get_or_create(name="cloud", owner=None, defaults=usual)[0]


def make_event(owner: User | None = None, *, days: float = 7, at: datetime = NOON, **columns: Any) -> Event:
    """An event that has just begun."""
    owner = owner or make_person()
    ends = {"opens_at": at, "closes_at": at + timedelta(days=days), "created_at": at, "name": "Spring Fair"}
    return Event.objects.create(owner=owner, **(ends | columns))


def launch(
    event: Event | None = None, release: Release | None = None, *, at: datetime = NOON, **columns: Any
) -> Deployment:
    """Press once."""
    make_fabric()
    event = event or make_event(at=at)
    release = release or make_release()
    token = columns.pop("form_token", f"token-{next(_numbers)}")
    return Deployment.objects.launch(event=event, release=release, by=event.owner, form_token=token, at=at, **columns)
