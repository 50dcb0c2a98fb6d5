"""One picture of one page, as a visitor sees it who has never been there. The browser may ask that address, and nothing else."""

import base64
import binascii
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from portal.camera.browser import Browser, Json, NoPictureError, browser
from provisioning.driver import Endpoint
from provisioning.front_door.closed import DOOR_HEADER

WIDTH, HEIGHT = 1024, 640
"""What the page believes its window to be."""
SCALE = 0.625
"""The picture is 640 by 400."""
LARGEST = 60_000
"""Bytes."""
QUALITIES = (80, 55, 30)
SETTLES = 0.8
"""Seconds after the page has loaded in which scripts and fonts come to rest."""
LOADS = 12.0
WITHIN = 25.0


@dataclass(frozen=True)
class View:
    """Where a service is seen: its public address, and who answers there."""

    url: str
    door: Endpoint
    is_encrypted_before: bool = False
    """Somebody before our front door takes TLS off; it is asked without, and told that visitors use it."""

    @property
    def asked(self) -> str:
        """The address that the browser is given."""
        return self.url.replace("https:", "http:", 1) if self.is_encrypted_before else self.url

    @property
    def rules(self) -> list[str]:
        """That host leads to the door; no other name leads anywhere."""
        host = urlsplit(self.url).hostname
        return [f"MAP {host} {self.door.host}:{self.door.port}", "MAP * ~NOTFOUND"]


def shoot(view: View, *, within: float = WITHIN) -> bytes:
    """Take a WebP picture. Raises NoPictureError, also if the page that came was not the service's own."""
    # Only our own door can answer there, so whose certificate it shows is no question.
    with browser(view.rules, within=within, flags=["--ignore-certificate-errors"]) as running:
        target = running.ask("Target.createTarget", url="about:blank")["targetId"]
        session = running.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        sitting = _Sitting(running, session, view)
        sitting.prepare()
        sitting.open()
        return sitting.picture()


@dataclass
class _Sitting:
    """A page before the camera."""

    browser: Browser
    session: str
    view: View
    frame: str = ""
    came: Json | None = None
    """The answer that the page is made of."""
    is_loaded: bool = False

    def prepare(self) -> None:
        """Set the window, and stand between the page and the network."""
        size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": SCALE, "mobile": False}
        self._ask("Emulation.setDeviceMetricsOverride", **size)
        still = [{"name": "prefers-reduced-motion", "value": "reduce"}]
        self._ask("Emulation.setEmulatedMedia", features=still)
        self._ask("Page.enable")
        self._ask("Network.enable")
        if self.view.is_encrypted_before:
            self._ask("Network.setExtraHTTPHeaders", headers={"X-Forwarded-Proto": "https"})
        self._ask("Fetch.enable", patterns=[{"urlPattern": "*"}])
        self.browser.ask("Browser.setDownloadBehavior", behavior="deny")

    def open(self) -> None:
        """Go there, and wait until it is at rest."""
        number = self.browser.tell("Page.navigate", self.session, url=self.view.asked)
        self._until(lambda: self.is_loaded, LOADS)
        self._until(lambda: False, SETTLES)
        gone = self.browser.answers.pop(number, {}).get("result", {})
        if gone.get("errorText"):
            raise NoPictureError(gone["errorText"])
        self.frame = gone.get("frameId", "")

    def picture(self) -> bytes:
        """The page, if it is the service's own, small enough to be kept."""
        self._check()
        for quality in QUALITIES:
            taken = self._ask("Page.captureScreenshot", format="webp", quality=quality)
            try:
                data = base64.b64decode(taken.get("data", ""), validate=True)
            except binascii.Error:
                raise NoPictureError("the browser gave no picture")
            if 0 < len(data) <= LARGEST:
                self._check()
                return data
        raise NoPictureError("the picture is too large")

    def _check(self) -> None:
        self._take_news()
        if self.came is None:
            raise NoPictureError("no page came")
        headers = {name.lower() for name in self.came["headers"]}
        if DOOR_HEADER.lower() in headers:
            raise NoPictureError("the front door answered in its place")
        if self.came["status"] >= 400 or not self._is_ours(self.came["url"]):
            raise NoPictureError(f"status {self.came['status']}")

    def _is_ours(self, url: str) -> bool:
        return urlsplit(url).netloc.lower() == urlsplit(self.view.asked).netloc.lower()

    def _until(self, seen: Callable[[], bool], seconds: float) -> None:
        over = time.monotonic() + seconds
        while not seen() and (left := over - time.monotonic()) > 0:
            self.browser.listen(min(left, 0.2))
            self._take_news()

    def _ask(self, method: str, **params: object) -> Json:
        answer = self.browser.ask(method, self.session, **params)
        self._take_news()
        return answer

    def _take_news(self) -> None:
        while self.browser.heard:
            event = self.browser.heard.pop(0)
            params = event.get("params", {})
            match event.get("method"):
                case "Fetch.requestPaused":
                    self._let_through(params)
                case "Network.responseReceived" if params["type"] == "Document" and self._is_main(params):
                    self.came = params["response"]
                case "Page.loadEventFired":
                    self.is_loaded = self.came is not None
                case "Page.javascriptDialogOpening":
                    self.browser.tell("Page.handleJavaScriptDialog", self.session, accept=False)

    def _is_main(self, params: Json) -> bool:
        """Of the page itself, not of a frame in it: its request is what loads the page's document, which comes first."""
        self.frame = self.frame or params.get("frameId", "")
        return bool(params.get("frameId") == self.frame)

    def _let_through(self, params: Json) -> None:
        if self._is_ours(params["request"]["url"]):
            self.browser.tell("Fetch.continueRequest", self.session, requestId=params["requestId"])
        else:
            blocked = {"requestId": params["requestId"], "errorReason": "BlockedByClient"}
            self.browser.tell("Fetch.failRequest", self.session, **blocked)
