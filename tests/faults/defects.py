"""Plays the seeded defects: each takes one guard away from a copy of the tree, and a test with a name must turn red there.

`python -m tests.faults.defects` plays all of them, two at a time. A guard that no test misses is not yet tested.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tests.faults.defect import ROOT, Defect
from tests.faults.seeded import DEFECTS

PATIENCE = 120
"""Seconds for one test; a defect that makes a test hang counts as found."""
AT_ONCE = 2
RED = "red"


class Tree:
    """A copy of the tree, as git knows it and as it is now, with a home of its own. One defect at a time is in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "tree"
        self.env = os.environ | {"FAIRGROUND_HOME": str(folder / "home")}
        if database := os.environ.get("DATABASE_URL"):
            self.env["DATABASE_URL"] = f"{database}_{folder.name}"  # tests make their own database from this name
        (folder / "home").mkdir()
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
        for name in listed.stdout.split("\0"):
            if name and (ROOT / name).is_file():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.folder / name)

    def verdict(self, defect: Defect) -> str:
        """Apply the defect, play its test, take the defect away again."""
        file = self.folder / defect.file
        right = file.read_text()
        file.write_text(right.replace(defect.old, defect.new))
        _make_newer(file)
        try:
            return self._play(defect)
        finally:
            file.write_text(right)
            _make_newer(file)

    def _play(self, defect: Defect) -> str:
        words = [sys.executable, "-m", "pytest", "-q", "-x", defect.node]
        try:
            ended = subprocess.run(
                words, cwd=self.folder, env=self.env, capture_output=True, timeout=PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            return RED
        return {0: "GREEN", 1: RED}.get(ended.returncode, f"pytest ended with {ended.returncode}")


def _make_newer(file: Path) -> None:
    """Compiled files are told apart by whole seconds: two changes within one must not look alike."""
    _last_second[0] = max(_last_second[0] + 1, int(time.time()))
    os.utime(file, (_last_second[0], _last_second[0]))


_last_second = [0]


def play(defects: Iterable[Defect], folder: Path) -> Iterable[tuple[Defect, str]]:
    """Play them, two at a time; yield each with its verdict as it comes."""
    trees: SimpleQueue[Tree] = SimpleQueue()
    for number in range(AT_ONCE):
        (folder / str(number)).mkdir()
        trees.put(Tree(folder / str(number)))

    def one(defect: Defect) -> str:
        tree = trees.get()
        try:
            return defect.trouble(tree.folder) or tree.verdict(defect)
        finally:
            trees.put(tree)

    asked = list(defects)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from zip(asked, pool.map(one, asked), strict=True)


def on_this_database(defect: Defect) -> bool:
    """Some defects are no defects on SQLite, whose transactions exclude each other anyway."""
    return not defect.on_postgres or os.environ.get("DATABASE_URL", "").startswith("postgres")


def main(argv: Sequence[str]) -> int:
    """Report on all of them, or on those whose name holds a word. Return 1 unless every one was found."""
    words = argparse.ArgumentParser(prog="python -m tests.faults.defects", description=__doc__)
    words.add_argument("--only", default="", help="a part of the name")
    words.add_argument("--list", action="store_true", help="only tell them")
    asked = words.parse_args(argv)
    defects = [defect for defect in DEFECTS if asked.only in defect.name and on_this_database(defect)]
    missed = 0
    with tempfile.TemporaryDirectory(prefix="defects-") as folder:
        for defect, came in ((defect, "") for defect in defects) if asked.list else play(defects, Path(folder)):
            print(f"{came:5}  {defect.name:60}  {defect.test}", flush=True)
            missed += came not in ("", RED)
    print(f"{len(defects)} defects, {missed} not found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
