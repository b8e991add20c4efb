"""How the process of a run ends, as exit codes: `train_run` returns them, `supervise` judges them. All others are crashes."""

COMPLETED = 0
REFUSED = 65
"""A GanCoreError: trying again would not help; the sentence stands in Run.error."""
OUT_OF_REACH = 74
"""Database, storage or disk stayed away or full for too long. The run is not to blame."""
LEFT = 75
"""Asked to leave, and gone after a checkpoint."""
SUPERSEDED = 76
"""The run is no longer this attempt's; nothing was written."""
