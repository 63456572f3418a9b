"""Pictures in zip and tar archives are those of the folder that was packed, and are read where they lie."""

import hashlib
import os
import shutil
import tarfile
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.archives import tar_of, tarred, zip_of, zipped
from support.pictures import SETTINGS, encoded, noise, smooth_pictures

from geed_cli.errors import InputError
from geed_cli.images.candidates import HIDDEN_FOLDER, OTHER_FORMAT
from geed_cli.images.picture import ImageRefused, RefusedFile
from geed_cli.images.source import LoadedImage, hashes_of, iter_pixels, list_images

KINDS = ("x.zip", "stored.zip", "x.tar")


def packed(folder: Path, target: Path) -> Path:
    """The folder as an archive of the kind that the name says."""
    if target.suffix == ".tar":
        return tarred(folder, target)
    return zipped(folder, target, zipfile.ZIP_STORED if "stored" in target.name else zipfile.ZIP_DEFLATED)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures in folders, whose names are ordered otherwise by bytes than by letters, among other files."""
    root = smooth_pictures(tmp_path_factory.mktemp("data") / "photos", 4, 40)
    for name in ("B/z.jpg", "a-b/x.jpg", "a/x.jpg", "a/é.jpg", "a/ü ö/~.jpg", "Ω.jpg"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(encoded(noise(44, 40, len(name)), "JPEG"))
    (root / "again.png").write_bytes((root / "0000.png").read_bytes())
    (root / "broken.png").write_bytes(b"no picture")
    for name in ("README.txt", "b.gif", ".hidden/c.jpg", ".hidden/d.jpg", "a/._x.jpg"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(b"x")
    return root


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_holds_what_its_folder_held(folder: Path, tmp_path: Path, kind: str) -> None:
    """The same names in the same order, the same refusals with the same reasons, hashes and draws."""
    there, here = list_images(folder), list_images(packed(folder, tmp_path / kind))
    assert here.paths == there.paths
    assert here.refused == there.refused
    assert RefusedFile(".hidden", HIDDEN_FOLDER) in here.refused
    assert RefusedFile("b.gif", OTHER_FORMAT) in here.refused
    assert here.found == there.found
    assert here.draw(5, 3).paths == there.draw(5, 3).paths
    expected = {path: hashlib.sha256((folder / path).read_bytes()).hexdigest() for path in there.paths}
    assert hashes_of(here) == expected
    assert (here.root, here.reader.source) == (str(tmp_path / kind), "archive")


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_decode_as_from_their_folder(folder: Path, tmp_path: Path, kind: str) -> None:
    """Bit for bit; what cannot be used is refused for the same reason."""
    items = list(iter_pixels(list_images(packed(folder, tmp_path / kind)), SETTINGS, workers=3))
    others = list(iter_pixels(list_images(folder), SETTINGS))
    for item, other in zip(items, others, strict=True):
        if isinstance(other, LoadedImage):
            assert isinstance(item, LoadedImage)
            assert item.record == other.record
            assert bool((item.pixels == other.pixels).all())
        else:
            assert item == other
    assert sum(isinstance(item, RefusedFile) for item in items) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_many_threads_read_one_archive(folder: Path, tmp_path: Path, kind: str) -> None:
    """Each gets the bytes that it asked for, however they come in between each other."""
    images = list_images(packed(folder, tmp_path / kind))
    expected = hashes_of(images)
    together = threading.Barrier(8)

    def read(_: int) -> bool:
        together.wait()
        return all(images.reader.sha256(path) == expected[path] for path in images.paths * 5)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(8)))


def test_nothing_is_unpacked_to_the_disk(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither beside the archive nor where temporary files go."""
    inside = tmp_path / "inside"
    inside.mkdir()
    monkeypatch.chdir(inside)
    monkeypatch.setenv("TMPDIR", str(inside))
    images = list_images(zipped(folder, inside / "x.zip"))
    list(iter_pixels(images, SETTINGS))
    assert os.listdir(inside) == ["x.zip"]


def test_the_name_says_how_a_file_is_read_but_a_folder_is_a_folder(folder: Path, tmp_path: Path) -> None:
    """In capitals, too; a folder that is called x.zip is one."""
    zipped(folder, tmp_path / "X.ZIP")
    assert len(list_images(tmp_path / "X.ZIP").paths) == 12
    shutil.copytree(folder / "B", tmp_path / "y.zip")
    assert list_images(tmp_path / "y.zip").paths == ("z.jpg",)


def test_a_link_to_an_archive_is_followed(folder: Path, tmp_path: Path) -> None:
    """The user named it."""
    (tmp_path / "link.zip").symlink_to(zipped(folder, tmp_path / "x.zip"))
    images = list_images(tmp_path / "link.zip")
    assert len(hashes_of(images)) == 12


@pytest.mark.parametrize("of", [zip_of, tar_of])
def test_of_entries_of_one_name_the_last_counts(tmp_path: Path, of: object) -> None:
    """As after unpacking; ``a.png`` and ``./a.png`` are one name."""
    first, last = (encoded(noise(9, 9, seed), "PNG") for seed in (1, 2))
    assert callable(of)
    images = list_images(of(tmp_path / f"x.{of.__name__[:3]}", ("a.png", first), ("./a.png", last)))
    assert images.paths == ("a.png",)
    assert hashes_of(images)["a.png"] == hashlib.sha256(last).hexdigest()
    assert images.refused == (RefusedFile("a.png", "a later entry has its name, which counts"),)
    assert images.found == 2


def test_an_archive_that_changes_ends_the_run(folder: Path, tmp_path: Path) -> None:
    """Its index would point to other bytes."""
    images = list_images(zipped(folder, tmp_path / "x.zip"))
    with (tmp_path / "x.zip").open("ab") as file:
        file.write(b"more")
    with pytest.raises(InputError, match="changed while it was read"):
        images.reader.sha256(images.paths[0])


def test_a_name_that_is_not_in_the_archive_is_refused(folder: Path, tmp_path: Path) -> None:
    """As a saved result may name any."""
    reader = list_images(zipped(folder, tmp_path / "x.zip")).reader
    for name in ("README.txt", "../x.jpg", "nowhere.jpg"):
        with pytest.raises(ImageRefused, match="it is not in the archive"):
            reader.picture(name)


def test_a_file_that_is_not_there_is_named_with_those_near_it(folder: Path, tmp_path: Path) -> None:
    """The nearest names first; other files say what can be read."""
    zipped(folder, tmp_path / "photos.zip")
    with pytest.raises(InputError, match=r"no such file: '.*photo\.zip'") as caught:
        list_images(tmp_path / "photo.zip")
    assert str(tmp_path / "photos.zip") in caught.value.expected
    (tmp_path / "a.rar").write_bytes(b"Rar!")
    with pytest.raises(InputError, match="not a folder") as caught:
        list_images(tmp_path / "a.rar")
    assert ".tar, .zip" in caught.value.expected


@pytest.mark.parametrize(
    ("suffix", "mode"), [("tar.gz", "w:gz"), ("tgz", "w:gz"), ("tar.bz2", "w:bz2"), ("tar", "w:xz")]
)
def test_compressed_tars_are_refused_with_a_way_out(
    folder: Path, tmp_path: Path, suffix: str, mode: str
) -> None:
    """The command that is printed makes an archive that is read."""
    with tarfile.open(tmp_path / f"x.{suffix}", mode) as archive:  # type: ignore[call-overload]
        archive.add(folder, ".")
    with pytest.raises(InputError, match="is compressed by") as caught:
        list_images(tmp_path / f"x.{suffix}")
    command, _, name = caught.value.remedy.partition(", and name ")
    if shutil.which(command.split()[0]) is None:
        pytest.skip(f"no {command.split()[0]} here")
    assert os.system(command) == 0
    assert list_images(tmp_path / name).paths == list_images(folder).paths


def test_files_with_the_fields_of_zip64_are_read(tmp_path: Path) -> None:
    """As writers make them that do not know the size beforehand; their own header is longer than the index says."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a.png", "b.png"):
            with archive.open(name, "w", force_zip64=True) as file:
                file.write(encoded(noise(9, 9), "PNG"))
    images = list_images(tmp_path / "x.zip")
    assert set(hashes_of(images).values()) == {hashlib.sha256(encoded(noise(9, 9), "PNG")).hexdigest()}
