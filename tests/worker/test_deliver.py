"""The end of a run is promised with the run's own transaction, and kept: to real servers, again and again until it is taken, once for each try."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from textwrap import dedent
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.notices import webhooks
from portal.notices.models import LONGEST_REST, PATIENCE, Delivery, DeliveryQuerySet, Webhook
from portal.runs import control
from portal.runs.models import ACTIVE, Run, Score, Status
from tests import factories
from tests.processes import ROOT
from tests.receivers import Receiver, mail_server
from tests.worker.telling import HERE, ended, overdue
from worker import reap
from worker.deliver import deliver_due
from worker.letters import letter


def verify_of_the_docs() -> Any:
    """`verify` as docs/webhooks.md prints it."""
    found: dict[str, Any] = {}
    _, _, rest = (ROOT / "docs" / "webhooks.md").read_text().partition("<!-- verify -->")
    exec(dedent(rest.partition("<!-- end -->")[0]), found)
    return found["verify"]


def test_a_receiver_that_fails_twice_gets_it_a_third_time_signed_and_with_the_same_id(olga: User) -> None:
    with Receiver([500, 503, 204]) as receiver:
        webhook = webhooks.add(olga, receiver.url)
        run = ended(olga)
        for tries in range(1, 4):
            deliver_due()
            assert len(receiver.requests) == tries
            deliver_due()
            assert len(receiver.requests) == tries  # not before its pause is over
            overdue()
        deliver_due()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.due, delivery.answer) == ("delivered", 3, None, "It answered 204 No Content.")
    assert len(receiver.requests) == 3
    assert {one.headers["webhook-id"] for one in receiver.requests} == {str(delivery.pk)}
    assert len({one.body for one in receiver.requests}) == 1
    verify = verify_of_the_docs()
    for one in receiver.requests:
        assert one.path == "/hook?x=1" and one.headers["Host"] == f"127.0.0.1:{receiver.port}"
        assert verify(webhook.secret, one.headers, one.body)
        assert not verify(webhook.secret, one.headers, one.body + b" ")
        assert not verify(webhooks.PREFIX + "AAAA", one.headers, one.body)
        later = {**dict(one.headers.items()), "webhook-timestamp": str(int(one.headers["webhook-timestamp"]) - 3600)}
        assert not verify(webhook.secret, later, one.body)
    body = json.loads(receiver.requests[0].body)
    assert (body["event"], body["id"], body["reason"]) == ("run.completed", str(delivery.pk), "All steps done")
    assert body["run"]["id"] == str(run.pk) and body["run"]["url"] == f"http://127.0.0.1:8000/runs/{run.pk}/"


def test_what_is_told_is_how_it_was_when_it_ended(olga: User) -> None:
    with Receiver() as receiver:
        webhooks.add(olga, receiver.url)
        run = factories.make_run(olga, status=Status.RUNNING, attempt=1, step=9, best_step=8)
        measured = dict.fromkeys(("fd", "kid", "kid_error", "precision", "recall", "density", "coverage", "mifid", "copies", "cost"), 0.5)
        Score.objects.create(run=run, attempt=1, step=8, seconds=1, extractor="A network", samples=9, real=9, seed=1, **measured)
        run.move(Status.FAILED, frm=ACTIVE, reason="Boom", error="Boom")
        control.delete(run, olga)
        deliver_due()
    told = json.loads(receiver.requests[0].body)["run"]
    assert (told["name"], told["status"], told["error"], told["step"]) == ("Sunday pets", "failed", "Boom", 9)
    assert told["best_score"]["kid"] == 0.5 and told["finished"].endswith("Z")


def test_it_is_promised_if_and_only_if_the_run_has_ended(olga: User) -> None:
    webhooks.add(olga, "https://hooks.example.org/")
    run = factories.make_run(olga, status=Status.RUNNING, attempt=1)
    with pytest.raises(RuntimeError), transaction.atomic():
        run.move(Status.COMPLETED, frm=ACTIVE, reason="Done")
        raise RuntimeError
    assert Run.objects.get(pk=run.pk).status == Status.RUNNING and not Delivery.objects.exists()
    assert not run.move(Status.COMPLETED, frm=ACTIVE, held_by=7, reason="Done") and not Delivery.objects.exists()
    run.move(Status.QUEUED, frm=ACTIVE, reason="Back")
    assert not Delivery.objects.exists()
    control.stop(run, olga)
    assert not run.move(Status.STOPPED, frm=ACTIVE, reason="Again")
    assert Delivery.objects.get().event == "run.stopped"


@pytest.mark.parametrize(
    ("when", "told"),
    [("never", []), ("failures", ["failed", "stopped by max"]), ("always", ["completed", "failed", "stopped by max"])],
)
def test_mails_are_for_what_one_has_asked_for_and_not_done_oneself(olga: User, when: str, told: list[str]) -> None:
    User.objects.filter(pk=olga.pk).update(mail_when=when)
    ended(olga)
    ended(olga, Status.FAILED, reason="Boom", error="Boom")
    ended(olga, Status.STOPPED, control_by=olga)
    ended(olga, Status.STOPPED, control_by=factories.make_user("max"))
    rows = Delivery.objects.order_by("created").values_list("told", flat=True)
    assert [one["run"]["status"] + (f" by {one['actor']}" if one["actor"] else "") for one in rows] == told


def test_a_mail_says_what_happened_and_what_to_do(olga: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    User.objects.filter(pk=olga.pk).update(mail_when="always")
    with mail_server() as (port, mails):
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        run = ended(olga, Status.FAILED, reason="Boom", error="Not enough memory. Batch 64 fits.")
        deliver_due()
    (mail,), delivery = mails, Delivery.objects.get()
    text = mail.get_payload(decode=True).decode().replace("\r\n", "\n")
    assert (mail["To"], delivery.answer) == ("olga@example.org", "The mail server took it.")
    assert str(delivery.pk) in mail["Message-ID"]
    assert text == (
        "Your run “Sunday pets” failed at step 100 of 100:\n\nNot enough memory. Batch 64 fits.\n\n"
        f"Its pictures:\nhttp://127.0.0.1:8000/runs/{run.pk}/\n\n"
        "If the sentence above tells what to change, choose “Clone with changes” on its\npage. "
        "If not, “Try again” there goes on from its last checkpoint.\n\n"
        "-- \nGanvas writes because you asked it to: http://127.0.0.1:8000/account/#notices\n"
    )


BEST = {"step": 9000, "kid": 0.01234}


@pytest.mark.parametrize(
    ("run", "says"),
    [
        ({"status": "completed", "step": 10000}, ["is done: step 10 000 of 10 000. Reason.", "Its pictures:", "Its weights are there to download."]),
        ({"status": "completed", "step": 9500, "best_score": BEST}, ["from step 9 000 (KID 0.0123, lower is better):", "/?step=9000\n"]),
        ({"status": "failed", "step": 0}, ["failed at step 0 of 10 000:\n\nReason\n", "Its page:", "“Try again” there begins anew."]),
        ({"status": "stopped", "step": 100}, ["was stopped by max at step 100", "“Go on” on its page takes it on from its last\ncheckpoint."]),
        ({"status": "stopped", "step": 0}, ["It had not begun to learn. “Go on” on its page puts it back into the queue."]),
    ],
)
def test_a_mail_tells_what_is_true_of_the_run(run: dict[str, Any], says: list[str]) -> None:
    whole = {"id": str(uuid4()), "name": "A  <b> & c", "total_steps": 10000, "best_score": None, "error": "", **run}
    subject, text = letter({"run": whole, "reason": "Reason", "actor": "max" if run["status"] == "stopped" else None})
    assert subject.startswith("“A <b> & c” ") and "Your run “A <b> & c” " in text
    assert "\n\n\n" not in text and "{" not in text and max(map(len, text.splitlines())) <= 100
    for part in says:
        assert part in text.replace("\u202f", " ")


def test_a_mail_server_that_is_away_or_refuses_is_asked_again(olga: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    User.objects.filter(pk=olga.pk).update(mail_when="always")
    ended(olga)
    with mail_server(refuses="MAIL") as (port, mails):
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        deliver_due()
    overdue()
    deliver_due()
    delivery = Delivery.objects.get()
    assert (mails, delivery.state, delivery.attempts, delivery.answer) == ([], "waiting", 2, "The mail server did not take it.")


def test_after_a_day_it_is_given_up_and_pauses_grow_until_then(olga: User, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    webhooks.add(olga, "http://127.0.0.1:9/")  # nobody listens
    ended(olga)
    pauses = []
    while (delivery := Delivery.objects.get()).due is not None:
        pauses.append(delivery.seconds_left)
        now += timedelta(seconds=pauses[-1])
        deliver_due()
    assert (delivery.state, delivery.answer) == ("given_up", "Nobody listens there.")
    assert now - delivery.created <= PATIENCE and 11 <= delivery.attempts <= 15
    assert pauses[0] < 1 and 8 <= pauses[1] <= 12 and 3.9 * 3600 * 0.8 < pauses[-1] < 4 * 3600 * 1.2


@pytest.mark.parametrize(
    ("status", "state", "says"), [(410, "given_up", "410 Gone"), (302, "waiting", "not followed"), (404, "waiting", "404 Not Found")]
)
def test_other_answers(olga: User, status: int, state: str, says: str) -> None:
    with Receiver() as elsewhere, Receiver([status], headers={"Location": elsewhere.url}) as receiver:
        webhooks.add(olga, receiver.url)
        ended(olga)
        deliver_due()
    delivery = Delivery.objects.get()
    assert (delivery.state, len(receiver.requests), elsewhere.requests) == (state, 1, [])
    assert says in delivery.answer


def test_a_webhook_that_does_not_answer_rests_and_keeps_back_nobody(olga: User, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now() + timedelta(minutes=1)  # later than all is made
    monkeypatch.setattr(timezone, "now", lambda: now)
    karl = factories.make_user("karl")
    with Receiver([500, 500, 500, 204]) as away, Receiver() as there:
        webhooks.add(olga, away.url)
        webhooks.add(karl, there.url)
        for _ in range(5):
            ended(olga)
        for count in range(1, 5):
            ended(karl)
            deliver_due()
            assert len(there.requests) == count, "What is for others is sent in the same round, though it came later"
            now += timedelta(seconds=5)
        assert len(away.requests) == 2, "One of five, and after a rest of about ten seconds another"
        for count in (3, 8):  # then it is back, and all five are sent
            now += 1.2 * LONGEST_REST
            deliver_due()
            assert len(away.requests) == count
    assert not Delivery.objects.filter(delivered=None).exists()


def test_a_webhook_that_is_removed_while_its_delivery_is_claimed_is_no_error(olga: User, monkeypatch: pytest.MonkeyPatch) -> None:
    webhooks.add(olga, "https://hooks.example.org/")
    ended(olga)
    update = DeliveryQuerySet.update

    def and_remove(self: Any, **values: Any) -> int:
        taken = update(self, **values)
        Webhook.objects.all().delete()
        return taken

    monkeypatch.setattr(DeliveryQuerySet, "update", and_remove)
    assert Delivery.objects.claim() is None


def test_what_has_waited_for_a_webhook_for_a_day_is_given_up_at_once(olga: User) -> None:
    webhooks.add(olga, "http://127.0.0.1:9/")  # nobody listens
    for _ in range(3):
        ended(olga)
    Delivery.objects.update(created=timezone.now() - PATIENCE, attempts=2)
    deliver_due()
    assert not Delivery.objects.exclude(due=None).exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_senders_one_sends_it(settings: Any) -> None:
    settings.GANVAS_WEBHOOK_ALLOW = HERE
    olga = factories.make_user("olga")
    with Receiver() as receiver:
        webhooks.add(olga, receiver.url)
        for _ in range(5):
            ended(olga)
        barrier = Barrier(4)

        def rush(_: int) -> None:
            try:
                barrier.wait()
                deliver_due()
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(rush, range(4)))
    ids = [one.headers["webhook-id"] for one in receiver.requests]
    assert len(ids) == len(set(ids)) == 5
    assert set(Delivery.objects.values_list("attempts", "due")) == {(1, None)}


def test_a_sender_that_was_too_slow_does_not_undo_what_another_has_done(olga: User) -> None:
    webhooks.add(olga, "https://hooks.example.org/")
    ended(olga)
    slow = Delivery.objects.claim()
    assert slow is not None and Delivery.objects.claim() is None  # it is taken
    overdue()  # its time is over
    quick = Delivery.objects.claim()
    assert quick is not None
    quick.succeeded("It answered 200 OK.")
    slow.failed("No answer.")
    assert (Delivery.objects.get().state, Delivery.objects.get().answer) == ("delivered", "It answered 200 OK.")


def test_of_a_locked_account_nothing_is_sent(olga: User) -> None:
    webhooks.add(olga, "https://hooks.example.org/")
    ended(olga)
    User.objects.filter(pk=olga.pk).update(is_active=False)
    assert Delivery.objects.claim() is None


def test_the_reaper_wakes_a_sender_for_what_a_lost_message_left(olga: User, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks() as woken:
        reap.reap()
    assert woken == []
    webhooks.add(olga, "https://hooks.example.org/")
    ended(olga)
    with django_capture_on_commit_callbacks() as woken:
        reap.reap()
    assert len(woken) == 1


def test_old_ones_are_forgotten(olga: User) -> None:
    webhooks.add(olga, "https://hooks.example.org/")
    for _ in range(2):
        ended(olga)
    old = Delivery.objects.first()
    Delivery.objects.filter(pk=old.pk).update(created=timezone.now() - timedelta(days=31))
    assert list(Delivery.objects.forgotten()) == [old]
    assert Webhook.objects.count() == 1
