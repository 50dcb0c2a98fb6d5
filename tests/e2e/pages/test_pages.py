"""Every page in a browser: no serious fault for people with impairments, no complaint, nothing from elsewhere."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.portal.site import fill, fill_desk, let_in

pytestmark = [pytest.mark.browser]
AXE = Path("frontend/node_modules/axe-core/axe.min.js")
BOTH_SIDES = pytest.mark.parametrize("filled", [fill, fill_desk])
"""People's pages, and those behind the counter."""
Filled = Callable[[], tuple[dict[str, str], str]]
SERIOUS = ("serious", "critical")

WIDEST = """[...document.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > 320.5)
    .map(one => one.outerHTML.slice(0, 200))[0]"""


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The examiner; brought by the look's own lock file."""
    if not AXE.exists():
        subprocess.run(["frontend/build", tmp_path_factory.mktemp("built")], check=True)
    return AXE.read_text()


def faults(page: Page, axe: str) -> list[str]:
    """What axe finds that is serious, with the place."""
    page.evaluate(axe)
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['html'][:120]} {node['failureSummary'][-160:]}"
        for violation in found["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]


@BOTH_SIDES
@pytest.mark.parametrize("light", ["light", "dark"])
def test_no_page_has_a_serious_fault(
    context: BrowserContext, page: Page, url: str, axe: str, light: Any, filled: Filled
) -> None:
    pages, session = filled()
    page.emulate_media(color_scheme=light, reduced_motion="reduce")
    found = {}
    for name, path in pages.items():
        context.clear_cookies()
        if not name.startswith("out-"):
            let_in(context, url, session)
        page.goto(path)
        page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
        if wrong := faults(page, axe):
            found[name] = wrong
    assert found == {}


@BOTH_SIDES
def test_nothing_to_press_is_smaller_than_a_finger(
    context: BrowserContext, page: Page, url: str, filled: Filled
) -> None:
    pages, session = filled()
    let_in(context, url, session)
    small = {}
    for name, path in pages.items():
        page.goto(path)
        found = page.eval_on_selector_all(
            "button, summary, .btn, .rooms a, .lines a, .tick, select, input:not([type=hidden], .tick input)",
            "all => all.filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 43.5)"
            ".map(one => one.outerHTML.slice(0, 100))",
        )
        if found:
            small[name] = found
    assert small == {}


@BOTH_SIDES
def test_no_page_is_wider_than_a_phone(context: BrowserContext, page: Page, url: str, filled: Filled) -> None:
    pages, session = filled()
    page.set_viewport_size({"width": 320, "height": 640})
    let_in(context, url, session)
    wide = []
    for name, path in pages.items():
        page.goto(path)
        if page.evaluate("document.documentElement.scrollWidth") > 320:
            wide.append(f"{name}: {page.evaluate(WIDEST)}")
    assert wide == []
