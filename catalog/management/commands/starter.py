"""`manage.py starter`: the apps that come along, as repositories, read and on the shelf."""

from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.timezone import now

from catalog import sync
from catalog.models import App, State
from catalog.starter_repos import StarterApp, add_content, make_repositories

WITH_CONTENT = "results-board"


class Command(BaseCommand):
    """Repeatable: what is right already stays. An app that a curator has retired stays retired."""

    help = "Put the apps that come along on the shelf."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--day", type=date.fromisoformat, help="only commit new content, whose newest day is this")

    def handle(self, *_args: Any, day: date | None, **_options: Any) -> None:
        root = Path(settings.HOME) / "starter"
        if day:
            commit = add_content(root, WITH_CONTENT, day)
            self.stdout.write(f"Content of {day} is in ({commit[:7]}).")
            return
        for app in make_repositories(root, url=settings.STARTER_URL, today=now().date()):
            self._put_on_the_shelf(app)

    def _put_on_the_shelf(self, starter: StarterApp) -> None:
        url = sync.mirror_of(starter.url).url
        app, _ = App.objects.get_or_create(url=url, defaults={"added_at": now(), "featured": True})
        release = sync.look_at(app, at=now())
        if release is None:
            told = "\n".join(str(problem) for problem in app.told())
            raise CommandError(f"{starter.name} could not be put on the shelf. Nothing else has changed.\n{told}")
        if app.state in {State.CANDIDATE, State.PUBLISHED}:
            app.publish(release, by=None, at=now())
        self.stdout.write(
            f"{app} is {app.get_state_display().lower()}, version {release.version or release.commit[:7]}."
        )
