"""Films of eight moments, and addresses that are put together without a search."""

from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from portal.addresses import address
from portal.runs import showcase
from portal.runs.models import Run
from portal.visibility import Visibility, may_change, may_see
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 15, 40])
def test_a_film_goes_from_the_first_sheet_to_the_newest_in_even_steps(owner: Any, count: int) -> None:
    runs = [factories.make_run(owner), factories.make_run(owner), factories.make_run(owner)]
    steps = [step * step for step in range(count)]
    for run in runs[:2]:
        for step in steps:
            factories.add_sample(run, step)
    films = showcase.films(run.pk for run in runs)
    assert set(films) == {run.pk for run in runs[:2]}
    for pk, film in films.items():
        places = [steps.index(sheet.step) for sheet in film]
        assert {sheet.run_id for sheet in film} == {pk}
        assert (places[0], places[-1], len(places)) == (0, count - 1, min(count, showcase.MOMENTS))
        gaps = {later - earlier for earlier, later in pairwise(places)}
        assert not gaps or (min(gaps) > 0 and max(gaps) - min(gaps) <= 1)


def test_what_may_be_seen_of_one_row_is_what_the_door_lets_through(owner: Any, member: Any, staff: Any) -> None:
    for visibility in Visibility.values:
        run = factories.make_run(owner, visibility=visibility)
        for user in (AnonymousUser(), owner, member, staff):
            assert may_see(user, visibility, owner.pk) == Run.objects.visible_to(user).filter(pk=run.pk).exists(), (visibility, user)
            assert may_change(user, owner.pk) == Run.objects.owned_by(user).filter(pk=run.pk).exists(), (visibility, user)


@pytest.mark.parametrize(
    ("route", "given"),
    [
        ("runs:detail", (uuid4(),)),
        ("datasets:detail", (uuid4(),)),
        ("api:run-sample-image", (uuid4(), 0)),
        ("api:run-sample-image", (uuid4(), 2**31)),
        ("api:run-artifact", (uuid4(), 10**9)),
        ("api:dataset-thumbnail", (uuid4(), 12)),
    ],
)
def test_addresses_are_those_that_a_search_finds(route: str, given: Any) -> None:
    assert address(route, *given) == reverse(route, args=given)
