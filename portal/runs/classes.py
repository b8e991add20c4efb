"""The classes that a run learns, by index and by name."""

from portal.runs.models import Run

NAMED = 20
"""Names that a refusal lists at most."""


class NoSuchClass(Exception):
    """`str(error)` is a sentence for the user."""


def class_names(run: Run) -> list[str]:
    """In label order; empty for a run that does not learn classes."""
    return [str(one["name"]) for one in run.dataset.classes] if run.config["conditional"] else []


def class_index(run: Run, label: str | int) -> int:
    """Index of a class that is given by name, or by index.

    Raises:
        NoSuchClass
    """
    names = class_names(run)
    if not names:
        raise NoSuchClass("This run does not learn classes, so there are no sheets of one.")
    if isinstance(label, str) and label in names:
        return names.index(label)
    index = int(label) if isinstance(label, int) or (label.isdecimal() and len(label) < 10) else -1
    if not 0 <= index < len(names):
        known = ", ".join(names[:NAMED]) + (" and so on" if len(names) > NAMED else "")
        raise NoSuchClass(f"There is no class “{label}”. Choose one of: {known}.")
    return index
