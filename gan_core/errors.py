"""Everything gan_core raises on purpose. Messages are sentences for the person who trains, not for a log."""


class GanCoreError(Exception):
    """Base of all expected failures; `str(error)` may be shown to the user as it stands."""


class ArchiveRefused(GanCoreError):
    """The archive as a whole cannot be used: damaged, encrypted, over a limit, or without a single picture."""


class PictureSkipped(GanCoreError):
    """One member cannot be used, the rest of the archive can.

    Args:
        reason: one of the keys of `gan_core.images.SKIP_REASONS`.
        detail: a short addition such as "31 000 x 24 000 pixels, the limit is 100 million"; may be empty.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class ConfigMismatch(GanCoreError):
    """Configuration and images do not go together, for example class labels are asked for and there are none."""


class CheckpointUnusable(GanCoreError):
    """A checkpoint or weights file is truncated, altered, or belongs to another configuration."""


class Diverged(GanCoreError):
    """Losses or weights are no longer finite."""


class OutOfMemory(GanCoreError):
    """The networks do not fit into memory, even with the smallest parts of a batch."""


class ScoresUnavailable(GanCoreError):
    """The network whose features scores compare is not installed."""
