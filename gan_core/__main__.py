"""The command line.

python -m gan_core train images.zip --recipe classic --steps 200 --out runs/x
python -m gan_core sample runs/x/weights.safetensors --count 64 --out grid.png
python -m gan_core recipes
"""

import typer

from gan_core.commands.catalogue import recipes, settings
from gan_core.commands.estimate import estimate
from gan_core.commands.export import export
from gan_core.commands.sample import sample
from gan_core.commands.score import score
from gan_core.commands.train import train

LEARN, TRAIN, USE = "To begin with", "To train", "To use what was trained"
app = typer.Typer(
    help="Train generative adversarial networks on your own pictures.\n\nBegin with `recipes`, take one to `train`, draw with `sample`.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
)


def examples(*lines: str) -> str:
    """What stands below a command's help."""
    return "\n\n".join(["Examples:", *(f"`python -m gan_core {line}`" for line in lines)])


app.command(rich_help_panel=LEARN, epilog=examples("recipes", "recipes classic"))(recipes)
app.command(rich_help_panel=LEARN, epilog=examples("settings", "settings rate"))(settings)
app.command(
    rich_help_panel=TRAIN,
    epilog=examples(
        "train pictures.zip --recipe classic --out runs/first",
        "train pictures.zip --recipe classic --steps 5000 --set width=128 --set height=128 --out runs/large",
        "train pictures.zip --recipe classic --out runs/first --resume",
    ),
)(train)
app.command(
    rich_help_panel=TRAIN, epilog=examples("estimate pictures.zip --recipe classic", "estimate pictures.zip --set batch_size=128 --steps 5000")
)(estimate)
app.command(
    rich_help_panel=USE,
    epilog=examples(
        "sample weights.safetensors --out grid.png",
        "sample weights.safetensors --count 10 --columns 5 --seed 7 --truncation 0.7 --out ten.webp",
        "sample weights.safetensors --label cat --out cats.png",
        "sample weights.safetensors --between 1,2,3,1 --frames 60 --out morph.gif",
    ),
)(sample)
app.command(
    rich_help_panel=USE,
    epilog=examples(
        "score weights.safetensors pictures.zip",
        "score weights.safetensors pictures.zip --samples 5000 --inception weights-inception-2015-12-05-6726825d.pth",
        "score some-pictures.zip other-pictures.zip",
    ),
)(score)
app.command(rich_help_panel=USE, epilog=examples("export weights.safetensors --out exported"))(export)

if __name__ == "__main__":
    app()
