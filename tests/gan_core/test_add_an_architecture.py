"""docs/add-an-architecture.md: its example is an architecture like any other."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gan_core import architectures
from gan_core.config import TrainConfig
from portal.runs.catalogue import ArchitectureSerializer
from portal.runs.setting_fields import choices_of
from tests.gan_core import contract
from tests.gan_core.contract import Case
from tests.processes import ROOT

NAME = "sketch"
EXAMPLE = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "add-an-architecture.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(autouse=True)
def sketch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The folder of architectures holds the example alone."""
    (tmp_path / f"{NAME}.py").write_text(EXAMPLE[0], encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(architectures, "__file__", str(tmp_path / "__init__.py"))
        patch.setattr(architectures, "__path__", [str(tmp_path)])
        _forget()
        yield
    _forget()


def _forget() -> None:
    architectures.names.cache_clear()
    architectures.describe.cache_clear()
    sys.modules.pop(f"{architectures.__name__}.{NAME}", None)
    vars(architectures).pop(NAME, None)


def test_the_example_is_short() -> None:
    assert len(EXAMPLE) == 1 and len(EXAMPLE[0].splitlines()) < 60


def test_it_is_offered() -> None:
    assert architectures.names() == (NAME,)
    assert [key for key, _ in choices_of("architecture", TrainConfig.model_fields["architecture"])] == [NAME]
    shown = ArchitectureSerializer(architectures.describe(NAME)).data
    assert (shown["name"], shown["title"], shown["max_size"]) == (NAME, "Sketch", 512)
    assert shown["description"].startswith("The least that draws")


@pytest.mark.parametrize("turn", range(len(contract.METHODS)), ids=lambda turn: contract.METHODS[turn] or "unlabelled")
def test_it_keeps_the_contract(turn: int, tmp_path: Path) -> None:
    cases = [case for case in contract.cases(NAME) if case.method == contract.METHODS[turn]]
    assert cases
    for case in cases:
        contract.check_pictures_and_judgements(case)
        contract.check_a_step(case)
        contract.check_reload(case, tmp_path / "weights.safetensors")
        contract.check_pictures_alone(case)
    if turn:
        contract.check_classes(cases[0])


def test_it_keeps_the_rest_of_the_contract(tmp_path: Path) -> None:
    case = Case(NAME, (33, 17), method="projection")
    contract.check_description(NAME)
    contract.check_resume(case)
    contract.check_noise(case)
    contract.check_widths(case)
    for setting in architectures.OPTIONAL:
        contract.check_setting(case, setting)
    for values in ({"penalty": "gradient"}, {"penalty": "r1-r2"}, {"precision": "bf16"}):
        contract.check_a_step(case, discriminator_batch_norm=False, **values)
    contract.check_onnx(Case(NAME, (17, 16), method="projection"), tmp_path / "generator.onnx")
