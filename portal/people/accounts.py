"""Who may make an account, and how accounts are written to: allauth decides when, our letters say what."""

from datetime import datetime
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.stages import LoginStage
from allauth.core.exceptions import ImmediateHttpResponse
from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.desk import audit
from portal.mail import outbox
from portal.mail.letters import letter
from portal.models import Invitation, User, random_username
from portal.people import joining, languages
from provisioning.models import House, SignUp

INVITATION = "invitation"
"""Where a session keeps the code of the invitation that somebody has accepted."""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """Sign-up, sign-in and their mails."""

    error_messages: ClassVar = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_code": gettext_lazy("That is not the code of our last mail. Please look once more."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Let people in by the rule of the house. Raises ImmediateHttpResponse with the page that says what to do."""
        house = House.here()
        if house.who_may_sign_up in (SignUp.CLOSED, SignUp.INVITATION) and not (
            is_invited(request, house) or brings_a_code(request, house)
        ):
            raise ImmediateHttpResponse(shut_door(request, house))
        return True

    def check_domain(self, email: str) -> None:
        """Raise ValidationError if only other mail addresses may make an account."""
        house = House.here()
        if house.who_may_sign_up != SignUp.DOMAIN or is_invited(self.request, house):
            return
        if email.rpartition("@")[2].lower() not in house.domains:
            told = {"domains": ", ".join(house.domains)}
            raise forms.ValidationError(_("Accounts here are for mail addresses at %(domains)s.") % told)

    @transaction.atomic
    def save_user(self, request: HttpRequest, user: User, form: forms.Form, commit: bool = True) -> User:
        """Make the account by the rule of the house."""
        admit(request, user)
        saved: User = super().save_user(request, user, form, commit)
        return saved

    def post_login(self, request: HttpRequest, user: User, **told: Any) -> HttpResponse:
        """Let whoever has pressed Join into that event; settle in which language somebody is spoken and written to."""
        if event := joining.settle(request, user, timezone.now()):
            told["redirect_url"] = reverse("event", args=[event.key])
        response: HttpResponse = super().post_login(request, user, **told)
        languages.settle(user, response)
        return response

    def get_login_stages(self) -> list[str]:
        """What allauth asks for, the second step by our rule; after all of it: has an administrator said yes?"""
        ours = {"allauth.mfa.stages.AuthenticateStage": "portal.people.second_step.SecondStep"}
        stages = [ours.get(stage, stage) for stage in super().get_login_stages()]
        return [*stages, "portal.people.accounts.ApprovalStage"]

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """By what somebody can show once more that it is them, in our words."""
        said = {"reauthenticate": _("Use your password"), "mfa_reauthenticate": _("Use a code")}
        ways: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [way | {"description": said.get(way["id"]) or _("Use a passkey")} for way in ways]

    def populate_username(self, _request: HttpRequest, user: User) -> None:
        """Keep the one that tells nothing: allauth would make it from the mail address, and nobody would forget it."""
        user.username = random_username()

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Put the letter of this occasion into the outbox. Nothing of the request travels into it."""
        name = template_prefix.rpartition("/")[2]
        told = {"code": context.get("code", ""), "provider": getattr(context.get("provider"), "name", "")}
        outbox.put(letter(f"account/{name}", told), email, at=timezone.now())


class ApprovalStage(LoginStage):  # type: ignore[misc]  # allauth is untyped
    """Whoever was not let in yet has a proven mail address, and waits."""

    key = "approval"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Go on, or tell the administrators and show the page about waiting."""
        user: User = self.login.user
        if user.is_let_in:
            return None, True
        ask_to_let_in(user, timezone.now())
        return redirect("account-waits"), False


def admit(request: HttpRequest, user: User) -> None:
    """Settle by the rule of the house what a new account may; with an invitation, count it.

    Raises ImmediateHttpResponse if there is no room in it any more.
    """
    house = House.here()
    invited = is_invited(request, house) and Invitation.use(request.session.pop(INVITATION), timezone.now())
    if house.who_may_sign_up == SignUp.INVITATION and not (invited or brings_a_code(request, house)):
        raise ImmediateHttpResponse(shut_door(request, house))  # somebody else was quicker
    user.is_let_in = invited or house.who_may_sign_up != SignUp.APPROVAL


def is_invited(request: HttpRequest, house: House) -> bool:
    """Whether they hold an invitation that is still good. A closed house has none."""
    code = request.session.get(INVITATION, "")
    closed = house.who_may_sign_up == SignUp.CLOSED
    return bool(code) and not closed and Invitation.good(code, timezone.now()).exists()


def brings_a_code(request: HttpRequest, house: House) -> bool:
    """Whether they are about to join an event: where one needs an invitation, its code is one, and by no other rule."""
    return house.who_may_sign_up == SignUp.INVITATION and joining.is_under_way(request, timezone.now())


def shut_door(request: HttpRequest, house: House) -> HttpResponse:
    """The page in place of sign-up: why, and whom to ask."""
    told = {"house": house, "closed": house.who_may_sign_up == SignUp.CLOSED}
    return render(request, "account/signup_closed.html", told)


@transaction.atomic
def ask_to_let_in(person: User, at: datetime) -> None:
    """Tell the administrators once that somebody waits."""
    if User.objects.filter(pk=person.pk, asked_at=None, is_let_in=False).update(asked_at=at):
        admins = User.objects.filter(is_superuser=True, is_active=True).exclude(email="").order_by("pk")
        for admin in admins:
            outbox.put(letter("asks_in", {"to": admin, "person": person}), admin.email, at=at)


@transaction.atomic
def let_in(person: User, *, by: User, at: datetime) -> bool:
    """Let somebody in who waits, and write to them. Return False if that was done already."""
    changed = User.objects.filter(pk=person.pk, is_let_in=False).update(is_let_in=True) == 1
    if changed:
        audit.write("let-in", person, by=by, at=at)
        outbox.put(letter("let_in", {"to": person}), person.email, at=at)
    return changed
