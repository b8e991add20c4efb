"""Forms about datasets."""

from typing import Any

from django import forms

from portal.datasets.models import Dataset
from portal.visibility import Visibility


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class PicturesField(forms.FileField):
    """Any number of files; cleans to a list."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> Any:
        one = super().clean
        return [one(file, initial) for file in data if file] if isinstance(data, list | tuple) else [one(data, initial)] if data else []


class UploadForm(forms.Form):
    """The upload page without scripts: one archive, or any number of pictures."""

    pictures = PicturesField(label="Archive or pictures", required=False)
    name = forms.CharField(label="Name", max_length=200, required=False)
    description = forms.CharField(
        label="Description",
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "What is in the pictures, where they come from"}),
    )
    visibility = forms.ChoiceField(label="Who may see it", choices=Visibility.choices, initial=Visibility.PRIVATE)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        files = cleaned.get("pictures") or []
        if not files and "pictures" not in self.errors:
            self.add_error("pictures", "Choose a zip, or some pictures.")
        elif files and not cleaned.get("name"):
            cleaned["name"] = files[0].name.split(".")[0].replace("_", " ").replace("-", " ").strip()[:200] or "Pictures"
        return cleaned


class DatasetForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name, description and visibility of a dataset."""

    class Meta:
        model = Dataset
        fields = ["name", "description", "visibility"]
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}
