"""Put up again, for real: hundreds of files with every kind of name, the same address, the same bytes, a new machine."""

import pytest

from tests.e2e.portal import Portal
from tests.waiting import until

pytestmark = [pytest.mark.engine, pytest.mark.caddy]

UPLOAD = r"""
import os
names = ["plain", "-rf", "--help", "gr\u00f6\u00dfe \U0001f600", "two  spaces ", "line\nbreak", "'$(id)'", ".hidden", "*"]
for number in range(40):
    for name in names:
        folder = f"/srv/tiny/kept/{number % 7}/-{number}"
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/{name}", "wb") as file:
            file.write(os.urandom(20_000))
os.remove("/srv/tiny/kept/page.txt")
"""
"""Seven megabytes that do not get smaller: the copy is brought in slices. What the installer laid there is thrown away."""
LOOK = r"""
import hashlib, os
for folder, _, names in sorted(os.walk("/srv/tiny/kept")):
    for name in sorted(names):
        path = os.path.join(folder, name)
        print(ascii(path), oct(os.stat(path).st_mode), hashlib.sha256(open(path, "rb").read()).hexdigest())
"""


def test_what_hundreds_of_uploads_left_is_back_at_the_same_address_on_a_new_machine(portal: Portal) -> None:
    first = portal.launch("tiny", by=portal.person("weber"))
    first.reaches("ready")
    first.inside("python3", "-c", UPLOAD)
    uploaded = first.inside("python3", "-c", LOOK)
    assert len(uploaded.splitlines()) == 360
    first.end()
    first.reaches("gone")

    again = first.put_up_again()
    again.reaches("ready")
    assert again.inside("python3", "-c", LOOK) == uploaded
    assert (again.address, again.row["key"] != first.row["key"]) == (first.address, True)
    assert again.machine["key"] != first.machine["key"]
    assert again.page().text.strip() == "Tiny is here"


def test_a_copy_kept_while_it_runs_is_put_up_beside_it_and_stops_nothing(portal: Portal) -> None:
    first = portal.launch("tiny", by=portal.person("nele"))
    first.reaches("ready")
    first.inside("sh", "-c", "echo as it was > /srv/tiny/kept/then")
    first.press("Keep a copy now")
    until("the copy is there", lambda: first.machine["copied_at"] == first.machine["copy_asked_at"], 60)
    assert (first.machine["copy_problem"], first.row["phase"], first.page().status_code) == ("", "ready", 200)
    assert first.inside("ls", "-A", "/var/lib/fairground/archives") == ""

    first.inside("rm", "/srv/tiny/kept/then")
    beside = first.put_up_again()
    beside.reaches("ready")
    assert beside.inside("cat", "/srv/tiny/kept/then") == "as it was\n"
    assert (first.has("/srv/tiny/kept/then"), beside.address != first.address) == (False, True)
