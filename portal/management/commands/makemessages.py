"""`manage.py makemessages -l de`: Django's own, told where sentences stand and how the list of them is written."""

from typing import Any

from django.core.management.commands import makemessages


class Command(makemessages.Command):
    """Collects the sentences of pages, mails and code."""

    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]
    xgettext_options = [*makemessages.Command.xgettext_options, "--keyword=_now"]

    def handle(self, *args: Any, **options: Any) -> None:
        """Look at templates of every kind; leave out what is not ours, and lines that change with every edit."""
        options |= {
            "extensions": ["html", "txt", "md", "py"],
            "ignore_patterns": [".venv", "tests", "docs", "shots", "static*", "frontend", "starter", "cli", "machine"],
            "no_wrap": True,
            "no_obsolete": True,
            "add_location": "file",
        }
        super().handle(*args, **options)
