"""sample: pictures of a trained generator, as one sheet, as a strip, or moving."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import numpy.typing as npt
import typer
from PIL import Image

from gan_core.commands import Device, Weights, console, told
from gan_core.errors import GanCoreError
from gan_core.sheet import as_picture, compose

if TYPE_CHECKING:
    from gan_core.sampling import LoadedGenerator

Pictures = npt.NDArray[np.uint8]
FORMATS: dict[str, dict[str, Any]] = {
    ".png": {},
    ".webp": {"lossless": True},
    ".jpg": {"quality": 95},
    ".jpeg": {"quality": 95},
    ".gif": {},
}
"""By ending: how to save it."""
MOVING = (".gif", ".webp")
FRAME_MILLISECONDS = 80
WHAT, WAY, SHEET = "What to draw", "The way between pictures", "The file"


def sample(
    weights: Weights,
    out: Annotated[Path, typer.Option(help="The file to write: .png, .webp, .jpg or .gif.", rich_help_panel=SHEET)] = Path("grid.png"),
    columns: Annotated[int | None, typer.Option(min=1, help="Pictures side by side; as many as rows if left out.", rich_help_panel=SHEET)] = None,
    as_drawn: Annotated[
        bool,
        typer.Option("--as-drawn", help="Leave pictures that were stretched for training as they are.", rich_help_panel=SHEET),
    ] = False,
    count: Annotated[int, typer.Option(min=1, max=10_000, help="Pictures to draw.", rich_help_panel=WHAT)] = 64,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same pictures.", rich_help_panel=WHAT)] = 0,
    label: Annotated[str | None, typer.Option(help="A class, by name or number. All in turn if left out.", rich_help_panel=WHAT)] = None,
    truncation: Annotated[
        float,
        typer.Option(min=0, max=2, help="Below 1, pictures are less varied and more like the usual one.", rich_help_panel=WHAT),
    ] = 1.0,
    between: Annotated[
        str | None,
        typer.Option(metavar="SEED,SEED,…", help="Draw the way from one seed's first picture to the next's.", rich_help_panel=WAY),
    ] = None,
    frames: Annotated[int, typer.Option(min=2, max=10_000, help="Pictures along the whole way.", rich_help_panel=WAY)] = 16,
    device: Device = "cpu",
) -> None:
    """Draw pictures with a trained generator, as one grid.

    With `--between` they are the way from one picture to the next: a strip, or moving if the file is a .gif or .webp.
    """
    with told():
        if out.suffix.lower() not in FORMATS:
            raise GanCoreError(f"{out.name} has an unknown ending. Choose one of: {', '.join(FORMATS)}.")
        from gan_core.sampling import load

        generator = load(weights, device)
        wanted = _class(generator, label)
        if between is None:
            images = generator.generate(count, seed, wanted, truncation)
        else:
            images = generator.interpolate(_seeds(between), frames, wanted, truncation)
        images = images if as_drawn else generator.restored(images)
        if between is not None and out.suffix.lower() in MOVING:
            _save([_picture(image, generator, out) for image in images], out)
        else:
            side_by_side = columns or (len(images) if between is not None else int(np.ceil(len(images) ** 0.5)))
            _save([_picture(compose(images, side_by_side), generator, out)], out)
    height, width = images.shape[1:3]
    console.print(f"{len(images)} pictures of {width} x {height} in {out}")


def _class(generator: "LoadedGenerator", label: str | None) -> int | str | None:
    """A number is a class's, unless a class is called so."""
    return int(label) if label and label.isdecimal() and label not in generator.class_names else label


def _seeds(between: str) -> list[int]:
    """Raises GanCoreError if these are not numbers."""
    parts = between.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise GanCoreError(f"Write the seeds as numbers with commas, such as --between 1,2,3, rather than {between}.")
    return [int(part) for part in parts]


def _picture(pixels: Pictures, generator: "LoadedGenerator", out: Path) -> Image.Image:
    """As the format can hold it: JPEG has no transparency."""
    picture = as_picture(pixels)
    if picture.mode == "RGBA" and out.suffix.lower() in (".jpg", ".jpeg"):
        ground = Image.new("RGBA", picture.size, generator.config.background)
        return Image.alpha_composite(ground, picture).convert("RGB")
    return picture


def _save(pictures: list[Image.Image], out: Path) -> None:
    """One picture, or several as one that moves.

    Raises:
        GanCoreError: it cannot be written there, or is too large for the format.
    """
    moving: dict[str, Any] = {}
    if len(pictures) > 1:
        moving = {"save_all": True, "append_images": pictures[1:], "duration": FRAME_MILLISECONDS, "loop": 0, "disposal": 2}
    try:
        pictures[0].save(out, **FORMATS[out.suffix.lower()], **moving)
    except (OSError, ValueError) as error:
        width, height = pictures[0].size
        raise GanCoreError(f"{width} x {height} pixels could not be written to {out}: {error}") from error
