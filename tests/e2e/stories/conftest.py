"""The portal that all stories share, and what is begun early because it takes its time."""

import pytest

from tests.e2e.portal import Portal, portal
from tests.e2e.service import Service

__all__ = ["portal"]


@pytest.fixture(scope="session", autouse=True)
def reader(portal: Portal) -> Service:
    """A service for whose content nobody presses; new one was published once it was ready."""
    service = portal.launch("tiny")
    service.reaches("ready")
    assert service.page("/content/news.txt").text == "the first content\n"
    portal.publish_news("the second content\n")
    return service
