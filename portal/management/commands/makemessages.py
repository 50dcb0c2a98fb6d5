"""`manage.py makemessages -l de`: Django's own, told where sentences stand and how the list of them is written."""

from typing import Any

from django.core.management.commands import makemessages

NOT_FOR_PEOPLE = [".venv", "cli", "docs", "frontend", "locale", "machine", "shots", "starter", "static*", "tests"]
"""Folders without sentences of pages and mails. Without "locale" among them, lists would be kept beside each part."""


class Command(makemessages.Command):
    """Collects the sentences of pages, mails and code; none that is new is guessed from another."""

    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]
    xgettext_options = [*makemessages.Command.xgettext_options, "--keyword=_now"]

    def handle(self, *args: Any, **options: Any) -> None:
        """Look at templates of every kind, and leave out what changes with every edit: lines, and what is gone."""
        options |= {"extensions": ["html", "txt", "md", "py"], "ignore_patterns": NOT_FOR_PEOPLE}
        options |= {"no_wrap": True, "no_obsolete": True, "add_location": "file"}
        super().handle(*args, **options)
