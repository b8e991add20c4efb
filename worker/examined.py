"""One file of an archive, looked at. Knows no Django, so that the helpers of `gan_core.images.ordered` need not start it."""

from gan_core.images.archive import Item, Limits
from gan_core.images.survey import Found, Seen, look
from portal.datasets import smaller


def examine(member: Item, limits: Limits) -> tuple[Seen, bytes]:
    """What it is, pictures without their pixels, and a picture's thumbnail."""
    item = look(member, limits)
    if isinstance(item, Found):
        return item.listed(), smaller.thumbnail(item.picture.array)
    return item, b""
