"""The prober, against real pages."""

import pytest

from catalog.manifest import Probe
from provisioning.driver import Endpoint
from provisioning.front_door import HttpProber
from provisioning.step import Answer, RouteLine
from tests.front_door.doors import Caddy, Site, free_port

Question = dict[str, object]
HOST = "auction-linden.apps.localhost"


def ask(endpoint: Endpoint, question: Question | None = None, within: float = 5) -> Answer:
    return HttpProber().ask(endpoint, HOST, Probe.model_validate(question or {"path": "/"}), within=within)


def page(**question: object) -> Question:
    return {"path": "/"} | question


def test_a_page_that_holds_what_was_promised_is_a_good_answer(service: Site) -> None:
    assert ask(service.endpoint, page(contains="service itself")) == Answer(True, 200, "service itself")
    assert ask(service.endpoint, page(title="Hello")) == Answer(True, 200, "Hello")
    assert service.asked[-1][2]["host"] == HOST


@pytest.mark.parametrize(
    ("question", "why"),
    [
        (page(contains="Good bye"), "text not found: Good bye"),
        (page(title="the service"), "title not found: the service"),
        (page(status=204), "status 200, not 204"),
        (page(path="/missing"), "status 404, not 200"),
    ],
)
def test_a_bad_answer_says_why(service: Site, question: Question, why: str) -> None:
    answer = ask(service.endpoint, question)
    assert (answer.ok, answer.why) == (False, why)


def test_text_is_compared_as_people_read_it(service: Site) -> None:
    service.pages["/"] = (200, {}, b"<title>\n Fair\n &amp; Square </title>Ma&ntilde;ana")
    assert ask(service.endpoint, page(title="Fair & Square", contains="Mañana")).ok


def test_nothing_listening_is_told_in_plain_words() -> None:
    assert ask(Endpoint("127.0.0.1", free_port())) == Answer(False, why="connection refused")


def test_a_page_that_never_comes_is_given_up_in_time(service: Site) -> None:
    service.shutdown()
    assert ask(service.endpoint, within=0.3) == Answer(False, why="no answer in time")


def test_redirects_on_the_same_host_are_followed_and_others_are_not(service: Site) -> None:
    service.pages["/old"] = (302, {"Location": f"http://{HOST}:8080/"}, b"")
    service.pages["/relative"] = (301, {"Location": "old"}, b"")
    service.pages["/away"] = (302, {"Location": "http://169.254.169.254/"}, b"")
    assert ask(service.endpoint, page(path="/relative", contains="service itself")).ok
    assert ask(service.endpoint, page(path="/away")).why == "it sends visitors away to 169.254.169.254"


def test_a_circle_of_redirects_ends(service: Site) -> None:
    service.pages["/"] = (302, {"Location": "/"}, b"")
    assert ask(service.endpoint).why == "more than 5 redirects"
    assert len(service.asked) == 6


@pytest.mark.parametrize(
    "charset", ["idna", "undefined", "punycode", "utf-7", "base64", "rot13", "unicode_escape", "x"]
)
def test_a_page_in_a_charset_that_is_none_is_read_as_most_are(service: Site, charset: str) -> None:
    body = "Mañana \\N{".encode() + b"\xff"
    service.pages["/"] = (200, {"Content-Type": f"text/html; charset={charset}"}, body)
    assert ask(service.endpoint, page(contains="Mañana")).ok


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "utf-8", "UTF-16LE", "macintosh"])
def test_a_page_is_read_in_its_charset(service: Site, charset: str) -> None:
    service.pages["/"] = (200, {"Content-Type": f"text/html; charset={charset}"}, "Mañana".encode(charset))
    assert ask(service.endpoint, page(contains="Mañana")).ok


@pytest.mark.timeout(30)
@pytest.mark.parametrize("body", ["<title" * 43_000, "<title>" * 37_000, "<title>" * 18_000 + "</title" * 18_000])
def test_a_page_full_of_titles_takes_no_longer_than_others(service: Site, body: str) -> None:
    service.pages["/"] = (200, {}, body.encode())
    assert ask(service.endpoint, page(title="hello")).why == "title not found: hello"


@pytest.mark.parametrize(
    "body",
    [
        "<TITLE>hello</TITLE>",
        "<title\nlang=en>\nhello\n</title\n>",
        "<titles><title>hello</title>",
        "<title>İhello</title>",
    ],
)
def test_a_title_is_found_however_it_is_written(service: Site, body: str) -> None:
    service.pages["/"] = (200, {}, body.encode())
    assert ask(service.endpoint, page(title="hello")).ok


def test_a_page_is_read_only_so_far(service: Site) -> None:
    service.pages["/"] = (200, {}, b"early" + b" " * 10_000_000 + b"late")
    assert ask(service.endpoint, page(contains="early")).ok
    assert not ask(service.endpoint, page(contains="late")).ok


def test_garbage_is_no_answer(service: Site) -> None:
    service.pages["/"] = (200, {"Content-Encoding": "gzip"}, b"not gzip at all")
    assert not ask(service.endpoint).ok


def test_a_port_is_asked_by_connecting(service: Site) -> None:
    assert ask(service.endpoint, {"tcp": 80}).ok
    assert ask(Endpoint("127.0.0.1", free_port()), {"tcp": 80}).why == "connection refused"


@pytest.mark.caddy
def test_the_front_doors_own_page_is_never_taken_for_the_service(caddy: Caddy, portal: Site, service: Site) -> None:
    portal.pages[f"/door/{HOST}"] = (200, {}, b"the service itself")
    for question in (page(contains="service itself"), Question(tcp=80)):
        assert ask(caddy.endpoint, question).why == "the front door answered in its place"
    caddy.door.put(RouteLine("r1", HOST, service.endpoint), within=5)
    for question in (page(contains="service itself"), Question(tcp=80)):
        assert ask(caddy.endpoint, question).ok
