"""The watchman: says in plain words how a run is going, from what it shows. Numpy only, so that pages may import it.

    watch = Watch(config, images)
    watch.vitals(...); watch.sheet(...); watch.scores(...)
    if verdict := watch.verdict(): ...

What is measured of the duel is in `duel`, of the pictures in `pictures`; `rules` says what is wrong, `advice` what to change, `words` how to put it.
"""

from gan_core.watch.duel import Vitals
from gan_core.watch.watchman import Watch
from gan_core.watch.words import TITLES

__all__ = ["TITLES", "Vitals", "Watch"]
