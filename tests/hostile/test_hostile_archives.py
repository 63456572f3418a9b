"""Archives that were made to harm: entries that lead elsewhere, bombs, lies about sizes, cuts and flipped bits."""

import os
import random
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile_documents import picture
from support.archives import tar_of, zip_of

from geed_cli.errors import InputError
from geed_cli.images.archives import entries as entries_module
from geed_cli.images.archives.entries import HARD_LINK, LEAVES, LINK, NESTED, NO_FILE
from geed_cli.images.archives.zip_archive import ENCRYPTED
from geed_cli.images.picture import ImageRefused
from geed_cli.images.source import hashes_of, list_images

PNG = picture("PNG")


def unix(name: str, mode: int, flags: int = 0) -> zipfile.ZipInfo:
    """A zip's entry of that kind."""
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr, info.flag_bits = 3, mode << 16, flags
    return info


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    """A tar's entry of that kind."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def refused(file: Path) -> dict[str, str]:
    """Reasons by name, of an archive whose one sound picture is ``good.png``, which is read."""
    images = list_images(file)
    assert images.paths == ("good.png",)
    assert len(hashes_of(images)) == 1
    return {item.path: item.reason for item in images.refused}


LEADING_OUT = (
    "/etc/a.png",
    "../a.png",
    "b/../../a.png",
    "C:/a.png",
    "C:\\a.png",
    "..\\a.png",
    "\\a.png",
    "b/..",
)


def test_paths_that_lead_out_are_refused(tmp_path: Path) -> None:
    """In both kinds, on any system; the archive's other pictures are used."""
    made = [(name, PNG) for name in (*LEADING_OUT, "good.png")]
    for file in (zip_of(tmp_path / "x.zip", *made), tar_of(tmp_path / "x.tar", *made)):
        assert refused(file) == dict.fromkeys(LEADING_OUT, LEAVES)


@pytest.mark.parametrize("make", [zip_of, tar_of])
def test_files_without_a_name_are_refused(tmp_path: Path, make: Callable[..., Path]) -> None:
    """Of which nothing but dots is written."""
    file = make(tmp_path / f"x.{make.__name__[:3]}", (".", PNG), ("good.png", PNG))
    assert refused(file) == {".": "it has no name"}


def test_what_is_no_file_in_a_zip_is_refused(tmp_path: Path) -> None:
    """Links, devices, pipes, encrypted files, archives within, and names that are not printed as they are."""
    file = zip_of(
        tmp_path / "x.zip",
        (unix("link.png", 0o120777), b"good.png"),
        (unix("device.png", 0o060666), b""),
        (unix("pipe.png", 0o010666), b""),
        ("inner.zip", b"PK"),
        ("esc\x1b[2J.png", PNG),
        ("good.png", PNG),
    )
    assert refused(file) == {
        "link.png": LINK,
        "device.png": NO_FILE,
        "pipe.png": NO_FILE,
        "inner.zip": NESTED,
        "esc\\x1b[2J.png": "its name holds control characters",
    }


def test_what_is_no_file_in_a_tar_is_refused(tmp_path: Path) -> None:
    """Links of both kinds, devices, pipes, and names of bytes that are not UTF-8."""
    file = tar_of(
        tmp_path / "x.tar",
        (special("link.png", tarfile.SYMTYPE, "/etc/passwd"), b""),
        (special("hard.png", tarfile.LNKTYPE, "good.png"), b""),
        (special("device.png", tarfile.BLKTYPE), b""),
        (special("pipe.png", tarfile.FIFOTYPE), b""),
        ("inner.tar", b""),
        ("\udcff.png", PNG),
        ("good.png", PNG),
    )
    assert refused(file) == {
        "link.png": LINK,
        "hard.png": HARD_LINK,
        "device.png": NO_FILE,
        "pipe.png": NO_FILE,
        "inner.tar": NESTED,
        "\\xff.png": "its name is not valid UTF-8",
    }


def test_encrypted_files_are_refused(tmp_path: Path) -> None:
    """Each by itself, as an archive may hold others; one of nothing else says where pictures have to be."""
    zip_of(tmp_path / "x.zip", ("good.png", PNG), ("locked.png", PNG))
    patch(tmp_path / "x.zip", "locked.png", 8, struct.pack("<H", 1))
    assert refused(tmp_path / "x.zip") == {"locked.png": ENCRYPTED}
    zip_of(tmp_path / "y.zip", ("locked.png", PNG))
    patch(tmp_path / "y.zip", "locked.png", 8, struct.pack("<H", 1))
    with pytest.raises(InputError, match="no images") as caught:
        list_images(tmp_path / "y.zip")
    assert "password" in caught.value.remedy


def patch(file: Path, name: str, at: int, new: bytes) -> None:
    """Overwrite a part of an entry's record in the central directory."""
    data = bytearray(file.read_bytes())
    place = data.rindex(name.encode()) - 46 + at
    data[place : place + len(new)] = new
    file.write_bytes(data)


def test_other_methods_than_deflate_are_refused(tmp_path: Path) -> None:
    """bzip2 and LZMA, whose bombs are larger, and unknown ones."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("good.png", PNG)
        archive.writestr("b.png", PNG, zipfile.ZIP_BZIP2)
        archive.writestr("l.png", PNG, zipfile.ZIP_LZMA)
    assert refused(tmp_path / "x.zip").keys() == {"b.png", "l.png"}


def test_names_in_a_zip_are_those_of_the_files(tmp_path: Path) -> None:
    """UTF-8 whether the zip says so or not; other bytes are refused as in a folder."""
    zip_of(tmp_path / "x.zip", ("good.png", PNG), ("xx.png", PNG), ("zz.png", PNG))
    data = (tmp_path / "x.zip").read_bytes()
    data = data.replace(b"xx.png", "é.png".encode()).replace(b"zz.png", b"\xff\xfe.png")
    (tmp_path / "x.zip").write_bytes(data)
    images = list_images(tmp_path / "x.zip")
    assert images.paths == ("good.png", "é.png")
    assert len(hashes_of(images)) == 2
    assert [item.reason for item in images.refused] == ["its name is not valid UTF-8"]


def test_a_bomb_is_refused_unread(tmp_path: Path) -> None:
    """1000 : 1, as a file by itself and as many small ones."""
    zip_of(tmp_path / "x.zip", ("good.png", PNG), ("bomb.bmp", bytes(17 * 2**20)))
    assert "more than 100 times its bytes" in refused(tmp_path / "x.zip")["bomb.bmp"]
    zip_of(tmp_path / "y.zip", ("good.png", PNG), *((f"b{n:02}.bmp", b"") for n in range(40)))
    for number in range(40):
        patch(tmp_path / "y.zip", f"b{number:02}.bmp", 24, struct.pack("<I", 15 * 2**20))
    with pytest.raises(InputError, match="unpacks to"):
        list_images(tmp_path / "y.zip")


@pytest.mark.parametrize("claimed", [0, 10, 2**20])
def test_a_lie_about_a_size_is_found_and_costs_no_memory(tmp_path: Path, claimed: int) -> None:
    """Of a file of 60 kB that claims to be smaller, or larger; no more than the claim is unpacked."""
    zip_of(tmp_path / "x.zip", ("liar.bmp", bytes(60_000)))
    patch(tmp_path / "x.zip", "liar.bmp", 24, struct.pack("<I", claimed))
    with pytest.raises(ImageRefused, match="its checksum in the archive is another"):
        list_images(tmp_path / "x.zip").reader.sha256("liar.bmp")


def test_entries_that_overlap_are_refused(tmp_path: Path) -> None:
    """By which 10 MB can hold terabytes."""
    zip_of(tmp_path / "x.zip", ("a.png", PNG), ("b.png", PNG))
    patch(tmp_path / "x.zip", "b.png", 42, struct.pack("<I", 0))
    with pytest.raises(InputError, match="its entries overlap"):
        list_images(tmp_path / "x.zip")


def test_a_header_of_another_file_is_refused(tmp_path: Path) -> None:
    """Two readers would see two pictures."""
    zip_of(tmp_path / "x.zip", ("a.png", PNG))
    data = (tmp_path / "x.zip").read_bytes().replace(b"a.png", b"c.png", 1)
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(ImageRefused, match="another file in its place"):
        list_images(tmp_path / "x.zip").reader.sha256("a.png")


def test_flipped_bits_in_a_zip_are_found(tmp_path: Path) -> None:
    """By the checksum, also of a format that has none."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a.jpg", picture("JPEG"))
    data = bytearray((tmp_path / "x.zip").read_bytes())
    data[200] ^= 1
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(ImageRefused, match="checksum"):
        list_images(tmp_path / "x.zip").reader.sha256("a.jpg")


@pytest.mark.parametrize("make", [zip_of, tar_of])
def test_a_truncated_archive_is_refused_wherever_it_ends(tmp_path: Path, make: Callable[..., Path]) -> None:
    """Nothing of it is taken for the whole, also where a file ends and the next would begin."""
    whole = make(tmp_path / f"x.{make.__name__[:3]}", *((f"{n}.png", PNG) for n in range(4)))
    data = whole.read_bytes()
    end = len(data.rstrip(b"\0"))  # a tar ends with many blocks of zeros, of which one is enough
    cuts = {*range(0, end, 97), *range(0, end, 512), end - 1}
    for cut in sorted(cuts):
        whole.write_bytes(data[:cut])
        with pytest.raises(InputError, match="is no whole"):
            list_images(whole)


def test_a_tar_with_more_behind_its_end_is_refused(tmp_path: Path) -> None:
    """Other readers would find further pictures."""
    data = tar_of(tmp_path / "x.tar", ("a.png", PNG)).read_bytes()
    (tmp_path / "x.tar").write_bytes(data + data)
    with pytest.raises(InputError, match="more behind its end"):
        list_images(tmp_path / "x.tar")


def header(size: int, kind: bytes = tarfile.REGTYPE, name: str = "a.png") -> bytes:
    """A tar's header with a right checksum and any size, also below 0."""
    info = tarfile.TarInfo(name)
    info.type = kind
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[124:136] = tarfile.itn(size, 12, tarfile.GNU_FORMAT)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize(
    "data",
    [
        header(-512) + bytes(1024),  # leads back to itself
        header(2**62) + bytes(1024),
        header(-1024, tarfile.GNUTYPE_LONGNAME) + bytes(2048),
        header(2**40, tarfile.GNUTYPE_LONGNAME) + bytes(2048),
        header(2**40, tarfile.XHDTYPE) + bytes(2048),
        header(0, tarfile.GNUTYPE_LONGNAME) * 5000 + bytes(1024),  # one within the other
        header(-2048, tarfile.GNUTYPE_SPARSE) + bytes(2048),
        header(60_000, tarfile.XHDTYPE) + b"9" * 60_000 + bytes(416) + header(0) + bytes(1024),
        b"x" * 4096,
        b"",
        bytes(1024),
    ],
    ids=[
        "back",
        "endless",
        "name before",
        "long name",
        "long attributes",
        "nested",
        "sparse",
        "digits",
        "text",
        "empty",
        "zeros",
    ],
)
def test_headers_that_lie_end_in_a_refusal(tmp_path: Path, data: bytes) -> None:
    """Loops, sizes beyond the file, recursion; each at once and without memory."""
    (tmp_path / "x.tar").write_bytes(data)
    with pytest.raises(InputError):
        list_images(tmp_path / "x.tar")


def test_too_many_entries_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before all of them are kept."""
    monkeypatch.setattr(entries_module, "MAX_ENTRIES", 3)
    file = zip_of(tmp_path / "x.zip", *((f"{n}.png", PNG) for n in range(4)))
    with pytest.raises(InputError, match="more than 3 entries"):
        list_images(file)


@pytest.mark.skipif(os.name != "posix", reason="POSIX file kinds")
def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    """It would wait for ever."""
    os.mkfifo(tmp_path / "x.zip")
    with pytest.raises(InputError, match="not a regular file"):
        list_images(tmp_path / "x.zip")


@pytest.mark.parametrize("make", [zip_of, tar_of])
@pytest.mark.heavy
def test_mutated_archives_are_read_or_refused(tmp_path: Path, make: Callable[..., Path]) -> None:
    """Flipped bytes anywhere: nothing but the two errors comes out, and of a zip no other bytes than were packed."""
    pictures = {f"{n}.png": PNG + bytes([n]) for n in range(3)}
    sound = make(tmp_path / f"x.{make.__name__[:3]}", *pictures.items()).read_bytes()
    whole, chance = (
        set(hashes_of(list_images(tmp_path / f"x.{make.__name__[:3]}")).values()),
        random.Random(0),
    )
    for _ in range(300):
        data = bytearray(sound)
        for _ in range(chance.choice((1, 2, 8))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        (tmp_path / f"y.{make.__name__[:3]}").write_bytes(data)
        try:
            found = set(hashes_of(list_images(tmp_path / f"y.{make.__name__[:3]}")).values())
        except InputError:
            continue
        if make is zip_of:
            assert found <= whole
