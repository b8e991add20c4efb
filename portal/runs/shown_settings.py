"""Settings and their groups as the launch page shows them."""

from dataclasses import dataclass

from portal.runs.setting_fields import Kind


@dataclass(frozen=True, slots=True)
class Setting:
    """One field as the page shows it."""

    name: str
    label: str
    help: str
    unit: str
    kind: Kind
    choices: tuple[tuple[str, str], ...]
    value: str
    base: str
    """The recipe's value, as text."""
    error: str
    empty: str
    """What no value means, in a word; blank where there must be one."""
    is_more: bool
    """Among those that few people touch."""
    has_effect: bool
    """Does something under the present values of the others."""
    when: str
    """What must hold for that, as JSON for the script: [[setting, among, values as text], ...]; blank if nothing."""
    is_wished: bool = False
    """The address asks for this value, so it is what the reader came for."""

    @property
    def changed(self) -> bool:
        return self.value != self.base

    @property
    def is_on(self) -> bool:
        return self.value == "on"

    @property
    def is_short(self) -> bool:
        """Few and short enough choices to stand side by side."""
        return len(self.choices) <= 4 and sum(len(word) for _, word in self.choices) <= 24

    @property
    def is_noticed(self) -> bool:
        """Must not stay behind a closed door."""
        return bool(self.error) or self.is_wished or (self.changed and self.has_effect)

    @property
    def words(self) -> str:
        return self._in_words(self.value)

    @property
    def base_words(self) -> str:
        return self._in_words(self.base)

    def _in_words(self, text: str) -> str:
        if self.kind == "switch":
            return "on" if text == "on" else "off"
        return dict(self.choices).get(text, text) or self.empty or "empty"


@dataclass(frozen=True, slots=True)
class SettingGroup:
    name: str
    title: str
    summary: str
    settings: tuple[Setting, ...]

    @property
    def common(self) -> list[Setting]:
        return [setting for setting in self.settings if not setting.is_more]

    @property
    def more(self) -> list[Setting]:
        return [setting for setting in self.settings if setting.is_more]

    @property
    def is_open(self) -> bool:
        return self.name == "pictures" or any(setting.is_noticed for setting in self.settings)

    @property
    def is_more_open(self) -> bool:
        return any(setting.is_noticed for setting in self.more)
