"""Storage that is away or full, and answers of the database that are lost: a run waits, and leaves neither halves nor gaps."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import OperationalError, transaction

from gan_core.errors import GanCoreError
from portal.runs import keeping
from portal.runs.models import Artifact, Run
from tests.worker.recording import checkpoint, files, loss, scores, sheet
from worker import patience, record, returns
from worker.claim import claim_next
from worker.fence import Superseded
from worker.record import Recorder
from worker.rewind import rewind


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PAUSES", (0.0,))


def reply(status: int) -> ClientError:
    return ClientError({"ResponseMetadata": {"HTTPStatusCode": status}, "Error": {}}, "PutObject")  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (OperationalError(), True),
        (EndpointConnectionError(endpoint_url="http://nowhere"), True),
        (reply(503), True),
        (reply(400), False),
        (FileNotFoundError(errno.ENOENT, "No such file"), False),
        (ValueError(), False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_will_pass_is_told_from_what_will_not(error: Exception, passing: bool) -> None:
    assert patience.is_passing(error) is passing


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        patience.patiently(full, 0.05)


@pytest.fixture
def failing_storage(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    """failing_storage(times, number): so many times a file is half written, then comes that error."""
    save = FileSystemStorage._save

    def fail(times: int, number: int) -> None:
        left = [times]

        def broken(self: FileSystemStorage, name: str, content: Any) -> str:
            if left[0] == 0:
                return save(self, name, content)
            left[0] -= 1
            save(self, name, ContentFile(b"ha"))
            raise OSError(number, "of the disk")

        monkeypatch.setattr(FileSystemStorage, "_save", broken)

    return fail


def test_a_disk_that_is_full_for_a_while_costs_nothing_and_leaves_no_halves(
    run: Run, recorder: Recorder, tmp_path: Path, failing_storage: Callable[[int, int], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing_storage(3, errno.ENOSPC)
    for event in (loss(5), sheet(5), checkpoint(5, tmp_path)):
        recorder.record(event)
    recorder.close()
    known = [*run.samples.values_list("image", flat=True), *run.artifacts.values_list("file", flat=True)]
    assert files(run) == sorted(known) and len(known) == 4
    assert run.artifacts.get(kind=Artifact.Kind.CHECKPOINT).file.read() == b"everything 5"
    assert "Storage is out of reach or full" in capsys.readouterr().out


def test_nothing_is_recorded_after_what_could_not_be(
    run: Run, recorder: Recorder, tmp_path: Path, failing_storage: Callable[[int, int], None]
) -> None:
    """A checkpoint that passed over a sheet would lose it for good."""
    failing_storage(1, errno.EINVAL)
    with pytest.raises(OSError, match="of the disk"):
        for event in (loss(5), sheet(5), loss(6), checkpoint(6, tmp_path)):
            recorder.record(event)
        recorder.close()
    assert not run.artifacts.exists() and not run.samples.exists() and {*run.losses.values_list("step", flat=True)} <= {5}


def test_a_commit_whose_answer_was_lost_is_not_made_twice(run: Run, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = set[str]()

    def forgetful(enter: Callable[[], Any], seconds: float | None = None) -> Any:
        """Each deed's first commit is made, and then the connection breaks."""
        name = enter.__qualname__ if hasattr(enter, "__qualname__") else ""

        def do() -> Any:
            done = enter()
            if "enter" in name and name not in lost:
                lost.add(name)
                raise OperationalError("server closed the connection unexpectedly")
            return done

        return patience.patiently(do, seconds)

    monkeypatch.setattr(record, "patiently", forgetful)
    for event in (loss(5), sheet(5), scores(5, 0.5), checkpoint(5, tmp_path), loss(6)):
        recorder.record(event)
    recorder.close()
    assert len(lost) == 3
    assert list(run.losses.values_list("step", flat=True)) == [5, 6]
    assert (run.samples.count(), run.scores.count(), run.artifacts.count()) == (1, 1, 3)
    known = [*run.samples.values_list("image", flat=True), *run.artifacts.values_list("file", flat=True)]
    assert files(run) == sorted(known)


def test_a_checkpoint_that_is_pinned_between_two_tries_stays(run: Run, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = list[str]()

    def refused_once(enter: Callable[[], Any], seconds: float | None = None) -> Any:
        def do() -> Any:
            with transaction.atomic():
                done = enter()
                if run.artifacts.filter(step=3).exists() and not tried:
                    tried.append("3")
                    raise OperationalError("terminating connection due to administrator command")
            return done

        def pinned_meanwhile() -> Any:
            try:
                return do()
            except OperationalError:
                keeping.pin(run, 1)
                raise

        return patience.patiently(pinned_meanwhile, seconds)

    monkeypatch.setattr(record, "patiently", refused_once)
    for step in (1, 2, 3):
        recorder.record(checkpoint(step, tmp_path))
        recorder.drain()
    assert tried and {*run.artifacts.filter(kind="checkpoint").values_list("step", flat=True)} == {1, 2, 3}
    assert run.artifacts.get(kind="checkpoint", step=1).file.read() == b"everything 1"


def test_files_that_a_lost_commit_has_entered_stay_when_the_run_is_taken_over(
    run: Run, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(enter: Callable[[], Any], seconds: float | None = None) -> Any:
        done = enter()
        if "_checkpoint" in getattr(enter, "__qualname__", ""):
            raise Superseded("It was taken over before the second try")
        return done

    monkeypatch.setattr(record, "patiently", overtaken)
    with pytest.raises(Superseded):
        recorder.record(checkpoint(5, tmp_path))
        recorder.close()
    assert files(run) == sorted(run.artifacts.values_list("file", flat=True)) and run.artifacts.count() == 3


def test_an_attempt_that_wakes_while_it_rewinds_leaves_the_files_of_the_next_one_alone(run: Run, tmp_path: Path) -> None:
    """They may be about to be entered."""
    old, new = f"{run.directory}/checkpoint-9-1.safetensors", f"{run.directory}/checkpoint-9-2.safetensors"
    for name in (old, new, f"{run.directory}/samples/9-2.webp"):
        default_storage.save(name, ContentFile(b"half"))
    rewind(run, 1, tmp_path)
    assert files(run) == [new, f"{run.directory}/samples/9-2.webp"]


@pytest.mark.parametrize("fate", ["missing", "damaged"])
def test_a_run_whose_checkpoints_are_all_gone_does_not_begin_anew(run: Run, recorder: Recorder, tmp_path: Path, fate: str) -> None:
    """The place of storage may only not be mounted: what the run has shown so far stays."""
    for event in (loss(5), sheet(5), checkpoint(5, tmp_path)):
        recorder.record(event)
    recorder.close()
    kept = Path(default_storage.path(run.artifacts.get(kind=Artifact.Kind.CHECKPOINT).file.name))
    kept.unlink() if fate == "missing" else kept.write_bytes(b"something")
    returns.give_back(run, 1, "The worker was thought dead")
    with pytest.raises(GanCoreError, match="None of its checkpoints can be read"):
        rewind(claim_next("two"), 2, tmp_path)
    assert run.losses.exists() and run.samples.exists() and run.artifacts.count() == 3
