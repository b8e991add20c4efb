"""Template tags of every page: icons, status chips, and `portal.words` as filters. Loaded as a builtin."""

from datetime import datetime
from functools import cache
from typing import Any

from django import template
from django.forms.boundfield import BoundField
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal import words
from portal.context import VISIBILITY_ICONS
from portal.datasets import facts
from portal.datasets.models import Dataset
from portal.runs.models import Run, Sample, Status

register = template.Library()

STATUS_ICONS = {
    Status.QUEUED: "clock",
    Status.STARTING: "loader-2",
    Status.PAUSED: "player-pause",
    Status.COMPLETED: "check",
    Status.FAILED: "alert-triangle",
    Status.STOPPED: "player-stop",
}
VERDICT_ICONS = {
    "early": "clock",
    "discriminator-strong": "scale",
    "generator-strong": "scale",
    "collapse": "stack-2",
    "class-collapse": "stack-2",
    "diverged": "chart-line",
    "memorising": "copy",
    "finished-improving": "sparkles",
}
"""What a verdict says -> icon; the others have that of their level."""


register.filter("thin", words.number)
register.filter("short", words.short)
register.filter("size", words.size)
register.filter("duration", words.duration)
register.filter("ago", words.ago)
register.filter("until", words.until)
register.filter("ordinal", words.ordinal)
register.filter("counted", words.counted)
register.filter("share", words.share)
register.filter("score", words.score)
register.filter("load", words.load)
register.filter("give_or_take", words.give_or_take)
register.filter("line", facts.line)
register.filter("sentence", facts.sentence)


@register.simple_tag
@cache  # a page has up to two hundred, of a few dozen kinds
def icon(name: str, classes: str = "") -> SafeString:
    """An icon of the sprite; always beside a word, or in a button with an aria-label."""
    return format_html('<svg class="icon {}" aria-hidden="true"><use href="{}#{}"/></svg>', classes, static("icons.svg"), name)


@register.simple_tag
def status_icon(status: str) -> SafeString:
    return icon(STATUS_ICONS[Status(status)], "s")


@register.simple_tag
def verdict_icon(kind: str, level: str) -> SafeString:
    return icon(VERDICT_ICONS.get(kind, "chart-line" if level == "bad" else "circle-check"))


@register.simple_tag
def chip(run: Run, turn: str = "") -> SafeString:
    """The run's state as icon or dot and word; of a waiting run also its turn, as `words.turn` tells it."""
    if run.status == Status.RUNNING:
        sign = SafeString('<span class="dot"></span>')
    else:
        sign = icon(STATUS_ICONS[Status(run.status)], "s spin" if run.status == Status.STARTING else "s")
    word = f"{run.get_status_display()}: {turn}" if turn else run.get_status_display()
    return format_html('<span class="chip" data-status="{}">{}{}</span>', run.status, sign, word)


@register.simple_tag
def visibility(value: str) -> SafeString:
    word = {"private": "Only you", "members": "Members", "public": "Public"}[value]
    return format_html("{}{}", icon(VISIBILITY_ICONS[value], "s"), word)


@register.simple_tag
def crop(sheet: Sample, across: int) -> SafeString:
    """So many tiles a side of a sheet, as a picture that the script redraws crisp."""
    return format_html(
        '<img class="crop x{}of{}" src="{}" alt="" loading="lazy" decoding="async"'
        ' data-crop="{}" data-columns="{}" data-rows="{}" data-tile-width="{}" data-tile-height="{}">',
        *(across, sheet.columns, sheet.address, across, sheet.columns, sheet.rows, sheet.tile_width, sheet.tile_height),
    )


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: Any) -> str:
    """The page's query string with some values replaced; empty values and the page number leave it."""
    values = context["request"].GET.copy()
    values.pop("page", None)
    for name, value in changes.items():
        if value in ("", None):
            values.pop(name, None)
        else:
            values[name] = value
    return str("?" + values.urlencode() if values else context["request"].path)


@register.filter
def styled(field: BoundField) -> SafeString:
    """The field's own widget in our look. Django adds what it is described by, and whether it is invalid."""
    widget = field.field.widget
    return field.as_widget(attrs={"class": f"{widget.attrs.get('class', '')} input".strip()})


@register.filter
def iso(moment: datetime) -> str:
    return moment.isoformat()


@register.filter
def quilt(dataset: Dataset, count: int) -> list[str]:
    return facts.spread(dataset, count)


@register.filter
def swatches(text: str) -> list[list[str]]:
    """ "#ffffff White|#000000 Black" -> [["#ffffff", "White"], ["#000000", "Black"]]."""
    return [one.split(" ", 1) for one in text.split("|")]


@register.filter
def words_of(text: str) -> list[str]:
    """A list written in a template: "white black chequer"|words_of."""
    return text.split()


@register.filter
def get(mapping: dict[Any, Any], key: Any) -> Any:
    return mapping.get(key)
