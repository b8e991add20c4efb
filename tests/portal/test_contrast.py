"""Contrast of the style sheet's own colours: text 4.5 to 1, controls and chart lines 3 to 1, in light and in dark."""

import re
from pathlib import Path

import pytest
from django.conf import settings

TOKENS = (Path(settings.BASE_DIR) / "static" / "css" / "tokens.css").read_text()
COLOURS = {name: (light, dark) for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", TOKENS)}

TEXT = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in ("bg", "surface", "raised", "well")),
    *(("ink-2", f"{state}-soft") for state in ("ok", "warn", "bad", "info")),
    *((state, f"{state}-soft") for state in ("ok", "warn", "bad", "info", "accent")),
    *(("accent", ground) for ground in ("bg", "surface")),
    ("on-accent", "accent"),
    ("bg", "ink"),
    ("bad", "surface"),
]
SHAPES = [
    *(("line-strong", ground) for ground in ("surface", "bg")),
    *((line, "surface") for line in ("gen", "dis", "run-3", "run-4", "accent")),
]


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), [*((*pair, 4.5) for pair in TEXT), *((*pair, 3.0) for pair in SHAPES)])
def test_colours_are_told_apart(front: str, back: str, least: float, theme: int) -> None:
    assert contrast(COLOURS[front][theme], COLOURS[back][theme]) >= least


def test_every_colour_of_the_pages_is_a_token() -> None:
    """Colours outside the tokens are white, black and grey behind pictures, and shadows."""
    allowed = {"#ffffff", "#000000", "#808080", "#c9c9cf"}
    for sheet in (Path(settings.BASE_DIR) / "static" / "css").glob("*.css"):
        if sheet.name != "tokens.css":
            assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b", sheet.read_text())) <= allowed, sheet.name
