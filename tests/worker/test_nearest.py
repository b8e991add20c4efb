"""From places in the prepared store back to pictures of the dataset, which is what pages show as near to a tile."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests import factories
from tests.gan_core.images.build import annotation, zipped
from tests.training import config, person
from worker import prepared


def shade(value: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (50, 40), value).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(("changes", "count"), [({"crop_to_boxes": True}, 5), ({"tiles": 3, "tile_scale": 1.5}, 12), ({}, 4)])
def test_every_place_is_traced_to_its_picture(broker: object, changes: dict[str, Any], count: int) -> None:
    """Each picture has a shade of its own, so that what was cut out of it is known."""
    marks = annotation((3, 3, 20, 20), (10, 10, 40, 30))
    data = zipped({**{f"{number}.png": shade(60 * number) for number in range(4)}, "2.xml": marks, "notes.txt": b"skipped"})
    dataset = factories.checked_dataset(person(), data=data)
    wanted = config(steps=1, **changes)
    store = prepared.images(dataset, wanted)
    files = prepared.files(dataset, wanted)
    assert len(files) == len(store) == count
    assert [60 * index for index in files] == [int(np.median(image)) for image in store.images]
