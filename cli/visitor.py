"""A browser without a screen: fills in the portal's own pages over HTTP, as a person would. Runs in the environment."""

import html
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import httpx


class MissedError(Exception):
    """Something that was to be seen was not seen. The text says what."""


@dataclass
class Form:
    """One form of a page: where it goes and what it would send."""

    action: str
    values: dict[str, str]
    button: str = ""  # its words


class _Forms(HTMLParser):
    """Collects the forms of a page. Texts of buttons tell them apart."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.inside = ""
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", "").strip(), {}))
        elif (
            tag == "input" and self.forms and "name" in given and given.get("type") not in {"checkbox", "radio", "file"}
        ):
            self.forms[-1].values[given["name"]] = given.get("value", "")
        elif tag == "select" and self.forms:
            self.select = given.get("name", "")
        elif tag == "option" and self.select and ("selected" in given or self.select not in self.forms[-1].values):
            self.forms[-1].values[self.select] = given.get("value", "")
        elif tag == "textarea" and self.forms and "name" in given:
            self.inside = given["name"]
            self.forms[-1].values[self.inside] = ""
        elif tag == "button" and self.forms:
            self.inside = "<button"

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = ""
        if tag in {"textarea", "button"}:
            self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "<button":
            self.forms[-1].button += data.strip()
        elif self.inside:
            self.forms[-1].values[self.inside] += data


class Visitor:
    """Somebody in front of the portal. Each page is kept in `page` until the next."""

    def __init__(self, site: str, apps_port: int) -> None:
        self.site = site
        self.apps_port = apps_port
        self.browser = httpx.Client(base_url=site, follow_redirects=True, timeout=30, trust_env=False)
        self.page = ""

    def look(self, path: str) -> str:
        """Open a page of the portal."""
        return self._got(self.browser.get(path))

    def press(self, where: str, **changed: str) -> str:
        """Send the form whose action ends with `where`, or whose button says it, with these values changed."""
        reader = _Forms()
        reader.feed(self.page)
        fitting = [form for form in reader.forms if form.action.endswith(where) or where in form.button]
        if not fitting:
            raise MissedError(f"there is no “{where}” on the page “{title(self.page)}”")
        wrong = set(changed) - set(fitting[0].values)
        if wrong:
            raise MissedError(f"the form “{where}” has no {', '.join(sorted(wrong))}")
        target = fitting[0].action or str(self.browser_at)
        referer = {"Referer": str(self.browser_at)}
        return self._got(self.browser.post(target, data=fitting[0].values | changed, headers=referer))

    def visit(self, address: str, path: str = "", **more: Any) -> httpx.Response:
        """Open a service at its public address; names below localhost are this computer's, whatever its resolver thinks."""
        url = httpx.URL(address)
        headers = {"Host": url.netloc.decode(), "Accept": "text/html"}
        target = url.copy_with(host="127.0.0.1", port=self.apps_port).join(path or url.raw_path.decode())
        return httpx.get(target, headers=headers, timeout=20, trust_env=False, **more)

    def mail(self, recipient: str, about: str) -> str:
        """The text of the newest mail to somebody whose subject holds these words; empty if there is none yet."""
        page = self._text(self.browser.get("/mailbox"))
        for article in re.findall(r"<article.*?</article>", page, re.DOTALL):
            if recipient in article and about in plain(re.findall(r"<h2>(.*?)</h2>", article, re.DOTALL)[0]):
                return plain(article)
        return ""

    def _got(self, answer: httpx.Response) -> str:
        self.browser_at = answer.url
        self.page = self._text(answer)
        return self.page

    def _text(self, answer: httpx.Response) -> str:
        if answer.status_code >= 400:
            raise MissedError(f"{answer.request.method} {answer.url.path} answered {answer.status_code}")
        return answer.text


def plain(page: str) -> str:
    """A page's words."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page))).strip()


def title(page: str) -> str:
    """A page's title."""
    found = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    return plain(found[1]) if found else "without a title"


def until(told: str, seen: Callable[[], Any], seconds: float, *, every: float = 0.25) -> Any:
    """Look until something true is seen, and return it. Raises MissedError."""
    deadline = time.monotonic() + seconds
    while not (answer := seen()):
        if time.monotonic() > deadline:
            raise MissedError(f"not seen within {seconds:.0f} s: {told}")
        time.sleep(every)
    return answer
