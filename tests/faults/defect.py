"""What a seeded defect is: one guard taken away by a small change to one file, and the test that must turn red."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Defect:
    """A small change to one file, and the test that must not let it pass."""

    name: str
    file: str
    old: str
    new: str
    test: str  # "test_lease::test_a_row_is_claimed_once", in tests/reconciler; or "portal/test_members::test_…"
    on_postgres: bool = False  # SQLite holds it by itself

    @property
    def node(self) -> str:
        """The test as pytest names it."""
        module, _, name = self.test.partition("::")
        folder = "tests" if "/" in module else "tests/reconciler"
        return f"{folder}/{module}.py::{name}"

    def trouble(self, root: Path = ROOT) -> str:
        """Why it cannot be played in this tree: its text or its test is not there. Empty = it can."""
        times = (root / self.file).read_text().count(self.old)
        if times != 1:
            return f"its text stands {times} times in {self.file}"
        module, _, name = self.node.partition("::")
        test = root / module
        return "" if test.exists() and f"def {name}(" in test.read_text() else f"there is no {self.node}"
