"""Pascal VOC annotations: XML files that say where in a picture its subjects are.

They come from strangers. A document type, without which XML knows no entities, is refused where it begins; the size is
limited; and nothing but numbers is taken from them, least of all a path.
"""

import math
import re
from xml.parsers import expat

from gan_core.errors import PictureSkipped
from gan_core.images.boxes import Box

MOST_BYTES = 256_000
"""Of one file; a picture with a hundred subjects has some 40,000."""
DEEPEST = 16
"""Elements within elements."""
FARTHEST = 1_000_000
"""Largest coordinate, in pixels."""
BEGINNING = re.compile(rb"(\xef\xbb\xbf)?\s*<(\?xml|!--|!DOCTYPE annotation|annotation[\s>])")
ROOT = re.compile(rb"<annotation[\s>]")
CORNER = ("xmin", "ymin", "xmax", "ymax")
OBJECT, SIZE = ["annotation", "object", "bndbox"], ["annotation", "size"]
"""Where the numbers are. An object's parts, such as heads and hands, have boxes of their own further down, which are not meant."""


def begins(head: bytes) -> bool:
    """A file that begins like this is an annotation, whatever its name."""
    return bool(BEGINNING.match(head) and ROOT.search(head))


def parse(data: bytes) -> tuple[tuple[Box, ...], tuple[int, int] | None]:
    """Boxes in the order of the file, and the (width, height) of the picture as the file has it, None if it does not say.

    Coordinates in the file count pixels from 1 and include the last one; here they count from 0 and exclude it.

    Raises:
        PictureSkipped: this is no annotation, or one that cannot be read.
    """
    reader = _Reader()
    try:
        reader.parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:  # the latter two: encodings that do not exist
        raise PictureSkipped("damaged", f"Annotation that cannot be read: {error}"[:200]) from error
    return tuple(reader.boxes), reader.size


class _Reader:
    def __init__(self) -> None:
        self.boxes: list[Box] = []
        self.size: tuple[int, int] | None = None
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self._place: list[str] = []
        self._found: dict[str, str] = {}

    def _refuse(self, *_: object) -> None:
        raise PictureSkipped("damaged", "Annotation with a document type, which is not read")

    def _start(self, name: str, _: object) -> None:
        self._place.append(name)
        if len(self._place) > DEEPEST:
            raise ValueError("it is nested too deeply")
        if self._place in (OBJECT, SIZE):
            self._found = {}

    def _text(self, text: str) -> None:
        if self._place[:-1] in (OBJECT, SIZE):
            self._found[self._place[-1]] = self._found.get(self._place[-1], "") + text

    def _end(self, _: str) -> None:
        if self._place == OBJECT:
            left, top, right, bottom = (_number(self._found.get(name, "")) for name in CORNER)
            self.boxes.append((math.floor(left) - 1, math.floor(top) - 1, math.ceil(right), math.ceil(bottom)))
        elif self._place == SIZE and all(self._found.get(name, "").strip().isdecimal() for name in ("width", "height")):
            self.size = int(self._found["width"][:9]), int(self._found["height"][:9])
        self._place.pop()


def _number(text: str) -> float:
    """Some programs write fractions. Raises ValueError."""
    value = float(text)
    if not abs(value) <= FARTHEST:
        raise ValueError("a coordinate is out of reach")
    return value
