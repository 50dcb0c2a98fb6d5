"""Behind the counter: every event, service, machine and place to look at; a few wishes, no secrets, no editing."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from catalog.admin import StaffOnly
from catalog.models import App
from provisioning.models import Admission, Archive, Deployment, Entry, Event, Fabric, Machine, Mail, Report, Stray

if TYPE_CHECKING:
    from portal.models import User


class DeskRequest(HttpRequest):
    """A request of somebody behind the counter."""

    user: "User"


class LookOnly(StaffOnly, ModelAdmin):  # type: ignore[misc]  # unfold is untyped
    """To be looked at. What is changed here is changed by wishes, never by writing columns."""

    show_full_result_count = False
    list_per_page = 50

    def _noted(self, request: HttpRequest, row: Any, words: str) -> bool:
        """Write down who wished this; the desk reads it. True, so that it can be counted."""
        self.log_change(request, row, words)
        return True

    def has_add_permission(self, _request: HttpRequest, _row: object = None) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _row: object = None) -> bool:
        return False


def link(row: Any) -> SafeString:
    """Lead to a row's own page here."""
    if row is None:
        return SafeString("-")
    address = reverse(f"admin:provisioning_{type(row).__name__.lower()}_change", args=[row.pk])
    return format_html('<a href="{}">{}</a>', address, row)


class ByApp(admin.RelatedFieldListFilter):
    """The apps by their names, in one question: each reads its name from its current release."""

    def field_choices(self, _field: object, _request: HttpRequest, _admin: object) -> list[tuple[str, Any]]:
        return [(str(app.pk), app.name) for app in App.objects.select_related("current")]


@admin.register(Deployment)
class DeploymentAdmin(LookOnly):
    """Every service, with the two wishes that the people behind the counter may have for it."""

    list_display: ClassVar = ["title", "phase", "wanted", "problem", "of_event", "owner", "app", "expires_at"]
    list_filter: ClassVar = ["phase", "wanted", "suspend_wanted", "blame", ("release__app", ByApp)]
    list_select_related: ClassVar = ["event", "owner", "release__app__current"]
    search_fields: ClassVar = ["title", "name", "key", "owner__email", "event__name"]
    date_hierarchy = "created_at"
    actions: ClassVar = ["take_down", "try_again"]
    fields: ClassVar = [
        "page", "name", "owner", "of_event", "release", "dataset", "phase", "phase_at", "wanted", "attempt", "step",
        "steps_done", "problem", "problem_params", "blame", "silent_since", "answer", "created_at", "admitted_at",
        "ready_at", "expires_at", "suspended_at", "suspended_why", "due_at", "lane", "tries",
        "lease_epoch", "lease_until", "machines",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Deployment]:
        """Living ones first in mind: the newest on top."""
        rows: QuerySet[Deployment] = super().get_queryset(request)
        return rows.order_by("-pk")

    @admin.display(description=_("page"))
    def page(self, row: Deployment) -> SafeString:
        """The service's own page, as its owner sees it."""
        return format_html('<a href="{}">{}</a>', reverse("service", args=[row.key]), row.title)

    @admin.display(description=_("event"))
    def of_event(self, row: Deployment) -> SafeString:
        """Its event."""
        return link(row.event)

    @admin.display(description=_("app"))
    def app(self, row: Deployment) -> str:
        """Its app."""
        return row.release.app.name

    @admin.display(description=_("machines"))
    def machines(self, row: Deployment) -> SafeString:
        """Its machines."""
        links = [link(machine) for machine in row.machines.order_by("pk")]
        return SafeString(", ".join(links)) if links else SafeString("none")  # each part is escaped by link()

    @admin.action(description=_("Take down, with a copy"))
    def take_down(self, request: DeskRequest, rows: QuerySet[Deployment]) -> None:
        """Ask for them to go."""
        asked = sum(self._noted(request, row, "asked to go") for row in rows if row.retire(by=request.user, at=now()))
        self.message_user(request, _now("%(n)d asked to go; copies are made first.") % {"n": asked}, messages.SUCCESS)

    @admin.action(description=_("Try again from where it failed"))
    def try_again(self, request: DeskRequest, rows: QuerySet[Deployment]) -> None:
        """Ask failed ones to try again."""
        asked = sum(
            self._noted(request, row, "asked to try again") for row in rows if row.retry(by=request.user, at=now())
        )
        self.message_user(request, _now("%(n)d try again.") % {"n": asked}, messages.SUCCESS)


@admin.register(Machine)
class MachineAdmin(LookOnly):
    """Every machine, without its keys."""

    list_display: ClassVar = [
        "__str__",
        "phase",
        "wanted",
        "settled",
        "problem",
        "of_service",
        "fabric",
        "slot",
        "created_at",
    ]
    list_filter: ClassVar = ["phase", "wanted", "settled", "fabric"]
    list_select_related: ClassVar = ["deployment", "fabric"]
    search_fields: ClassVar = ["key", "deployment__title", "deployment__name"]
    actions: ClassVar = ["waive"]
    fields: ClassVar = [
        "key", "of_service", "fabric", "role", "number", "slot", "spec", "phase", "phase_at", "wanted", "attempt",
        "step", "steps_done", "problem", "problem_params", "blame", "sighting", "facts", "settled", "settled_by",
        "hold_until", "content_commit", "content_at", "content_problem", "asked_at", "removal_asked_at", "absent_at",
        "due_at", "lane", "tries", "lease_epoch", "lease_until",
    ]  # fmt: skip

    @admin.display(description=_("service"))
    def of_service(self, row: Machine) -> SafeString:
        """Its service."""
        return link(row.deployment)

    @admin.action(description=_("Let it go WITHOUT a copy, in my name"), permissions=["waive"])
    def waive(self, request: DeskRequest, rows: QuerySet[Machine]) -> None:
        """Decide, by name, that what is on them may be lost."""
        waived = sum(
            self._noted(request, row, "let go without a copy") for row in rows if row.waive(by=request.user, at=now())
        )
        self.message_user(
            request,
            _now("%(n)d may go without a copy; that is noted with your name.") % {"n": waived},
            messages.WARNING,
        )

    def has_waive_permission(self, request: HttpRequest) -> bool:
        """Data may be given up by administrators alone."""
        return bool(request.user.is_active and request.user.is_superuser)


class SettingsOnly(LookOnly):
    """To be looked at by all behind the counter, and to be set by administrators."""

    def has_change_permission(self, request: HttpRequest, _row: object = None) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)


@admin.register(Fabric)
class FabricAdmin(SettingsOnly):
    """Every place, with its limits."""

    list_display: ClassVar = ["name", "kind", "is_open", "most_machines", "most_memory_mib", "agreed_at", "away_since"]
    fields: ClassVar = [
        "name",
        "kind",
        "options",
        "owner",
        "is_open",
        "most_machines",
        "most_memory_mib",
        "agreed_at",
        "away_since",
    ]
    readonly_fields: ClassVar = ["kind", "owner", "agreed_at", "away_since"]


@admin.register(Admission)
class AdmissionAdmin(SettingsOnly):
    """Whether new launches are let in, and whether anything unknown may be removed."""

    list_display: ClassVar = ["__str__", "is_open", "quarantined"]
    fields: ClassVar = ["is_open", "quarantined"]


@admin.register(Event)
class EventAdmin(LookOnly):
    """Every event."""

    list_display: ClassVar = ["name", "owner", "opens_at", "closes_at", "zone"]
    list_select_related: ClassVar = ["owner"]
    search_fields: ClassVar = ["name", "key", "owner__email"]
    date_hierarchy = "closes_at"
    fields: ClassVar = ["page", "owner", "zone", "opens_at", "closes_at", "most_services", "created_at"]

    @admin.display(description=_("page"))
    def page(self, row: Event) -> SafeString:
        """The event's own page."""
        return format_html('<a href="{}">{}</a>', reverse("event", args=[row.key]), row.name)


@admin.register(Entry)
class EntryAdmin(LookOnly):
    """Everything that happened."""

    list_display: ClassVar = ["at", "happened", "told", "by", "of_service", "event"]
    list_filter: ClassVar = ["happened"]
    list_select_related: ClassVar = ["deployment", "event", "by"]
    search_fields: ClassVar = ["cause", "deployment__title"]
    ordering: ClassVar = ["-at", "-pk"]
    fields: ClassVar = ["at", "happened", "cause", "told", "by", "of_service", "event", "machine", "noticed"]

    @admin.display(description=_("service"))
    def of_service(self, row: Entry) -> SafeString:
        """The service that it happened to."""
        return link(row.deployment)


@admin.register(Archive)
class ArchiveAdmin(LookOnly):
    """Every kept copy."""

    list_display: ClassVar = ["name", "deployment", "kind", "size", "verified_at", "delete_at", "deleted_at"]
    list_filter: ClassVar = ["kind"]
    list_select_related: ClassVar = ["deployment"]


@admin.register(Report)
class ReportAdmin(LookOnly):
    """What visitors reported. The desk decides about it."""

    list_display: ClassVar = ["host", "reason", "at", "decision", "decided_by", "decided_at"]
    list_filter: ClassVar = ["decision", "reason"]
    list_select_related: ClassVar = ["decided_by"]
    search_fields: ClassVar = ["host"]
    ordering: ClassVar = ["-at", "-pk"]


@admin.register(Stray)
class StrayAdmin(LookOnly):
    """Machines that nobody owns."""

    list_display: ClassVar = ["key", "fabric", "first_seen_at", "removal_asked_at", "gone_at"]
    list_select_related: ClassVar = ["fabric"]


@admin.register(Mail)
class MailAdmin(LookOnly):
    """The outbox, without what is in the mails: some hold codes."""

    list_display: ClassVar = ["created_at", "recipient", "about", "tries", "sent_at"]
    list_filter: ClassVar = [("sent_at", admin.EmptyFieldListFilter)]
    search_fields: ClassVar = ["recipient"]
    ordering: ClassVar = ["-pk"]
    fields: ClassVar = ["recipient", "about", "entry", "created_at", "due_at", "tries", "sent_at", "key"]

    @admin.display(description=_("about"))
    def about(self, row: Mail) -> str:
        """Its subject; a code's mail has the code in it."""
        return row.subject if row.entry_id else _now("an account")
