"""The map of the site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from portal.views import (
    authors,
    copies,
    door,
    event,
    fair,
    front,
    home,
    invited,
    language,
    launch,
    mailbox,
    me,
    poster,
    report,
    service,
    stream,
    watch,
)

urlpatterns = [
    path("", front.front, name="front"),
    path("apps", front.shelf, name="shelf"),
    path("apps/<slug:slug>", front.app, name="app"),
    path("wish", front.wish, name="wish"),
    path("docs/add-an-app", authors.guide, name="guide"),
    path("docs/add-an-app/check", authors.check, name="guide-check"),
    path("docs/add-an-app/offer", authors.offer, name="guide-offer"),
    path("home", home.home, name="home"),
    path("copies", copies.copies, name="copies"),
    path("me", me.me, name="me"),
    path("me/mails", me.mails, name="me-mails"),
    path("me/data", me.data, name="me-data"),
    path("me/delete", me.leave, name="me-leave"),
    path("goodbye", me.left, name="left"),
    path("language", language.choose, name="language"),
    path("privacy", me.privacy, name="privacy"),
    path("e/<slug:name>", fair.fair, name="fair"),
    path("events/<str:key>", event.event, name="event"),
    path("events/<str:key>/show", fair.show, name="event-show"),
    path("events/<str:key>/hide", fair.hide, name="event-hide"),
    path("events/<str:key>/extend", event.extend, name="event-extend"),
    path("events/<str:key>/end", event.end, name="event-end"),
    path("services/new", launch.new_service, name="service-new"),
    path("services/<str:key>", service.service, name="service"),
    path("services/<str:key>/poster", poster.service, name="service-poster"),
    path("services/<str:key>/live", service.live, name="service-live"),
    path("services/<str:key>/stream", stream.stream, name="service-stream"),
    path("services/<str:key>/restart", service.restart, name="service-restart"),
    path("services/<str:key>/pull", service.pull, name="service-pull"),
    path("services/<str:key>/retry", service.retry, name="service-retry"),
    path("services/<str:key>/end", service.retire, name="service-end"),
    path("services/<str:key>/outputs", service.outputs, name="service-outputs"),
    path("services/<str:key>/copies/<int:number>", copies.fetch, name="service-copy"),
    path("services/<str:key>/copies/<int:number>/again", copies.again, name="service-again"),
    path("healthz", watch.alive, name="alive"),
    path("healthz/ready", watch.ready, name="ready"),
    path("metrics", watch.metrics, name="metrics"),
    path("", include("portal.views.desk.urls")),
    path("mailbox", mailbox.mailbox, name="mailbox"),
    path("door/<str:host>", door.door, name="door"),
    path("report", report.report, name="report"),
    # One way in for everybody: the admin's own sign-in page knows neither codes nor limits.
    path("admin/login/", RedirectView.as_view(pattern_name="account_login", query_string=True)),
    path("admin/", admin.site.urls),
    path("accounts/waits", invited.waits, name="account-waits"),
    path("invited/<str:code>", invited.invited, name="invited"),
    path("accounts/", include("allauth.account.urls")),
]

handler404 = "portal.views.faults.not_found"
handler500 = "portal.views.faults.our_mistake"
