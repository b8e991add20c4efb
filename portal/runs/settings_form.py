"""The settings form, made from TrainConfig: its fields, groups, bounds and words; TrainConfig alone judges the values."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from gan_core import recipes
from gan_core.config import TrainConfig
from gan_core.relevance import has_effect, is_lacking
from portal.datasets.models import Dataset
from portal.runs.setting_fields import EMPTY, as_text, as_texts, choices_of, extra, kind_of, sentence, setting_words, typed_value, when
from portal.runs.shown_settings import Setting, SettingGroup
from portal.runs.summaries import summary

GROUPS = {
    "pictures": "Pictures",
    "length": "Length",
    "optimisation": "Optimisation",
    "architecture": "Architecture",
    "tricks": "Tricks",
}
FIRST_STEPS = 10_000
"""What the empty form starts with; a recipe brings its own length."""


@dataclass(slots=True)
class SettingsForm:
    """Text in, TrainConfig or one error per field out."""

    recipe: str | None
    values: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    config: TrainConfig | None = None
    """None while a setting is wrong."""
    told: TrainConfig | None = None
    """What the summary lines tell: the configuration with wrong settings left as the recipe has them."""
    wished: frozenset[str] = frozenset()
    """Settings that the address asks for."""

    @classmethod
    def fresh(cls, recipe: str | None, config: Mapping[str, Any] | None = None, wishes: Mapping[str, str] | None = None) -> "SettingsForm":
        """The recipe's own values, or those of a run that is cloned; wishes, as text, go before both."""
        values = as_texts({**base(recipe), **(config or {})}) | dict(wishes or {})
        for one, other in (("steps", "epochs"), ("epochs", "steps")):
            if wishes and one in wishes and other not in wishes:
                values[other] = ""  # they exclude each other
        form = cls(recipe, values, wished=frozenset(wishes or {}))
        form.validate()
        return form

    @classmethod
    def posted(cls, recipe: str | None, data: Mapping[str, str]) -> "SettingsForm":
        """What was typed. A field that the page did not send keeps the recipe's value; an unticked switch is never sent."""
        unsent = as_texts(base(recipe))
        values = {name: data.get(name, "" if kind_of(info) == "switch" else unsent[name]).strip() for name, info in TrainConfig.model_fields.items()}
        form = cls(recipe, values)
        form.validate()
        return form

    @property
    def typed(self) -> dict[str, Any]:
        """The values as their fields' types, as far as they can be."""
        return {name: typed_value(TrainConfig.model_fields[name], text) for name, text in self.values.items()}

    @property
    def changes(self) -> dict[str, Any]:
        """Settings that differ from the recipe."""
        start = base(self.recipe) if self.recipe else {name: info.default for name, info in TrainConfig.model_fields.items()}
        typed = self.typed
        changed = {name: value for name, value in typed.items() if value != start[name] or type(value) is not type(start[name])}
        if typed["steps"] is not None and typed["epochs"] is not None:
            changed |= {"steps": typed["steps"], "epochs": typed["epochs"]}  # else setting one would silently drop the other
        return changed

    def validate(self) -> None:
        self._judge()
        if giving_way := self._giving_way():
            self.values |= {name: as_text(TrainConfig.model_fields[name].default) for name in giving_way}
            self.errors = {}
            self._judge()

    def _judge(self) -> None:
        changes = self.changes
        try:
            self.config = self.told = recipes.configure(self.recipe, changes)
        except ValidationError as error:
            self.add_errors(error)
            with suppress(ValidationError):
                self.told = recipes.configure(self.recipe, {name: value for name, value in changes.items() if name not in self.errors})

    def _giving_way(self) -> list[str]:
        """Settings to be as usual, where one without effect is in the way of a choice: what the chosen architecture lacks, and what nobody typed."""
        typed = self.typed
        idle = [name for name in typed if not has_effect(name, typed)]
        if not set(idle) & set(self.errors):
            return []
        came_along = as_texts(base(self.recipe))
        return [name for name in idle if is_lacking(name, typed["architecture"]) or self.values[name] == came_along[name]]

    def add_errors(self, error: ValidationError) -> None:
        """One sentence per field, the first that pydantic found."""
        for problem in error.errors():
            name = str(problem["loc"][0]) if problem["loc"] else ""
            self.errors.setdefault(name, sentence(problem))

    def wished_words(self, before: Mapping[str, Any]) -> list[tuple[str, str, str]]:
        """(title, value before, value now) of each setting that the address asks for."""
        return [
            (info.title or name, setting_words(name, before.get(name)), setting_words(name, typed_value(info, self.values[name])))
            for name, info in TrainConfig.model_fields.items()
            if name in self.wished
        ]

    def training_count(self, dataset: Dataset) -> int:
        """Pictures that a run trains on, as far as the settings tell."""
        return dataset.training_count(self.told) if self.told else dataset.image_count

    def groups(self, image_count: int) -> list[SettingGroup]:
        made, typed = [], self.typed
        for name, title in GROUPS.items():
            fields = [(key, info) for key, info in TrainConfig.model_fields.items() if extra(info)["group"] == name]
            settings = tuple(self._setting(key, info, has_effect(key, typed)) for key, info in fields)
            made.append(SettingGroup(name, title, self._summary(name, settings, image_count), settings))
        return made

    def _summary(self, group: str, settings: tuple[Setting, ...], image_count: int) -> str:
        wrong = sum(bool(setting.error) for setting in settings)
        if wrong:
            return "one setting needs a look" if wrong == 1 else f"{wrong} settings need a look"
        return summary(group, self.told, image_count) if self.told else ""

    def _setting(self, name: str, info: FieldInfo, effect: bool) -> Setting:
        return Setting(
            name=name,
            label=info.title or name,
            help=info.description or "",
            unit=extra(info)["unit"],
            kind=kind_of(info),
            choices=choices_of(name, info),
            value=self.values[name],
            base=as_texts(base(self.recipe))[name],
            error=self.errors.get(name, ""),
            empty=EMPTY.get(name, ""),
            is_more=extra(info)["more"],
            has_effect=effect,
            when=when(name),
            is_wished=name in self.wished,
        )


@cache
def base(recipe: str | None) -> dict[str, Any]:
    """The values that the form starts from and marks changes against."""
    if recipe:
        return recipes.get(recipe).config.model_dump(mode="json")
    return TrainConfig(steps=FIRST_STEPS).model_dump(mode="json")
