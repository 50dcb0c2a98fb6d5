"""For everybody: by keyboard alone, at twice the size, with nothing that moves."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from provisioning.models import Deployment
from tests.e2e.pages.person import PASSWORD, newest_code
from tests.e2e.pages.test_pages import BOTH_SIDES, Filled
from tests.makers import make_fabric, make_release
from tests.portal.site import fill, let_in

pytestmark = [pytest.mark.browser]
MOST_TABS = 40
"""On any page on the way."""
FOCUSED = """() => { const one = document.activeElement, look = getComputedStyle(one);
    const card = one.closest('.stall') && getComputedStyle(one.closest('.stall'));
    const seen = [look, ...(card ? [card] : [])].some(
        one => one.outlineStyle !== 'none' && parseFloat(one.outlineWidth) >= 2);
    return {seen, words: (one.innerText || one.labels?.[0]?.innerText || '').trim(), tag: one.tagName,
            shown: one.checkVisibility()} }"""
MOVES = """() => [...document.querySelectorAll('*')].filter(one => ['', '::before', '::after'].some(part => {
    const look = getComputedStyle(one, part || null);
    return look.animationName !== 'none' || look.transitionDuration.split(',').some(time => parseFloat(time) > 0)
    })).map(one => one.outerHTML.slice(0, 100))"""


def tab_to(page: Page, words: str, tag: str = "A") -> None:
    """Press Tab until that has the focus; wherever it stops on the way, one must see it."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        assert at["seen"], f"one does not see that {at} has the focus"
        assert at["shown"], f"{at} has the focus and cannot be seen"
        if at["tag"] == tag and re.search(words, at["words"]):
            return
    raise AssertionError(f"“{words}” cannot be reached by Tab on {page.url}")


def press(page: Page, words: str, tag: str = "A") -> None:
    """Go there, press Enter, and wait for the page behind it."""
    tab_to(page, words, tag)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def write(page: Page, label: str, words: str) -> None:
    tab_to(page, label, "INPUT")
    page.keyboard.type(words)


def test_by_keyboard_alone_one_comes_from_the_entrance_to_a_begun_launch(page: Page, url: str) -> None:
    make_fabric()
    make_release()
    page.goto("/")
    press(page, "Notice board")
    press(page, "Set up Notice board")
    press(page, "Make an account")
    write(page, "Mail address", "anna@example.org")
    write(page, "Password", PASSWORD)
    press(page, "Make my account", "BUTTON")
    write(page, "Code", newest_code(page))
    press(page, "Confirm the code", "BUTTON")
    press(page, "Set up Notice board", "BUTTON")
    expect(page.get_by_role("heading", level=1)).to_have_text("Notice board")
    assert Deployment.objects.count() == 1


def test_the_first_tab_leads_past_the_rooms(page: Page, url: str) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#main$"))  # the browser goes there after the key
    page.keyboard.press("Tab")
    expect(page.get_by_role("main").get_by_role("link", name="Choose an app")).to_be_focused()


@BOTH_SIDES
def test_at_twice_the_size_no_page_scrolls_sideways(
    context: BrowserContext, page: Page, url: str, filled: Filled
) -> None:
    pages, session = filled()
    let_in(context, url, session)
    wide = []
    for width, letters in ((640, "100%"), (1280, "200%")):
        page.set_viewport_size({"width": width, "height": 400})
        for name, path in pages.items():
            page.goto(path)
            page.evaluate("size => { document.documentElement.style.fontSize = size }", letters)
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wide.append(f"{name} at {width}, letters {letters}")
    assert wide == []


@BOTH_SIDES
def test_nothing_moves_for_those_who_asked_for_it(
    context: BrowserContext, page: Page, url: str, filled: Filled
) -> None:
    pages, session = filled()
    let_in(context, url, session)
    page.emulate_media(reduced_motion="reduce")
    moving = {}
    for name, path in pages.items():
        page.goto(path)
        if found := page.evaluate(MOVES):
            moving[name] = found[:3]
    assert moving == {}


def test_without_scripts_every_page_says_the_same(context: BrowserContext, page: Page, url: str) -> None:
    pages, session = fill()
    let_in(context, url, session)
    plain = context.browser.new_context(base_url=url, java_script_enabled=False)  # type: ignore[union-attr]
    let_in(plain, url, session)
    other = plain.new_page()
    for name in ("front", "shelf", "new", "home", "service-building", "service-ready", "service-failed"):
        other.goto(pages[name])
        assert other.get_by_role("heading", level=1).count() == 1, name
        assert other.locator("main .btn-primary, main .stall a, #stop").first.is_visible(), name
    plain.close()
