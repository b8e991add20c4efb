"""What checking and preparing pictures costs: `python -m benchmarks.data`. Makes its own pictures; half a minute on one core."""

import io
import resource
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gan_core.images import ordered
from gan_core.images.fit import Shape
from gan_core.images.store import prepare
from gan_core.images.survey import take_stock

SETS: tuple[tuple[str, int, tuple[int, int], dict[str, Any]], ...] = (
    ("PNG 64 x 64", 5000, (64, 64), {"format": "PNG"}),
    ("JPEG 1024 x 768", 300, (1024, 768), {"format": "JPEG", "quality": 90}),
    ("PNG 512 x 512", 300, (512, 512), {"format": "PNG"}),
)


def picture(width: int, height: int, random: np.random.Generator) -> Image.Image:
    """Smooth noise of several scales, and a little of every pixel's own."""
    total = np.zeros((height, width, 3), np.float32)
    for cells in (4, 9, 20, 50, 120):
        coarse = random.integers(0, 256, (max(2, min(cells * height // width, height)), min(cells, width), 3), dtype=np.uint8)
        total += np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC), np.float32) * (4 / cells) ** 0.7
    total = (total - total.min()) * (255 / np.ptp(total)) + random.normal(0, 2, total.shape)
    return Image.fromarray(total.clip(0, 255).astype(np.uint8))


def archive(path: Path, count: int, size: tuple[int, int], options: dict[str, Any]) -> Path:
    random = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as file:
        for number in range(count):
            buffer = io.BytesIO()
            picture(*size, random).save(buffer, **options)
            file.writestr(f"{number}", buffer.getvalue())
    return path


def spent() -> tuple[float, float, float]:
    """Seconds: on the clock, of processors by this process, and by helpers that have ended."""
    ours, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic(), ours.ru_utime + ours.ru_stime, theirs.ru_utime + theirs.ru_stime


def main() -> None:
    print("pictures, cores used: check | prepare for 64 px, each as seconds on the clock, of this process, of its helpers")
    with tempfile.TemporaryDirectory() as made:
        for name, count, size, options in SETS:
            source = archive(Path(made, "archive.zip"), count, size, options)
            for cores in sorted({1, ordered.cores()}):
                ordered.cores = lambda cores=cores: cores
                marks = [spent()]
                manifest = take_stock(source)
                marks.append(spent())
                prepare(source, manifest, Path(made, f"{name}-{cores}"), Shape(64, 64, 3, "crop", "#ffffff"))
                marks.append(spent())
                parts = (" ".join(f"{end - start:.2f}" for start, end in zip(*pair, strict=True)) for pair in zip(marks, marks[1:], strict=False))
                print(f"{count} {name}, {cores}: {' | '.join(parts)}", flush=True)


if __name__ == "__main__":
    main()
