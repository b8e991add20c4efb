"""A decoded picture -> exactly the width, height and channels that a run trains on."""

from dataclasses import dataclass
from typing import Literal, Protocol, Self

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageColor

from gan_core.images.manifest import Manifest

Pixels = npt.NDArray[np.uint8]
VERSION = 1
"""Part of every shape's key; raise it when the same shape gives other pixels."""
FEW_COLOURS = 64


class Parts(Protocol):
    """What of each picture a run takes."""

    @property
    def crop_to_boxes(self) -> bool: ...
    @property
    def tiles(self) -> int: ...
    @property
    def tile_scale(self) -> float: ...


class Wanted(Parts, Protocol):
    """The part of TrainConfig that says how pictures are prepared."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def channels(self) -> Literal["auto", "grey", "rgb", "rgba"]: ...
    @property
    def fit(self) -> Literal["crop", "pad", "stretch"]: ...
    @property
    def background(self) -> str: ...


def training_count(manifest: Manifest, wanted: Parts) -> int:
    """Pictures that a run trains on: more than the dataset has, where each gives several."""
    return prepared_count(wanted, len(manifest), manifest.annotated, manifest.boxes)


def prepared_count(wanted: Parts, pictures: int, annotated: int, boxes: int) -> int:
    """The same from a dataset's figures: its pictures, those that have boxes, and the boxes."""
    if wanted.tiles:
        return pictures * wanted.tiles
    return pictures - annotated + boxes if wanted.crop_to_boxes else pictures


@dataclass(frozen=True, slots=True)
class Shape:
    width: int
    height: int
    channels: int
    """1 grey, 3 RGB, 4 RGBA."""
    fit: Literal["crop", "pad", "stretch"]
    background: str
    """#rrggbb: behind transparent parts and around padded pictures."""
    crop_to_boxes: bool = False
    tiles: int = 0
    """Pieces cut out of each picture; 0 takes it whole."""
    tile_scale: float = 1.0
    """Side of a tile in the picture, in multiples of the drawn size; 1 without tiles."""

    @classmethod
    def of(cls, config: Wanted, manifest: Manifest) -> Self:
        """`auto` channels become grey if every picture is grey (and so is what shows through it), else RGB."""
        channels = {"grey": 1, "rgb": 3, "rgba": 4}.get(config.channels)
        if channels is None:
            red, green, blue = ImageColor.getrgb(config.background)[:3]
            shows_colour = red != green or green != blue
            coloured = any(not entry.grey or (entry.transparent and shows_colour) for entry in manifest.entries)
            channels = 3 if coloured else 1
        boxes = config.crop_to_boxes and manifest.boxes > 0
        scale = config.tile_scale if config.tiles else 1.0
        return cls(config.width, config.height, channels, config.fit, config.background, boxes, config.tiles, scale)

    @property
    def key(self) -> str:
        """Names the result among all shapes of one dataset; safe as a file name."""
        parts = "-boxes" if self.crop_to_boxes else f"-{self.tiles}tiles{self.tile_scale!r}" if self.tiles else ""
        return f"{self.width}x{self.height}x{self.channels}-{self.fit}-{self.background.lstrip('#')}{parts}-v{VERSION}"

    @property
    def at_least(self) -> tuple[int, int]:
        """What `decode` must deliver: twice the size, so that reduced JPEGs cannot be told from whole ones."""
        return 2 * self.width, 2 * self.height


def fit(picture: Pixels, shape: Shape) -> Pixels:
    """(H, W, C in {1, 3, 4}) -> (shape.height, shape.width, shape.channels).

    Resized with LANCZOS, alpha premultiplied so that hidden colours leave no fringes; small pictures of few colours
    that grow at least twofold keep their hard pixels.
    """
    image = Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture)
    image = _sized(image, shape)
    if shape.channels == 4:
        return _with_alpha(image, shape)
    if image.mode == "RGBA":
        canvas = Image.new("RGBA", image.size, shape.background)
        image = Image.alpha_composite(canvas, image).convert("RGB")
    array = np.asarray(image.convert("L" if shape.channels == 1 else "RGB"))
    return array[:, :, None] if array.ndim == 2 else array


def _sized(image: Image.Image, shape: Shape) -> Image.Image:
    """Exactly shape.width x shape.height, in the image's own mode unless padding brings in colour."""
    target = shape.width, shape.height
    if image.size == target:
        return image
    if shape.fit == "stretch":
        return _resized(image, target, (0, 0, *image.size))
    scales = target[0] / image.width, target[1] / image.height
    if shape.fit == "crop":
        scale = max(scales)
        margin_x = max(0.0, (image.width - target[0] / scale) / 2)
        margin_y = max(0.0, (image.height - target[1] / scale) / 2)
        return _resized(image, target, (margin_x, margin_y, image.width - margin_x, image.height - margin_y))
    scale = min(scales)
    inner = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return _padded(_resized(image, inner, (0, 0, *image.size)), shape)


def _resized(image: Image.Image, size: tuple[int, int], box: tuple[float, float, float, float]) -> Image.Image:
    grows = size[0] >= 2 * (box[2] - box[0]) and size[1] >= 2 * (box[3] - box[1])
    drawn = grows and max(image.size) <= 128 and image.getcolors(FEW_COLOURS) is not None
    # The gap lets Pillow shrink by whole factors first; at 3 the result cannot be told from plain LANCZOS.
    return image.resize(size, Image.Resampling.NEAREST if drawn else Image.Resampling.LANCZOS, box, reducing_gap=3.0)


def _padded(image: Image.Image, shape: Shape) -> Image.Image:
    """Centred on background; around transparent pictures that keep their alpha it is transparent background."""
    corner = (shape.width - image.width) // 2, (shape.height - image.height) // 2
    colour = ImageColor.getrgb(shape.background)[:3]
    if shape.channels == 4:
        canvas = Image.new("RGBA", (shape.width, shape.height), (*colour, 0))
        canvas.paste(image.convert("RGBA"), corner)
    elif image.mode == "RGBA":
        canvas = Image.new("RGBA", (shape.width, shape.height), (*colour, 255))
        canvas.paste(image, corner)
    else:
        canvas = Image.new("RGB", (shape.width, shape.height), colour)
        canvas.paste(image, corner)
    return canvas


def _with_alpha(image: Image.Image, shape: Shape) -> Pixels:
    """RGBA in which invisible pixels all have the background's colour: what nobody sees, no network should learn."""
    array = np.array(image.convert("RGBA"))
    array[array[:, :, 3] == 0, :3] = ImageColor.getrgb(shape.background)[:3]
    return array
