"""Sample collections come out of installed packages, without importing them."""

import io
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from portal.datasets import samples

COUNTS = {"digits": 5000, "sprites": 465}


def built(name: str) -> zipfile.ZipFile:
    if samples.COLLECTIONS[name].find() is None:
        pytest.skip(f"The package {samples.COLLECTIONS[name].package} is not installed.")
    file = io.BytesIO()
    samples.build(name, file)
    return zipfile.ZipFile(file)


@pytest.mark.parametrize("name", COUNTS)
def test_what_is_offered_is_what_is_built(name: str) -> None:
    archive = built(name)
    (offered,) = (one for one in samples.available() if one.name == name)
    assert len(archive.namelist()) == offered.count == COUNTS[name]
    assert offered.title and offered.description.endswith(".")


def test_digits_are_28_pixels_wide_in_ten_even_classes() -> None:
    archive = built("digits")
    labels = [name.split("/")[0] for name in archive.namelist()]
    assert {label: labels.count(label) for label in set(labels)} == {str(digit): 500 for digit in range(10)}
    first = np.asarray(Image.open(io.BytesIO(archive.read(archive.namelist()[0]))))
    assert first.shape == (28, 28) and first.max() > 200 and first[0].max() == 0


def test_sprites_have_alpha_and_a_folder_each() -> None:
    archive = built("sprites")
    assert len({name.split("/")[0] for name in archive.namelist()}) == len(samples.SPRITE_FOLDERS)
    assert Image.open(io.BytesIO(archive.read("topdown_tanks/tankBody_blue.png"))).has_transparency_data


def test_the_same_collection_gives_the_same_archive() -> None:
    assert built("sprites").fp.getvalue() == built("sprites").fp.getvalue()  # type: ignore[union-attr]


def test_an_unknown_collection_is_a_lookup_error() -> None:
    with pytest.raises(LookupError):
        samples.build("unicorns", io.BytesIO())


def test_looking_imports_no_package() -> None:
    code = "import sys; from portal.datasets import samples; samples.available(); print([n for n in ('arcade', 'mlxtend') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
