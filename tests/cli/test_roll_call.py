"""`./fairground roll-call`: two columns that agree, or the names of those that one side alone knows."""

import json
from typing import Any

import pytest

from cli import roll_call as command
from cli.roll_call import agrees, lines

ONE, TWO = "a" * 32, "b" * 32


def told(**changed: Any) -> dict[str, Any]:
    """What a place answers that has what we say."""
    return {
        "place": "Room 12",
        "complete": True,
        "ours": [ONE],
        "machines": [ONE],
        "strays": [],
        "ghosts": [],
    } | changed


AWAY = {"place": "Cloud", "complete": False, "machines": [], "why": "place-away"}


def test_places_that_agree_are_told_with_both_figures() -> None:
    table = lines([told(), told(place="This computer", ours=[], machines=[])])
    assert table[1].split() == ["Room", "12", "1", "1", "agree"]
    assert table[-1] == "Head count agreed: 1 here and there."


def test_a_stray_and_a_ghost_are_named() -> None:
    table = "\n".join(lines([told(machines=[TWO], strays=[TWO], ghosts=[ONE])]))
    assert f"{TWO}: they have it, we do not (a stray)" in table
    assert f"{ONE}: we have it, they do not (a ghost)" in table


def test_a_place_that_does_not_answer_says_so_and_agrees_with_nothing() -> None:
    assert "Cloud         does not answer: place-away" in lines([told(), AWAY])
    assert not agrees(AWAY)


def test_a_list_that_is_not_complete_agrees_with_nothing() -> None:
    assert not agrees(told(complete=False))
    assert "not complete" in lines([told(complete=False)])[1]


def test_without_a_place_it_says_how_one_is_made() -> None:
    assert "./fairground up" in lines([])[0]


@pytest.mark.parametrize(
    ("places", "code"), [([told()], 0), ([], 0), ([told(), AWAY], 1), ([told(strays=[TWO], machines=[ONE, TWO])], 1)]
)
def test_the_exit_code_is_0_only_if_all_agree(
    places: list[dict[str, Any]], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "manage", lambda _word: "\n".join(map(json.dumps, places)))
    monkeypatch.setattr(command, "must_be_there", lambda: None)
    assert command.roll_call() == code
