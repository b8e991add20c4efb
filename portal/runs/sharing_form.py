"""Name, sharing and place in the queue: the part of a launch that is not TrainConfig's."""

from collections.abc import Sequence
from typing import Any

from django import forms

from portal import words
from portal.runs.launch import PRIORITY, LaunchRefused, check_priority
from portal.visibility import Visibility
from portal.workers.models import Worker

NEEDS = ("needs_gpu", "needs_memory", "pool")


class SharingForm(forms.Form):
    name = forms.CharField(label="Name", max_length=200, error_messages={"required": "Give the run a name."})
    visibility = forms.ChoiceField(label="Who may see it", choices=Visibility.choices)
    priority = forms.IntegerField(
        label="Priority",
        min_value=-PRIORITY,
        max_value=PRIORITY,
        required=False,
        help_text="0 is normal. Below 0 lets others go first; only administrators may go above it.",
    )

    needs_gpu = forms.BooleanField(label="Only on a GPU", required=False, help_text="It waits until a worker with a GPU is free.")
    needs_memory = forms.TypedChoiceField(
        label="Device memory", coerce=int, empty_value=None, required=False, help_text="Workers with less let it wait."
    )
    pool = forms.ChoiceField(label="Workers", required=False, help_text="Only workers of this pool take it.")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self._offer(list(Worker.objects.all()))

    def _offer(self, workers: Sequence[Worker]) -> None:
        """Ask only for what tells these workers apart."""
        if len({worker.is_gpu for worker in workers}) < 2:
            del self.fields["needs_gpu"]
        memory: Any = sorted({worker.memory for worker in workers if worker.memory})
        self._offer_choices("needs_memory", [("", "any"), *((most, f"at least {words.size(most)}") for most in memory[1:])])
        pools = sorted({worker.pool for worker in workers if worker.pool})
        self._offer_choices("pool", [("", "all"), *((pool, f"pool {pool}") for pool in pools)])

    def _offer_choices(self, name: str, choices: list[tuple[Any, str]]) -> None:
        if len(choices) > 1:
            field: Any = self.fields[name]
            field.choices = choices
        else:
            del self.fields[name]

    @property
    def needs(self) -> dict[str, Any]:
        """What it asks of a worker, of what was asked."""
        return {name: self.cleaned_data[name] for name in NEEDS if name in self.fields}

    @property
    def shared(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("name", "visibility", "priority")}

    @property
    def asked(self) -> list[Any]:
        """The fields of what it needs, as far as there is something to choose."""
        return [self[name] for name in NEEDS if name in self.fields]

    def clean_priority(self) -> int:
        priority = self.cleaned_data["priority"] or 0
        try:
            check_priority(self.user, priority)
        except LaunchRefused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return int(priority)

    @property
    def summary(self) -> str:
        value = str(self["visibility"].value() or Visibility.PRIVATE)
        seen = {"private": "only me", "members": "members", "public": "everyone"}.get(value, "only me")
        priority = self["priority"].value()
        parts = [seen, "normal priority" if priority in (None, 0, "0", "") else f"priority {priority}"]
        parts += ["only on a GPU"] if "needs_gpu" in self.fields and self["needs_gpu"].value() else []
        return ", ".join(parts + [self._chosen(name) for name in ("needs_memory", "pool") if name in self.fields and self[name].value()])

    def _chosen(self, name: str) -> str:
        field: Any = self.fields[name]
        return str({str(value): label for value, label in field.choices}.get(str(self[name].value()), ""))
