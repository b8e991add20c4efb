from gan_core.scores.features import Extractor, load_extractor
from gan_core.scores.reference import Reference, compare

__all__ = ["Extractor", "Reference", "compare", "load_extractor"]
