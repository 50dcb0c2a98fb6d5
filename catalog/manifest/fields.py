"""The tables of a manifest, format 1. What a key means to its author stands in docs/add-an-app.md."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from catalog.manifest.kinds import (
    ContentTarget,
    Cron,
    Duration,
    GitRef,
    GitUrl,
    KeptPath,
    Line,
    MachinePath,
    MailAddress,
    Mebibytes,
    Name,
    PagePath,
    RepoPath,
    SystemName,
    User,
    ValueId,
    between,
    duration_text,
    matching,
    size_text,
)


class Table(BaseModel):
    """Strict: no guessing of types, no unknown keys, no changes."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=False)


def span(least: timedelta, most: timedelta) -> object:
    """Demand a duration between the two."""
    return between(least, most, duration_text)


def size(least_mib: int, most_mib: int) -> object:
    """Demand a size between the two, in MiB."""
    return between(least_mib, most_mib, size_text)


JobTime = Annotated[Duration, span(timedelta(seconds=60), timedelta(hours=2))]
Stage = Literal["launch", "advanced"]
Change = Literal["never", "reconfigure", "relaunch"]
Generate = Literal["password", "hex", "uuid", "words", "ed25519"]
ParamType = Literal[
    "text", "long-text", "integer", "number", "boolean", "choice", "choices", "email", "url", "hostname", "timezone",
    "language", "color", "date", "secret", "file", "git-url",
]  # fmt: skip
Fact = Literal[
    "FAIRGROUND_ADDRESS", "FAIRGROUND_HOST", "FAIRGROUND_TITLE", "FAIRGROUND_EVENT", "FAIRGROUND_ENDS_AT",
    "FAIRGROUND_ROLE", "FAIRGROUND_NUMBER",
]  # fmt: skip
EnvName = Annotated[
    str,
    matching(
        r"(?!(?:FAIRGROUND|LD|GIT|PYTHON|PERL5?|BASH)_)(?!(?:PATH|IFS|ENV|HOME|SHELL|USER|PS4|PYTHONPATH)$)[A-Z][A-Z0-9_]{0,39}",
        "a name of capital letters, digits and '_' that means nothing to the system itself",
        longest=40,
    ),
]


class FromParam(Table):
    """The value of a parameter."""

    param: ValueId


class FromFact(Table):
    """A machine fact under another name: the service's address, the event's end, …"""

    fact: Fact


Env = dict[EnvName, Annotated[str, Field(max_length=1000)] | FromParam | FromFact]


class Maintainer(Table):
    name: Line
    address: MailAddress


class Screenshot(Table):
    path: RepoPath
    alt: Line


class Notices(Table):
    """Markdown files of the repository, shown at three moments."""

    before_launch: RepoPath | None = None
    after_launch: RepoPath | None = None
    ending: RepoPath | None = None


class Service(Table):
    """The programs that bring the software (no value of a deployment) and that make it this deployment's own."""

    install: RepoPath
    configure: RepoPath | None = None
    timeout: JobTime = timedelta(minutes=15)
    rerun: Literal["safe", "never"] = "safe"
    env: Env = Field(default_factory=dict)


class Daemon(Table):
    """A long-running program that the machine keeps alive. `[[process]]` in the file."""

    name: Name
    run: Annotated[list[Annotated[str, Field(min_length=1, max_length=1000)]], Field(min_length=1, max_length=50)]
    user: User = "root"
    directory: MachinePath | None = None  # None = the app's checkout
    env: Env = Field(default_factory=dict)


class Data(Table):
    """Content: another repository, pulled again and again."""

    repo: GitUrl
    target: ContentTarget
    ref: GitRef = "HEAD"
    path: RepoPath | None = None  # the folder of the repository that is content; None = all of it
    archive: RepoPath | None = None  # a tarball in the repository that is unpacked instead
    every: Annotated[Duration, span(timedelta(minutes=2), timedelta(days=31))] | None = None
    cron: Cron | None = None
    mode: Literal["mirror", "fast-forward", "once"] = "mirror"
    after: RepoPath | None = None
    max_size: Annotated[Mebibytes, size(1, 100 * 1024)] = 500
    own: Literal["none", "repo", "upload", "both"] = "none"


Value = str | int | float | bool | list[str]


class Param(Table):
    """A value that a person, or a generator, gives at launch."""

    id: ValueId
    type: ParamType = "text"
    label: Line
    help: Annotated[str, Field(max_length=500)] = ""
    placeholder: Annotated[str, Field(max_length=100)] = ""
    default: Value | None = None
    ask: bool = False
    required: bool = False
    min: int | float | None = None
    max: int | float | None = None
    pattern: str = ""
    pattern_error: Annotated[str, Field(max_length=200)] = ""
    choices: Annotated[list[Line], Field(max_length=100)] = Field(default_factory=list)
    generate: Generate | None = None
    length: Annotated[int, Field(ge=4, le=128)] | None = None
    secret: bool = False
    keep: bool = True
    when: Annotated[dict[ValueId, str | int | bool], Field(min_length=1, max_length=1)] | None = None
    stage: Stage = "launch"
    change: Change = "never"

    @property
    def is_secret(self) -> bool:
        """Say whether the value must not be shown, logged or kept in the clear."""
        return self.secret or self.type == "secret" or self.generate in {"password", "ed25519"}

    @property
    def needs_answer(self) -> bool:
        """Say whether a person must give the value: nothing stands in for it, and the app cannot do without."""
        return (self.required or self.ask) and self.default is None and not self.generate


class Port(Table):
    name: Name = "web"
    number: Annotated[int, Field(ge=1, le=65535)]
    protocol: Literal["http", "tcp", "udp"] = "http"
    public: bool = False  # the primary port always is
    primary: bool = False


class Question(Table):
    """One way to ask a service: a page (`path`), a port (`tcp`) or a program (`run`)."""

    path: PagePath | None = None
    status: Annotated[int, Field(ge=100, le=599)] = 200
    contains: Line | None = None  # text that the page must hold
    title: Line | None = None  # text that the page's title must hold
    tcp: Annotated[int, Field(ge=1, le=65535)] | None = None
    run: RepoPath | None = None


class Probe(Question):
    """How to find out that the service is ready: answered `successes` times in a row, before `deadline`."""

    deadline: Annotated[Duration, span(timedelta(seconds=10), timedelta(hours=1))] = timedelta(minutes=5)
    successes: Annotated[int, Field(ge=1, le=10)] = 2


class Live(Question):
    """The regular look at a ready service. Asks as `[health.ready]` does unless it says how itself."""

    every: Annotated[Duration, span(timedelta(seconds=10), timedelta(hours=1))] = timedelta(seconds=60)
    failures: Annotated[int, Field(ge=1, le=100)] = 5
    restart: RepoPath | None = None


class Health(Table):
    ready: Probe
    live: Live = Field(default_factory=Live)


class Resources(Table):
    """Limits. Memory, cpu and processes are enforced; disk is watched where the engine cannot limit it."""

    memory: Annotated[Mebibytes, size(16, 64 * 1024)]
    disk: Annotated[Mebibytes, size(16, 1024 * 1024)]
    cpu: Annotated[float, Field(gt=0, le=16)] = 1.0
    processes: Annotated[int, Field(ge=16, le=4096)] = 256
    install_memory: Annotated[Mebibytes, size(16, 64 * 1024)] | None = None
    architectures: Annotated[list[Literal["x86_64", "aarch64"]], Field(max_length=2)] = Field(default_factory=list)


class Requires(Table):
    fabrics: Annotated[list[Name], Field(max_length=8)] = Field(default_factory=list)
    system: Annotated[list[SystemName], Field(max_length=8)] = Field(default_factory=list)
    privileges: Annotated[list[Name], Field(max_length=8)] = Field(default_factory=list)


class Mail(Table):
    sends: bool = False


class Archive(Table):
    """What is kept at the end, and the programs that make it a copy one can trust."""

    paths: Annotated[list[KeptPath], Field(min_length=1, max_length=50)]
    exclude: Annotated[list[Line], Field(max_length=50)] = Field(default_factory=list)
    before: RepoPath | None = None
    after: RepoPath | None = None
    restore: RepoPath | None = None
    verify: RepoPath | None = None


class Upgrade(Table):
    run: RepoPath
    versions: Annotated[list[Line], Field(max_length=50)] = Field(default_factory=list, alias="from")


class Teardown(Table):
    run: RepoPath


class Lifetime(Table):
    default: Annotated[Duration, span(timedelta(hours=1), timedelta(days=366))] | None = None
    longest: Annotated[Duration, span(timedelta(hours=1), timedelta(days=366))] | None = None


class Output(Table):
    """A value that `configure` writes to its outputs file for the owner."""

    id: ValueId
    label: Line
    secret: bool = False
    once: bool = False  # shown a single time instead of as long as the service runs
