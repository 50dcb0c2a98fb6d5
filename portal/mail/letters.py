"""One source, two bodies: a mail is written once in Markdown and read as plain text or as simple HTML.

The first line of a source is the subject. What people have typed must pass the filter `|plain` on its way in, so that
it can be neither Markdown nor a link.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import css_inline
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, gettext, override
from markdown_it import MarkdownIt
from markdown_it.token import Token

from portal import house
from portal.forms import MAY_BE_OFF
from portal.models import User
from portal.templatetags.letters import plain

MARKDOWN = MarkdownIt("commonmark", {"html": False})
MAIN_LINK = re.compile("<p><a ([^>]*>[^<]*)</a></p>")
"""The first link that is a paragraph by itself: what one will mostly want to press."""
WITH_TABLES = MarkdownIt("commonmark", {"html": False}).enable("table")


def markdown(source: str) -> str:
    """Turn an author's Markdown into HTML: no HTML of their own, no script addresses."""
    return str(WITH_TABLES.render(source)).replace("<pre>", '<pre tabindex="0">')  # what scrolls is reached by keyboard


@dataclass(frozen=True)
class Letter:
    """A mail before it has a reader."""

    subject: str
    text: str
    html: str
    name: str = ""
    """Its file in templates/mail, without the ending."""


def letter(name: str, told: Mapping[str, Any]) -> Letter:
    """Write the mail `templates/mail/<name>.md` with what is told; links are built from SITE_URL alone.

    It is in the language of the person it goes `to`; where it goes to nobody known, in that of the page in hand.
    """
    reader: User | None = told.get("to")
    with override(house.language() or (reader.reads if reader else get_language())):
        return _letter(name, told)


def _letter(name: str, told: Mapping[str, Any]) -> Letter:
    called = house.name()
    source = render_to_string(f"mail/{name}.md", {"site": settings.SITE_URL, "house_name": plain(called), **told})
    subject, _, body = source.strip().partition("\n")
    tokens = MARKDOWN.parse(body + _way_out(name))
    content = MAIN_LINK.sub(r'<p><a class="main" \1</a></p>', MARKDOWN.renderer.render(tokens, MARKDOWN.options, {}), 1)
    framed = {"content": mark_safe(content), "subject": subject}  # noqa: S308 - our own renderer, html off
    whole = render_to_string("mail/_frame.html", {"site": settings.SITE_URL, "house_name": called, **framed})
    return Letter(
        subject=" ".join(text(MARKDOWN.parseInline(subject)).split())[:200],
        text=text(tokens),
        html=_inliner().inline(whole),
        name=name,
    )


def _way_out(name: str) -> str:
    """For letters that one may do without: where to say so. Opening it changes nothing."""
    said = gettext("Do without mails like this")
    return f"\n\n*[{said}]({settings.SITE_URL}/me#mails)*" if name in MAY_BE_OFF else ""


@lru_cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True)


def text(tokens: Iterable[Token]) -> str:
    """Say a parsed source in plain text: paragraphs apart, list lines with a dash, links with their address behind."""
    parts: list[str] = []
    for token in tokens:
        if token.type == "inline":
            parts.append(_inline(token.children or []))
        elif token.type == "list_item_open":
            parts.append("- ")
        elif token.type in ("paragraph_close", "heading_close"):
            parts.append("\n" if token.hidden else "\n\n")
        elif token.type == "code_block":
            parts.append("".join(f"> {line}\n" for line in token.content.splitlines()) + "\n")
        elif token.type in ("bullet_list_close", "fence"):
            parts.append(token.content + "\n")
    return "".join(parts).strip() + "\n"


def _inline(tokens: Sequence[Token]) -> str:
    """An address in the middle of a sentence stands in angle brackets: no full stop behind it becomes part of it."""
    said, link = [], ""
    for place, token in enumerate(tokens):
        if token.type == "link_open":
            link = str(token.attrs["href"])
        elif token.type == "link_close":
            goes_on = any(later.content.strip() for later in tokens[place + 1 :])
            said.append(f" <{link}>" if goes_on else f": {link}")
        elif token.type in ("softbreak", "hardbreak"):
            said.append("\n")
        else:
            said.append(token.content)
    return "".join(said)
