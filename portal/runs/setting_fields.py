"""How one field of TrainConfig becomes text in a form and back; which control shows it, and its errors in words."""

import json
from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from gan_core import architectures, relevance
from gan_core.config import TrainConfig

Kind = Literal["whole", "number", "choice", "switch", "colour"]

WORDS = {
    **{name: name for name in ("fp32", "bf16", "fp16")},
    **{
        name.lower(): name
        for name in ("RGB", "RGBA", "RMSprop", "MLP", "DCGAN", "ResNet", "FastGAN", "StyleGAN2", "R3GAN", "DiffAugment", "R1", "R1-R2")
    },
}
"""Choices that are spelled otherwise than by a capital."""
EMPTY = {"penalty_weight": "usual", "beta2_end": "as at the start", "score_every_seconds": "as is cheap"}
"""What no value means, where it may be left out; of steps and epochs the other one counts."""

SENTENCES = {
    "int_parsing": "Enter a whole number.",
    "int_from_float": "Enter a whole number.",
    "int_type": "Enter a whole number.",
    "float_parsing": "Enter a number.",
    "float_type": "Enter a number.",
    "finite_number": "Enter a number.",
    "greater_than_equal": "Must be at least {ge}.",
    "greater_than": "Must be more than {gt}.",
    "less_than_equal": "Must be at most {le}.",
    "less_than": "Must be less than {lt}.",
    "literal_error": "Choose one of the list.",
    "string_pattern_mismatch": "Enter a colour such as #ffffff.",
}


def extra(info: FieldInfo) -> dict[str, Any]:
    assert isinstance(info.json_schema_extra, dict)
    return info.json_schema_extra


def kind_of(info: FieldInfo) -> Kind:
    annotation = info.annotation
    if annotation is bool:
        return "switch"
    if get_origin(annotation) is Literal:
        return "choice"
    if annotation is str:
        return "colour" if isinstance(info.default, str) and info.default.startswith("#") else "choice"
    types = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    return "whole" if int in types else "number"


def choices_of(name: str, info: FieldInfo) -> tuple[tuple[str, str], ...]:
    if name == "architecture":
        return tuple((key, WORDS.get(key, key)) for key in architectures.names())
    if get_origin(info.annotation) is not Literal:
        return ()
    return tuple((str(value), WORDS.get(str(value), str(value).capitalize())) for value in get_args(info.annotation))


@cache
def when(name: str) -> str:
    """What must hold for the setting to have an effect, as JSON for the form's script; blank if it always has."""
    conditions = [[one.field, one.among, [as_text(value) for value in one.values]] for one in relevance.conditions(name)]
    return json.dumps(conditions) if conditions else ""


def as_texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: as_text(value) for name, value in values.items() if name in TrainConfig.model_fields}


def as_text(value: Any) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "on"
    return f"{value:.10f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def setting_words(name: str, value: Any) -> str:
    """A value as the settings form writes it: 0.0001, R1, on."""
    info = TrainConfig.model_fields[name]
    if kind_of(info) == "switch":
        return "on" if value else "off"
    text = as_text(value)
    return dict(choices_of(name, info)).get(text, text) or EMPTY.get(name, "none")


def typed_value(info: FieldInfo, text: str) -> Any:
    """The text as the field's type; text that is no such value stays text, for pydantic to refuse."""
    kind = kind_of(info)
    if kind == "switch":
        return text == "on"
    if text == "" and kind in ("whole", "number"):
        return None if type(None) in get_args(info.annotation) else text
    plain = text.replace("\u202f", "").replace(" ", "").replace(",", ".") if kind in ("whole", "number") else text
    try:
        if kind == "whole" or kind == "choice" and int in {type(value) for value in get_args(info.annotation)}:
            return int(plain)
        return float(plain) if kind == "number" else text.lower() if kind == "colour" else text
    except ValueError:
        return text


def sentence(problem: ErrorDetails) -> str:
    words = SENTENCES.get(problem["type"])
    if problem["type"] in ("int_parsing", "float_parsing") and problem["input"] == "":
        return "Enter a value."
    limits = {name: f"{value:g}" for name, value in problem.get("ctx", {}).items() if isinstance(value, int | float)}
    return words.format(**limits) if words else problem["msg"]
