"""Forms of the shell itself."""

from django import forms

from anlan.kernel.models import User


class PreferencesForm(forms.ModelForm[User]):
    """How the pages look to this user; what is not sent stays as it is."""

    class Meta:
        model = User
        fields = ("theme", "language", "density")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for field in self.fields.values():
            field.required = False

    def clean(self) -> dict[str, object]:
        given = super().clean() or {}
        return {name: value or getattr(self.instance, name) for name, value in given.items()}
