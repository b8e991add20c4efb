"""Reading streamed answers in synchronous tests."""

import warnings
from typing import Any


def body(answer: Any) -> bytes:
    """All bytes of an answer, streamed or not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Warning)  # Django warns that a synchronous reader loses what streaming is for
        return b"".join(answer)
