"""Pages of people: the first visitor, the account, the appearance."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from portal import words
from portal.accounts import quota, tokens
from portal.accounts.forms import TokenForm, WelcomeForm
from portal.accounts.models import ApiToken, DeviceTime
from portal.accounts.welcome import create_administrator, is_fresh
from portal.datasets import samples
from portal.notices.card import card

YEAR = 365 * 24 * 3600
THEMES = ("light", "dark")


@never_cache
@sensitive_post_parameters()
def welcome(request: HttpRequest) -> HttpResponse:
    """The first visitor of a fresh installation creates the administrator; afterwards this page is gone."""
    if not is_fresh():
        return redirect("home")
    form = WelcomeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        administrator = create_administrator(wanted["username"], wanted["password"], wanted["email"])
        if administrator is None:
            messages.error(request, "Somebody else has just set this up. Sign in with your own account.")
            return redirect("account_login")
        login(request, administrator, backend="django.contrib.auth.backends.ModelBackend")
        return redirect("home")
    return render(request, "people/welcome.html", {"form": form, "samples": samples.available(), "fresh": True})


@login_required
@never_cache
def account(request: HttpRequest) -> HttpResponse:
    return account_page(request)


def account_page(request: HttpRequest, **shown: Any) -> HttpResponse:
    """The page, with what an answer to a form has to show besides or instead."""
    user: Any = request.user
    context = {
        "form": TokenForm(),
        "shares": _shares(dict(quota.usage(user)), dict(quota.quota(user))),
        "tokens": ApiToken.objects.filter(user=user),
        **card(user),
        **shown,
    }
    return render(request, "people/account.html", context)


def _shares(used: dict[str, Any], allowed: dict[str, Any]) -> list[dict[str, Any]]:
    """A bar for each quota: what is used, of how much, what it means; no percentage where there is no limit."""
    bars: list[tuple[str, Callable[[Any], str], str]] = [
        ("storage_bytes", words.size, "Storage: pictures, sheets, checkpoints and weights"),
        ("running", _runs, "Running at once; more wait in the queue"),
        ("queued", _runs, "Waiting in the queue"),
        ("device_hours", _hours, f"Device time in the last {DeviceTime.QUOTA_DAYS} days"),
    ]
    made = []
    for name, told, title in bars:
        share: dict[str, Any] = {"used": told(used[name]).removesuffix(" runs").removesuffix(" run"), "title": title}
        if (limit := allowed[name]) is not None:
            share |= {"of": told(limit), "percent": min(100, int(100 * used[name] / max(1, limit)))}
        made.append(share)
    return made


def _runs(count: int) -> str:
    return f"{words.number(count)} run{'' if count == 1 else 's'}"


def _hours(hours: float) -> str:
    return f"{round(60 * hours)} min" if 0 < hours < 1 else f"{words.number(round(hours, 1))} h"


@login_required
@never_cache
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """Make a token and show it on this answer, once: it is not stored, so no later page can."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return account_page(request, form=form)
    user: Any = request.user
    made, text = tokens.create(user, form.cleaned_data["name"], form.cleaned_data["days"])
    return account_page(request, new_token=text, new_name=made.name)


@login_required
@require_POST
def revoke(request: HttpRequest, pk: Any) -> HttpResponse:
    user: Any = request.user
    if tokens.revoke(user, pk):
        messages.success(request, "The token is revoked.")
    return redirect("people:account")


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember light, dark or the system's choice in a cookie, so that the server can render it without a flash."""
    response = _back(request)
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        response.set_cookie("theme", chosen, max_age=YEAR, samesite="Lax")
    else:
        response.delete_cookie("theme", samesite="Lax")
    return response


@require_POST
def keys(request: HttpRequest) -> HttpResponse:
    """Single-letter shortcuts on or off."""
    response = _back(request)
    if request.POST.get("keys") == "on":
        response.delete_cookie("keys", samesite="Lax")
    else:
        response.set_cookie("keys", "off", max_age=YEAR, samesite="Lax")
    return response


def _back(request: HttpRequest) -> HttpResponse:
    target = request.POST.get("next", "")
    return redirect(target if url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()) else "home")
