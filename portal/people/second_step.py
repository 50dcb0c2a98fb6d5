"""Passkeys, and the second step after a password: when it is asked for, and how its secrets are kept."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from asgiref.sync import iscoroutinefunction, sync_to_async
from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import sync_and_async_middleware
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from fido2.utils import websafe_decode

from portal import house
from portal.desk import audit
from portal.mail import outbox
from portal.mail.letters import letter
from portal.models import User
from portal.pages.poster import qr
from provisioning.models import House
from provisioning.models.fields import fernet

COUNTER = ("/desk", "/admin/")
"""Where the rooms behind the counter are."""
WAYS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
Answer = Callable[[HttpRequest], HttpResponseBase]
AsyncAnswer = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


class SecondStepAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth is untyped
    """What allauth asks us about passkeys and codes."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("That was not right, or it came too late. Please try again."),
        "unverified_email": _("Please type in the code of your mail first; then you can add this."),
        "cannot_generate_recovery_codes": _("Spare codes are for those who have a second step."),
    }

    def encrypt(self, text: str) -> str:
        """Seal what codes are made from."""
        return fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open it again."""
        return fernet().decrypt(encrypted_text.encode()).decode()

    def build_totp_svg(self, url: str) -> SafeString:
        """Draw what the app scans."""
        return qr(url)

    def get_totp_issuer(self) -> str:
        """As what it stands in the list of the app."""
        return house.name()

    def generate_authenticator_name(self, user: User, _type: str) -> str:
        """What a new passkey is called until somebody calls it otherwise."""
        number = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).count() + 1
        return _now("My passkey") if number == 1 else _now("My passkey %(number)d") % {"number": number}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Whom passkeys are for: the portal's own name, whatever name a proxy or a visitor used."""
        return {"id": urlsplit(settings.SITE_URL).hostname or "", "name": house.name()}


class SecondStep(AuthenticateStage):  # type: ignore[misc]  # allauth is untyped
    """Between the password and being in."""

    def _should_handle(self, request: HttpRequest) -> bool:
        return bool(is_asked_of(self.login.user) and super()._should_handle(request))


def is_behind_counter(person: User) -> bool:
    """Whether more than their own things are open to them."""
    return bool(person.is_staff or person.is_superuser or person.is_curator)


def is_asked_of(person: User) -> bool:
    """Whether a password alone lets them in no more.

    A passkey is a comfort to most people, and losing it must not shut them out; codes are a wish for more safety.
    """
    ways = Authenticator.objects.filter(user=person, type__in=WAYS)
    return bool(ways.exists() if is_behind_counter(person) else ways.filter(type=Authenticator.Type.TOTP).exists())


def is_wanting(person: User) -> bool:
    """Whether they stand behind the counter with nothing but a password."""
    return is_behind_counter(person) and not is_asked_of(person)


def still_to_do(request: HttpRequest) -> str:
    """Where somebody must go before the rooms behind the counter open, where the house asks for it; empty: they are open."""
    person = request.user
    if not isinstance(person, User) or not is_behind_counter(person) or not House.here().counter_second_step:
        return ""
    if any(record["method"] == "mfa" for record in get_authentication_records(request, person)):
        return ""
    if is_asked_of(person):
        codes = Authenticator.objects.filter(user=person).exclude(type=Authenticator.Type.WEBAUTHN)
        page = "mfa_reauthenticate" if codes.exists() else "mfa_reauthenticate_webauthn"
        return f"{reverse(page)}?{urlencode({'next': request.get_full_path()})}"
    messages.warning(request, _now("Behind the counter this house asks for a second step. Please add one here first."))
    return f"{reverse('me')}#ways"


@transaction.atomic
def take_away(person: User, *, by: User, at: datetime) -> bool:
    """Let a password alone open the account again, and write to its owner. Return False if it did anyway."""
    if not Authenticator.objects.filter(user=person).delete()[0]:
        return False
    audit.write("second-step", person, by=by, at=at)
    outbox.put(letter("account/ways_taken_away", {"to": person}), person.email, at=at)
    return True


@sync_and_async_middleware
def at_the_counter(get_response: Answer | AsyncAnswer) -> Answer | AsyncAnswer:
    """Open no room behind the counter before the second step, where the house asks for it."""
    if iscoroutinefunction(get_response):

        async def answer_later(request: HttpRequest) -> HttpResponseBase:
            where = await sync_to_async(still_to_do)(request) if request.path.startswith(COUNTER) else ""
            response: HttpResponseBase = redirect(where) if where else await get_response(request)
            return response

        return answer_later

    def answer(request: HttpRequest) -> HttpResponseBase:
        where = still_to_do(request) if request.path.startswith(COUNTER) else ""
        response: HttpResponseBase = redirect(where) if where else get_response(request)  # type: ignore[assignment]
        return response

    return answer


def check_origin(credential: Any) -> None:
    """Raise ValidationError unless a passkey was used on a page of the portal itself, and of no other name under it."""
    try:
        told = json.loads(websafe_decode(credential["response"]["clientDataJSON"]))
        is_ours = told["origin"] == settings.SITE_URL
    except (KeyError, TypeError, ValueError):
        is_ours = False
    if not is_ours:
        raise forms.ValidationError(_now("Passkeys work at %(site)s only.") % {"site": settings.SITE_URL})
