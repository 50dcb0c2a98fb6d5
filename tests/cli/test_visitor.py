"""The demo's browser reads forms as a real one does."""

import pytest

from cli.visitor import MissedError, Visitor, plain, title
from tests.front_door.doors import Site

PAGE = b"""<title>A  page</title><form action="
  /else"><button>Stop here</button></form>
<form method="post" action="/there"><input type="hidden" name="token" value="t&amp;1"><input name="name" value="">
<input type="checkbox" name="unticked" value="on"><textarea name="words">some
words</textarea><select name="event"><option value="a">A</option><option value="b" selected>B</option></select>
<button type="submit">Set up <b>Wiki</b></button></form>"""


@pytest.fixture
def visitor(service: Site) -> Visitor:
    service.pages |= {"/": (200, {}, PAGE), "/there": (200, {}, b"<title>Done</title>")}
    return Visitor(f"http://127.0.0.1:{service.server_port}", 0)


def test_a_form_is_found_by_its_button_or_its_target_and_sent_whole(visitor: Visitor, service: Site) -> None:
    visitor.look("/")
    assert title(visitor.press("Set up", name="Linden & Co")) == "Done"
    method, path, headers = service.asked[-1]
    assert (method, path) == ("POST", "/there")
    assert headers["referer"].endswith("/")
    assert service.bodies[-1] == b"token=t%261&name=Linden+%26+Co&words=some%0Awords&event=b"


def test_a_form_that_is_not_there_or_lacks_a_field_is_told(visitor: Visitor) -> None:
    visitor.look("/")
    with pytest.raises(MissedError, match="no “Launch” on the page “A page”"):
        visitor.press("Launch")
    with pytest.raises(MissedError, match="has no colour"):
        visitor.press("/there", colour="red")


def test_a_page_that_fails_is_told(visitor: Visitor) -> None:
    with pytest.raises(MissedError, match="GET /missing answered 404"):
        visitor.look("/missing")


def test_words_are_what_people_read() -> None:
    assert plain("<p>a&nbsp;&amp; <b>b</b>\n c</p>") == "a & b c"
