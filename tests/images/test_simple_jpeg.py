"""JPEGs that simplejpeg decodes: the pixels and refusals of Pillow, whose own decoding is the oracle."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support.pictures import encoded, noise

from geed_cli.images import simple_jpeg
from geed_cli.images.decode import decode_picture
from geed_cli.images.picture import ImageRefused, Picture
from geed_cli.images.same_picture import fingerprint

simplejpeg = pytest.importorskip("simplejpeg")


def by_pillow(data: bytes) -> np.ndarray | str:
    """The pixels, or why there are none."""
    try:
        return np.asarray(decode_picture(data, "exact").image)
    except ImageRefused as refusal:
        return refusal.reason


def by_either(data: bytes) -> np.ndarray | str:
    try:
        return np.asarray(decode_picture(data, "fast").image)
    except ImageRefused as refusal:
        return refusal.reason


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("quality", [30, 75, 98])
def test_pixels_are_pillows(quality: int, subsampling: int, progressive: bool) -> None:
    """Of odd and even sizes, and the array is handed over as it is."""
    for size in ((64, 48), (101, 77), (1, 1), (9, 200)):
        data = encoded(
            noise(*size), "JPEG", quality=quality, subsampling=subsampling, progressive=progressive
        )
        picture = decode_picture(data, "fast")
        assert isinstance(picture.pixels, np.ndarray)
        assert picture.size == size
        np.testing.assert_array_equal(picture.pixels, by_pillow(data))


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_grey_and_cmyk_are_left_to_pillow(mode: str) -> None:
    data = encoded(noise(70, 60).convert(mode), "JPEG", quality=92)
    assert isinstance(decode_picture(data, "fast").pixels, Image.Image)
    np.testing.assert_array_equal(by_either(data), by_pillow(data))


@pytest.mark.parametrize("orientation", range(10))
def test_what_has_to_be_turned_is_left_to_pillow(orientation: int) -> None:
    """EXIF's eight orientations and two numbers that are none."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(noise(70, 61), "JPEG", exif=exif)
    turned = 2 <= orientation <= 8
    assert isinstance(decode_picture(data, "fast").pixels, Image.Image) == turned
    np.testing.assert_array_equal(by_either(data), by_pillow(data))


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4), st.floats(0, 1))
def test_damaged_files_end_alike(changes: list[tuple[float, int]], cut: float) -> None:
    """Bytes changed anywhere, and files cut anywhere: the same pixels or the same words."""
    data = bytearray(encoded(noise(40, 30), "JPEG", restart_marker_blocks=2))
    for place, value in changes:
        data[int(place * (len(data) - 1))] = value
    for hostile in (bytes(data), bytes(data[: int(cut * len(data))])):
        expected, found = by_pillow(hostile), by_either(hostile)
        if isinstance(expected, str):
            assert found == expected
        else:
            np.testing.assert_array_equal(found, expected)


def test_a_header_that_says_something_else_is_left_to_pillow() -> None:
    """No memory is asked for at a size that Pillow did not find."""
    data = encoded(noise(40, 30), "JPEG")
    assert simple_jpeg.decoded_by_simplejpeg(data, (40, 30)) is not None
    assert simple_jpeg.decoded_by_simplejpeg(data, (30, 40)) is None
    assert simple_jpeg.decoded_by_simplejpeg(b"\xff\xd8\xff" + bytes(100), (40, 30)) is None


@given(width=st.integers(1, 5000), height=st.integers(1, 60))
def test_fingerprints_of_arrays_are_those_of_images(width: int, height: int) -> None:
    """So copies are found whichever decoder read them."""
    values = np.random.default_rng(width).integers(0, 256, (height, width, 3), np.uint8)
    assert fingerprint(Picture(values)) == fingerprint(Picture(Image.fromarray(values)))
    turned = np.ascontiguousarray(values.transpose(1, 0, 2))
    assert fingerprint(Picture(turned)) == fingerprint(Picture(Image.fromarray(turned)))


@pytest.mark.usefixtures("_asked_again")
def test_another_libjpeg_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """One whose pixels differ in a single level: then Pillow decodes everything."""
    decode_jpeg = simplejpeg.decode_jpeg

    def off_by_one(*arguments: object, **options: object) -> np.ndarray:
        pixels = decode_jpeg(*arguments, **options)
        pixels[0, 0, 0] ^= 1
        return pixels

    monkeypatch.setattr(simplejpeg, "decode_jpeg", off_by_one)
    assert isinstance(decode_picture(encoded(noise(40, 30), "JPEG"), "fast").pixels, Image.Image)


@pytest.mark.usefixtures("_asked_again")
def test_without_it_pillow_decodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where it is not installed."""
    monkeypatch.setitem(sys.modules, "simplejpeg", None)
    assert isinstance(decode_picture(encoded(noise(40, 30), "JPEG"), "fast").pixels, Image.Image)


@pytest.fixture
def _asked_again() -> object:
    """Whether the library can be used is found out in the test, and again after it."""
    simple_jpeg._simplejpeg.cache_clear()
    yield
    simple_jpeg._simplejpeg.cache_clear()
