"""A whole manifest, and the questions that a launch asks it."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field

from catalog.manifest.fields import (
    Archive,
    Daemon,
    Data,
    Health,
    Lifetime,
    Mail,
    Maintainer,
    Notices,
    Output,
    Param,
    Port,
    Probe,
    Question,
    Requires,
    Resources,
    Screenshot,
    Service,
    Table,
    Teardown,
    Upgrade,
)
from catalog.manifest.kinds import HttpsUrl, License, Line, RepoPath, Slug, Text

Category = Literal[
    "auction", "calendar", "chat", "documents", "files", "forms", "games", "monitoring", "notes", "office", "photos",
    "polls", "shop", "site", "tools", "wiki", "other",
]  # fmt: skip


class Manifest(Table):
    """`fairground.toml`, format 1, read and found right by `parse`."""

    format: Literal[1]
    id: Slug
    name: Annotated[str, Field(min_length=1, max_length=40)]
    tagline: Annotated[str, Field(min_length=1, max_length=80)]
    license: License
    description: Text = ""  # Markdown, or the path of a Markdown file
    version: Annotated[str, Field(max_length=40)] = ""
    homepage: HttpsUrl | None = None
    source: HttpsUrl | None = None
    documentation: HttpsUrl | None = None
    maintainers: Annotated[list[Maintainer], Field(max_length=8)] = Field(default_factory=list)
    category: Category = "other"
    tags: Annotated[list[Line], Field(max_length=8)] = Field(default_factory=list)
    replaces: Annotated[list[Line], Field(max_length=8)] = Field(default_factory=list)
    icon: RepoPath | None = None
    screenshots: Annotated[list[Screenshot], Field(max_length=6)] = Field(default_factory=list)
    stateless: bool = False
    notices: Notices = Field(default_factory=Notices)
    service: Service
    processes: Annotated[list[Daemon], Field(max_length=16)] = Field(default_factory=list, alias="process")
    data: Data | None = None
    params: Annotated[list[Param], Field(max_length=50)] = Field(default_factory=list, alias="param")
    ports: Annotated[list[Port], Field(min_length=1, max_length=8)] = Field(alias="port")
    health: Health
    resources: Resources
    requires: Requires = Field(default_factory=Requires)
    mail: Mail = Field(default_factory=Mail)
    archive: Archive | None = None
    upgrade: Upgrade | None = None
    teardown: Teardown | None = None
    lifetime: Lifetime = Field(default_factory=Lifetime)
    outputs: Annotated[list[Output], Field(max_length=20)] = Field(default_factory=list, alias="output")

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        """Read back what `as_json` gave. It was found right once, when it came in."""
        return cls.model_validate(kept)

    def as_json(self) -> dict[str, Any]:
        """Return what the author wrote, as plain JSON values in the words of the file."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    @property
    def probe(self) -> Probe:
        """How to find out that the service is ready."""
        return self.health.ready

    @property
    def live_probe(self) -> Probe:
        """How to find out that it still answers: `[health.live]`, or else as ready."""
        live = self.health.live
        if live.path or live.tcp or live.run:
            asked = live.model_dump(include=set(Question.model_fields))
            return self.probe.model_copy(update={**asked, "successes": 1})
        return self.probe

    @property
    def primary_port(self) -> Port:
        """The port that the service's address leads to."""
        return next(port for port in self.ports if port.primary)

    @property
    def memory_mib(self) -> int:
        """Memory of the machine while the service runs."""
        return self.resources.memory

    @property
    def install_memory_mib(self) -> int:
        """Memory of the machine while the service is being installed."""
        return max(self.resources.memory, self.resources.install_memory or 0)

    @property
    def disk_mib(self) -> int:
        """Room for the service's files."""
        return self.resources.disk

    @property
    def cpu(self) -> float:
        """Cores."""
        return self.resources.cpu

    @property
    def description_file(self) -> str | None:
        """The path of the Markdown file that describes the app, if it is not described in the manifest itself."""
        return self.description if self.description.endswith(".md") and " " not in self.description else None

    def repo_paths(self) -> dict[str, str]:
        """Return every file that must exist in the app's own repository, by the key that names it."""
        archive = self.archive.model_dump(include={"before", "after", "restore", "verify"}) if self.archive else {}
        named = {
            "description": self.description_file,
            "icon": self.icon,
            "service.install": self.service.install,
            "service.configure": self.service.configure,
            "data.after": self.data.after if self.data else None,
            "health.ready.run": self.probe.run,
            "health.live.run": self.health.live.run,
            "health.live.restart": self.health.live.restart,
            "upgrade.run": self.upgrade.run if self.upgrade else None,
            "teardown.run": self.teardown.run if self.teardown else None,
            **{f"archive.{key}": path for key, path in archive.items()},
            **{f"notices.{key}": path for key, path in self.notices.model_dump().items()},
            **{f"screenshots[#{number}].path": shot.path for number, shot in enumerate(self.screenshots, 1)},
        }
        return {key: path for key, path in named.items() if path}
