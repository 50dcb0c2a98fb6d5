"""The administrator's first password, and another one for whoever has lost it."""

import io

import pytest
from django.core.management import call_command

from portal.models import User

pytestmark = pytest.mark.django_db


def told(**options: object) -> str:
    out = io.StringIO()
    call_command("first_admin", stdout=out, **options)
    return out.getvalue()


def password_in(text: str) -> str:
    return text.rpartition("password")[2].strip()


def test_a_second_start_makes_no_second_administrator_and_prints_nothing() -> None:
    assert "shown only this once" in told()
    assert told() == ""


def test_a_new_password_takes_the_place_of_the_old_one() -> None:
    old = password_in(told())
    new = password_in(told(again=True))
    admin = User.objects.get(is_superuser=True)
    assert admin.check_password(new)
    assert not admin.check_password(old)


def test_an_administrator_is_made_where_there_is_none_with_that_address() -> None:
    told()
    told(again=True, email="ada@example.org")
    assert User.objects.get(email="ada@example.org").is_superuser
    assert User.objects.filter(is_superuser=True).count() == 2
