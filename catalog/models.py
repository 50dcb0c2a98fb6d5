"""The rows of the catalog: what can be launched, at which commits, and where content comes from."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q

from catalog.manifest import Manifest, Problem

if TYPE_CHECKING:
    from portal.models import User

COMMIT = r"^[0-9a-f]{40}([0-9a-f]{24})?\Z"


class State(models.TextChoices):
    """How far an app has come."""

    DRAFT = "draft"  # added; no manifest was found right yet
    CANDIDATE = "candidate"  # there is a release; a curator decides
    PUBLISHED = "published"  # on the shelf
    BROKEN = "broken"  # was taken off the shelf because it does not work
    RETIRED = "retired"  # not offered any more; what runs goes on


class Dataset(models.Model):
    """Where content comes from."""

    url = models.CharField(max_length=500)
    ref = models.CharField(max_length=100, default="HEAD")
    commit = models.CharField(max_length=64, blank=True)
    """What our copy of it is at."""
    tried_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)
    """When a look at it ended last: `commit` is at least as new as that, unless there is a `problem`."""
    problem = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["url", "ref"], name="one_dataset_of_a_url_and_ref")]

    def __str__(self) -> str:
        return f"{self.url} ({self.ref})"

    @classmethod
    def at(cls, url: str, ref: str) -> Self:
        """Return the dataset of this address; made if it is not known yet."""
        return cls.objects.get_or_create(url=url, ref=ref)[0]


class App(models.Model):
    """A catalog entry: a repository, and what a curator says about it."""

    slug = models.SlugField(max_length=39, unique=True, null=True, editable=False)  # noqa: DJ001 - unknown until it is read
    url = models.CharField("repository", max_length=500, help_text="https://…, with a fairground.toml at its top")
    ref = models.CharField("branch", max_length=100, default="HEAD")
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT, editable=False)
    current = models.ForeignKey("Release", null=True, editable=False, on_delete=models.PROTECT, related_name="+")
    featured = models.BooleanField(default=False, help_text="Shown first on the shelf.")
    longest_lifetime = models.DurationField(null=True, blank=True)
    approved_privileges = models.JSONField(default=list, blank=True)
    note = models.TextField(blank=True, help_text="For curators.")
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    added_at = models.DateTimeField(editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    """Nobody: it came along with Fairground."""
    decided_at = models.DateTimeField(null=True, editable=False)
    looked_at = models.DateTimeField(null=True, editable=False)
    problems = models.JSONField(default=list, editable=False)

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.UniqueConstraint(fields=["url", "ref"], name="one_app_of_a_url_and_ref"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="app_state_is_known"),
            models.CheckConstraint(
                condition=Q(state=State.DRAFT) | Q(current__isnull=False, slug__isnull=False),
                name="only_a_draft_is_without_a_release",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """What people call it; the address of its repository until its manifest was read."""
        return self.current.manifest.name if self.current else self.url

    @property
    def newest(self) -> "Release | None":
        """The release that was taken last; a curator may not have published it yet."""
        return self.releases.order_by("-taken_at", "-pk").first()

    @property
    def offered(self) -> "models.QuerySet[Release]":
        """What may be launched: the release on the shelf, and those that stood there before and were not withdrawn since."""
        here = self.releases.filter(offered_at__isnull=False)
        return here if self.state == State.PUBLISHED else here.none()

    def told(self) -> list[Problem]:
        """What was wrong at the last look at its repository."""
        return [Problem(**problem) for problem in self.problems]

    @transaction.atomic
    def take(self, commit: str, manifest: Manifest, *, at: datetime, **known: Any) -> "Release":
        """Keep a commit whose manifest was found right. What is on the shelf stays until a curator decides.

        `known` are further fields of the release. Raises IntegrityError if another app has this manifest's id.
        """
        fields = {"manifest_json": manifest.as_json(), "version": manifest.version, "taken_at": at, **known}
        release, _ = Release.objects.get_or_create(app=self, commit=commit, defaults=fields)
        undecided = App.objects.filter(pk=self.pk, state__in=[State.DRAFT, State.CANDIDATE])
        undecided.update(state=State.CANDIDATE, slug=manifest.id, current=release)
        App.objects.filter(pk=self.pk).update(problems=[], looked_at=at)
        self.refresh_from_db()
        return release

    def trouble(self, problems: Sequence[Problem], *, at: datetime) -> None:
        """Keep what was wrong at a look at its repository. What is on the shelf stays there: its commit is pinned."""
        self.problems = [problem.as_json() for problem in problems]
        self.looked_at = at
        App.objects.filter(pk=self.pk).update(problems=self.problems, looked_at=at)

    @transaction.atomic
    def publish(self, release: "Release", *, by: "User | None", at: datetime) -> bool:
        """Put this release of this app on the shelf, and withdraw newer ones. Return False if it is there, or names nobody."""
        if not release.manifest.maintainers:
            return False
        ours = Q(releases=release) & ~Q(state=State.PUBLISHED, current=release)
        changed = self._decide(ours, by=by, at=at, state=State.PUBLISHED, current=release)
        if changed:
            self._withdraw(pk__gt=release.pk)
            self.releases.filter(pk=release.pk).update(offered_at=at)
        return changed

    @transaction.atomic
    def retire(self, *, by: "User | None", at: datetime) -> bool:
        """Offer it no longer. What runs goes on. Return False if it is not offered already."""
        changed = self._decide(~Q(state__in=[State.RETIRED, State.DRAFT]), by=by, at=at, state=State.RETIRED)
        return changed and self._withdraw()

    def feature(self, is_featured: bool) -> bool:
        """Show it first on the shelf, or in line with the others. Return False if that is so already."""
        return App.objects.filter(pk=self.pk, featured=not is_featured).update(featured=is_featured) == 1

    @transaction.atomic
    def take_off(self, *, by: "User | None", at: datetime) -> bool:
        """Take it off the shelf because it does not work. Return False if it is not there."""
        return self._decide(Q(state=State.PUBLISHED), by=by, at=at, state=State.BROKEN) and self._withdraw()

    def forget(self) -> bool:
        """Delete it, if no version was ever taken. Return False if one was: what was launched must stay told."""
        return App.objects.filter(pk=self.pk, state=State.DRAFT, releases=None).delete()[0] > 0

    def _withdraw(self, **which: Any) -> bool:
        self.releases.filter(**which).update(offered_at=None)
        return True

    def _decide(self, where: Q, *, by: "User | None", at: datetime, **change: Any) -> bool:
        changed = App.objects.filter(where, pk=self.pk).update(decided_by=by, decided_at=at, **change) == 1
        self.refresh_from_db()
        return changed


class Release(models.Model):
    """One commit of an app with its manifest, frozen; what a deployment pins."""

    app = models.ForeignKey(App, on_delete=models.PROTECT, related_name="releases")
    commit = models.CharField(max_length=64)
    committed_at = models.DateTimeField(null=True)
    manifest_json = models.JSONField()
    texts = models.JSONField(default=dict)  # the Markdown files that the manifest names, by key
    dataset = models.ForeignKey(Dataset, null=True, on_delete=models.PROTECT, related_name="+")
    version = models.CharField(max_length=40, blank=True)
    taken_at = models.DateTimeField()
    offered_at = models.DateTimeField(null=True)
    """When a curator put it on the shelf; empty: nobody did, or it was withdrawn. All else of a release is frozen."""

    class Meta:
        ordering = [F("taken_at").desc(), "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["app", "commit"], name="one_release_of_a_commit"),
            models.CheckConstraint(condition=Q(commit__regex=COMMIT), name="release_commit_is_full"),
        ]

    def __str__(self) -> str:
        return f"{self.manifest.name} {self.version} ({self.commit[:7]})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write it for the first time. Raises ValueError later: what was launched must stay what it was."""
        if self.pk is not None and not self._state.adding:
            raise ValueError("a release is frozen")
        super().save(*args, **kwargs)

    @cached_property
    def manifest(self) -> Manifest:
        """The manifest at this commit."""
        return Manifest.from_json(self.manifest_json)


class Wish(models.Model):
    """Somebody looked for an app, found none, and said so."""

    words = models.CharField(max_length=80)
    """What they had searched for, in small letters."""
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="wishes")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["words", "by"], name="one_wish_of_a_person_for_the_same")]

    def __str__(self) -> str:
        return self.words

    @staticmethod
    def told(search: str) -> str:
        """The words of a search as wishes are counted by."""
        return " ".join(search.lower().replace("\0", " ").split())[:80]


class Check(models.Model):
    """A look at a repository that its author asked for. Each person has one: the last."""

    by = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="check_asked")
    url = models.CharField(max_length=500)
    ref = models.CharField(max_length=100, default="HEAD")
    asked_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)
    """When the look ended; empty while it waits or is under way."""
    commit = models.CharField(max_length=64, blank=True)
    manifest_json = models.JSONField(null=True)
    problems = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.url

    @cached_property
    def manifest(self) -> Manifest | None:
        """The manifest, if it was found right."""
        return Manifest.from_json(self.manifest_json) if self.manifest_json else None

    def told(self) -> list[Problem]:
        """What its author has to put right."""
        return [Problem(**problem) for problem in self.problems]
