"""The model card tells what one needs, and cannot be broken by names."""

import re
import subprocess
import sys

from gan_core.card import model_card
from gan_core.config import TrainConfig
from gan_core.recipes import configure


def test_a_card_tells_how_to_use_the_generator() -> None:
    card = model_card(
        configure("dogs", {}), title="My dogs", channels=3, step=900, image_count=12, class_names=("husky", "pug"), weights="dogs.safetensors"
    )
    assert card.startswith("# My dogs\n")
    assert "python -m gan_core sample dogs.safetensors" in card and "label='husky'" in card
    assert "| Trained for | 900 generator steps, batches of 64 |" in card and "husky, pug" in card


def test_the_code_of_a_card_is_python() -> None:
    for config, names in ((TrainConfig(steps=1), ()), (configure("dogs", {}), ("it's", '"'))):
        code = re.findall(r"```python\n(.*?)```", model_card(config, title="x", channels=3, step=1, image_count=2, class_names=names), re.S)
        compile(code[0], "card", "exec")


def test_a_card_tells_how_to_get_an_onnx_file_until_there_is_one() -> None:
    config = TrainConfig(steps=1)
    without = model_card(config, title="x", channels=3, step=1, image_count=2, weights="mine.safetensors")
    assert "python -m gan_core export mine.safetensors" in without and "onnxruntime" not in without
    assert 'InferenceSession("model.onnx")' in model_card(config, title="x", channels=3, step=1, image_count=2, onnx="model.onnx")


def test_a_card_says_what_augmentation_there_was() -> None:
    config = TrainConfig(steps=1)
    few, many = (model_card(config, title="x", channels=3, step=1, image_count=count) for count in (100, 100_000))
    assert "| Augmentation | DiffAugment |" in few and "| Augmentation |" not in many


def test_only_stretched_pictures_are_to_be_restored() -> None:
    for fit in ("crop", "stretch"):
        card = model_card(TrainConfig(steps=1, fit=fit), title="x", channels=3, step=1, image_count=2)
        assert ("generator.restored(images)" in card) == (fit == "stretch")


def test_every_setting_is_listed() -> None:
    config = TrainConfig(steps=1)
    card = model_card(config, title="x", channels=1, step=1, image_count=2)
    assert all(f"| `{name}` |" in card for name in type(config).model_fields)


def test_names_cannot_break_the_table() -> None:
    card = model_card(TrainConfig(steps=1), title="a\n# b <script>", channels=1, step=1, image_count=2, dataset="x | y\n| z")
    assert card.startswith("# a # b &lt;script>\n")
    assert "x \\| y \\| z" in card


def test_cards_and_recipes_need_no_torch() -> None:
    code = "import sys, gan_core.card, gan_core.recipes, gan_core.sheet, gan_core.config, gan_core.events; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
