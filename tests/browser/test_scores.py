"""Scores on the open page of a run: a new one is there at once, and one that was taken back is gone."""

from playwright.sync_api import Page, expect

from portal import broker as live
from portal.runs.models import Run
from portal.runs.payloads import rewound_payload, score_payload
from tests.browser import scene
from tests.browser.test_tile import run  # noqa: F401 (a fixture)
from tests.browser.test_watching import watched  # noqa: F401 (a fixture)


def test_a_new_score_is_shown_within_a_second_and_nothing_moves(watched: Page, run: Run) -> None:  # noqa: F811
    expect(watched.locator("#score-chart canvas")).to_be_visible()
    losses, scores = (watched.locator(f"{one} .u-over").bounding_box() for one in ("#loss", "#score-chart"))
    assert losses and scores and (losses["x"], losses["width"]) == (scores["x"], scores["width"]), "One time axis for both"
    watched.evaluate(
        """() => new MutationObserver(() => (window.shownAt ??= document.querySelector('#scores').innerText.includes('0.0512') ? Date.now() : null))
            .observe(document.querySelector('#scores'), {subtree: true, childList: true, characterData: true})"""
    )
    below = watched.locator("#downloads").bounding_box()
    newest = scene.add_score(run, 1000, 0.0512, best=True)
    sent = watched.evaluate("Date.now()")
    live.publish(run.pk, "score", score_payload(newest, best=True))
    expect(watched.locator("#scores-when")).to_have_text("step 1\u202f000, best so far")
    assert watched.evaluate("window.shownAt") - sent < 1000
    expect(watched.locator("#score-chart")).to_have_attribute("aria-label", "KID up to step 1\u202f000: now 0.0512, best 0.0512 at step 1\u202f000.")
    expect(watched.locator("#history")).to_contain_text("New best score, KID 0.0512, at step 1\u202f000")
    assert watched.locator("#downloads").bounding_box() == below

    watched.locator("#score-chart .u-over").click(position={"x": 5, "y": 20})
    expect(watched.locator("#at")).to_have_text("Step 100")  # a click into the chart moves through time

    run.scores.filter(step__gt=400).delete()
    run.samples.filter(step__gt=400).delete()
    run.losses.filter(step__gt=400).delete()
    Run.objects.filter(pk=run.pk).update(rewinds=1, step=400, best_step=350)
    live.publish(run.pk, "rewound", rewound_payload(400, "We went back.", 1))
    expect(watched.locator("#scores-when")).to_have_text("step 350, best so far")
    expect(watched.locator("#score-chart")).to_have_attribute("aria-label", "KID up to step 350: now 0.210, best 0.210 at step 350.")
