"""API tokens: made with a password, used, expired, revoked, and guessed at."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from portal.accounts import tokens
from portal.accounts.models import ApiToken
from tests import factories

GOOD = {"username": "olga", "password": "olga-has-a-long-password"}


def bearing(text: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {text}")
    return client


def test_a_password_buys_a_token(owner: Any) -> None:
    answer = APIClient().post("/api/v1/auth/token/", {**GOOD, "name": "laptop"}, format="json")
    assert answer.status_code == 201
    assert bearing(answer.json()["token"]).get("/api/v1/me/").json()["username"] == "olga"


def test_only_the_digest_is_stored(owner: Any) -> None:
    text = APIClient().post("/api/v1/auth/token/", GOOD, format="json").json()["token"]
    row = ApiToken.objects.values().get()
    assert text not in {str(value) for value in row.values()}
    assert len(row["digest"]) == 128


def test_a_wrong_password_and_an_unknown_name_look_the_same(owner: Any) -> None:
    wrong = APIClient().post("/api/v1/auth/token/", {**GOOD, "password": "no"}, format="json")
    unknown = APIClient().post("/api/v1/auth/token/", {**GOOD, "username": "nobody"}, format="json")
    assert wrong.status_code == unknown.status_code == 400
    assert wrong.json() == unknown.json()


def test_it_expires_by_default_and_when_asked(owner: Any) -> None:
    APIClient().post("/api/v1/auth/token/", GOOD, format="json")
    short = APIClient().post("/api/v1/auth/token/", {**GOOD, "days": 7}, format="json").json()
    expiries = sorted(ApiToken.objects.values_list("expiry", flat=True))
    assert timedelta(days=6) < expiries[0] - timezone.now() < timedelta(days=8)
    assert timedelta(days=364) < expiries[1] - timezone.now() < timedelta(days=366)
    assert short["expiry"] == expiries[0].isoformat().replace("+00:00", "Z")


def test_an_expired_token_is_refused(owner: Any) -> None:
    token, text = tokens.create(owner)
    ApiToken.objects.filter(pk=token.pk).update(expiry=timezone.now() - timedelta(seconds=1))
    answer = bearing(text).get("/api/v1/me/")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Token"


def test_a_token_of_a_locked_account_is_refused(owner: Any) -> None:
    _, text = tokens.create(owner)
    owner.is_active = False
    owner.save()
    assert bearing(text).get("/api/v1/me/").status_code == 401


@pytest.mark.parametrize("text", ["gnv_" + "0" * 64, "nonsense", "\xff\xfe", ""])
def test_an_unknown_token_is_refused(db: None, text: str) -> None:
    assert bearing(text).get("/api/v1/me/").status_code == 401


def test_a_bad_token_is_refused_even_where_none_is_needed(db: None) -> None:
    assert bearing("nonsense").get("/api/v1/runs/").status_code == 401


def test_use_is_noted_once_a_minute(owner: Any, django_assert_num_queries: Any) -> None:
    token, text = tokens.create(owner)
    client = bearing(text)
    client.get("/api/v1/recipes/")
    first = ApiToken.objects.get(pk=token.pk).last_used
    assert first is not None
    with django_assert_num_queries(1):  # looked up, and not written again
        client.get("/api/v1/recipes/")
    ApiToken.objects.filter(pk=token.pk).update(last_used=first - timedelta(hours=1))
    client.get("/api/v1/recipes/")
    assert ApiToken.objects.get(pk=token.pk).last_used >= first


def test_the_list_shows_own_tokens_without_their_text(owner: Any, member: Any, api: APIClient) -> None:
    _, text = tokens.create(owner, "laptop")
    tokens.create(member, "phone")
    results = api.get("/api/v1/auth/tokens/").json()["results"]
    assert [one["name"] for one in results] == ["laptop"]
    assert text not in str(results) and text.startswith(results[0]["first_letters"])


def test_a_revoked_token_is_refused(owner: Any, api: APIClient) -> None:
    token, text = tokens.create(owner)
    assert api.delete(f"/api/v1/auth/tokens/{token.id}/").status_code == 204
    assert bearing(text).get("/api/v1/me/").status_code == 401


def test_nobody_revokes_the_token_of_another(owner: Any, member_api: APIClient) -> None:
    token, _ = tokens.create(owner)
    assert member_api.delete(f"/api/v1/auth/tokens/{token.id}/").status_code == 404
    assert ApiToken.objects.filter(pk=token.pk).exists()


def test_guessing_is_slowed_down(owner: Any) -> None:
    answers = [APIClient().post("/api/v1/auth/token/", {**GOOD, "password": str(number)}, format="json") for number in range(11)]
    assert answers[-1].status_code == 429
    assert int(answers[-1]["Retry-After"]) > 0
    assert answers[-1].json()["errors"][0]["code"] == "throttled"


def test_guesses_at_one_account_are_counted_over_all_addresses(owner: Any) -> None:
    codes = [
        APIClient(REMOTE_ADDR=f"10.0.0.{number}").post("/api/v1/auth/token/", {**GOOD, "password": "no"}, format="json").status_code
        for number in range(8)
    ]
    assert codes[0] == 400 and codes[-1] == 429


def test_a_made_up_forwarded_address_does_not_evade_the_limit(owner: Any) -> None:
    guesses = [(Client(headers={"X-Forwarded-For": f"10.0.0.{number}"}), {"username": f"user{number}", "password": "no"}) for number in range(12)]
    assert [client.post("/api/v1/auth/token/", guess).status_code for client, guess in guesses][-1] == 429


def test_session_calls_need_the_csrf_token(owner: Any) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(owner)
    run = factories.make_run(owner)
    assert client.post(f"/api/v1/runs/{run.pk}/pause/").status_code == 403
