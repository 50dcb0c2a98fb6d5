"""Signing in by an account elsewhere. Its provider says who somebody is there; who they are here, we decide."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import available_timezones

from allauth.account.adapter import get_adapter as account_adapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django import forms
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.models import User
from portal.people import providers
from portal.people.accounts import admit

TOLD = ("email", "login", "preferred_username", "name")
"""What we keep of all that a provider tells: enough to say whose account it is."""


class ElsewhereAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """Where allauth asks us."""

    error_messages = DefaultSocialAccountAdapter.error_messages | {
        "email_taken": _("There is an account with this mail address here. Please sign in to it first; then link %s."),
        "no_password": _("It is your only way in. Please choose a password first."),
        "no_verified_email": _("It is your only way in. Please type in the code of your mail first."),
        "connected_other": _("Somebody else signs in with it here already."),
    }

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Believe nothing that was not asked for in this session, and no mail address that nobody has proven.

        Raises ImmediateHttpResponse with the page that says what to do.
        """
        told = sociallogin.account.extra_data
        if not is_answer_to_us(sociallogin):
            raise ImmediateHttpResponse(render(request, "socialaccount/authentication_error.html", status=401))
        sociallogin.account.extra_data = _little_of(told)
        if not sociallogin.account._state.adding:  # noqa: SLF001 - Django's own word for a row that is not saved yet
            sociallogin.account.save(update_fields=["extra_data"])
        sociallogin.email_addresses = _best_of(sociallogin.email_addresses)
        if not sociallogin.is_existing and sociallogin.state.get("process") != "connect":
            _turn_away_the_known(request, sociallogin)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Keep the rules of the house. Raises ImmediateHttpResponse with the page that says what to do."""
        adapter = account_adapter(request)
        adapter.is_open_for_signup(request)
        try:
            if sociallogin.user.email:
                adapter.check_domain(sociallogin.user.email)
        except forms.ValidationError as error:
            told = {"why": error.messages[0]}
            raise ImmediateHttpResponse(render(request, "socialaccount/turned_away.html", told, status=403))
        return True

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        """Take over name and mail address; what they are called elsewhere is nobody's business here."""
        user: User = super().populate_user(request, sociallogin, data | {"username": ""})
        user.first_name, user.last_name = user.first_name[:150], user.last_name[:150]
        return user

    @transaction.atomic
    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: forms.Form | None = None) -> User:
        """Make the account by the rule of the house, in the time zone that the browser told before it went."""
        zone = (sociallogin.state.get("data") or {}).get("time_zone", "")
        sociallogin.user.time_zone = zone if zone in available_timezones() else ""
        if form is None:
            admit(request, sociallogin.user)
        user: User = super().save_user(request, sociallogin, form)
        return user

    def get_connect_redirect_url(self, _request: HttpRequest, _account: Any) -> str:
        """Back to the page about oneself."""
        return f"{reverse('me')}#ways"


def is_answer_to_us(sociallogin: SocialLogin) -> bool:
    """Whether a provider's signed word carries the number that this session sent along. GitHub signs none; PKCE binds its."""
    if sociallogin.account.provider == providers.GITHUB:
        return True
    signed = sociallogin.account.extra_data.get("id_token") or {}
    nonce = sociallogin.state.get("nonce")
    return bool(nonce) and signed.get("nonce") == nonce


def _little_of(told: dict[str, Any]) -> dict[str, Any]:
    """The same shape with less in it."""
    flat = told.get("userinfo") or told.get("id_token") or told
    return {key: str(flat[key])[:200] for key in TOLD if flat.get(key)}


def _best_of(addresses: Sequence[EmailAddress]) -> list[EmailAddress]:
    """One, if any: proven before unproven, then their main one. Only a plain yes is a proof, and not the text "false"."""
    for address in addresses:
        address.verified = address.verified is True
        address.primary = bool(address.primary)
    best = sorted(addresses, key=lambda one: (one.verified, one.primary), reverse=True)[:1]
    for address in best:
        address.primary = True
    return best


def _turn_away_the_known(request: HttpRequest, sociallogin: SocialLogin) -> None:
    """Whoever has proven elsewhere that a mail address is theirs is told that they have an account, and how to link it.

    For an unproven one allauth acts as at any sign-up: a mail to that address, and the same page for everybody.
    """
    sociallogin.user.email = sociallogin.email_addresses[0].email if sociallogin.email_addresses else ""
    if any(one.verified for one in sociallogin.email_addresses):
        email = sociallogin.user.email
        if User.objects.filter(email__iexact=email).exists():
            told = {"email": email, "name": providers.names().get(sociallogin.account.provider, "")}
            raise ImmediateHttpResponse(render(request, "socialaccount/known.html", told, status=409))
