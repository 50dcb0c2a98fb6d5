"""In which language an answer is: that of the house, else what was chosen, else what the browser asks for."""

from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers

from portal import house


class LanguageMiddleware(LocaleMiddleware):
    """Django's own looks at the cookie, then at Accept-Language."""

    def process_request(self, request: HttpRequest) -> None:
        """Choose, without asking the database anything."""
        super().process_request(request)
        if only := house.known_language():
            translation.activate(only)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Say that it hung on both."""
        answer: HttpResponseBase = super().process_response(request, response)
        patch_vary_headers(answer, ["Cookie"])
        return answer
