"""Places at the desk: a form made of what a kind declares, a check, hosts, and an end."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from portal.models import Deed, User
from provisioning.driver import Seen
from provisioning.fabrics.memory.place import Ghost, forget_places, place
from provisioning.models import Fabric, Machine
from provisioning.slots import spec_of
from provisioning.trying import try_place
from tests.makers import make_fabric
from tests.portal import scenes
from tests.portal.cupboard import cupboard, make_cupboard
from tests.portal.kinds.cupboard import KEY

NEW = "/desk/places/new/cupboard"
PRINT = "SHA256:"


@pytest.fixture(autouse=True)
def around(db: None) -> Iterator[None]:
    """One more kind, and no place in memory."""
    forget_places()
    with cupboard():
        yield
    forget_places()


def filled(**changed: Any) -> dict[str, Any]:
    """What an admin fills in."""
    table = {
        "hosts-rows": "1",
        "hosts-paste": "10.0.0.1 22 fair room-12\n# spare\n10.0.0.2\t2222\tfair\troom-12\tby the door",
    }
    options = {
        "option-shelves": "3",
        "option-colour": "teal",
        "option-rooms": "12\n\n14",
        "option-key": "a secret word",
    }
    limits = {"name": "Room 12", "most_machines": "2", "most_memory_mib": "0", "price_per_day": "0.40 €"}
    return {"do": "save", **table, **options, **limits} | changed


def test_a_place_is_added_with_all_that_its_kind_asks_for(desk: Client) -> None:
    assert desk.post(NEW, filled()).status_code == 302
    made = Fabric.objects.get()
    first, second = made.options["hosts"]
    assert first == {"address": "10.0.0.1", "port": 22, "user": "fair", "group": "room-12"}
    assert (second["port"], second["note"]) == (2222, "by the door")
    assert {name: made.options[name] for name in ("shelves", "colour", "rooms", "price_per_day")} == {
        "shelves": 3, "colour": "teal", "rooms": ["12", "14"], "price_per_day": "0.40 €",
    }  # fmt: skip
    assert made.secrets == {"key": "a secret word"}
    assert made.options["subnets"]


def test_what_was_done_is_written_down_without_what_was_secret(desk: Client, staff: User) -> None:
    desk.post(NEW, filled())
    deed = Deed.objects.get()
    assert (deed.did, deed.about, deed.by) == ("add-place", "Room 12", staff)
    assert "key" in deed.told
    assert "secret word" not in deed.told


def test_a_secret_is_never_shown_and_stays_when_it_is_left_empty(desk: Client) -> None:
    made = make_cupboard()
    page = desk.get(f"/desk/places/{made.pk}/change").content.decode()
    assert "do-not-show" not in page
    desk.post(f"/desk/places/{made.pk}/change", filled(**{"option-key": "", "option-spare-forget": "on"}))
    made.refresh_from_db()
    assert made.secrets == {"key": "do-not-show"}


def test_a_secret_that_was_just_typed_survives_a_fault_elsewhere_without_being_shown(desk: Client) -> None:
    page = desk.post(NEW, filled(name=""))
    assert "a secret word" not in page.content.decode()
    sealed = page.context["sheet"].options["key"].data
    desk.post(NEW, filled(**{"option-key": "", "option-key-sealed": sealed}))
    assert Fabric.objects.get().secrets == {"key": "a secret word"}


def test_a_key_of_many_lines_ends_as_files_do(desk: Client) -> None:
    desk.post(NEW, filled(**{"option-key": "-----BEGIN\r\nabc\r\n-----END\r\n"}))
    assert Fabric.objects.get().secrets["key"] == "-----BEGIN\nabc\n-----END\n"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"option-shelves": "12"}, "Too many shelves."),
        ({"most_machines": "141"}, "A place holds 140 machines at most."),
        ({"option-key": ""}, "required"),
        ({"hosts-paste": ""}, "Please add at least one row."),
        ({"hosts-paste": "9.0.0.1"}, "That is no address."),
        ({"option-key": "", "option-key-sealed": "forged"}, "Please type it again."),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_kept(desk: Client, changed: dict[str, str], told: str) -> None:
    page = desk.post(NEW, filled(**changed))
    assert told in page.content.decode()
    assert not Fabric.objects.exists()


def test_two_places_of_the_house_have_two_names(desk: Client) -> None:
    make_cupboard()
    assert b"a place of that name already" in desk.post(NEW, filled()).content


def test_rows_are_taken_over_before_anything_is_kept_and_the_rest_stays(desk: Client) -> None:
    page = desk.post(NEW, filled(do="rows", name="")).content.decode()
    assert 'name="hosts-1-address" value="10.0.0.2"' in page
    assert not Fabric.objects.exists()


def test_keys_of_hosts_are_fetched_for_an_admin_to_compare(desk: Client) -> None:
    page = desk.post(NEW, filled(do="keys")).content.decode()
    assert KEY in page
    assert PRINT in page
    assert not Fabric.objects.exists()


def test_a_pool_tells_each_row_that_is_wrong_and_asks_hosts_that_have_no_key_yet(desk: Client) -> None:
    rows = {"hosts-paste": f"127.0.0.1 1 root {KEY}\n127.0.0.1 9 root", "option-login_key": "no key"}
    where = "/desk/places/new/pool"
    assert desk.post(where, filled(do="keys", **rows)).content.count(b"SHA256:") >= 1
    page = desk.post(where, filled(**rows | {"hosts-paste": f"127.0.0.1 1 root {KEY}\n127.0.0.1 1 root {KEY}"}))
    assert b"This host is in the table already." in page.content
    assert b"Please give a private key as OpenSSH writes it" in page.content


def test_a_row_can_be_changed_and_taken_out(desk: Client) -> None:
    made = make_cupboard()
    rows = {"hosts-rows": "3", "hosts-paste": "", "hosts-0-address": "10.0.0.1", "hosts-0-gone": "on"}
    rows |= {"hosts-1-address": "10.0.0.9", "hosts-1-port": "22", "hosts-2-port": "22", "hosts-2-user": "root"}
    desk.post(f"/desk/places/{made.pk}/change", filled(**rows))
    made.refresh_from_db()
    assert made.options["hosts"] == [{"address": "10.0.0.9", "port": 22}]


def test_a_change_that_would_lose_sight_of_machines_is_not_taken_over(desk: Client) -> None:
    made, machine = _occupied()
    page = desk.post(f"/desk/places/{made.pk}/change", filled(**{"option-place": "elsewhere"}))
    assert b"would not be found any more" in page.content
    assert desk.post(f"/desk/places/{made.pk}/change", filled(**{"option-place": "cupboard"})).status_code == 302
    assert machine.key in place("cupboard").machines


def test_a_check_says_what_is_fine_and_what_is_wrong(desk: Client) -> None:
    page = desk.post(f"/desk/places/{make_cupboard().pk}/check").content.decode()
    assert "✓ fine" in page
    assert "There are 12 MB free, too little." in page


def test_a_place_without_a_check_of_its_own_is_asked_whether_it_answers(desk: Client) -> None:
    assert b"It answers, and has 0 machines of ours." in desk.post(f"/desk/places/{make_fabric().pk}/check").content
    place().away = 1
    assert b"does not answer" in desk.post(f"/desk/places/{make_fabric().pk}/check").content


def test_hosts_are_shown_with_who_has_them_and_who_had_them(desk: Client) -> None:
    made, machine = _occupied()
    Machine.objects.filter(pk=machine.pk).update(place_id="10.0.0.1")
    before = scenes.ended()
    Machine.objects.filter(deployment=before).update(fabric=made, place_id="10.0.0.1")
    page = desk.get(f"/desk/places/{made.pk}/hosts").content.decode()
    assert f"/services/{machine.deployment.key}" in page
    assert f"/services/{before.key}" in page
    assert "in quarantine" in page


def test_an_admin_lets_a_host_out_of_quarantine(desk: Client) -> None:
    made = make_cupboard()
    page = desk.post(f"/desk/places/{made.pk}/hosts/release", {"host": "10.0.0.2"}, follow=True)
    assert b"is free again" in page.content
    assert b"in quarantine" not in page.content
    assert Deed.objects.get().told == "10.0.0.2"


def test_a_host_that_is_not_clean_stays_in_quarantine(desk: Client) -> None:
    page = desk.post(f"/desk/places/{make_cupboard().pk}/hosts/release", {"host": "10.0.0.7"}, follow=True)
    assert b"stays in quarantine" in page.content
    assert not Deed.objects.exists()


def test_hosts_that_do_not_answer_are_told(desk: Client) -> None:
    made = make_cupboard()
    place("cupboard").away = 1
    assert b"does not answer" in desk.get(f"/desk/places/{made.pk}/hosts").content


def test_an_empty_place_is_taken_away_with_its_secrets(desk: Client) -> None:
    made = make_cupboard()
    assert b"nothing of ours is there" in desk.get(f"/desk/places/{made.pk}/end").content
    desk.post(f"/desk/places/{made.pk}/end")
    made.refresh_from_db()
    assert (made.secrets, made.is_open) == ({}, False)
    assert desk.get(f"/desk/places/{made.pk}").status_code == 404
    assert Deed.objects.get().did == "end-place"


def test_a_place_with_services_stays(desk: Client) -> None:
    made, machine = _occupied()
    page = desk.post(f"/desk/places/{made.pk}/end", {"stays": "yes"})
    assert f"/services/{machine.deployment.key}".encode() in page.content
    assert Fabric.standing().filter(pk=made.pk).exists()


def test_what_stays_at_a_place_is_named_before_it_is_taken_away(desk: Client) -> None:
    made, machine = _occupied()
    Machine.objects.update(phase="gone", wanted="gone", absent_at=machine.created_at)
    assert machine.key.encode() in desk.post(f"/desk/places/{made.pk}/end").content
    assert Fabric.standing().filter(pk=made.pk).exists()
    desk.post(f"/desk/places/{made.pk}/end", {"stays": "yes"})
    assert Deed.objects.get().told == machine.key


def test_a_place_of_somebodys_own_is_changed_by_nobody_else(desk: Client, owner: User) -> None:
    made = make_cupboard()
    Fabric.objects.filter(pk=made.pk).update(owner=owner)
    assert desk.get(f"/desk/places/{made.pk}/change").status_code == 404
    assert b"nobody else launches there" in desk.get(f"/desk/places/{made.pk}").content


def test_both_sides_of_the_head_count_are_shown_with_strays_and_ghosts(desk: Client) -> None:
    _, machine = _occupied()
    there = place("cupboard").machines
    there["f" * 32] = there.pop(machine.key)
    desk.post("/desk/head-count/now")
    page = desk.get("/desk/head-count").content.decode()
    assert "f" * 32 in page
    assert machine.key in page
    assert "not the same" in page


def test_a_machine_on_trial_is_told_as_such_wherever_machines_are_listed(desk: Client) -> None:
    made = make_fabric()
    try_place(made, at=timezone.now())
    trial = Machine.objects.get()
    Machine.objects.update(asked_at=trial.created_at, place_id="10.0.0.1")
    Fabric.objects.update(missed=[trial.key])
    for page in (f"{made.pk}/end", f"{made.pk}/drain"):
        assert desk.get(f"/desk/places/{page}").status_code == 200
    assert b"A machine of a check" in desk.get(f"/desk/places/{made.pk}/end").content
    assert b"A machine of a check" in desk.get("/desk/head-count").content


def _occupied() -> tuple[Fabric, Machine]:
    """A place with a service of ours on its first host."""
    made, deployment = make_cupboard(), scenes.ready()
    machine = deployment.machine()
    assert machine is not None
    Machine.objects.filter(pk=machine.pk).update(fabric=made, asked_at=timezone.now(), sighting={"seen": "running"})
    machine.refresh_from_db()
    place("cupboard").machines[machine.key] = Ghost(spec_of(machine), settings.PORTAL_ID, Seen.RUNNING)
    return made, machine
