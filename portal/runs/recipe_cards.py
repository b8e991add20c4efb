"""The recipes as the page shows them: the recommended one large, then those that fit as well, all others, and those that cannot work."""

from dataclasses import dataclass
from typing import Any

from portal.datasets.models import Dataset
from portal.runs import estimate, fitting, showcase
from portal.runs.summaries import tags

SEVERAL = 3
"""That fit as well, at most: one row."""


@dataclass(frozen=True, slots=True)
class Card:
    """One recipe to choose from."""

    fit: fitting.Fit
    time: float | None
    """Seconds of a run on these pictures, where that is known."""
    face: dict[str, Any] | None
    """A sheet of a run made with it."""

    @property
    def tags(self) -> list[str]:
        return tags(self.fit.recipe.config)


@dataclass(frozen=True, slots=True)
class Family:
    """Recipes that stand together."""

    name: str
    title: str
    tiles: int
    """That a card's face has."""
    cards: list[Card]

    @property
    def reasons(self) -> list[str]:
        """What speaks against them, each once."""
        return list(dict.fromkeys(card.fit.reason for card in self.cards)) if self.name == "unsuitable" else []


def cards(dataset: Dataset, user: Any) -> list[Card]:
    """All recipes, best first."""
    fits, faces = fitting.rank(dataset), showcase.faces(user)
    outlooks = estimate.several([fit.recipe.config for fit in fits], dataset)
    return [Card(fit, outlook.seconds, faces.get(fit.recipe.name)) for fit, outlook in zip(fits, outlooks, strict=True)]


def families(cards: list[Card]) -> list[Family]:
    suited = [card for card in cards if card.fit.fits]
    best, well = suited[:1], suited[1 : SEVERAL + 1]
    unsuitable = [card for card in cards if not card.fit.suitable]
    others = [card for card in cards if card.fit.suitable and card not in best and card not in well]
    found = [
        Family("best", "Recommended", 18, best),
        Family("well", "These fit as well", 12, well),
        Family("others", "Other recipes" if best else "Recipes", 4, others),
        Family("unsuitable", "Not for these pictures", 4, unsuitable),
    ]
    return [family for family in found if family.cards]
