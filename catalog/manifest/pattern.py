"""Patterns of strangers, matched without backtracking.

Python's own `re` can be made to take hours by a pattern such as `(a+)+b`. Here a pattern becomes a small automaton and
all its states are followed at once, so a match takes at most one step per character and state, whatever it says.
Known: literals, `.`, classes `[a-z]`, `\\d \\w \\s`, groups, `|`, `* + ? {m,n}`, and `^`/`$` at the very ends, which
change nothing: a pattern always means the whole text. The rest (look-around, back-references, lazy forms) is refused.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

LONGEST_PATTERN = 200
LONGEST_TEXT = 500
MOST_STATES = 300
DEEPEST = 8

Accepts = Callable[[str], bool]


class PatternError(ValueError):
    """The pattern uses something that we do not know, or is too large."""


@dataclass(frozen=True)
class One:
    """Takes one character."""

    accepts: Accepts


@dataclass(frozen=True)
class Sequence:
    """One part after the other."""

    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Choice:
    """Any one of the ways."""

    ways: tuple["Node", ...]


@dataclass(frozen=True)
class Repeat:
    """The same part `least` to `most` times; None = without end."""

    part: "Node"
    least: int
    most: int | None


Node = One | Sequence | Choice | Repeat


class _Reader:
    """Reads the text of a pattern into nodes."""

    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0

    def found(self, grammar: str) -> re.Match[str] | None:
        """Take what the grammar says, if it stands here."""
        found = re.compile(grammar, re.DOTALL).match(self.text, self.at)
        self.at = found.end() if found else self.at
        return found

    def choice(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise PatternError("too many groups inside each other")
        ways = [self.sequence(depth)]
        while self.found(r"\|"):
            ways.append(self.sequence(depth))
        return Choice(tuple(ways))

    def sequence(self, depth: int) -> Node:
        parts: list[Node] = []
        while self.text[self.at : self.at + 1] not in {"", "|", ")"}:
            part = self.group(depth) if self.found(r"\((\?:)?(?!\?)") else self.one()
            parts.append(self.repeated(part))
        return Sequence(tuple(parts))

    def group(self, depth: int) -> Node:
        inside = self.choice(depth + 1)
        if not self.found(r"\)"):
            raise PatternError("a group without its end")
        return inside

    def one(self) -> Node:
        """Let `re` judge one character against one atom: there is nothing to backtrack in that."""
        atom = self.found(r"\\[dDwWsS]|\\[^A-Za-z0-9]|\[\^?(\\.|[^\\\]\[])+\]|[^\\*+?{}()|^$\[\]]")
        if not atom:
            raise PatternError(f"not known here, at character {self.at + 1}")
        if doubled := re.search(r"--|&&|~~|\|\|", atom[0]):
            raise PatternError(f"{doubled[0]} in a class, which will mean something else one day")
        try:
            compiled = re.compile(atom[0])
        except re.error as error:
            raise PatternError(str(error)) from error
        return One(lambda char: compiled.fullmatch(char) is not None)

    def repeated(self, part: Node) -> Node:
        if self.found(r"\*"):
            return Repeat(part, 0, None)
        if self.found(r"\+"):
            return Repeat(part, 1, None)
        if self.found(r"\?"):
            return Repeat(part, 0, 1)
        if count := self.found(r"\{([0-9]{1,3})(,?)([0-9]{0,3})\}"):
            least = int(count[1])
            most = int(count[3]) if count[3] else None if count[2] else least
            if most is not None and most < least:
                raise PatternError("a repeat that ends before it begins")
            return Repeat(part, least, most)
        return part


@dataclass
class _State:
    """Takes one character (`accepts`) and goes on to the next state; or, without it, is free to go any of `ways`."""

    accepts: Accepts | None = None
    ways: list[int] = field(default_factory=list)


@dataclass
class Pattern:
    """A compiled pattern. Raises PatternError for one that we do not take."""

    text: str
    states: list[_State] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        if len(self.text) > LONGEST_PATTERN:
            raise PatternError(f"longer than {LONGEST_PATTERN} characters")
        reader = _Reader(re.sub(r"(?<!\\)\$$", "", self.text.removeprefix("^")))
        node = reader.choice(0)
        if reader.at != len(reader.text):
            raise PatternError("a ) without its (")
        self._emit(node)

    def matches(self, text: str) -> bool:
        """Say whether the whole text fits. A text longer than LONGEST_TEXT never does."""
        if len(text) > LONGEST_TEXT:
            return False
        now = self._reachable([0])
        for char in text:
            now = self._reachable(state + 1 for state in now if self._takes(state, char))
        return len(self.states) in now

    def _takes(self, state: int, char: str) -> bool:
        accepts = self.states[state].accepts if state < len(self.states) else None
        return accepts is not None and accepts(char)

    def _reachable(self, begin: Iterable[int]) -> set[int]:
        seen: set[int] = set()
        todo = list(begin)
        while todo:
            state = todo.pop()
            if state not in seen:
                seen.add(state)
                todo.extend(self.states[state].ways if state < len(self.states) else ())
        return seen

    def _add(self, accepts: Accepts | None = None) -> _State:
        if len(self.states) >= MOST_STATES:
            raise PatternError("too large when its repeats are written out")
        self.states.append(_State(accepts))
        return self.states[-1]

    def _emit(self, node: Node) -> None:
        """Append the states of a node: they begin at the count before, and end at the count after."""
        match node:
            case One(accepts):
                self._add(accepts)
            case Sequence(parts):
                for part in parts:
                    self._emit(part)
            case Choice(ways):
                self._emit_choice(ways)
            case Repeat(part, least, most):
                for _ in range(least):
                    self._emit(part)
                self._emit_rest(part, None if most is None else most - least)

    def _emit_choice(self, ways: tuple[Node, ...]) -> None:
        fork, ends = self._add(), []
        for way in ways:
            fork.ways.append(len(self.states))
            self._emit(way)
            ends.append(self._add())
        for end in ends:
            end.ways.append(len(self.states))

    def _emit_rest(self, part: Node, times: int | None) -> None:
        """Write out the part of a repeat that may be left out: so many times, or a loop."""
        forks = []
        for _ in range(1 if times is None else times):
            forks.append(self._add())
            forks[-1].ways.append(len(self.states))
            self._emit(part)
        if times is None:
            self._add().ways.append(self.states.index(forks[0]))
        for fork in forks:
            fork.ways.append(len(self.states))
