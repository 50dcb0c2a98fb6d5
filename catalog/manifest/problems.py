"""What is wrong with a manifest, said so that its author can put it right."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

SHOWN = 80
"""Characters of a wrong value that are repeated to its author."""


@dataclass(frozen=True)
class Problem:
    """One thing to put right: where, what stands there, what was expected."""

    file: str
    key: str  # "param[2].default"; empty where the whole file is meant
    value: str  # as written, shortened; empty where nothing stands there
    expected: str

    def __str__(self) -> str:
        where = f"{self.file}: {self.key}" if self.key else self.file
        return f"{where} = {self.value}: {self.expected}" if self.value else f"{where}: {self.expected}"

    def as_json(self) -> dict[str, str]:
        """Return plain values, to be kept in a row."""
        return asdict(self)


class ManifestError(Exception):
    """The manifest cannot be used. Holds every problem found, never none."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def shown(value: object) -> str:
    """Repeat a value in one short line."""
    match value:
        case dict():
            return "a table"
        case list():
            return f"a list of {len(value)}"
        case int() if value.bit_length() > SHOWN:
            return "a very large number"
    text = repr(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
