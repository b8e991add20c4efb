"""The architectures: each file of this folder is one family, found by its name. This module needs no torch.

A file defines, at its top, a docstring whose first line is the title, `MAX_SIZE` (pixels, an integer literal), `SETTINGS` (which of
OPTIONAL it has, a literal tuple), and at its end `Generator` and `Discriminator`. docs/add-an-architecture.md explains them.
"""

import ast
import importlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

OPTIONAL = frozenset({"kernel_size", "dense_head", "dropout", "discriminator_batch_norm"})
"""Settings that not every architecture has."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """What one may know of an architecture without importing it."""

    name: str
    title: str
    description: str
    max_size: int
    """Largest width or height in pixels."""
    settings: frozenset[str]
    """Those of OPTIONAL that it has."""


@cache
def names() -> tuple[str, ...]:
    """All architectures, in alphabetical order."""
    return tuple(sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_")))


@cache
def describe(name: str) -> Architecture:
    """Read title, description and limits from the file's docstring and literals, without importing it.

    Raises:
        KeyError: there is no such architecture.
    """
    if name not in names():
        raise KeyError(name)
    tree = ast.parse((Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8"))
    title, _, description = (ast.get_docstring(tree) or name).partition("\n")
    literals = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in ("MAX_SIZE", "SETTINGS")
    }
    return Architecture(name, title.rstrip("."), " ".join(description.split()), int(literals["MAX_SIZE"]), frozenset(literals["SETTINGS"]))


def load(name: str) -> ModuleType:
    """Import the architecture's module (and with it torch)."""
    if name not in names():
        raise KeyError(name)
    return importlib.import_module(f"{__name__}.{name}")
