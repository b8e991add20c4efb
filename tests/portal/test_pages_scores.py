"""The scores on the page of a run: what they are of, what they rest on, and what stands there before the first."""

import re
from typing import Any

import pytest
from django.test import Client

from portal.runs.models import Artifact, Run, Score
from tests import factories
from tests.portal.test_pages_run import data_of, text_of

CONFIG = factories.CONFIG.model_copy(update={"score_samples": 1000})
COUNTS = {"extractor": "EfficientNet-Lite0 at 128 px", "samples": 1000, "real": 2000, "seed": 0}
VALUES = {"precision": 0.81, "recall": 0.642, "density": 0.9, "coverage": 0.7, "mifid": 44.0, "copies": 0.016}


def scored(owner: Any, *kids: float, **values: Any) -> Run:
    """A run with a score of that KID every ten steps."""
    run = factories.make_run(owner, status="running", step=50, attempt=1, config=CONFIG, **values)
    for place, kid in enumerate(kids, start=1):
        told = {"seconds": place, "fd": 1000 * kid, "kid": kid, "kid_error": kid / 10, **COUNTS, **VALUES}
        Score.objects.create(run=run, attempt=1, step=10 * place, cost=1.0, **told)
    run.best_step = 10 * (kids.index(min(kids)) + 1)
    run.save()
    return run


def card_of(client: Client, run: Run) -> str:
    text = text_of(client, run)
    card = re.search(r'<section class="card tight scores".*?</section>', text, re.S)
    assert card
    return card[0]


def test_the_best_is_told_large_with_what_it_rests_on(owner: Any, clients: dict[str, Client]) -> None:
    card = card_of(clients["owner"], scored(owner, 0.2, 0.0412, 0.05))
    assert "step 20, best so far" in card
    assert re.findall(r"<b>(.*?)</b>", card) == ["41.2", "0.81", "0.64"]
    assert "Newest, step 30: FD 50.0, precision 0.81, recall 0.64." in card
    assert "best 0.0412 ± 0.0041" in card
    assert "1\u202f000 samples against 2\u202f000 training pictures, EfficientNet-Lite0 at 128 px features." in card
    assert "Not comparable with published FID." in card


def test_only_inception_is_called_fid(owner: Any, clients: dict[str, Client]) -> None:
    run = scored(owner, 0.0412)
    assert not re.search(r"(?<!published )FID", card_of(clients["owner"], run))
    run.scores.update(extractor="Inception")
    card = card_of(clients["owner"], run)
    assert "FID, lower is better" in card and "Comparable only with an FID of the same counts." in card


def test_all_of_them_are_in_a_table_without_scripts(owner: Any, clients: dict[str, Client]) -> None:
    card = card_of(clients["owner"], scored(owner, 0.2, 0.0412, 0.05))
    steps = re.findall(r'<td class="num">(.*?)</td>', card)
    assert steps == ["30", "20, best", "10"]
    assert '<td class="r num">2 %</td>' in card


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "The first score comes after about half a minute of training, or at the end of the run."),
        ({"config": CONFIG.model_copy(update={"score_every_seconds": 300.0})}, "The first score comes after about 5 min of training"),
        ({"config": CONFIG.model_copy(update={"score_samples": 0})}, "Scores are off for this run."),
        ({"status": "queued"}, "The first score comes while the run trains."),
        ({"status": "completed"}, "This run has no scores."),
    ],
)
def test_before_the_first_it_says_when_it_comes(owner: Any, clients: dict[str, Client], values: dict[str, Any], words: str) -> None:
    run = factories.make_run(owner, **{"status": "running", "config": CONFIG, **values})
    assert words in card_of(clients["owner"], run)


def test_a_run_that_is_older_than_scores_has_a_page(owner: Any, clients: dict[str, Client]) -> None:
    run = factories.finished_run(owner)
    config = {name: value for name, value in run.config.items() if not name.startswith("score_")}
    Run.objects.filter(pk=run.pk).update(config=config)
    assert "This run has no scores." in card_of(clients["owner"], run)


def test_each_new_best_is_told_among_what_happened(owner: Any, clients: dict[str, Client]) -> None:
    text = text_of(clients["owner"], scored(owner, 0.2, 0.3, 0.0412))
    assert re.findall(r"New best score, KID (\S+), at step (\d+)", text) == [("0.0412", "30"), ("0.200", "10")]


def test_the_scripts_learn_which_sheets_know_their_neighbours(owner: Any, member: Any, clients: dict[str, Client]) -> None:
    run = scored(owner, 0.2, visibility="public")
    for step in (10, 20):
        sample = factories.add_sample(run, step)
    sample.nearest = {"extractor": "", "usual": 0.4, "tiles": []}
    sample.save()
    data = data_of(text_of(clients["owner"], run))
    assert [sheet[4] for sheet in data["sheets"]] == [0, 1]
    assert (data["mayCompare"], data["scored"]) == (True, 10)
    assert not data_of(text_of(clients["member"], run))["mayCompare"], "The dataset is private"


def rows_of(client: Client, run: Run) -> list[tuple[str, str]]:
    text = text_of(client, run)
    return re.findall(r'href="[^"]*/weights/(\?which=best)?" download>.*?<span>(.*?)<small>', text)


def test_the_best_weights_come_first_and_the_newest_after_them(owner: Any, clients: dict[str, Client]) -> None:
    run = scored(owner, 0.2)
    for step in (10, 40):
        factories.add_artifact(run, "weights", step)
    assert rows_of(clients["owner"], run) == [("", "Weights, step 40")]
    Artifact.objects.filter(step=10).update(best=True)
    assert rows_of(clients["owner"], run) == [("?which=best", "Weights, best, step 10"), ("", "Weights, newest, step 40")]
    Artifact.objects.update(best=False)
    Artifact.objects.filter(step=40).update(best=True)
    assert rows_of(clients["owner"], run) == [("?which=best", "Weights, best, step 40")]
