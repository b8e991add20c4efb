"""Forms about people."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.forms import UsernameField

from portal.accounts.models import User
from portal.accounts.tokens import LONGEST_DAYS

NEW_PASSWORD = "At least 10 characters. A sentence works well."


class WelcomeForm(forms.ModelForm):  # type: ignore[type-arg]
    """The first account of an installation."""

    password = forms.CharField(
        label="Password",
        strip=False,
        help_text=NEW_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = User
        fields = ["username", "email"]
        field_classes = {"username": UsernameField}
        labels = {"username": "User name", "email": "E-mail"}
        help_texts = {"username": ""}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        password = cleaned.get("password")
        if password:
            person = User(username=cleaned.get("username", ""), email=cleaned.get("email", ""))
            try:
                password_validation.validate_password(password, person)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return cleaned


class TokenForm(forms.Form):
    name = forms.CharField(label="What is it for?", max_length=100, widget=forms.TextInput(attrs={"placeholder": "laptop"}))
    days = forms.TypedChoiceField(
        label="Expires after", coerce=int, choices=[(30, "30 days"), (90, "90 days"), (365, "1 year"), (LONGEST_DAYS, "10 years")], initial=365
    )
