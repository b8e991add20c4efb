"""From events to rows, files and live messages: the only translation of gan_core into tables.

All writing happens on one thread of its own, in order, so that the training thread goes on while a sheet is encoded or
stored. Every transaction is fenced by the attempt. Loss points are gathered for about a second; a checkpoint is
entered together with all points up to its step, so that a resumed run lacks none and repeats none.
"""

import dataclasses
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from gan_core.config import TrainConfig
from gan_core.events import Checkpoint, Event, Losses, Note, Progress, Rewound, Samples, Scores, Verdict
from portal import broker
from portal.runs.models import LossPoint, Run, Sample, Score, Status, Transition, weigh
from portal.runs.payloads import losses_payload, run_payload, sample_payload, score_payload
from worker import artifacts, sheets
from worker.fence import Superseded, hold
from worker.patience import patiently
from worker.returns import REASON
from worker.rewind import known_files, take_back, tell
from worker.telemetry import Meter
from worker.thinning import thin

GATHER = 0.8
"""Seconds between two writes of loss points and progress."""
BACKLOG = 16
"""Events that may wait for the writer; training pauses when storage is slower than that."""
SCORED = tuple(field.name for field in dataclasses.fields(Scores))
"""Columns of a score."""


class Recorder:
    """Records one attempt of a run.

    Args:
        card: makes the model card for a step with the newest score there is.
        class_names: of the classes that the run learns, in label order.
        files: for each place in the prepared pictures the dataset's picture that it was cut out of.

    `record`, `drain` and `close` raise what went wrong in the writer, above all Superseded.
    """

    def __init__(
        self, run: Run, attempt: int, card: Callable[[int, Scores | None], str], class_names: Sequence[str] = (), files: Sequence[int] = ()
    ) -> None:
        self._run = run
        self._attempt = attempt
        self._card = card
        self._class_names = class_names
        self._files = files
        self._verdict: str | None = (run.verdict or {}).get("kind")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="record")
        self._pending: deque[Future[None]] = deque()
        self._storing: Future[None] | None = None
        self._points: list[LossPoint] = []
        self._progress: dict[str, Any] = {}
        self._flushed = time.monotonic()
        self._meter = Meter()
        self._ended = False
        self._failed = False
        run.get_absolute_url()  # reads the table of addresses now, and not between the first sheet and its message

    def record(self, event: Event) -> None:
        while self._pending and (self._pending[0].done() or len(self._pending) >= BACKLOG):
            self._pending.popleft().result()
        self._pending.append(self._writer.submit(self._write, event))
        if isinstance(event, Checkpoint):
            if self._storing:
                self._storing.result()  # the trainer keeps the files of the last two
            self._storing = self._pending[-1]

    def drain(self) -> None:
        """Wait until all that was recorded is stored."""
        while self._pending:
            self._pending.popleft().result()

    def close(self) -> None:
        """Store the rest, and end."""
        self._pending.append(self._writer.submit(self._flush))
        self.drain()
        self.abandon()

    def abandon(self) -> None:
        """End without storing what still waits."""
        for future in self._pending:
            future.cancel()
        if not self._ended:
            self._ended = True
            self._writer.submit(lambda: connection.close())  # the proxy is asked on the thread whose connection is meant
            self._writer.shutdown()

    def _write(self, event: Event) -> None:
        """Nothing is written after what could not be: a checkpoint must not pass over a point or a sheet that is missing before it."""
        if self._failed:
            return
        self._failed = True
        self._translate(event)
        if time.monotonic() - self._flushed > GATHER:
            self._flush()
        self._failed = False

    def _translate(self, event: Event) -> None:
        match event:
            case Note():
                print(event.message, flush=True)
            case Progress():
                self._progress = {name: getattr(event, name) for name in ("step", "total_steps", "epoch", "seconds", "images_per_second")}
            case Losses():
                self._progress |= {"step": event.step, "seconds": event.seconds}
                values = {name: getattr(event, name) for name in ("step", "seconds", "discriminator", "generator", "augmentation")}
                self._points.append(LossPoint(run=self._run, attempt=self._attempt, **values))
            case Samples():
                self._sheet(event)
            case Checkpoint():
                self._checkpoint(event)
            case Rewound():
                self._go_back(event)
            case Scores():
                self._score(event)
            case Verdict():
                self._judge(event)

    def _flush(self) -> None:
        """Enter what has gathered."""
        reading = self._meter.due()
        patiently(lambda: self._enter(**reading))
        self._tell()

    def _enter(self, **values: Any) -> None:
        """Progress and gathered points, in the transaction that the caller has opened or one of its own."""
        with transaction.atomic():
            hold(self._run.pk, self._attempt, **self._progress, **values)
            # A point at the very step of the checkpoint may be reported again after resuming; it is the same.
            LossPoint.objects.bulk_create(self._points, ignore_conflicts=True)

    def _tell(self) -> None:
        points, self._points = self._points, []
        self._flushed = time.monotonic()
        if points:
            broker.publish(self._run.pk, "losses", losses_payload(points))
        # Read anew: its owner may have renamed it or wished something meanwhile.
        if run := patiently(Run.objects.select_related("owner").defer("log_tail").filter(pk=self._run.pk).first):
            broker.publish(run.pk, "status", run_payload(run))

    def _sheet(self, event: Samples) -> None:
        if patiently(Sample.objects.filter(run=self._run, step=event.step, label=event.label).exists):
            return  # resumed exactly where a sheet had been drawn
        sample = sheets.upload(self._run, self._attempt, event, self._class_names)
        sample.nearest = sheets.nearest(event, self._files)
        newest = {"last_sampled": timezone.now()} if event.label is None else {}
        gone: set[str] = set()

        def enter() -> None:
            with transaction.atomic():
                hold(self._run.pk, self._attempt, **newest)
                # Or it was entered already, when the answer of the database was lost.
                if not Sample.objects.filter(run=self._run, image=sample.image.name).exists():
                    sample.pk = None  # of a first try, which was rolled back
                    sample.save(force_insert=True)
                gone.update(thin(self._run, settings.GANVAS_KEEP_SHEETS))
                weigh(Run.objects.filter(pk=self._run.pk))

        self._or_delete([str(sample.image.name)], enter)
        broker.publish(self._run.pk, "sample", sample_payload(sample))
        if gone:  # a try that was rolled back may have chosen others
            artifacts.delete_files(sorted(gone - patiently(lambda: known_files(self._run))))

    def _checkpoint(self, event: Checkpoint) -> None:
        stored = artifacts.upload(self._run, self._attempt, event, self._card(event.step, self._newest_scores()))
        stale: set[str] = set()
        self._progress["step"] = event.step  # where a run that leaves now will go on

        def enter() -> None:
            with transaction.atomic():
                self._enter(failures=0)
                stale.update(artifacts.register(self._run, stored))

        self._or_delete(artifacts.names(stored), enter)
        if stale:  # a try that was rolled back may have chosen others
            artifacts.delete_files(sorted(stale - patiently(lambda: known_files(self._run))))
        self._tell()

    def _newest_scores(self) -> Scores | None:
        newest = patiently(self._run.scores.order_by("-step").values(*SCORED).first)
        return Scores(**newest) if newest else None

    def _score(self, event: Scores) -> None:
        if patiently(Score.objects.filter(run=self._run, step=event.step).exists):
            return  # resumed exactly where a score had been taken
        better = Score.objects.filter(run=self._run, kid__lte=event.kid).order_by("kid", "step")
        best = patiently(better.values_list("step", flat=True).first)
        score = Score(run=self._run, attempt=self._attempt, **{name: getattr(event, name) for name in SCORED})

        def enter() -> None:
            with transaction.atomic():
                hold(self._run.pk, self._attempt, best_step=event.step if best is None else best)
                if not Score.objects.filter(run=self._run, step=event.step).exists():  # as above
                    score.pk = None
                    score.save(force_insert=True)

        patiently(enter)
        broker.publish(self._run.pk, "score", score_payload(score, best is None))

    def _judge(self, event: Verdict) -> None:
        """How the run is going, from now on; its history tells it if it is news, unless it tells why training went back already."""
        verdict = dataclasses.asdict(event) | {"change": _change(event, self._run.config)}

        def enter() -> None:
            with transaction.atomic():
                hold(self._run.pk, self._attempt, verdict=verdict)
                if event.kind not in ("diverged", self._verdict):
                    self._note_move(event.step, f"{event.title}. {event.text}")

        patiently(enter)
        self._verdict = event.kind
        broker.publish(self._run.pk, "verdict", verdict)

    def _note_move(self, step: int, reason: str) -> None:
        """A line of the run's history that changes no status."""
        move = {"frm": Status.RUNNING, "to": Status.RUNNING, "worker": self._run.worker, "step": step}
        Transition.objects.create(run=self._run, reason=reason[:REASON], **move)

    def _go_back(self, event: Rewound) -> None:
        """What was reported of later steps has not happened: rows go in one transaction, then the files, then the pages hear of it."""
        print(event.message, flush=True)
        self._points = [point for point in self._points if point.step <= event.step]
        self._progress["step"] = event.step
        gone: list[str] = []

        def enter() -> None:
            with transaction.atomic():
                self._enter()
                gone.extend(take_back(self._run, event.step))
                self._note_move(event.step, event.message)

        patiently(enter)
        artifacts.delete_files(gone)
        tell(self._run, event.step, event.message)
        self._tell()

    def _or_delete(self, names: list[str], enter: Callable[[], None]) -> None:
        """Enter files that are in storage already. If that is refused they go, unless a commit whose answer was lost has entered them.

        If the database stays away nobody knows, and the next attempt deletes them or goes on from them.
        """
        try:
            patiently(enter)
        except Superseded:
            artifacts.delete_files(set(names) - known_files(self._run))
            raise


def _change(verdict: Verdict, config: dict[str, Any]) -> dict[str, Any] | None:
    """What the verdict would change, with the setting's title and its present value."""
    if verdict.change is None:
        return None
    name = verdict.change.setting
    return {"setting": name, "title": TrainConfig.model_fields[name].title, "from": config[name], "to": verdict.change.value}
