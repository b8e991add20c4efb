"""The process of one run: `python -m worker.train_run <run> <attempt> <supervisor's process>`. Started by `worker.supervise` only.

Its signals are those of `worker.wishes`. Ends with a code of `worker.exits`.
"""

import os
import sys

from worker.process import die_with

if __name__ == "__main__":
    die_with(int(sys.argv[3]))  # before anything that takes time
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

    import django

    django.setup()

from collections.abc import Generator
from functools import partial
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone
from pydantic import ValidationError

from gan_core.card import model_card
from gan_core.config import TrainConfig
from gan_core.errors import GanCoreError
from gan_core.events import Checkpoint, Event, Scores
from gan_core.images.store import ImageStore
from portal.runs.control import announce
from portal.runs.models import Run, Status
from worker import exits, prepared
from worker.fence import Superseded
from worker.patience import is_passing
from worker.record import Recorder
from worker.rewind import rewind
from worker.wishes import Wishes

if TYPE_CHECKING:
    from gan_core.train import Request  # brings torch, which is imported when all else is ready


def main(run_id: str, attempt: int) -> int:
    wishes = Wishes(run_id, attempt)
    try:
        run = Run.objects.held_by(run_id, attempt).select_related("dataset", "owner").first()
        if run is None:
            raise Superseded(f"Attempt {attempt} does not hold run {run_id}")
        return _train(run, attempt, wishes)
    except Superseded as error:
        print(error, flush=True)
        return exits.SUPERSEDED
    except GanCoreError as error:
        print(error, flush=True)
        return exits.REFUSED if Run.objects.held_by(run_id, attempt).update(error=str(error)) else exits.SUPERSEDED
    except Exception as error:
        if not is_passing(error):
            raise
        print(f"Database, storage or disk is out of reach or full: {error}".rstrip(), flush=True)
        return exits.OUT_OF_REACH


def _train(run: Run, attempt: int, wishes: Wishes) -> int:
    config = _config(run)
    images = prepared.images(run.dataset, config)
    work = prepared.work_directory(run.pk, attempt)
    checkpoint = rewind(run, attempt, work)
    from gan_core import memory
    from gan_core.parallel import most_processes
    from gan_core.precision import choose_device, device_name
    from gan_core.train import train
    from worker.followers import together

    memory.keep_freed()
    processes = most_processes(config.batch_size, settings.GANVAS_PROCESSES)
    device = device_name(choose_device(settings.GANVAS_DEVICE))
    _begin(run, attempt, device if processes == 1 else f"{processes} times {device}")
    class_names = images.class_names if config.conditional else ()
    card = partial(_card, run, config, images, class_names)
    wishes.training = True
    with together(processes):
        recorder = Recorder(run, attempt, card, class_names, prepared.files(run.dataset, config) if config.score_samples else ())
        return _record(recorder, wishes, train(config, images, work, resume=checkpoint, device=settings.GANVAS_DEVICE, parts=run.parts))


def _record(recorder: Recorder, wishes: Wishes, events: "Generator[Event, Request | None, None]") -> int:
    try:
        event = next(events)
        while True:
            recorder.record(event)
            if wishes.leave and isinstance(event, Checkpoint) and not event.late:
                events.close()
                recorder.close()
                return exits.LEFT
            event = events.send(wishes.next())
    except StopIteration:
        recorder.close()
        return exits.COMPLETED
    except BaseException:
        recorder.abandon()
        raise


def _config(run: Run) -> TrainConfig:
    try:
        return run.train_config
    except ValidationError as error:
        raise GanCoreError(f"This version of Ganvas no longer takes these settings: {error.errors()[0]['msg']} Launch the run again.") from error


def _begin(run: Run, attempt: int, device: str) -> None:
    started = run.started or timezone.now()
    if not run.move(Status.RUNNING, frm=(Status.STARTING,), held_by=attempt, reason="Training", device=device, started=started):
        raise Superseded(f"Attempt {attempt} no longer holds run {run.pk}")
    announce(run)


def _card(run: Run, config: TrainConfig, images: ImageStore, class_names: tuple[str, ...], step: int, scores: Scores | None) -> str:
    return model_card(
        config,
        title=run.name,
        channels=images.images.shape[3],
        step=step,
        image_count=len(images),
        class_names=class_names,
        recipe=run.recipe,
        dataset=run.dataset.name,
        scores=scores,
    )


if __name__ == "__main__":
    code = main(sys.argv[1], int(sys.argv[2]))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # all is stored and closed; taking torch apart, which the kernel does at once, costs Python a second and more
