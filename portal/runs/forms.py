"""Forms about runs, except the settings form (see `portal.runs.settings_form`)."""

from itertools import islice
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.forms.utils import flatatt
from django.utils.html import format_html
from django.utils.safestring import SafeString

from gan_core.recipes import RECIPES
from portal.datasets.models import Dataset
from portal.runs.models import ACTIVE, Favourite, Run, Status
from portal.visibility import may_see

RECENT, OFFERED = 200, 50
"""Runs whose datasets the filter offers, and how many it offers at most: a longer list would take longer than the wall itself."""
SHOWN = ("name", "status", "step", "total_steps", "images_per_second", "owner__username", "dataset__name", "dataset__visibility", "dataset__owner")
"""Columns of a run that its card shows, and those that tell who may know its dataset."""
ORDERS = {"newest": "-last_sampled", "oldest": "last_sampled", "longest": "-step", "name": "name"}


class Choice(forms.Select):
    """A select in one piece: Django's own renders three templates for each option, which takes longer than the wall's cards."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = "" if value is None else str(value)
        options = (
            format_html('<option value="{}"{}>{}</option>', key, SafeString(" selected") if str(key) == chosen else "", label)
            for key, label in self.choices
        )
        given = flatatt(self.build_attrs(self.attrs, {"name": name, **(attrs or {})}))
        return format_html("<select{}>{}</select>", given, SafeString("".join(options)))


class GalleryForm(forms.Form):
    """The filter bar. What is not understood is ignored, so that an old link still shows a wall."""

    show = forms.ChoiceField(choices=[("live", "Live"), ("favourites", "Favourites"), ("mine", "Mine")], required=False)
    dataset = forms.ModelChoiceField(Dataset.objects.none(), required=False, empty_label="Every dataset", widget=Choice)
    recipe = forms.ChoiceField(
        choices=[("", "Every recipe"), *((name, recipe.title) for name, recipe in RECIPES.items())], required=False, widget=Choice
    )
    status = forms.ChoiceField(choices=[("", "Every status"), *Status.choices], required=False, widget=Choice)
    order = forms.ChoiceField(
        choices=[("newest", "Newest first"), ("oldest", "Oldest first"), ("longest", "Longest trained"), ("name", "By name")],
        required=False,
        widget=Choice,
    )
    owner = forms.CharField(max_length=150, required=False)
    q = forms.CharField(max_length=200, required=False)

    def __init__(self, data: Any, user: Any) -> None:
        super().__init__(data)
        self.user = user
        datasets: Any = self.fields["dataset"]
        datasets.queryset = Dataset.objects.visible_to(user)
        datasets.widget.choices = [("", datasets.empty_label), *self._offered(str(self["dataset"].value() or ""))]

    def _offered(self, chosen: str) -> list[tuple[str, str]]:
        """Datasets of the newest runs, and the chosen one. The others are found by the search."""
        newest = Run.objects.visible_to(self.user).order_by("-last_sampled")[:RECENT]
        rows = newest.values_list("dataset", "dataset__name", "dataset__visibility", "dataset__owner")
        names = {str(pk): name for pk, name, visibility, owner in rows if may_see(self.user, visibility, owner)}
        pairs = sorted(islice(names.items(), OFFERED), key=lambda pair: pair[1].casefold())
        if chosen and chosen not in dict(pairs) and (found := self._named(chosen)):
            pairs.append((chosen, found))
        return pairs

    def _named(self, chosen: str) -> str:
        try:
            return Dataset.objects.visible_to(self.user).filter(pk=chosen).values_list("name", flat=True).first() or ""
        except ValidationError:  # no id at all
            return ""

    def runs(self) -> Any:
        """The runs this visitor may see and asks for."""
        self.is_valid()
        wanted = self.cleaned_data
        runs = Run.objects.visible_to(self.user).select_related("owner", "dataset").only(*SHOWN)
        if wanted.get("show") == "live":
            runs = runs.filter(status__in=ACTIVE)
        if wanted.get("show") == "favourites":
            runs = runs.filter(pk__in=Favourite.objects.visible_to(self.user).values("sample__run"))
        if wanted.get("show") == "mine" and self.user.is_authenticated:
            runs = runs.filter(owner=self.user)
        for name, lookup in (("dataset", "dataset"), ("recipe", "recipe"), ("status", "status"), ("owner", "owner__username")):
            if wanted.get(name):
                runs = runs.filter(**{lookup: wanted[name]})
        if words := wanted.get("q", "").strip():
            # The dataset's name may not betray a private dataset behind a shared run.
            named = Q(dataset__in=Dataset.objects.visible_to(self.user), dataset__name__icontains=words)
            runs = runs.filter(Q(name__icontains=words) | Q(owner__username__icontains=words) | Q(recipe__icontains=words) | named)
        return runs.order_by(ORDERS[wanted.get("order") or "newest"], "pk")

    @property
    def is_used(self) -> bool:
        return any(self.cleaned_data.get(name) for name in ("show", "dataset", "recipe", "status", "owner", "q"))


class FavouriteForm(forms.Form):
    sample = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    tile = forms.IntegerField(min_value=1, max_value=4096)


class PinForm(forms.Form):
    step = forms.IntegerField(min_value=0, max_value=2**31 - 1)


class RunForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name and visibility of a run."""

    class Meta:
        model = Run
        fields = ["name", "visibility"]
