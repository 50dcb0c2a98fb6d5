"""Everything that we know of somebody, as one file for them: a zip of JSON."""

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet

from catalog.models import Check, Wish
from portal.models import Token, User
from portal.people.leaving import theirs
from provisioning.models import Archive, Entry, Event, Fabric, Mail, Membership

Rows = Iterable[Mapping[str, Any]]


def my_data(person: User) -> bytes:
    """Pack it. Passwords are not in it: ours is a fingerprint, and a service shows its own."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, rows in _parts(person).items():
            file.writestr(f"{name}.json", json.dumps(list(rows), cls=DjangoJSONEncoder, indent=1, ensure_ascii=False))
    return packed.getvalue()


def _parts(person: User) -> Mapping[str, Rows]:
    services = theirs(person)
    mine = Q(deployment__in=services) | Q(event__owner=person) | Q(by=person)
    copies = Archive.objects.filter(deployment__in=services)
    return {
        "account": _rows(
            User.objects.filter(pk=person.pk),
            "email first_name last_name time_zone language mails_off date_joined last_login is_staff is_curator",
        ),
        "passkeys-and-codes": _rows(Authenticator.objects.filter(user=person), "type created_at last_used_at"),
        "accounts-elsewhere": _rows(
            SocialAccount.objects.filter(user=person), "provider uid extra_data date_joined last_login"
        ),
        "events": _rows(Event.objects.filter(owner=person), "key name zone opens_at closes_at created_at"),
        "taking-part": _rows(Membership.objects.filter(person=person), "event__key event__name role name since"),
        "services": _rows(
            services, "key title name event__key release__app__slug phase created_at ready_at expires_at"
        ),
        "what-happened": _rows(Entry.objects.filter(mine), "at happened deployment__key event__key told"),
        "mails": _rows(Mail.objects.filter(recipient__iexact=person.email), "created_at sent_at subject text"),
        "tokens": _rows(Token.objects.filter(owner=person), "name may_change created_at until used_at"),
        "own-places": _rows(Fabric.objects.filter(owner=person), "name kind options monthly_cap taken_away_at"),
        "wishes": _rows(Wish.objects.filter(by=person), "words at"),
        "repository-checked": _rows(Check.objects.filter(by=person), "url ref asked_at looked_at"),
        "kept-copies": _rows(copies, "name size sha256 deployment__key verified_at delete_at deleted_at"),
    }


def _rows(found: QuerySet[Any], columns: str) -> Rows:
    return found.order_by("pk").values(*columns.split())
