"""Content that follows its repository: by the machine alone, and by a press."""

import pytest

from tests.e2e.portal import Portal
from tests.e2e.service import Service

pytestmark = [pytest.mark.engine, pytest.mark.caddy]
NEWS = "/content/news.txt"


def test_new_content_comes_to_a_machine_by_itself(reader: Service) -> None:
    """The portal's copy of the repository is a minute old at most, and the machine looks every two."""
    reader.shows("the second content", NEWS, seconds=240)
    assert reader.machine["pull_asked_at"] is None


def test_new_content_comes_at_once_by_a_press(portal: Portal, reader: Service) -> None:
    portal.publish_news("the third content\n")
    reader.press("/pull")
    reader.shows("the third content", NEWS)
