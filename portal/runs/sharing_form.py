"""Name, sharing and place in the queue: the part of a launch that is not TrainConfig's."""

from typing import Any

from django import forms

from portal.runs.launch import PRIORITY, LaunchRefused, check_priority
from portal.visibility import Visibility


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

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

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
        return f"{seen}, {'normal priority' if priority in (None, 0, '0', '') else f'priority {priority}'}"
