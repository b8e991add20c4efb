"""recipes and settings: what there is to choose from. Without torch."""

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from gan_core import architectures
from gan_core.commands import console, told
from gan_core.config import TrainConfig
from gan_core.errors import GanCoreError
from gan_core.recipes import RECIPES, Recipe


def recipes(name: Annotated[str | None, typer.Argument(help="Show this one in full.", show_default=False)] = None) -> None:
    """List the recipes, or show one with all it sets."""
    with told():
        if name is None:
            _list()
        elif name in RECIPES:
            _show(RECIPES[name])
        else:
            raise GanCoreError(f"There is no recipe {name}. Choose one of: {', '.join(RECIPES)}.")


def _list() -> None:
    table = Table("name", "for", "what it is", "settings")
    for recipe in RECIPES.values():
        config = recipe.config
        length = f"{config.steps} steps" if config.steps else f"{config.epochs} epochs"
        what = f"{config.architecture}, {config.objective}, {config.width} x {config.height}, {length}"
        table.add_row(recipe.name, recipe.title, recipe.summary, what)
    console.print(table)
    console.print("python -m gan_core recipes NAME shows one in full.")


def _show(recipe: Recipe) -> None:
    console.print(f"[bold]{recipe.name}[/]: {escape(recipe.title)}", highlight=False)
    console.print(escape(recipe.summary), highlight=False)
    console.print(escape(recipe.expect), highlight=False)
    if recipe.needs_classes:
        console.print("It needs pictures in at least two folders, one a class.")
    table = Table("setting", "value", "default", "what it is")
    for name, field in TrainConfig.model_fields.items():
        value = getattr(recipe.config, name)
        if value != field.default:
            table.add_row(name, _value(value), _value(field.default), field.title)
    console.print(table)
    for note in recipe.notes:
        console.print(Padding(f"• {escape(note)}", (0, 0, 0, 1)), highlight=False)


def settings(
    word: Annotated[str | None, typer.Argument(help="Only those in whose name or description it stands.", show_default=False)] = None,
) -> None:
    """List all settings that `--set` can change."""
    table = Table("name", "default", "may be", "what it does")
    for name, about in TrainConfig.model_json_schema()["properties"].items():
        text = f"{about['title']}. {about['description']}"
        if word is None or word.lower() in f"{name} {text}".lower():
            values = ", ".join(architectures.names()) if name == "architecture" else _range(about)
            table.add_row(name, _value(about["default"]), escape(values), escape(text))
    if not table.row_count:
        console.print(f"No setting has to do with {escape(str(word))}.")
        raise typer.Exit(1)
    console.print(table)


def _value(value: Any) -> str:
    return "" if value is None else str(value).lower()


def _range(about: dict[str, Any]) -> str:
    """What a setting may be, as its JSON schema says."""
    kinds: list[dict[str, Any]] = [kind for kind in about.get("anyOf", [about]) if kind.get("type") != "null"]
    kind = kinds[0]
    if "enum" in kind:
        return ", ".join(map(str, kind["enum"]))
    if kind["type"] == "boolean":
        return "true, false"
    if "pattern" in kind:
        return "as the default"
    low = f"{_number(kind['minimum'])} to " if "minimum" in kind else f"above {_number(kind['exclusiveMinimum'])}, to "
    high = _number(kind["maximum"]) if "maximum" in kind else f"below {_number(kind['exclusiveMaximum'])}"
    return low + high + ("" if len(kinds) == len(about.get("anyOf", [about])) else ", or nothing")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)
