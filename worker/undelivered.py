"""The one error of sending."""


class Undelivered(Exception):
    """It was not taken; `str(error)` is a sentence for its owner.

    Args:
        for_good: trying again would be in vain.
    """

    def __init__(self, sentence: str, for_good: bool = False) -> None:
        super().__init__(sentence)
        self.for_good = for_good
