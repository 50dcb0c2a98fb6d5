"""A person on a small phone: what they do again and again, and how much they have to tap and to read for it."""

import re
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from playwright.sync_api import Locator, Page, expect

from portal.models import User
from provisioning.models import Deployment, Mail

PASSWORD = "a long way to the fair"
TOLD = """[...document.querySelectorAll('h1, label')].filter(one => one.checkVisibility())
    .map(one => one.innerText).join(' ')"""
"""Read must be: the heading of each page on the way, and the labels of what is to be filled in."""


def newest_code(page: Page) -> str:
    """What stands in the mail, once the page asks for it."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mail")
    found = re.search(r"\b[0-9]{6}\b", Mail.objects.latest("pk").text)
    assert found is not None
    return found[0]


def sign_up(page: Page) -> None:
    """Make an account, from its page to the first one behind it."""
    page.goto("/accounts/signup/")
    page.get_by_label("Mail address").fill("anna@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Make my account").click()
    page.get_by_label("Code").fill(newest_code(page))
    page.get_by_role("button", name="Confirm the code").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My events")


def launch(page: Page) -> Deployment:
    """Choose the one app and set it up."""
    page.get_by_role("link", name="Choose an app").first.click()
    page.get_by_role("link", name="Notice board").click()
    page.get_by_role("link", name="Set up Notice board").click()
    page.get_by_role("button", name="Set up Notice board").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Notice board")
    return Deployment.objects.get()


def with_password(name: str, **columns: object) -> User:
    """Somebody who can sign in as people do."""
    person = User.objects.create_user(name, email=f"{name}@example.org", password=PASSWORD, **columns)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


def sign_in(page: Page, person: User) -> None:
    """Fill in the page that asks for it, wherever it stands."""
    page.get_by_label("Mail address").fill(person.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


@dataclass
class Finger:
    """Taps on a phone, counted, with the words that must be read before each."""

    page: Page
    taps: int = 0
    words: int = 0

    def tap(self, what: Locator) -> None:
        """Read the page as far as must be, and tap."""
        expect(what).to_be_visible()
        self.words += len(f"{self.page.evaluate(TOLD)} {what.inner_text()}".split())
        self.taps += 1
        what.click()

    def link(self, name: str) -> None:
        """Tap a link."""
        self.tap(self.page.get_by_role("link", name=name).first)

    def press(self, name: str) -> None:
        """Tap a button."""
        self.tap(self.page.get_by_role("button", name=name).first)

    def reads(self, words: str) -> None:
        """Find these words on the page."""
        expect(self.page.get_by_text(words).first).to_be_visible()

    def tell(self, who: str) -> None:
        """Print how much it was."""
        print(f"\n{who}: {self.taps} taps, {self.words} words")
