"""Behind the counter: people."""

from typing import Any, ClassVar

from allauth.mfa.admin import Authenticator
from allauth.socialaccount.admin import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from portal.models import User

admin.site.unregister(Group)
for of_ways_in in (Authenticator, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(of_ways_in)  # what opens an account is nobody's to look at or to make up


@admin.register(Group)
class GroupDesk(GroupAdmin, ModelAdmin):  # type: ignore[misc]  # unfold is untyped
    """Groups of people behind the counter."""


@admin.register(User)
class UserAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is untyped
    """Everybody with an account. Administrators decide who stands behind the counter."""

    list_display: ClassVar = [
        "email",
        "first_name",
        "is_active",
        "is_staff",
        "is_superuser",
        "date_joined",
        "last_login",
    ]
    list_filter: ClassVar = ["is_active", "is_staff", "is_superuser"]
    search_fields: ClassVar = ["email", "first_name", "last_name"]
    ordering: ClassVar = ["-date_joined"]
    fields: ClassVar = [
        "email", "first_name", "last_name", "time_zone", "is_active", "is_staff", "is_superuser", "groups",
        "date_joined", "last_login",
    ]  # fmt: skip
    readonly_fields: ClassVar = ["email", "date_joined", "last_login"]

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """People make their accounts themselves."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _row: Any = None) -> bool:
        """An account is paused; what it owns must have an owner."""
        return False
