"""Who did what behind the counter. What is changed in the admin's own tables is written down here too."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from portal import house
from portal.models import Deed, User

DEEDS: Mapping[str, str | Promise] = {
    "publish": _("put on the shelf"),
    "retire-app": _("took off the shelf"),
    "feature": _("put in front on the shelf"),
    "unfeature": _("put back in line on the shelf"),
    "add-app": _("added the app"),
    "turn-down": _("turned down the repository"),
    "suspend": _("took off its address"),
    "lift": _("asked to open again"),
    "answer": _("answered the report about"),
    "waive": _("let go without a copy"),
    "add-place": _("added the place"),
    "change-place": _("changed the place"),
    "end-place": _("took away the place"),
    "release-host": _("let out of quarantine at"),
    "drain": _("closed for new launches"),
    "undrain": _("opened for new launches"),
    "pause": _("paused new launches"),
    "resume": _("resumed new launches"),
    "let-in": _("let in"),
    "curator": _("made a curator"),
    "no-curator": _("ended being a curator of"),
    "second-step": _("took away lost passkeys and codes of"),
    "invite": _("made the invitation"),
    "allowance": _("changed what may be used at once by"),
    "settings": _("changed the settings"),
    "admin": _("changed in the tables"),
}
"""What a deed is called, between who did it and what it was done to."""


def write(did: str, about: object, *, by: User, at: datetime, told: str = "") -> None:
    """Write down what somebody did. Raises KeyError for a deed that has no words."""
    assert DEEDS[did]
    to = {"person": about} if isinstance(about, User) else {"about": str(about)[:200]}
    Deed.objects.create(at=at, by=by, did=did, told=told[:400], **to)


@receiver(post_save, sender=LogEntry)
def write_what_the_tables_tell(instance: LogEntry, created: bool, **_kwargs: Any) -> None:
    """The admin's tables keep a log of their own, which goes with its author; this one stays."""
    if created:
        person = User.objects.filter(pk=instance.object_id or "0").first() if _is_of_a_person(instance) else None
        with override(house.language() or settings.LANGUAGE_CODE):  # it is kept as it is said
            about = str(instance.content_type) if person else f"{instance.content_type}: {instance.object_repr}"
            told = instance.get_change_message()[:400]
        who = {"by_id": instance.user_id, "person": person}
        Deed.objects.create(at=instance.action_time, did="admin", about=about[:200], told=told, **who)


def _is_of_a_person(logged: LogEntry) -> bool:
    return logged.content_type is not None and logged.content_type.model_class() is User
