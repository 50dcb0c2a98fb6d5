"""Requests as views know them."""

from django.http import HttpRequest

from portal.models import User


class SignedInRequest(HttpRequest):
    """A request behind `login_required`: its user is somebody."""

    user: User
