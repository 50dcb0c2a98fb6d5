"""The site for a browser: the web process in a thread of this one, a filled database, and chromium."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import time

import uvicorn
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.asgi import get_asgi_application
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from catalog.models import Release
from portal.desk import audit
from portal.mail import outbox
from portal.mail.letters import letter
from portal.models import User
from portal.pages.extension import link_to
from provisioning.models import Admission, Deployment, Event, Fabric, Machine, Membership, Report
from provisioning.ssh import make_key_pair
from provisioning.trying import try_place
from tests.makers import NOON, make_newer, make_person
from tests.needs import program
from tests.portal.scenes import fair
from tests.portal.ways import give_all_ways, pages_of
from tests.waiting import until

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

WIDE = "```\n" + "2026-11-20/photo.result " * 6 + "\n```\n"
"""A description with a line that fits no phone."""


@contextmanager
def site() -> Iterator[str]:
    """Run the web process on a free port of this computer; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = uvicorn.Config(get_asgi_application(), port=port, log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="web")
    thread.start()
    try:
        until("the site answers", lambda: server.started)
        settings.SITE_URL = f"http://localhost:{port}"
        settings.CSRF_TRUSTED_ORIGINS = [settings.SITE_URL]
        yield settings.SITE_URL
    finally:
        server.should_exit = True
        thread.join(20)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's chromium, or whatever is installed here."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program("chromium", "chromium-browser", "google-chrome"), args=FLAGS
        )
        yield browser
        browser.close()


def fill() -> tuple[dict[str, str], str]:
    """Fill the database; return the pages to look at and the session of somebody who is signed in.

    Pages whose name begins with "out-" are looked at by nobody in particular.
    """
    owner = User.objects.create(email="weber@example.org", first_name="Ms Weber", time_zone="Europe/Berlin")
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    services = fair(owner, timezone.now())
    Release.objects.filter(pk=services["ready"].release_id).update(texts={"description": WIDE})
    outbox.put(letter("account/email_confirmation_signup", {"code": "482915"}), owner.email, at=timezone.now())
    app, event = services["ready"].release.app.slug, services["ready"].event.key
    services["ready"].event.show(by=owner, at=timezone.now())
    account = _account_of(owner)
    make_newer(services["failed"].release)
    public_name = Event.objects.get(key=event).public_name
    code = services["ready"].event.renew_code(by=owner, at=timezone.now())
    services["ready"].event.take_in(make_person("guest"), name="Stella", at=timezone.now())
    guest = Membership.objects.get(name="Stella")
    pages = {
        "front": "/",
        "shelf": "/apps",
        "shelf-empty": "/apps?q=kahoot",
        "app": f"/apps/{app}",
        "new": f"/services/new?app={app}",
        "home": "/home",
        "copies": "/copies",
        "again": again_page(services["ended"]),
        "me": "/me",
        "me-tokens": "/me/tokens",
        "me-places": "/me/places",
        "me-places-new": "/me/places/new?kind=ec2",
        "me-places-one": f"/me/places/{account.pk}",
        "out-api": "/api",
        "out-try": f"/try/{app}",
        "me-leave": "/me/delete",
        "me-password": "/accounts/password/change/",
        "mailbox": "/mailbox",
        "event": f"/events/{event}",
        "event-new": "/events/new",
        **{f"event-{tab}": f"/events/{event}/{tab}" for tab in ("people", "limits", "copies", "timeline", "card")},
        "event-member": f"/events/{event}/people/{guest.pk}",
        "extend": f"/events/{event}/extend",
        "extend-link": f"/extend/{link_to(owner, services['ready'].event)}",
        "service-tell": f"/services/{services['failed'].key}/tell",
        "poster": f"/services/{services['ready'].key}/poster",
        "404": "/nothing",
        "out-fair": f"/e/{public_name}",
        "out-join": f"/join/{code}",
        "out-join-ask": "/join",
        "out-join-wrong": "/join/ZZZ-ZZZ",
        "out-login": "/accounts/login/",
        "out-signup": "/accounts/signup/",
        "out-reset": "/accounts/password/reset/",
        "out-privacy": "/privacy",
        "out-status": "/status",
        "out-help": "/help",
        "out-terms": "/terms",
        "out-accessibility": "/accessibility",
        "out-left": "/goodbye",
        "out-guide": "/docs/add-an-app",
        "guide": "/docs/add-an-app",
        "out-waits": "/accounts/waits",
        "out-invited": "/invited/never-was",
        "out-report": "/report?host=auction-1a2b3c.apps.localhost",
        "out-report-thanks": "/report?thanks",
        "out-door-nothing": "/door/x.apps.localhost",
    }
    pages |= {f"service-{name}": f"/services/{service.key}" for name, service in services.items()}
    pages |= {f"out-door-{name}": f"/door/{services[name].host}" for name in ("building", "silent", "shut", "ended")}
    return pages | pages_of(give_all_ways(owner)), session_of(owner)


def _account_of(person: User) -> Fabric:
    """Somebody's own account at a cloud that the house knows too, while it is checked."""
    sizes = [{"type": "t3.small", "memory_mib": 2048, "cpu": 2, "price_per_hour": "0.0240"}]
    options = {"region": "eu-central-1", "image": "ami-0123", "types": sizes, "portal_addresses": ["192.0.2.7/32"]}
    near = {"endpoint": "http://127.0.0.1:1", "address": "private"}
    made = {"kind": "ec2", "options": options | near, "is_open": False}
    Fabric.objects.create(name="A cloud", **made)
    account = Fabric.objects.create(name="My cloud", owner=person, monthly_cap=20, **made)
    try_place(account, at=timezone.now())
    return account


def again_page(ended: Deployment) -> str:
    """Where its copy is put up again."""
    return f"/services/{ended.key}/copies/{ended.archives.get().pk}/again"


def fill_desk() -> tuple[dict[str, str], str]:
    """Fill the database for the rooms behind the counter; return them, and the session of an administrator."""
    fill()
    at = timezone.now()
    admin = make_person("admin")
    User.objects.filter(pk=admin.pk).update(is_staff=True, is_superuser=True, first_name="Mr Holm")
    Admission.let_in(False)
    Machine.objects.filter(deployment__title="Leaving").update(hold_until=at)
    Fabric.objects.update(counted=7, counted_at=at, agreed_at=at)
    service = Deployment.objects.get(title="Ready")
    words = "It looks like our bank, and asks for my password."
    report = Report.objects.create(
        host=service.host, deployment=service, reason="trick", words=words, mail="a@b.org", at=at
    )
    service.release.app.take("d" * 40, service.manifest, at=NOON + timedelta(days=1))
    audit.write("pause", "", by=admin, at=at)
    audit.write("publish", "Notice board", by=admin, at=at, told=str(service.release))
    app, place = service.release.app_id, Fabric.objects.get(kind="memory").pk
    rooms = ["apps", "places", "people", "events", "reports", "mail", "audit", f"reports/{report.pk}", f"apps/{app}"]
    pool = _pool().pk
    rooms += ["head-count", "places/new", "places/new/ec2", f"places/{pool}"]
    rooms += [f"places/{pool}/{room}" for room in ("change", "hosts", "end")]
    rooms += [f"apps/{app}/retire", f"places/{place}/drain", f"services/{service.key}/suspend", "mail/letters/warning"]
    pages = {f"desk-{room.replace('/', '-').replace(service.key, 'one')}": f"/desk/{room}" for room in rooms}
    pages |= {"me-codes": "/accounts/ways/totp/activate/"}
    return {"desk": "/desk"} | pages, session_of(User.objects.get(pk=admin.pk))


def _pool() -> Fabric:
    """A place with hosts, none of which answers."""
    hosts = [{"address": "127.0.0.1", "port": port, "host_key": make_key_pair().public} for port in (1, 9)]
    secrets = {"login_key": make_key_pair().private.reveal}
    return Fabric.objects.create(name="Room 12", kind="pool", options={"hosts": hosts}, secrets=secrets)


def session_of(person: User) -> str:
    """Sign somebody in; return the session's key."""
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session["account_authentication_methods_user"] = str(person.pk)
    session["account_authentication_methods"] = [{"method": "password", "at": time(), "reauthenticated": True}]
    session.save()
    return session.session_key or ""


def let_in(context: BrowserContext, url: str, session: str) -> None:
    """Give a browser somebody's session."""
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}])
