"""allauth's forms in the portal's own words: sentence case, and no placeholder that only repeats the label."""

from typing import Any

from allauth.account import forms
from django.forms.utils import pretty_name

from portal.accounts.forms import NEW_PASSWORD

WORDS = {
    "Username": "User name",
    "Email": "E-mail",
    "Email (optional)": "E-mail",
    "Current Password": "Current password",
    "New Password": "New password",
    "New Password (again)": "New password, once more",
    "Password (again)": "Password, once more",
}


class InOurWords:
    """The labels of a form's fields, and what is said of a new password, however and whenever allauth has made them."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            label = str(field.label or pretty_name(name))
            field.label = WORDS.get(label, label)
            field.widget.attrs.pop("placeholder", None)
            if name == "password1":
                field.help_text = NEW_PASSWORD


class AddEmailForm(InOurWords, forms.AddEmailForm): ...  # type: ignore[misc]  # allauth has no type information


class ChangePasswordForm(InOurWords, forms.ChangePasswordForm): ...  # type: ignore[misc]


class LoginForm(InOurWords, forms.LoginForm): ...  # type: ignore[misc]


class ReauthenticateForm(InOurWords, forms.ReauthenticateForm): ...  # type: ignore[misc]


class ResetPasswordForm(InOurWords, forms.ResetPasswordForm): ...  # type: ignore[misc]


class ResetPasswordKeyForm(InOurWords, forms.ResetPasswordKeyForm): ...  # type: ignore[misc]


class SetPasswordForm(InOurWords, forms.SetPasswordForm): ...  # type: ignore[misc]


class SignupForm(InOurWords, forms.SignupForm): ...  # type: ignore[misc]
