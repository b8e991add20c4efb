"""Rows of a large lab, made by the database itself: a few real ones as the portal makes them, and copies of these that differ where it matters.

Whatever column is not named here is copied, so a column that is added later needs no change.
"""

import io
import json
import shutil
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone
from PIL import Image

from benchmarks.portal import fill_people
from benchmarks.portal.rows import bare, copies
from gan_core.recipes import RECIPES
from portal.accounts.models import User
from portal.datasets import upload
from portal.datasets.models import Dataset, SkippedFile
from portal.runs.models import Artifact, LossPoint, Run, Sample, Score, Status, Transition, weigh
from portal.workers.models import Worker
from worker.ingest import ingest

OPENED = 20
"""Datasets and runs that have real files, because the benchmark opens them."""
LONG_LOSSES, SHORT_LOSSES = 5000, 555
"""Loss points of every tenth run, as many as a run may have, and of the others: a thousand on average."""
LONG_SHEETS, SHORT_SHEETS = 2080, 80
"""Sheets of every hundredth run, and of the others: a hundred on average."""
PICTURES = 2000
"""Of each dataset."""
STATUS = """CASE WHEN mod(number, 400) = 0 THEN 'running' WHEN mod(number, 400) < 7 THEN 'queued' WHEN mod(number, 400) < 9 THEN 'paused'
WHEN mod(number, 400) < 39 THEN 'failed' WHEN mod(number, 400) < 59 THEN 'stopped' ELSE 'completed' END"""
VISIBILITY = "CASE mod(number, 5) WHEN 0 THEN 'public' WHEN 1 THEN 'members' WHEN 2 THEN 'members' ELSE 'private' END"
RUN_ID, DATASET_ID = "md5('run' || number)::uuid", "md5('dataset' || number)::uuid"
TELEMETRY = {
    **{"measured": "2026-01-02T03:04:05+00:00", "cpu_percent": 187.5, "memory_bytes": 1_234_567_890},
    **{"gpu_percent": 88.0, "gpu_memory_bytes": 9_100_000_000, "gpu_memory_total": 24_000_000_000},
}
LINE = "Step 1000 of 20000, 512 pictures a second"


@dataclass(frozen=True, slots=True)
class Sizes:
    users: int = 200
    datasets: int = 2000
    runs: int = 20_000

    def scaled(self, factor: float) -> "Sizes":
        return Sizes(max(4, round(self.users * factor)), max(OPENED, round(self.datasets * factor)), max(400, round(self.runs * factor)))


def fill(sizes: Sizes) -> None:
    """Into an empty, migrated database."""
    first = _people(sizes.users)
    some = f"{first} + floor({sizes.users} * power(random(), 2))::int"  # the first ones have the most
    dataset = _real_dataset(User.objects.get(pk=first))
    run = _real_run(dataset)
    copies(
        dataset,
        f"generate_series(1, {sizes.datasets}) number",
        id=DATASET_ID,
        owner_id=some,
        visibility=VISIBILITY,
        name="(ARRAY['Birds', 'Maps', 'Cells', 'Faces of cats', 'Sprites', 'Leaves', 'X-rays'])[1 + mod(number, 7)] || ' ' || number",
        created="now() - number * interval '50 minutes'",
    )
    skipped = SkippedFile(dataset=dataset, position=0, path="notes.txt", reason="not_an_image")
    copies(skipped, f"generate_series(1, {sizes.datasets}) number, generate_series(1, 50) part", dataset_id=DATASET_ID, position="part")
    _runs(run, sizes, some)
    _results(run, sizes)
    fill_people.fill(run, sizes.users, sizes.runs, first, some, numbered(sizes.runs))
    _workers()
    Run.objects.filter(pk=run.pk).delete()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    _files(dataset, sizes)


def _workers() -> None:
    """Those that the runs name, alive for long enough."""
    tomorrow = timezone.now() + timedelta(days=1)
    names = {f"gpu{number % 32}@node{number % 8}" for number in range(32)}
    Worker.objects.bulk_create(
        Worker(name=name, device="NVIDIA A100, 80 GB", is_gpu=True, memory=80 * 10**9, seen=tomorrow) for name in sorted(names)
    )


def _people(count: int) -> int:
    """The id of the first one; the others follow. One of them is staff."""
    made = User.objects.bulk_create(User(username=f"person{number}", password="!", is_staff=number == 2) for number in range(1, count + 1))
    return int(made[0].pk)


def _real_dataset(owner: User) -> Dataset:
    random = np.random.default_rng(1)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(PICTURES):
            picture = io.BytesIO()
            Image.fromarray(random.integers(0, 256, (16, 16, 3), dtype=np.uint8)).save(picture, "PNG")
            archive.writestr(f"class{number % 10}/{number}.png", picture.getvalue())
    dataset = upload.upload(owner, ContentFile(file.getvalue(), name="pictures.zip"), name="Real", visibility="public")
    ingest(dataset.pk)
    dataset.refresh_from_db()
    return dataset


def _real_run(dataset: Dataset) -> Run:
    evidence = [{"label": "Fakes spotted", "value": "97 %", "usual": "60 to 90 %"}] * 3
    verdict = {"kind": "healthy", "level": "ok", "title": "It learns", "text": "Both keep pace.", "step": 900, "evidence": evidence, "change": None}
    config = RECIPES["quick"].config.model_dump(mode="json")
    return Run.objects.create(owner=dataset.owner, dataset=dataset, name="Real", config=config, verdict=verdict, total_steps=20_000, log_tail=LINE)


def _runs(run: Run, sizes: Sizes, some: str) -> None:
    recipes = ", ".join(
        f"({place}, '{name}', '{json.dumps(recipe.config.model_dump(mode='json'))}'::jsonb)" for place, (name, recipe) in enumerate(RECIPES.items())
    )
    dataset = f"md5('dataset' || 1 + floor({sizes.datasets} * power(random(), 2))::int)::uuid"
    begun = f"now() - ({sizes.runs} - number) * interval '20 minutes'"
    source = f"generate_series(1, {sizes.runs}) number JOIN (VALUES {recipes}) recipes (place, name, config) ON place = mod(number, {len(RECIPES)})"
    active = f"{STATUS} IN ('running', 'queued', 'paused')"
    copies(
        run,
        source,
        id=RUN_ID,
        owner_id=some,
        dataset_id=dataset,
        name="(ARRAY['Sunday', 'Second try', 'Larger', 'Night'])[1 + mod(number, 4)] || ' ' || number",
        recipe="recipes.name",
        config="recipes.config",
        visibility=VISIBILITY,
        status=STATUS,
        attempt="1",
        step=f"CASE WHEN {active} THEN 9000 ELSE 20000 - mod(number, 50) END",
        images_per_second="100 + mod(number, 400)",
        device="'NVIDIA A100, 80 GB'",
        worker="'gpu' || mod(number, 32) || '@node' || mod(number, 8)",
        best_step=f"CASE WHEN {STATUS} = 'completed' THEN 10000 END",
        telemetry=f"CASE WHEN {STATUS} = 'running' THEN '{json.dumps(TELEMETRY)}'::jsonb END",
        log_tail=f"repeat('{LINE}' || chr(10), 200)",
        created=begun,
        queued_at=begun,
        started=f"{begun} + interval '1 minute'",
        last_sampled=f"{begun} + interval '2 hours'",
        updated=f"{begun} + interval '2 hours'",
        finished=f"CASE WHEN {active} THEN NULL ELSE {begun} + interval '2 hours' END",
        lease_expires=f"CASE WHEN {STATUS} = 'running' THEN now() + interval '1 day' END",
    )


def _results(run: Run, sizes: Sizes) -> None:
    """What the runs have left behind."""
    every = numbered(sizes.runs)
    losses = LossPoint(run=run, attempt=1, step=0, seconds=1, discriminator=1, generator=1)
    with bare(LossPoint):
        length = f"CASE WHEN mod(number, 10) = 0 THEN {LONG_LOSSES} ELSE {SHORT_LOSSES} END"
        rows = f"{every}, generate_series(1, {length}) point"
        values = {"discriminator": "0.7 + 0.1 * random()", "generator": "0.9 + 0.5 * random()", "seconds": "point * 0.2"}
        copies(losses, rows, run_id="run", step="point * 4", **values)
    sheet = Sample(run=run, attempt=1, step=0, epoch=1, image="x", columns=8, rows=8, tile_width=64, tile_height=64, seed=1, bytes=40_000)
    with bare(Sample):
        rows = f"{every}, generate_series(0, CASE WHEN mod(number, 100) = 0 THEN {LONG_SHEETS} ELSE {SHORT_SHEETS} END - 1) point"
        image = "'runs/' || run || '/samples/' || 10 * point || '-1.webp'"
        nearest = f"CASE WHEN mod(point, 20) = 0 THEN '{json.dumps(_nearest())}'::jsonb END"
        copies(sheet, rows, run_id="run", step="10 * point", image=image, nearest=nearest, created="now() - (1000 - point) * interval '1 minute'")
    copies(
        Artifact(run=run, attempt=1, kind="card", step=1, file="x", bytes=20_000_000, sha256="0" * 64),
        f"{every}, (VALUES ('checkpoint', 8000), ('checkpoint', 9000), ('weights', 9000), ('card', 9000)) kept (kind, step)",
        run_id="run",
        kind="kept.kind",
        step="kept.step",
        pinned="kept.step = 8000 AND mod(number, 10) = 0",
        file="'runs/' || run || '/' || kept.kind || '-' || kept.step || '-1.safetensors'",
    )
    moves = "(VALUES ('', 'queued'), ('queued', 'starting'), ('starting', 'running'), ('running', 'completed')) moves (f, t)"
    often = "generate_series(1, CASE WHEN mod(number, 100) = 0 THEN 20 ELSE 1 END) again"
    copies(Transition(run=run, frm="", to="queued", actor=run.owner, reason="Launched"), f"{every}, {moves}, {often}", run_id="run", frm="f", to="t")
    measured = dict.fromkeys(("fd", "kid_error", "precision", "recall", "density", "coverage", "mifid", "copies", "cost", "kid"), 0.5)
    score = Score(run=run, attempt=1, step=0, seconds=1, extractor="EfficientNet-Lite0", samples=1000, real=1000, seed=1, **measured)
    copies(score, f"{every}, generate_series(1, 10) point", run_id="run", step="1000 * point", kid="random() / point")
    weigh(Run.objects.all())


def numbered(runs: int) -> str:
    """The runs with their numbers, to be selected from."""
    return f"(SELECT number, {RUN_ID} AS run FROM generate_series(1, {runs}) number OFFSET 0) runs"


def _nearest() -> dict[str, Any]:
    tiles = [[[index * tile % PICTURES, 0.1234] for index in range(1, 6)] for tile in range(1, 65)]
    return {"extractor": "EfficientNet-Lite0", "usual": 0.2, "tiles": tiles}


def _files(real: Dataset, sizes: Sizes) -> None:
    """Real files of the datasets and sheets that the benchmark opens."""
    media = settings.MEDIA_ROOT
    for dataset in {*opened_datasets(), *Dataset.objects.filter(runs__in=opened_runs(dataset__visibility="public"))}:
        shutil.copytree(media / real.directory, media / dataset.directory, dirs_exist_ok=True)
    picture = io.BytesIO()
    Image.fromarray(np.random.default_rng(2).integers(0, 256, (256, 256, 3), dtype=np.uint8)).save(picture, "WEBP")
    for run in opened_runs():
        (media / run.directory / "samples").mkdir(parents=True, exist_ok=True)
        (media / run.directory / "samples" / "0-1.webp").write_bytes(picture.getvalue())


def opened_datasets() -> list[Dataset]:
    """Those with the most runs."""
    return list(Dataset.objects.exclude(name="Real").filter(visibility="public", status=Dataset.Status.READY).order_by("-created")[:OPENED])


def opened_runs(**wanted: Any) -> list[Run]:
    """Finished ones that everybody may see, unless told otherwise."""
    return list(Run.objects.filter(**{"visibility": "public", "status": Status.COMPLETED, **wanted}).order_by("-created")[:OPENED])
