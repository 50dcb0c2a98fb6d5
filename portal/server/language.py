"""In which language an answer is: what was chosen, else what the browser asks for, else the house's."""

from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils.cache import patch_vary_headers


class LanguageMiddleware(LocaleMiddleware):
    """Django's own, which looks at the cookie and at Accept-Language."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Say that it hung on both."""
        answer: HttpResponseBase = super().process_response(request, response)
        patch_vary_headers(answer, ["Cookie"])
        return answer
