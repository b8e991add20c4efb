"""Ordinary archives give their pictures; hostile ones end in one sentence or a skip with its reason."""

import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from gan_core.errors import ArchiveRefused
from gan_core.images.archive import Limits, Member, Skipped, members
from tests.gan_core.images.build import overlapping_zip, png, tarred, zipped

PICTURE = png()


def opened(data: bytes, limits: Limits | None = None) -> list[Member | Skipped]:
    return list(members(io.BytesIO(data), limits or Limits()))


def skipped(data: bytes) -> list[tuple[str, str]]:
    return [(item.path, item.reason) for item in opened(data) if isinstance(item, Skipped)]


def refusal(data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(ArchiveRefused) as caught:
        opened(data, limits)
    return str(caught.value)


FILES = {"cat/1.png": png(1), "cat/2.png": png(2), "dog/1.png": png(3), "top.png": png(4)}
FOUND = [Member("cat/1.png", "cat", png(1)), Member("cat/2.png", "cat", png(2)), Member("dog/1.png", "dog", png(3)), Member("top.png", None, png(4))]


@pytest.mark.parametrize(
    "data",
    [
        zipped(FILES),
        zipped(FILES, zipfile.ZIP_DEFLATED),
        tarred(FILES),
        tarred(FILES, "w:gz"),
        tarred(FILES, "w:bz2"),
        tarred(FILES, "w:xz"),
        tarred(FILES, format=tarfile.USTAR_FORMAT),
        tarred(FILES, format=tarfile.PAX_FORMAT),
    ],
    ids=["zip", "deflated", "tar", "gz", "bz2", "xz", "ustar", "pax"],
)
def test_every_kind_of_archive_gives_the_same_members(data: bytes) -> None:
    assert opened(data) == FOUND


def test_a_folder_gives_its_files(tmp_path: Path) -> None:
    for name, data in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    found = list(members(tmp_path))
    assert sorted(found, key=lambda item: item.path) == FOUND


def test_a_single_picture_is_a_dataset_of_one(tmp_path: Path) -> None:
    (tmp_path / "me.png").write_bytes(PICTURE)
    assert list(members(tmp_path / "me.png")) == [Member("me.png", None, PICTURE)]


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveRefused, match="no file or folder"):
        list(members(tmp_path / "nothing.zip"))


def test_a_zip_with_a_comment_and_zip64_records_is_read() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        with archive.open("1.png", "w", force_zip64=True) as member:
            member.write(PICTURE)
        archive.comment = b"made by hand"
    assert opened(buffer.getvalue()) == [Member("1.png", None, PICTURE)]


def test_a_zip_with_a_zip64_directory_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)  # else it takes 65 536 files
    data = zipped(FILES)
    assert b"PK\x06\x06" in data and opened(data) == FOUND


# hostile archives


def test_overlapping_zip_members_are_refused() -> None:
    bomb = overlapping_zip(copies=500, unpacked=1_000_000)
    assert len(bomb) < 50_000
    assert "overlap" in refusal(bomb)


def test_an_encrypted_member_is_skipped() -> None:
    data = bytearray(zipped({"1.png": PICTURE}))
    data[6] |= 1  # the flag in the local header
    data[data.index(b"PK\x01\x02") + 8] |= 1  # and in the directory
    assert skipped(bytes(data)) == [("1.png", "encrypted")]


@pytest.mark.parametrize("method", [99, 12, 14, 93])
def test_a_compression_method_we_do_not_read_is_skipped(method: int) -> None:
    data = bytearray(zipped({"1.png": PICTURE, "2.png": PICTURE}))
    struct.pack_into("<H", data, 8, method)
    struct.pack_into("<H", data, data.index(b"PK\x01\x02") + 10, method)
    items = opened(bytes(data))
    assert isinstance(items[0], Skipped) and items[0].reason == "damaged" and str(method) in items[0].detail
    assert items[1] == Member("2.png", None, PICTURE)


def claiming(size: int) -> bytes:
    """A zip whose headers say that its picture unpacks to `size` bytes."""
    data = bytearray(zipped({"1.png": PICTURE}, zipfile.ZIP_DEFLATED))
    struct.pack_into("<L", data, 22, size)
    struct.pack_into("<L", data, data.index(b"PK\x01\x02") + 24, size)
    return bytes(data)


def test_a_zip_header_that_claims_too_little_makes_the_member_damaged() -> None:
    assert skipped(claiming(10)) == [("1.png", "damaged")]


def test_a_zip_header_that_claims_too_much_is_not_believed() -> None:
    assert opened(claiming(2**31)) == [Member("1.png", None, PICTURE)]


def test_a_damaged_zip_member_is_skipped_and_the_others_are_not() -> None:
    data = bytearray(zipped({"1.png": PICTURE, "2.png": png(2)}))
    data[60] ^= 0xFF
    assert opened(bytes(data)) == [Skipped("1.png", "damaged", "Bad CRC-32 for file '1.png'"), Member("2.png", None, png(2))]


UNSAFE = ["../1.png", "a/../../1.png", "/etc/1.png", "C:\\1.png", "\\\\host\\1.png", "..\\1.png"]


@pytest.mark.parametrize("path", UNSAFE)
def test_paths_that_lead_elsewhere_are_skipped(path: str) -> None:
    expected = [(path.replace("\\", "/"), "unsafe_path")]
    assert skipped(zipped({path: PICTURE})) == expected
    assert skipped(tarred({path: PICTURE})) == expected


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_tar_members_that_are_no_files_are_skipped(kind: bytes) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        special = tarfile.TarInfo("1.png")
        special.type, special.linkname = kind, "/etc/passwd"
        archive.addfile(special)
    assert skipped(buffer.getvalue()) == [("1.png", "link")]


def test_a_symbolic_link_in_a_zip_is_skipped() -> None:
    info = zipfile.ZipInfo("1.png")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert skipped(buffer.getvalue()) == [("1.png", "link")]


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(PICTURE)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "1.png").symlink_to(tmp_path / "secret.png")
    os.mkfifo(folder / "2.png")
    assert list(members(folder)) == [Skipped("1.png", "link"), Skipped("2.png", "link")]


@pytest.mark.parametrize(
    "inner",
    [zipped({"1.png": PICTURE}), tarred({"1.png": PICTURE}), tarred({"1.png": PICTURE}, "w:gz"), b"7z\xbc\xaf\x27\x1c rest", b"Rar!\x1a\x07\x00"],
    ids=["zip", "tar", "gz", "7z", "rar"],
)
def test_an_archive_within_the_archive_is_skipped(inner: bytes) -> None:
    assert skipped(zipped({"inner.png": inner})) == [("inner.png", "nested_archive")]


@pytest.mark.parametrize("share", [0.3, 0.9])
@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_truncated_tar_is_refused(mode: str, share: float) -> None:
    data = tarred({f"{number}.png": png(number, (40, 40)) for number in range(8)}, mode)
    end = data.rstrip(b"\0")
    assert "damaged" in refusal(end[: int(len(end) * share)])


def test_a_truncated_zip_is_refused() -> None:
    data = zipped(FILES)
    assert "damaged" in refusal(data[: len(data) // 2])


def test_garbage_between_tar_members_is_refused_rather_than_taken_for_the_end() -> None:
    data = bytearray(tarred(FILES))
    second = data.index(b"cat/2.png")
    data[second : second + 512] = b"x" * 512
    assert "damaged" in refusal(bytes(data))


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_too_many_entries_are_refused(pack: object) -> None:
    data = pack({f"{number}.png": PICTURE for number in range(11)})  # type: ignore[operator]
    assert "more than 10 entries" in refusal(data, Limits(entries=10))


def test_a_zip_directory_is_counted_before_it_is_loaded() -> None:
    data = bytearray(overlapping_zip(copies=60_000, unpacked=10))
    struct.pack_into("<2H", data, len(data) - 14, 1, 1)  # the end record claims a single entry
    tracemalloc.start()
    try:
        assert "more than 10 entries" in refusal(bytes(data), Limits(entries=10))
        assert tracemalloc.get_traced_memory()[1] < 4 * len(data)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_a_tar_that_unpacks_to_too_much_is_refused_even_if_no_member_is_read(mode: str) -> None:
    bomb = tarred({"zeros.bin": bytes(20_000_000)}, mode)
    assert len(bomb) < 100_000
    assert "unpacks to more than 1 MB" in refusal(bomb, Limits(unpacked_bytes=1_000_000))


def test_a_zip_that_unpacks_to_too_much_is_refused() -> None:
    data = zipped({f"{number}.bmp": b"BM" + bytes(500_000) for number in range(5)}, zipfile.ZIP_DEFLATED)
    assert "unpacks to more than 1 MB" in refusal(data, Limits(unpacked_bytes=1_000_000))


def test_a_member_larger_than_any_picture_is_skipped() -> None:
    data = zipped({"1.bmp": b"BM" + bytes(2_000_000)}, zipfile.ZIP_DEFLATED)
    (item,) = opened(data, Limits(pixels=1000))
    assert isinstance(item, Skipped) and item.reason == "too_large"


def test_an_archive_over_the_limit_is_refused() -> None:
    assert "limit here is 100 bytes" in refusal(zipped(FILES), Limits(archive_bytes=100))


@pytest.mark.parametrize("name", ["__MACOSX/._1.png", "a/.hidden.png", ".git/1.png", "Thumbs.db", "a/desktop.ini", ".DS_Store"])
def test_system_files_are_skipped(name: str) -> None:
    assert skipped(zipped({name: PICTURE})) == [(name, "hidden")]


def test_names_in_utf_8_without_the_flag_are_read_as_such() -> None:
    data = zipped({"aXXaXX/1.png": PICTURE}).replace(b"aXXaXX", b"a\xc3\xa4a\xc3\xb6")
    assert opened(data) == [Member("aäaö/1.png", "aäaö", PICTURE)]


def test_names_in_another_encoding_are_kept_readable() -> None:
    data = zipped({"Xrger/1.png": PICTURE}).replace(b"Xrger", b"\xc4rger")
    (item,) = opened(data)
    assert isinstance(item, Member) and item.label is not None and item.label.endswith("rger")
    item.path.encode("utf-8")


def test_a_zip_that_lies_about_utf_8_is_refused() -> None:
    data = zipped({"ä/1.png": PICTURE}).replace("ä".encode(), b"\xff\xfe")
    assert "damaged" in refusal(data)


def test_broken_and_control_characters_in_tar_names_are_replaced() -> None:
    data = tarred({"XY/1.png": PICTURE}, format=tarfile.USTAR_FORMAT)
    header = bytearray(data[:512])
    header[0:2] = b"\xff\x07"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    (item,) = opened(bytes(header) + data[512:])
    assert item.path == "\ufffd\ufffd/1.png"


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 10_240, b"hello world, this is no archive", b"%PDF-1.7", b"PK\x05\x06"], ids=["empty", "zeros", "text", "pdf", "stub"]
)
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    assert refusal(data)


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_data_without_a_tar_inside_are_refused(compress: object) -> None:
    assert "damaged" in refusal(compress(PICTURE * 20))  # type: ignore[operator]


def test_empty_archives_give_nothing() -> None:
    assert opened(zipped({})) == []
    assert opened(zipped({"empty folder/": b""})) == []


def test_an_empty_file_is_skipped() -> None:
    assert skipped(zipped({"1.png": b""})) == [("1.png", "empty")]


def test_an_endless_tar_header_is_refused() -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 2**31
    assert "too long" in refusal(info.tobuf() + bytes(10_240))


def test_a_chain_of_tar_headers_ends() -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 5
    assert "damaged" in refusal((info.tobuf() + b"name\0".ljust(512, b"\0")) * 2000)


def test_xz_that_asks_for_gigabytes_of_memory_is_refused() -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 2**30}]
    assert "damaged" in refusal(lzma.compress(tarred(FILES), filters=filters))


def test_sparse_files_are_refused() -> None:
    info = tarfile.TarInfo("1.png")
    info.type, info.size = tarfile.GNUTYPE_SPARSE, 512
    assert "sparse" in refusal(info.tobuf() + bytes(10_240))


def test_a_picture_that_is_also_a_zip_is_taken_for_the_picture() -> None:
    data = PICTURE + zipped({"../../evil.sh": b"#!/bin/sh"})
    assert opened(data) == [Member("picture", None, data)]


def test_any_flipped_byte_ends_in_members_skips_or_a_refusal() -> None:
    for data in (zipped(FILES, zipfile.ZIP_DEFLATED), tarred(FILES), tarred(FILES, "w:gz")):
        for position in range(0, len(data), 7):
            damaged = bytearray(data)
            damaged[position] ^= 0x55
            try:
                opened(bytes(damaged))
            except ArchiveRefused as refused:
                assert str(refused).endswith(".")
