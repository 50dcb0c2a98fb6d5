"""What people have typed, on its way into a letter."""

import re

from django import template
from django.utils.safestring import SafeString, mark_safe

from portal.mail.troubles import TROUBLES, Meaning

register = template.Library()

ADDRESSES = re.compile(r"(?i)\b(?:[a-z][a-z0-9+.-]*://|www\.)\S+")
PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


@register.filter
def plain(words: object) -> SafeString:
    """Make words that neither format anything nor lead anywhere: one line, no Markdown, no addresses."""
    one_line = " ".join(ADDRESSES.sub("…", str(words)).split())
    return mark_safe(PUNCTUATION.sub(r"\\\1", one_line))  # noqa: S308 - the Markdown renderer escapes what is left


@register.filter
def meaning(trouble: str) -> Meaning | None:
    """Why no server took a mail; None if none was asked yet."""
    return TROUBLES.get(trouble)
