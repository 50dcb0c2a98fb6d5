"""German in a browser: switched without a script, remembered, and with room for its longer words on a phone."""

import re
from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from playwright.sync_api import Browser, expect

from portal.models import User
from tests.portal.site import fill, fill_desk, let_in

pytestmark = [pytest.mark.browser]

CUT_OFF = """[...document.querySelectorAll('button, .btn, summary, h1, h2, label, nav a, th, td, dt, dd')]
    .filter(one => one.checkVisibility() && (one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline'
        || one.getBoundingClientRect().right > innerWidth + 0.5 || one.matches('dd') && one.clientWidth < 90))
    .filter(one => !one.closest('.sr-only, pre, table, .rooms'))
    .map(one => one.outerHTML.slice(0, 160))"""
"""What is wider than its place or than the phone, or has no room beside its name; the rooms scroll in their line."""
ROOMS = """[...document.querySelectorAll('.rooms')].map(rooms => {
    const line = rooms.getBoundingClientRect(), here = rooms.querySelector('[aria-current]')?.getBoundingClientRect();
    return {high: line.height, ends: line.right,
            seen: !here || here.left >= line.left && here.right <= line.right - 40,
            fades: rooms.scrollWidth <= rooms.clientWidth || getComputedStyle(rooms).maskImage.includes('gradient')}})"""


def test_the_switch_speaks_german_on_every_page_until_it_is_switched_back(browser: Browser, url: str) -> None:
    context = browser.new_context(base_url=url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/apps?q=kahoot")
    page.get_by_role("button", name="Deutsch").click()
    expect(page).to_have_url(re.compile(r"/apps\?q=kahoot$"))
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.goto("/accounts/signup/")
    expect(page.get_by_role("button", name="Mein Konto anlegen")).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("button", name="Make my account")).to_be_visible()
    context.close()


def test_a_new_browser_speaks_the_language_of_the_account_after_signing_in(browser: Browser, url: str) -> None:
    email, password = "weber@example.org", "a long way to the fair"
    person = User.objects.create_user(username="weber", email=email, password=password, language="de")
    EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
    context = browser.new_context(base_url=url, locale="en-GB")
    page = context.new_page()
    page.goto("/accounts/login/")
    page.get_by_label("Mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Meine Veranstaltungen")
    context.close()


@pytest.mark.parametrize("filled", [fill, fill_desk])
def test_german_words_have_room_on_a_phone(
    browser: Browser, url: str, filled: Callable[[], tuple[dict[str, str], str]]
) -> None:
    pages, session = filled()
    context = browser.new_context(base_url=url, locale="de-DE", viewport={"width": 360, "height": 640})
    page = context.new_page()
    let_in(context, url, session)
    found = {}
    for name, path in pages.items():
        page.goto(path)
        if cut := page.evaluate(CUT_OFF):
            found[name] = cut
    assert found == {}
    context.close()


def test_rooms_take_one_line_on_a_phone_with_that_in_sight_in_which_one_is(browser: Browser, url: str) -> None:
    _, session = fill_desk()
    context = browser.new_context(base_url=url, locale="de-DE", viewport={"width": 360, "height": 640})
    page = context.new_page()
    let_in(context, url, session)
    for path in ("/desk", "/desk/head-count", "/desk/audit"):
        page.goto(path)
        site, desk = page.evaluate(ROOMS)
        assert max(site["high"], desk["high"]) < 60
        assert max(site["ends"], desk["ends"], page.evaluate("document.documentElement.scrollWidth")) <= 360
        assert (desk["seen"], desk["fades"]) == (True, True)
    page.get_by_role("navigation").last.get_by_role("link").first.focus()
    assert page.evaluate("document.querySelectorAll('.rooms')[1].scrollLeft") < 30
    context.close()
