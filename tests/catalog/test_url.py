"""Which addresses are fetched from, and which never."""

import socket
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.url import GitProblem, GitRules, canonical, checked_ref, is_public, located

PUBLIC = "93.184.216.34"


def rules(*addresses: str) -> GitRules:
    return GitRules(resolve=lambda _host: addresses)


REFUSED = [
    "ext::sh -c id", "fd::1", "file:///etc/passwd", "/etc", "../x", "http::https://a.example/x", "foo::bar",
    "git://git.example.org/a", "ssh://git.example.org/a", "git@git.example.org:a", "rsync://git.example.org/a",
    "data:,a",
    "http://git.example.org/a", "ssh://-oProxyCommand=x/a", "https://-x.example.org/a", "https://git.example.org/-x",
    "https://git.example.org/a/-u", "https://good@evil.example/a", "https://a:b@git.example.org/a",
    "https://git.example.org\\@evil.example/a", "https://git.example.org#@evil.example/a", "https://git.example.org%2f@evil/a",
    "https://git.example.org/a\r\nb", "https://evil\n.good.example/a", "https://git.example.org/a\tb", "https://a.example/\0",
    "https://git.ex\u0430mple.org/a", "https://①⑥⑨.254.169.254/a", "https://git.example.org./a", "https://git.example.org:22/a",
    "https://git.example.org:6379/a", "https://git.example.org:/a", "https://git.example.org", "https://git.example.org/",
    "https://localhost/a", "https://localhost./a", "https://127.0.0.1/a", "https://127.1/a", "https://0x7f.1/a",
    "https://2852039166/a", "https://0xA9FEA9FE/a", "https://0251.0376.0251.0376/a", "https://169.254.43518/a",
    "https://[::1]/a", "https://[::ffff:127.0.0.1]/a", "https://0/a", "https:///a", "https://git.example.org//a",
    "https://git.example.org/a/../b", "https://git.example.org/a?x=1", "https://git.example.org/a#x", " https://a.example/a",
    "https://git.example.org/a b", "https://git.example.org/%2e%2e", "https://" + "a" * 64 + ".example/a",
    "https://git.example.org/" + "a" * 8000, "", "https://git_host.example.org/a", "https://git..example.org/a",
]  # fmt: skip


@pytest.mark.parametrize("url", REFUSED, ids=lambda url: ascii(url)[:60])
def test_an_address_that_is_not_plain_https_is_refused_before_any_look_up(url: str) -> None:
    with pytest.raises(GitProblem, match="address-refused"):
        canonical(url, GitRules())


TAKEN = {
    "https://git.example.org/a/b.git": "https://git.example.org/a/b.git",
    "HTTPS://Git.Example.ORG:443/Team/Repo/": "https://git.example.org/Team/Repo",
    "https://xn--mnchen-3ya.example/a": "https://xn--mnchen-3ya.example/a",
    "https://git.example.org/~weber/c++.git": "https://git.example.org/~weber/c++.git",
}


@pytest.mark.parametrize("url", TAKEN)
def test_a_public_address_is_kept_in_one_way_of_writing(url: str) -> None:
    assert canonical(url, GitRules()) == TAKEN[url]
    assert canonical(TAKEN[url], GitRules()) == TAKEN[url]


NOT_PUBLIC = [
    "127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200",
    "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "192.88.99.1",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:169.254.169.254",
    "::ffff:8.8.8.8", "::169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:a9fe:a9fe::", "2001:db8::1",
    "2001::1", "not an address",
]  # fmt: skip


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_a_name_that_leads_inside_is_refused(address: str) -> None:
    assert not is_public(address)
    for answers in ([address], [PUBLIC, address], [address, PUBLIC]):
        with pytest.raises(GitProblem, match="address-refused"):
            located("https://git.example.org/a", rules(*answers))


def test_a_public_host_is_looked_up_once_and_pinned() -> None:
    asked: list[str] = []

    def resolve(host: str) -> Sequence[str]:
        asked.append(host)
        return [PUBLIC, "2606:2800:220:1:248:1893:25c8:1946"]

    address = located("https://git.example.org/a", GitRules(resolve=resolve))

    assert address.pins == (f"git.example.org:443:{PUBLIC},[2606:2800:220:1:248:1893:25c8:1946]",)
    assert asked == ["git.example.org"]


def test_a_host_that_nobody_knows_is_said_so() -> None:
    with pytest.raises(GitProblem, match="address-unknown"):
        located("https://git.example.org/a", rules())


def test_a_resolver_that_never_answers_does_not_hold_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.url.LOOKUP_SECONDS", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_given, **_more: threading.Event().wait(1) or [])

    with pytest.raises(GitProblem, match="address-unknown"):
        located("https://git.example.org/a", GitRules())


TRUSTED = GitRules(("file:///srv/git/", "http://gitea.lan:3000/team"))


@pytest.mark.parametrize("url", ["file:///srv/git/a.git", "http://gitea.lan:3000/team/a"])
def test_an_admin_may_trust_a_prefix(url: str) -> None:
    assert located(url, TRUSTED).protocol == url.partition(":")[0]


OUTSIDE = [
    "file:///srv/git/../../etc",
    "file:///srv/gitx/a",
    "http://gitea.lan:3000/teamx/a",
    "http://gitea.lan:3000/team/-x",
]


@pytest.mark.parametrize("url", OUTSIDE)
def test_trust_ends_where_its_prefix_ends(url: str) -> None:
    with pytest.raises(GitProblem, match="address-refused"):
        located(url, TRUSTED)


BAD_REFS = [
    "-x", "--output=x", "main;id", "$(id)", "`id`", "main|id", "a&b", "a'b", 'a"b', "a>b", "a b", "a..b", "a~1", "a^",
    "a:b",
    "a\\b", "a@{0}", "@", "a.lock", "a.lock/b", "a//b", "a/", "a.", ".a", "a/.b", "refs/heads/../../x", "refs/seen/1",
    "refs/pins/1", "a\nb", "ä", "a" * 5000, "", "a/-b",
]  # fmt: skip


@pytest.mark.parametrize("ref", BAD_REFS, ids=ascii)
def test_a_ref_with_other_meanings_is_refused(ref: str) -> None:
    with pytest.raises(GitProblem, match="ref-refused"):
        checked_ref(ref)


@pytest.mark.parametrize("ref", ["HEAD", "main", "feature/x-1", "v1.0", "refs/heads/main", "refs/tags/v1", "0" * 40])
def test_an_ordinary_ref_is_taken(ref: str) -> None:
    assert checked_ref(ref) == ref


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=60), st.text(alphabet="htps:/.@a1-[]%\\\n", max_size=40).map("https://".__add__)))
def test_any_text_is_a_public_address_or_refused(url: str) -> None:
    try:
        found = canonical(url, GitRules())
    except GitProblem:
        return
    assert found.startswith("https://")
    assert not set(found) & set("@\\%?# \t\n")
