"""The photo wall, which lives of what people send: hundreds of pictures, kept, and put up again byte for byte."""

import html
import os
import re
import struct
import zlib
from dataclasses import dataclass

import httpx
import pytest

from tests.e2e.portal import Portal
from tests.e2e.service import Service

pytestmark = [pytest.mark.engine, pytest.mark.caddy]
LONG = 240.0
"""Seconds for an app that is installed from Debian's packages."""
AT_ONCE = 20
NAMES = [
    "größe 😀.png",
    "-rf",
    "two  spaces .png",
    "'$(id)'.png",
    "../../etc/passwd",
    ".htaccess",
    "shell.php",
    "*",
    "写真.png",
]
PHP = "<?php echo 'it ran'; ?>"


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(wide: int, high: int, pixels: bytes, level: int = 1) -> bytes:
    """A picture of grey pixels, given row by row."""
    rows = b"".join(b"\0" + pixels[row * wide : (row + 1) * wide] for row in range(high))
    head = struct.pack(">IIBBBBB", wide, high, 8, 0, 0, 0, 0)
    parts = [
        (b"IHDR", head),
        (b"tEXt", b"Comment\0" + PHP.encode()),
        (b"IDAT", zlib.compress(rows, level)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


@dataclass
class Wall:
    """A wall, and a visitor of it."""

    service: Service
    browser: httpx.Client

    def put_up(self, pictures: list[tuple[str, bytes]], line: str = "") -> httpx.Response:
        """Send some pictures at once, as the form does."""
        files = [("pictures[]", (name, content, "image/png")) for name, content in pictures]
        return self.browser.post("/?do=put-up", data={"line": line}, files=files)

    def ids(self) -> list[str]:
        """Every picture on the wall, the newest first."""
        found: list[str] = []
        for page in range(1, 10):
            shown = self.browser.get(f"/?page={page}").text
            found += re.findall(r'href="/\?picture=([0-9a-f-]+)"', shown)
            if 'rel="next"' not in shown:
                break
        return found

    def sign_in(self) -> httpx.Response:
        """With what is handed over on the service's page."""
        name, password = (
            html.unescape(one) for one in re.findall(r"<code>(.*?)</code>", self.service.press("Show them"))
        )
        return self.browser.post("/?do=come-in", data={"name": name, "password": password})

    def as_they_came(self) -> list[bytes]:
        """Every picture's own bytes."""
        return [self.picture(id_, "original").content for id_ in self.ids()]

    def picture(self, id_: str, size: str) -> httpx.Response:
        return self.browser.get("/picture.php", params={"id": id_, "size": size})


def visit(service: Service) -> Wall:
    host = httpx.URL(service.address).netloc.decode()
    door = f"http://127.0.0.1:{service.portal.apps_port}"
    browser = httpx.Client(base_url=door, headers={"Host": host}, trust_env=False, timeout=60, follow_redirects=False)
    return Wall(service, browser)


@pytest.fixture(scope="module")
def wall(portal: Portal) -> Wall:
    service = portal.launch("photo-wall", by=portal.person("jonas"), title="Class 7b & <friends>")
    service.reaches("ready", LONG)
    return visit(service)


@pytest.fixture(scope="module")
def sent(wall: Wall) -> list[bytes]:
    """What was sent, the newest first: 205 pictures with odd names, five of them large."""
    pictures = [png(30, 20, os.urandom(600)) for _ in range(200)] + [
        png(2000, 1500, os.urandom(3_000_000)) for _ in range(5)
    ]
    for first in range(0, len(pictures), AT_ONCE):
        some = pictures[first : first + AT_ONCE]
        answer = wall.put_up([(NAMES[number % len(NAMES)], one) for number, one in enumerate(some)], f"day {first} 🌞")
        assert answer.status_code == 303, answer.text
    return pictures[::-1]


def test_what_is_no_small_whole_picture_is_refused_with_a_reason(wall: Wall) -> None:
    giant = png(7000, 7000, b"\0" * 49_000_000, level=9)
    broken = png(40, 40, os.urandom(1600))[:900]
    told = wall.put_up([("giant.png", giant), ("shell.php", PHP.encode()), ("half.png", broken), ("none.png", b"")])
    said = [html.unescape(one) for one in re.findall(r"<li><bdi>(.*?)</li>", told.text)]
    assert [one.replace("</bdi>", "") for one in said] == [
        "giant.png it has more than 30 megapixels",
        "shell.php it is no JPEG, PNG, GIF or WebP picture",
        "half.png it is damaged",
        "none.png it is no JPEG, PNG, GIF or WebP picture",
    ]
    assert (told.status_code, wall.ids()) == (422, [])
    assert "Class 7b &amp; &lt;friends&gt;" in told.text


def test_another_site_cannot_make_a_browser_send_pictures(wall: Wall) -> None:
    told = wall.browser.post(
        "/?do=put-up", headers={"Sec-Fetch-Site": "same-site"}, files={"pictures[]": ("a.png", png(1, 1, b"0"))}
    )
    assert (told.status_code, wall.ids()) == (403, [])


def test_visitors_see_new_small_pictures_and_nothing_that_was_sent_is_ever_run(wall: Wall, sent: list[bytes]) -> None:
    ids = wall.ids()
    assert len(ids) == len(sent)
    small = wall.picture(ids[0], "small")
    assert (small.headers["content-type"], small.content[:3]) == ("image/jpeg", b"\xff\xd8\xff")
    assert PHP.encode() not in small.content
    assert wall.picture(ids[0], "original").status_code == 404
    for path in (f"/pictures/{ids[0]}.png", "/shell.php", "/pictures.php", "/wall.php", "/../../etc/passwd"):
        assert wall.browser.get(path).status_code in {403, 404}, path
    assert wall.picture("../../../../etc/photo-wall", "small").status_code == 404


def test_only_whoever_looks_after_the_wall_takes_a_picture_down(wall: Wall, sent: list[bytes]) -> None:
    newest = wall.ids()[0]
    assert wall.browser.post("/?do=take-down", data={"id": newest, "word": ""}).status_code == 403
    assert wall.browser.post("/?do=come-in", data={"name": "admin", "password": "admin"}).status_code == 403
    assert wall.sign_in().status_code == 303
    word = re.search(r'name="word" value="(\w+)"', wall.browser.get(f"/?picture={newest}").text)
    assert word
    assert wall.picture(newest, "original").content == sent.pop(0)
    wall.browser.post("/?do=take-down", data={"id": newest, "word": word[1]})
    assert (newest in wall.ids(), wall.picture(newest, "small").status_code) == (False, 404)


def test_put_up_again_every_picture_is_there_byte_for_byte_and_the_password_is_handed_over_anew(
    wall: Wall, sent: list[bytes]
) -> None:
    before, ids = wall.service, wall.ids()
    before.end()
    before.reaches("gone", LONG)
    assert before.machine["settled"] == "archived"

    again = visit(before.put_up_again())
    again.service.reaches("ready", LONG)
    assert (again.service.address, again.ids()) == (before.address, ids)
    assert again.service.machine["key"] != before.machine["key"]
    assert again.sign_in().status_code == 303
    assert again.as_they_came() == sent
    assert all(again.picture(one, "large").status_code == 200 for one in ids[:3])
    again.service.end()
