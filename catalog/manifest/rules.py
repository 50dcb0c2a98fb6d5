"""What must hold between the parts of a manifest. Each rule yields (key, value as written, what was expected)."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TypeVar

from catalog.manifest.fields import Env, FromParam, Param, Question
from catalog.manifest.kinds import duration_text
from catalog.manifest.manifest import Manifest
from catalog.manifest.params import RefusedError, accepted
from catalog.manifest.pattern import Pattern, PatternError
from catalog.manifest.problems import shown

MOST_ASKED = 3
Broken = Iterator[tuple[str, str, str]]
T = TypeVar("T", bound=Hashable)


def one_primary_port(manifest: Manifest) -> Broken:
    primary = [port for port in manifest.ports if port.primary]
    if len(primary) != 1:
        yield "port", f"{len(primary)} with primary = true", "expected exactly one port with primary = true"
    for port in primary:
        if port.protocol != "http":
            yield f"port[{port.name}].protocol", shown(port.protocol), "the primary port must speak http"


def ports_are_free(manifest: Manifest) -> Broken:
    for port in manifest.ports:
        if port.number == 22:
            yield f"port[{port.name}].number", "22", "port 22 is the machine's own"
    for number, _ in _twice([(port.number, port.protocol == "udp") for port in manifest.ports]):
        yield "port", str(number), "two ports have this number"


def names_are_unique(manifest: Manifest) -> Broken:
    names = {
        "process": [daemon.name for daemon in manifest.processes],
        "port": [port.name for port in manifest.ports],
        "param": [param.id for param in manifest.params],
        "output": [output.id for output in manifest.outputs],
    }
    for table, given in names.items():
        for name in _twice(given):
            yield f"{table}[{name}]", shown(name), f"expected another name: two {table} tables have this one"


def health_is_one_question(manifest: Manifest) -> Broken:
    yield from _question("health.ready", manifest.probe, manifest)
    live = manifest.health.live
    if live.model_fields_set & set(Question.model_fields):
        yield from _question("health.live", live, manifest)


def _question(key: str, asked: Question, manifest: Manifest) -> Broken:
    ways = [way for way in ("path", "tcp", "run") if getattr(asked, way) is not None]
    if len(ways) != 1:
        yield key, " and ".join(ways), "expected exactly one of path, tcp, run"
    elif ways == ["path"] and not asked.contains and not asked.title:
        yield key, "", "expected contains or title: text that only the working page holds"
    elif ways != ["path"] and asked.model_fields_set & {"contains", "title", "status"}:
        yield key, "", "contains, title and status go with path only"
    elif asked.tcp and asked.tcp not in {port.number for port in manifest.ports}:
        yield f"{key}.tcp", str(asked.tcp), "expected the number of a [[port]]"


def data_has_one_clock(manifest: Manifest) -> Broken:
    if manifest.data:
        clocks = [key for key in ("every", "cron") if getattr(manifest.data, key) is not None]
        if len(clocks) > 1 or (not clocks and manifest.data.mode != "once"):
            yield "data", " and ".join(clocks), "expected exactly one of every, cron"


def keeps_or_is_stateless(manifest: Manifest) -> Broken:
    if manifest.stateless and manifest.archive:
        yield "stateless", "true", "an app with [archive] is not stateless"
    if not manifest.stateless and not manifest.archive:
        yield "archive", "", "expected [archive] with what is kept at the end, or stateless = true"


def lifetimes_fit(manifest: Manifest) -> Broken:
    default, longest = manifest.lifetime.default, manifest.lifetime.longest
    if default and longest and default > longest:
        yield "lifetime.default", duration_text(default), f"expected at most {duration_text(longest)}, the longest"


def questions_are_few(manifest: Manifest) -> Broken:
    asked = [param.id for param in manifest.params if param.ask]
    if len(asked) > MOST_ASKED:
        yield "param", ", ".join(asked), f"expected at most {MOST_ASKED} parameters with ask = true"


def launch_needs_no_answer(manifest: Manifest) -> Broken:
    for param in manifest.params:
        if param.required and not param.ask and param.default is None and not param.generate:
            yield f"param[{param.id}]", "", "a required parameter needs a default, a generator, or ask = true"


def params_make_sense(manifest: Manifest) -> Broken:
    for param in manifest.params:
        for key, expected in _param(param, manifest.params):
            yield f"param[{param.id}]{key and '.'}{key}", shown(getattr(param, key)) if key else "", expected


def _param(param: Param, params: Sequence[Param]) -> Iterator[tuple[str, str]]:
    if bool(param.choices) != (param.type in {"choice", "choices"}):
        yield "choices", "choices go with the types choice and choices, and only with them"
    if param.min is not None and param.max is not None and param.min > param.max:
        yield "min", "expected at most max"
    if param.length and not param.generate:
        yield "length", "length goes with generate"
    if param.generate and param.type not in {"text", "long-text", "secret"}:
        yield "generate", "only text and secret parameters are generated"
    before = {other.id for other in params[: params.index(param)]}
    if param.when and not set(param.when) <= before:
        yield "when", "expected the id of a parameter that stands before this one"
    if param.is_secret and param.default is not None:
        yield "default", "a secret in a manifest is none: use generate"
    yield from _pattern(param)


def _pattern(param: Param) -> Iterator[tuple[str, str]]:
    if param.pattern:
        try:
            Pattern(param.pattern)
        except PatternError as error:
            yield "pattern", f"expected a simple pattern: {error}"
            return
        if not param.pattern_error:
            yield "pattern_error", "expected words for people who type something else"
    if param.default is not None:
        try:
            accepted(param, param.default)
        except RefusedError as refused:
            yield "default", f"the default itself is refused: {refused.code}"


def nothing_is_promised_in_vain(manifest: Manifest) -> Broken:
    """What would harm somebody who relies on it is refused until it is true; what would not is a remark (remarks.py)."""
    for param in manifest.params:
        if not param.keep:
            kept = "is reserved: until the service has ended every value is kept, encrypted"
            yield f"param[{param.id}].keep", "false", kept
    if manifest.requires.privileges:
        asked = shown(manifest.requires.privileges)
        yield "requires.privileges", asked, "is reserved: machines have no privileges, and none can be given yet"


def env_names_params(manifest: Manifest) -> Broken:
    known = {param.id for param in manifest.params}
    tables = {"service.env": manifest.service.env} | {f"process[{it.name}].env": it.env for it in manifest.processes}
    for table, env in tables.items():
        for name, param in _params_of(env):
            if param not in known:
                yield f"{table}.{name}.param", shown(param), "expected the id of a [[param]]"


def _params_of(env: Env) -> Iterator[tuple[str, str]]:
    return ((name, value.param) for name, value in env.items() if isinstance(value, FromParam))


def pictures_are_pictures(manifest: Manifest) -> Broken:
    named = {"icon": manifest.icon} | {
        f"screenshots[#{n}].path": it.path for n, it in enumerate(manifest.screenshots, 1)
    }
    for key, path in named.items():
        if path and not path.lower().endswith((".svg", ".png")):
            yield key, shown(path), "expected an SVG or PNG file"


def _twice(items: Sequence[T]) -> list[T]:
    return [item for item, count in Counter(items).items() if count > 1]


RULES: tuple[Callable[[Manifest], Broken], ...] = (
    one_primary_port,
    ports_are_free,
    names_are_unique,
    health_is_one_question,
    data_has_one_clock,
    keeps_or_is_stateless,
    lifetimes_fit,
    questions_are_few,
    launch_needs_no_answer,
    params_make_sense,
    nothing_is_promised_in_vain,
    env_names_params,
    pictures_are_pictures,
)
