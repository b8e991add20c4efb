"""Writes the tables of docs/quality.md, between their marks, from the results in `var/benchmarks/results`. The words around them stay."""

import json
from typing import Any

from benchmarks.page import table, write
from benchmarks.quality import PLACE, ROOT
from benchmarks.quality.rows import ROWS
from benchmarks.quality.train import STEPS

PAGE = ROOT / "docs" / "quality.md"
FEW = 100
"""Rows with at most so many pictures have a table of their own, for copies."""
Told = dict[str, Any]


def results() -> list[Told]:
    paths = [PLACE / "results" / f"{name}.json" for name in ROWS]
    return [json.loads(path.read_text()) for path in paths if path.exists()]


def _at(told: Told, name: str) -> Told | None:
    return next((point for point in told["points"] if point["name"] == name), None)


def _name(told: Told) -> str:
    recipe, pictures = told["row"].split(".")
    return f"`{recipe}` on {pictures}" if recipe != "plain" else f"plain DCGAN on {pictures}"


def ends(told: list[Told]) -> str:
    """Each row at its end."""

    def cells(one: Told) -> list[str]:
        end, start = _at(one, "end"), _at(one, "start")
        assert end is not None and start is not None
        scores, config = end["scores"], one["config"]
        agreement = f"{end['agreement']:.0%}" if "agreement" in end else ""
        return [
            _name(one),
            f"{config['width']}",
            f"{one['pictures']}",
            f"{end['seconds']:.0f}",
            f"{end['step']}",
            f"{start['scores']['fd']:.0f}",
            f"{scores['fd']:.0f}",
            f"{scores['kid']:.3f} ± {scores['kid_error']:.3f}",
            f"{scores['precision']:.2f}",
            f"{scores['recall']:.2f}",
            f"{scores['samples']} / {scores['real']}",
            agreement,
        ]

    head = ("Row", "Side", "Pictures", "Seconds", "Steps", "FD, start", "FD, end", "KID, end", "Precision", "Recall", "Drawn / real", "Class right")
    return table(head, map(cells, told))


def course(told: list[Told]) -> str:
    """FD and KID of each row on its way."""

    def cell(one: Told, name: str) -> str:
        point = _at(one, name)
        return f"{point['scores']['fd']:.0f}, {point['scores']['kid']:.2f}" if point else ""

    return table(
        ("FD, KID of", "start", *(f"after {step} steps" for step in STEPS), "halfway", "end"),
        ([_name(one), *(cell(one, name) for name in ("start", *map(str, STEPS), "half", "end"))] for one in told),
    )


def copies(told: list[Told]) -> str:
    """Rows of few pictures: what is new and what is remembered."""

    def cells(one: Told, name: str) -> list[str]:
        point = _at(one, name)
        assert point is not None
        scores = point["scores"]
        parts = [_name(one), name, f"{scores['copies']:.1%}", f"{scores['mifid']:.0f}", f"{scores['fd']:.0f}"]
        return [*parts, f"{point['nearest']:.3f}", f"{one['usual']:.3f}"]

    few = [one for one in told if one["pictures"] <= FEW]
    head = ("Row", "At", "Copies", "MiFID", "FD", "Nearest picture", "Usual")
    return table(head, (cells(one, name) for one in few for name in ("start", "half", "end") if _at(one, name)))


def main() -> None:
    told = results()
    write(PAGE, {"ends": ends(told), "course": course(told), "copies": copies(told)})


if __name__ == "__main__":
    main()
