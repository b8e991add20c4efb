"""The commands of `python -m gan_core`, one a file, and what they share.

Those that need torch import it when they run, so that help and lists come at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from gan_core.config import TrainConfig
from gan_core.errors import GanCoreError
from gan_core.recipes import RECIPES, configure

console = Console()

Source = Annotated[Path, typer.Argument(exists=True, help="A zip or tar archive, a folder, or one picture.", show_default=False)]
Weights = Annotated[Path, typer.Argument(help="A generator, as `train` or the portal gives it.", show_default=False)]
RUN = "The run"
RecipeName = Annotated[str | None, typer.Option(help="One of those that `recipes` lists.", rich_help_panel=RUN)]
Steps = Annotated[int | None, typer.Option(help="Generator steps.", rich_help_panel=RUN)]
Epochs = Annotated[int | None, typer.Option(help="Passes over the pictures, in place of steps.", rich_help_panel=RUN)]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Any of those that `settings` lists; may be repeated.", rich_help_panel=RUN),
]
Device = Annotated[str, typer.Option(help="cpu, cuda, cuda:1 …; auto takes a GPU if there is one.")]


@contextmanager
def told() -> Iterator[None]:
    """Expected failures become sentences and an exit code."""
    try:
        yield
    except ValidationError as error:
        for problem in error.errors():
            console.print(f"[red]{'.'.join(map(str, problem['loc'])) or 'configuration'}[/]: {escape(problem['msg'])}")
        raise typer.Exit(2) from error
    except GanCoreError as error:
        console.print(f"[red]{escape(str(error))}[/]")
        raise typer.Exit(1) from error


def chosen(recipe: str | None, steps: int | None, epochs: int | None, settings: list[str] | None) -> TrainConfig:
    """The configuration that the options ask for.

    Raises:
        GanCoreError, pydantic.ValidationError: there is no such recipe; settings are wrong.
    """
    if recipe is not None and recipe not in RECIPES:
        raise GanCoreError(f"There is no recipe {recipe}. Choose one of: {', '.join(RECIPES)}.")
    changes: dict[str, Any] = {name: value for name, value in (("steps", steps), ("epochs", epochs)) if value is not None}
    for setting in settings or []:
        name, equals, value = setting.partition("=")
        if not equals:
            raise GanCoreError(f"Write --set {setting}=VALUE.")
        changes[name] = value or None
    return configure(recipe, changes)
