"""Annotations tell where the subjects are, and whatever a stranger puts into them does no harm."""

import io

import numpy as np
import pytest
from PIL import Image

from gan_core.errors import ArchiveRefused, PictureSkipped
from gan_core.images import survey, voc
from gan_core.images.boxes import Box
from gan_core.images.decode import decode
from gan_core.images.manifest import Manifest
from gan_core.images.survey import take_stock
from tests.gan_core.images.build import annotation, encoded, png, tarred, zipped

BOMB = b'<!DOCTYPE annotation [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><annotation><object>&b;</object></annotation>'
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE annotation [<!ENTITY a SYSTEM "file:///etc/passwd">]><annotation><filename>&a;</filename></annotation>'


def stock(files: dict[str, bytes]) -> Manifest:
    return take_stock(io.BytesIO(zipped(files)))


def found(files: dict[str, bytes]) -> dict[str, tuple[Box, ...]]:
    return {entry.path: entry.boxes for entry in stock(files).entries}


def test_boxes_count_from_zero_and_exclude_the_last_pixel() -> None:
    assert voc.parse(annotation((1, 1, 8, 6), (3.2, 4, 5.5, 9))) == (((0, 0, 8, 6), (2, 3, 6, 9)), None)


def test_the_boxes_of_an_objects_parts_are_not_meant() -> None:
    part = b"<part><name>head</name><bndbox><xmin>2</xmin><ymin>2</ymin><xmax>3</xmax><ymax>3</ymax></bndbox></part>"
    assert voc.parse(annotation((1, 1, 8, 6)).replace(b"</object>", part + b"</object>"))[0] == ((0, 0, 8, 6),)


@pytest.mark.parametrize("beginning", [b"", b'<?xml version="1.0" encoding="utf-8"?>\n', b"\xef\xbb\xbf  \n", b"<!-- by hand -->"])
def test_an_annotation_is_known_by_how_it_begins(beginning: bytes) -> None:
    assert voc.begins(beginning + annotation((1, 1, 2, 2)))
    assert voc.parse(beginning + annotation((1, 1, 2, 2)))[0] == ((0, 0, 2, 2),)


@pytest.mark.parametrize("head", [b"", b"<svg/>", b"<annotations>", b"annotation", b"<html><annotation >", png()])
def test_other_files_are_no_annotations(head: bytes) -> None:
    assert not voc.begins(head)


@pytest.mark.parametrize(
    "data",
    [
        BOMB,
        OUTSIDE,
        b"<annotation><object>",
        b"<annotation>\xff\xfe</annotation>",
        b'<?xml version="1.0" encoding="no-such"?><annotation/>',
        b'<?xml version="1.0" encoding="zlib"?><annotation/>',
        b"<annotation>" * 2000,
        b"<annotation>&undefined;</annotation>",
        annotation(("nan", 1, 2, 2)),
        annotation(("1e300", 1, 2, 2)),
        annotation(("", 1, 2, 2)),
        annotation(("one", 1, 2, 2)),
    ],
)
def test_hostile_and_broken_annotations_are_skipped_with_a_reason(data: bytes) -> None:
    with pytest.raises(PictureSkipped) as skipped:
        voc.parse(data)
    assert skipped.value.reason == "damaged" and skipped.value.detail.startswith("Annotation") and len(skipped.value.detail) <= 200
    manifest = stock({"1.png": png(), "1.xml": data})
    assert (manifest.skipped, manifest.boxes) == (1, 0)


def test_an_annotation_of_any_size_is_not_read_whole() -> None:
    long = annotation((1, 1, 2, 2), filling=b" " * 10_000_000)
    items = list(survey.survey(io.BytesIO(zipped({"1.xml": long, "1.png": png()}))))
    assert [getattr(item, "reason", "") for item in items] == ["too_large", ""]


def test_more_boxes_than_the_limit_refuse_the_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "MOST_BOXES", 3)
    boxes = [(1, 1, 2, 2)] * 2
    with pytest.raises(ArchiveRefused, match="more than 3 boxes"):
        stock({"1.png": png(), "1.xml": annotation(*boxes), "2.xml": annotation(*boxes)})


def test_annotations_are_not_told_as_skipped_and_make_no_classes() -> None:
    files = {"Images/1.png": png(), "Annotations/1.xml": annotation((1, 1, 4, 4)), "Annotations/2.xml": annotation(), "read me.txt": b"x"}
    manifest = stock(files)
    assert manifest.skipped == 1 and manifest.class_names == ()
    assert (manifest.annotated, manifest.boxes) == (1, 1)


LAYOUTS = {
    "beside": ("cats/1.jpg", "cats/1.xml"),
    "Pascal VOC": ("VOCdevkit/VOC2012/JPEGImages/2007_000027.jpg", "VOCdevkit/VOC2012/Annotations/2007_000027.xml"),
    "Stanford Dogs": ("Images/n02085620-Chihuahua/n02085620_7.jpg", "Annotation/n02085620-Chihuahua/n02085620_7"),
    "Stanford Dogs, packed twice": ("images/Images/n02-Chihuahua/n02_7.jpg", "annotations/Annotation/n02-Chihuahua/n02_7"),
    "Oxford Pets": ("images/Abyssinian_1.jpg", "annotations/xmls/Abyssinian_1.xml"),
    "unknown folders": ("photos/a.b.jpg", "marks/first/a.b.xml"),
    "top": ("1.jpg", "1.XML"),
}


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("turned", [False, True], ids=["picture first", "annotation first"])
def test_an_annotation_belongs_to_the_picture_of_its_name(name: str, turned: bool) -> None:
    picture, marks = LAYOUTS[name]
    files = {picture: png(1), marks: annotation((2, 3, 4, 5)), "others/x.png": png(2), "others/y.xml": annotation((1, 1, 2, 2))}
    assert found(dict(reversed(files.items())) if turned else files) == {picture: ((1, 2, 4, 5),), "others/x.png": ()}


def test_in_a_tar_as_well() -> None:
    manifest = take_stock(io.BytesIO(tarred({"Annotation/a/1": annotation((2, 3, 4, 5)), "Images/a/1.png": png()}, "w:gz")))
    assert [entry.boxes for entry in manifest.entries] == [((1, 2, 4, 5),)] and manifest.skipped == 0


def test_pictures_of_one_name_are_told_apart_by_their_folders() -> None:
    marks = {f"Annotations/{name}/1.xml": annotation((corner, 1, 8, 8)) for name, corner in (("dogs", 2), ("cats", 3))}
    files = {"photos/cats/1.png": png(1), "photos/dogs/1.png": png(2), "photos/mice/1.png": png(3), **marks}
    assert found(files) == {"photos/cats/1.png": ((2, 0, 8, 8),), "photos/dogs/1.png": ((1, 0, 8, 8),), "photos/mice/1.png": ()}


def test_a_box_that_may_be_anothers_is_left_out() -> None:
    assert not any(found({"cats/1.png": png(1), "dogs/1.png": png(2), "marks/1.xml": annotation((1, 1, 8, 8))}).values())


def test_boxes_are_clipped_to_the_picture_and_empty_ones_dropped() -> None:
    boxes = annotation((-5, -5, 3, 3), (7, 7, 90, 90), (20, 20, 30, 30), (5, 5, 4, 8))
    assert found({"1.png": png(1, (8, 8)), "1.xml": boxes})["1.png"] == ((0, 0, 3, 3), (6, 6, 8, 8))


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_are_turned_as_the_picture_is(orientation: int, format: str) -> None:
    array = np.zeros((48, 64, 3), np.uint8)
    array[8:24, 40:56] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray(array), format, exif=exif, **({"quality": 95} if format == "JPEG" else {}))
    (entry,) = stock({f"1.{format}": data, "1.xml": annotation((41, 9, 56, 24))}).entries
    ((left, top, right, bottom),) = entry.boxes
    picture = decode(data, pixels=10**6).array
    assert picture.shape[:2] == (entry.height, entry.width)
    assert picture[top:bottom, left:right].min() > 200 and picture.astype(int).sum() < 1.1 * 16 * 16 * 3 * 255
    assert (right - left, bottom - top) == (16, 16)


def test_boxes_drawn_on_the_upright_picture_stay_as_they_are() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(Image.new("RGB", (64, 48)), "JPEG", exif=exif)
    assert found({"1.jpg": data, "1.xml": annotation((2, 3, 40, 60), size=(48, 64))})["1.jpg"] == ((1, 2, 40, 60),)
    assert found({"1.jpg": data, "1.xml": annotation((2, 3, 40, 48), size=(64, 48))})["1.jpg"] == ((0, 1, 46, 40),)


def test_a_manifest_with_boxes_survives_json() -> None:
    manifest = stock({"1.png": png(1), "1.xml": annotation((1, 1, 2, 2), (1, 1, 3, 3)), "2.png": png(2)})
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_a_manifest_from_before_there_were_boxes_is_read() -> None:
    text = (
        '{"version":1,"class_names":["a","b"],"skipped":3,"entries":{"position":[0,4],"path":["a/1.png","b/2.png"],"label":[0,1],"width":[8,9],'
        '"height":[8,7],"mode":["RGB","L"],"transparent":[false,false],"grey":[false,true],"digest":["00","11"]}}'
    )
    manifest = Manifest.from_json(text)
    assert (len(manifest), manifest.boxes, manifest.annotated, manifest.entries[1].path) == (2, 0, 0, "b/2.png")
    assert manifest.to_json() == text
