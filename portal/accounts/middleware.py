"""While nobody has an account, every page leads to the welcome page."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from portal.accounts.welcome import is_fresh

OPEN = ("/welcome/", "/api/", "/health/", "/static/")
"""Not pages, or the welcome page itself."""


class FirstVisitorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Whoever is signed in proves that accounts exist; only strangers cost the query.
        if not request.path.startswith(OPEN) and not request.user.is_authenticated and is_fresh():
            return redirect("people:welcome")
        return self.get_response(request)
