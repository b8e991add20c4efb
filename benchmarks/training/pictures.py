"""Real pictures as folders of PNG files, the form that every program here reads: one folder for each class, without transparency."""

import io
import os
import shutil
from pathlib import Path

from PIL import Image

from benchmarks.quality.sets import SETS
from benchmarks.training import PLACE


def folder(name: str) -> Path:
    """One of `benchmarks.quality.sets.SETS`, written once."""
    place = PLACE / "pictures" / name
    if not place.exists():
        unfinished = place.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        for member, data in SETS[name]():
            path = unfinished / (member if "/" in member else f"all/{member}")
            path.parent.mkdir(parents=True, exist_ok=True)
            opaque(Image.open(io.BytesIO(data))).save(path.with_suffix(".png"))
        os.replace(unfinished, place)
    return place


def opaque(picture: Image.Image) -> Image.Image:
    """Grey stays grey; everything else becomes RGB, on white."""
    if picture.mode == "L":
        return picture
    picture = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
