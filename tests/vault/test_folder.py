"""What only a folder can do wrong: a disk that is full, broken, or closed to us."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from provisioning.errors import TryAgain
from provisioning.vault import FolderVault
from tests.vault.test_both import DIGEST, alive

ASKED: dict[str, Callable[[FolderVault], object]] = {
    "size": lambda vault: vault.size("one"),
    "append": lambda vault: vault.append("one", 0, b"x"),
    "read": lambda vault: vault.read("one", 0, 1),
    "verify": lambda vault: vault.verify("one", DIGEST, alive),
    "drop": lambda vault: vault.drop("one"),
    "clear": lambda vault: vault.clear(datetime.now(UTC)),
}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_a_disk_that_does_not_do_as_it_should_is_a_place_of_copies_that_does_not_answer(
    tmp_path: Path, ask: Callable[[FolderVault], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    for name in ("exists", "stat", "mkdir", "open", "unlink", "glob"):
        monkeypatch.setattr(Path, name, broken)
    with pytest.raises(TryAgain, match="copies-away"):
        ask(FolderVault(tmp_path))
