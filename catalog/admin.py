"""The catalog's tables: add an app by the address of its repository, read what is wrong with it. The desk decides."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from catalog import sync
from catalog.manifest import FILE, remarks
from catalog.models import App, Release
from catalog.url import GitProblem, canonical, checked_ref


class AppForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy alone
    """Takes an address only in the way we keep it."""

    class Meta:
        model = App
        fields = ["url", "ref", "featured", "longest_lifetime", "note"]

    def clean_url(self) -> str:
        try:
            return canonical(self.cleaned_data["url"].strip(), sync.rules())
        except GitProblem as problem:
            raise ValidationError(sync.told(problem, file="").expected) from problem

    def clean_ref(self) -> str:
        try:
            return checked_ref(self.cleaned_data["ref"].strip())
        except GitProblem as problem:
            raise ValidationError(sync.told(problem, file="").expected) from problem


class StaffOnly:
    """Everybody behind the counter may look and change; nobody deletes: an app is retired."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.is_staff

    def has_view_permission(self, request: HttpRequest, _row: object = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest, _row: object = None) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, _row: object = None) -> bool:
        return self.has_module_permission(request)

    def has_delete_permission(self, _request: HttpRequest, _row: object = None) -> bool:
        return False


class Releases(StaffOnly, TabularInline):  # type: ignore[misc]
    """What was taken so far; frozen."""

    model = Release
    fields = readonly_fields = ["version", "commit", "committed_at", "taken_at"]
    extra = 0
    show_change_link = False

    def has_add_permission(self, _request: HttpRequest, _row: object = None) -> bool:
        return False


@admin.register(App)
class AppAdmin(StaffOnly, ModelAdmin):  # type: ignore[misc]
    """One app."""

    form = AppForm
    list_display = ["name", "slug", "state", "featured", "looked_at", "sound"]
    list_filter = ["state", "featured"]
    search_fields = ["slug", "url"]
    readonly_fields = [
        "state",
        "current",
        "what_is_wrong",
        "without_effect",
        "looked_at",
        "added_by",
        "added_at",
        "decided_by",
        "decided_at",
    ]
    list_select_related = ["current"]
    inlines = [Releases]
    actions = ["look_again"]

    @admin.display(boolean=True, description=_("sound"))
    def sound(self, app: App) -> bool:
        return not app.problems

    @admin.display(description=_("what is wrong"))
    def what_is_wrong(self, app: App) -> SafeString | str:
        if not app.problems:
            return str(_("Nothing.") if app.looked_at else _("Not looked at yet."))
        return format_html_join("", "<p>{}</p>", ((str(problem),) for problem in app.told()))

    @admin.display(description=_("without effect yet"))
    def without_effect(self, app: App) -> SafeString | str:
        said = remarks(app.newest.manifest, FILE) if app.newest else ()
        return format_html_join("", "<p>{}</p>", ((str(remark),) for remark in said)) or str(_("Nothing."))

    def save_model(self, request: HttpRequest, obj: App, form: Any, change: bool) -> None:
        if not change:
            obj.added_by_id, obj.added_at = request.user.pk, now()
        super().save_model(request, obj, form, change)
        if not change or {"url", "ref"} & set(form.changed_data):
            transaction.on_commit(lambda: self._look(request, obj))  # the network waits for nobody's transaction

    @admin.action(description=_("Look at the repository again"))
    def look_again(self, request: HttpRequest, apps: QuerySet[App]) -> None:
        for app in apps:
            self._look(request, app)

    def _look(self, request: HttpRequest, app: App) -> None:
        if release := sync.look_at(app, at=now()):
            self.message_user(
                request,
                _now("%(app)s was read at %(commit)s; its manifest is right.")
                % {"app": app, "commit": release.commit[:7]},
                messages.SUCCESS,
            )
        else:
            self.message_user(
                request,
                _now("%(app)s: %(n)d things are not right; see below.") % {"app": app, "n": len(app.problems)},
                messages.WARNING,
            )
