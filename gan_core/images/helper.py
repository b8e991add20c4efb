"""One of `gan_core.images.helpers`: reads (work, items) as pickles from its input and writes answers, until the input ends."""

import os
import pickle
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

from gan_core.images import decode


def main() -> None:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints shall not end up among the answers
    decode.leave_giants()
    try:
        serve(sys.stdin.buffer, answers)
    except BrokenPipeError:
        os._exit(0)  # nobody listens any more; and no complaints about what could not be written


def serve(questions: BinaryIO, answers: BinaryIO) -> None:
    while True:
        try:
            work, items = pickle.load(questions)
        except EOFError:
            return
        pickle.dump([answer(work, item) for item in items], answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()


def answer(work: Callable[[Any], Any], item: Any) -> tuple[bool, Any]:
    """(True, result), (False, error), or (False, None) for what must be done by who asks."""
    try:
        return True, work(item)
    except decode.Giant:
        return False, None
    except Exception as error:  # theirs to judge
        return False, error


if __name__ == "__main__":
    main()
