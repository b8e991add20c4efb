"""Forms about runs, except the settings form (see `portal.runs.settings_form`)."""

from typing import Any

from django import forms
from django.db.models import Q

from gan_core.recipes import RECIPES
from portal.datasets.models import Dataset
from portal.runs.models import ACTIVE, Run, Status

ORDERS = {"newest": "-last_sampled", "oldest": "last_sampled", "longest": "-step", "name": "name"}


class GalleryForm(forms.Form):
    """The filter bar. What is not understood is ignored, so that an old link still shows a wall."""

    show = forms.ChoiceField(choices=[("live", "Live"), ("mine", "Mine")], required=False)
    dataset = forms.ModelChoiceField(Dataset.objects.none(), required=False, empty_label="Every dataset")
    recipe = forms.ChoiceField(choices=[("", "Every recipe"), *((name, recipe.title) for name, recipe in RECIPES.items())], required=False)
    status = forms.ChoiceField(choices=[("", "Every status"), *Status.choices], required=False)
    order = forms.ChoiceField(
        choices=[("newest", "Newest first"), ("oldest", "Oldest first"), ("longest", "Longest trained"), ("name", "By name")], required=False
    )
    owner = forms.CharField(max_length=150, required=False)
    q = forms.CharField(max_length=200, required=False)

    def __init__(self, data: Any, user: Any) -> None:
        super().__init__(data)
        self.user = user
        datasets: Any = self.fields["dataset"]
        datasets.queryset = Dataset.objects.visible_to(user).filter(runs__in=Run.objects.visible_to(user)).distinct().order_by("name")

    def runs(self) -> Any:
        """The runs this visitor may see and asks for."""
        self.is_valid()
        wanted = self.cleaned_data
        runs = Run.objects.visible_to(self.user).select_related("owner", "dataset").defer("log_tail")
        if wanted.get("show") == "live":
            runs = runs.filter(status__in=ACTIVE)
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


class RunForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name and visibility of a run."""

    class Meta:
        model = Run
        fields = ["name", "visibility"]
