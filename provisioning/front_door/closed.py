"""What Caddy itself says while the portal does not answer: a whole page, because nothing else can be fetched then.

The portal's translations cannot be asked either, so the few words stand here, in every language that it speaks.
"""

from typing import Any

Json = dict[str, Any]

DOOR_HEADER = "X-Fairground-Door"
"""On every answer that is not the service's own: `none` (no line), `down` (no good answer), `closed` (portal away)."""
AGAIN = 30
"""Seconds after which it is worth trying again."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

WORDS = {
    "de": (
        "Diese Seite lässt sich gerade nicht zeigen",
        (
            "Das Portal antwortet nicht: Es startet gerade, oder es hat eine Störung. Geöffnete Dienste laufen weiter, "
            "und es geht dadurch nichts verloren."
        ),
        "Bitte in einer Minute noch einmal versuchen. Bleibt es so, sagen Sie bitte denen Bescheid, die das Portal betreiben.",
        "Noch einmal versuchen",
    ),
    "en": (
        "This page cannot be shown right now",
        (
            "The portal does not answer: it is being started, or it is in trouble. Services that are open go on, and "
            "nothing is lost by it."
        ),
        "Please try again in a minute. If it stays like this, please tell the people who run the portal.",
        "Try again",
    ),
}
"""What happened, what is safe, what to do; the last one is for whoever has said nothing we know."""

PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex"><title>{head}</title>
<style>
body {{ margin: 0; background: #fbf7f0; color: #1f2430; font: 1.125rem/1.55 system-ui, sans-serif; }}
main {{ max-width: 34rem; margin: 0 auto; padding: 12vh 1.2rem 3rem; }}
h1 {{ font: 800 2rem/1.15 Georgia, serif; }}
a {{ display: inline-block; padding: .7rem 1.4rem; border-radius: .6rem; background: #c2402d; color: #fff;
font-weight: 700; text-decoration: none; }}
a:focus-visible {{ outline: 3px solid #1f7a78; outline-offset: 3px; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #141a26; color: #f4e9d8; }} }}
</style>
</head>
<body><main>
<svg width="96" viewBox="0 0 32 32" aria-hidden="true"><path fill="#e8d6b5" d="M16 6Q12 14 3 18v10h26V18Q20 14 16 6z"/>
<path fill="#c2402d" d="M16 6Q14 14 9.5 18.5V28H3V18q9-4 13-12zM16 6q2 8 6.5 12.5V28H29V18Q20 14 16 6z"/></svg>
<h1>{head}</h1>
<p>{safe}</p>
<p>{can}</p>
<p><a href="">{act}</a></p>
</main></body>
</html>
"""


def closed() -> list[Json]:
    """Routes of Caddy that end with that page, or with a sentence for programs."""
    spoken = list(WORDS)
    pages = [(_speaks(language) if language != spoken[-1] else {}, language) for language in spoken]
    wants_page: Json = {"header": {"Accept": ["*text/html*"]}}
    routes = [
        {"match": [wants_page | speaks], "handle": [_answer(language)], "terminal": True} for speaks, language in pages
    ]
    text = "This page cannot be shown right now. Please try again in a minute."
    return [*routes, {"handle": [sentence(503, "closed", text, {"Retry-After": [str(AGAIN)]})], "terminal": True}]


def sentence(status: int, reason: str, text: str, more: Json | None = None) -> Json:
    """An answer of one line."""
    headers = {"Content-Type": ["text/plain; charset=utf-8"], DOOR_HEADER: [reason], "Cache-Control": ["no-store"]}
    return {"handler": "static_response", "status_code": status, "headers": headers | (more or {}), "body": text + "\n"}


def _speaks(language: str) -> Json:
    return {"header_regexp": {"Accept-Language": {"pattern": rf"(?i)^\s*{language}\b"}}}


def _answer(language: str) -> Json:
    head, safe, can, act = WORDS[language]
    headers = {
        "Content-Type": ["text/html; charset=utf-8"],
        "Content-Language": [language],
        "Vary": ["Accept-Language"],
        "Content-Security-Policy": [POLICY],
        "Retry-After": [str(AGAIN)],
        "Cache-Control": ["no-store"],
        DOOR_HEADER: ["closed"],
    }
    page = PAGE.format(language=language, head=head, safe=safe, can=can, act=act)
    return {"handler": "static_response", "status_code": 503, "headers": headers, "body": page}
