"""Decoding: what a picture becomes, and every refusal by its reason."""

import hashlib
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.pictures import chunk, encoded, noise, png

from geed_cli.images.decode import MAX_PIXELS, decode_picture, read_picture
from geed_cli.images.picture import ImageRefused

UNKNOWN = "not a readable JPEG, PNG, WebP, BMP or TIFF file"


def reason(data: bytes) -> str:
    """Why these bytes are refused."""
    with pytest.raises(ImageRefused) as caught:
        decode_picture(data)
    assert "\n" not in caught.value.reason
    return caught.value.reason


def array(data: bytes) -> np.ndarray:
    """The decoded pixels, H×W×3."""
    picture = decode_picture(data)
    assert picture.image.mode == "RGB"
    assert picture.size == picture.image.size
    return np.asarray(picture.image)


@pytest.mark.parametrize("options", [("PNG", {}), ("BMP", {}), ("TIFF", {}), ("WEBP", {"lossless": True})])
def test_lossless_formats_keep_every_pixel(options: tuple[str, dict[str, object]]) -> None:
    """What went in comes out, in the four formats that can hold it exactly."""
    picture = noise(21, 13)
    np.testing.assert_array_equal(array(encoded(picture, options[0], **options[1])), np.asarray(picture))


def test_jpeg_is_decoded_as_pillow_decodes_it(tmp_path: Path) -> None:
    """JPEG pixels are those of a plain Pillow load: no other decoder, and no draft mode unless asked for."""
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(noise(40, 30), "JPEG"))
    np.testing.assert_array_equal(array(path.read_bytes()), np.asarray(Image.open(path)))


def test_contents_decide_and_not_the_suffix(tmp_path: Path) -> None:
    """A PNG that is named .jpg is a PNG; the hash is of the bytes that were decoded."""
    path = tmp_path / "really.jpg"
    path.write_bytes(encoded(noise(5, 4), "PNG"))
    picture, sha256 = read_picture(path)
    np.testing.assert_array_equal(np.asarray(picture.image), np.asarray(noise(5, 4)))
    assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


# What the stored array looks like when the scene is seen upright, by the EXIF 2.3 table of "0th row, 0th column".
STORED = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.transpose(1, 0, 2),
    6: lambda upright: upright.transpose(1, 0, 2)[::-1],
    7: lambda upright: upright[::-1, ::-1].transpose(1, 0, 2),
    8: lambda upright: upright.transpose(1, 0, 2)[:, ::-1],
}


@pytest.mark.parametrize("image_format", ["PNG", "TIFF", "WEBP", "JPEG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone_once(orientation: int, image_format: str) -> None:
    """All eight orientations come out upright, in every format that carries EXIF."""
    upright = np.zeros((24, 16, 3), np.uint8)
    upright[:8, :8] = 250  # two corners mark the pose: none of the other seven looks the same
    upright[:8, 8:] = 120
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](upright)))
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, object] = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100}}.get(image_format, {})
    decoded = array(encoded(stored, image_format, exif=exif, **options))
    assert decoded.shape == upright.shape
    # JPEG at quality 100 rounds by one or two levels; the poses differ by at least 120.
    np.testing.assert_allclose(decoded.astype(int), upright, atol=4)


def test_alpha_is_composited_on_white() -> None:
    """Transparent is white, opaque is itself, half is half way: (100·128 + 255·127) / 255 = 177.2."""
    rgba = Image.new("RGBA", (3, 1))
    for x, alpha in enumerate((0, 128, 255)):
        rgba.putpixel((x, 0), (100, 100, 100, alpha))
    for image_format in ("PNG", "TIFF"):
        assert array(encoded(rgba, image_format))[0, :, 0].tolist() == [255, 177, 100]


def test_grey_with_alpha_is_composited_on_white() -> None:
    """LA: a transparent black pixel is white, an opaque one is black."""
    picture = Image.new("LA", (2, 1), (0, 0))
    picture.putpixel((1, 0), (0, 255))
    assert array(encoded(picture, "PNG")).tolist() == [[[255] * 3, [0] * 3]]


def test_palette_becomes_its_colours() -> None:
    """A palette picture shows the colours of its palette, with and without a transparent entry."""
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 200, 100, 50])
    picture.putpixel((1, 0), 1)
    assert array(encoded(picture, "PNG")).tolist() == [[[10, 20, 30], [200, 100, 50]]]
    assert array(encoded(picture, "PNG", transparency=0)).tolist() == [[[255] * 3, [200, 100, 50]]]
    partly = array(encoded(picture, "PNG", transparency=bytes([255, 0])))
    assert partly.tolist() == [[[10, 20, 30], [255] * 3]]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (png(8, 2, (2, 1), b"\0\1\2\3\4\5\6", chunk(b"tRNS", struct.pack(">HHH", 1, 2, 3))), [255, 4]),
        (png(8, 0, (2, 1), b"\0\7\10", chunk(b"tRNS", struct.pack(">H", 7))), [255, 8]),
        (png(4, 0, (2, 1), b"\0\x12", chunk(b"tRNS", struct.pack(">H", 1))), [255, 34]),
        (png(2, 0, (2, 1), b"\0\x60", chunk(b"tRNS", struct.pack(">H", 1))), [255, 170]),
        (png(1, 0, (2, 1), b"\0\x40", chunk(b"tRNS", struct.pack(">H", 1))), [0, 255]),
    ],
    ids=["rgb", "grey", "grey of 4 bits", "grey of 2 bits", "1 bit"],
)
def test_a_transparent_colour_without_alpha_channel_becomes_white(data: bytes, expected: list[int]) -> None:
    """PNG's tRNS chunk names one colour that is transparent, at the picture's own bit depth."""
    assert array(data)[0, :, 0].tolist() == expected


def test_grey_and_one_bit_become_equal_channels() -> None:
    """Grey v is (v, v, v); 1-bit is 0 or 255."""
    grey = Image.new("L", (1, 1), 77)
    assert array(encoded(grey, "PNG")).tolist() == [[[77] * 3]]
    assert array(encoded(Image.new("1", (1, 1), 1), "PNG")).tolist() == [[[255] * 3]]


@pytest.mark.parametrize("image_format", ["JPEG", "TIFF"])
def test_cmyk_becomes_rgb(image_format: str) -> None:
    """No ink is white; full cyan has no red and all of green and blue."""
    assert array(encoded(Image.new("CMYK", (8, 8), (0, 0, 0, 0)), image_format)).min() == 255
    assert array(encoded(Image.new("CMYK", (8, 8), (255, 0, 0, 0)), image_format))[0, 0].tolist() == [
        0,
        255,
        255,
    ]


def deep(dtype: type[np.generic]) -> Image.Image:
    """A grey picture of a sample type that 8 bits cannot hold."""
    return Image.fromarray(np.arange(16, dtype=dtype).reshape(4, 4))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (encoded(deep(np.uint16), "PNG"), "16 bits per channel; 8 are needed"),
        (encoded(deep(np.uint16), "TIFF"), "16 bits per channel; 8 are needed"),
        (png(16, 2, (1, 1), bytes(7)), "16 bits per channel; 8 are needed"),
        (png(16, 4, (1, 1), bytes(5)), "16 bits per channel; 8 are needed"),
        (png(16, 6, (1, 1), bytes(9)), "16 bits per channel; 8 are needed"),
        (encoded(deep(np.int32), "TIFF"), "signed or floating-point samples; unsigned 8-bit ones are needed"),
        (
            encoded(deep(np.float32), "TIFF"),
            "signed or floating-point samples; unsigned 8-bit ones are needed",
        ),
        (
            encoded(Image.new("LAB", (4, 4)), "TIFF"),
            "pixel format LAB; 8-bit grey, palette, RGB or CMYK is needed",
        ),
    ],
    ids=["png", "tiff", "png rgb", "png grey alpha", "png rgba", "int32", "float", "lab"],
)
def test_samples_that_8_bits_cannot_hold_are_refused(data: bytes, expected: str) -> None:
    """Pillow would clip or truncate these in silence."""
    assert reason(data) == expected


@pytest.mark.parametrize("image_format", ["WEBP", "PNG", "TIFF"])
def test_several_frames_are_refused(image_format: str) -> None:
    """Which frame is meant is not for this program to guess."""
    data = encoded(noise(16, 16), image_format, save_all=True, append_images=[noise(16, 16, 1)])
    assert reason(data) == "several frames; one picture per file is needed"


def test_the_preview_behind_a_cameras_jpeg_is_left_out() -> None:
    """Its picture is the first, as every other reader takes it."""
    picture = noise(16, 16)
    behind = encoded(picture, "MPO", save_all=True, append_images=[noise(8, 8, 1)])
    alone = encoded(picture, "JPEG")
    assert np.array_equal(np.asarray(decode_picture(behind).image), np.asarray(decode_picture(alone).image))


def test_memory_that_runs_out_is_no_damaged_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such an image must not be skipped as one: with more memory it can be used."""
    data = encoded(noise(8, 8), "BMP")

    def exhausted(_picture: Image.Image) -> None:
        raise MemoryError

    monkeypatch.setattr(Image.Image, "load", exhausted)
    with pytest.raises(MemoryError):
        decode_picture(data)


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE html><html><body>404</body></html>",
        b"hello\n",
        bytes(100),
        b"\xff\xd8",
    ],
    ids=["html", "text", "zeros", "jpeg of two bytes"],
)
def test_other_contents_are_refused(data: bytes) -> None:
    """Only five formats are tried, however the file is named."""
    assert reason(data) == UNKNOWN


def test_empty_file_is_refused() -> None:
    """Nothing is not an unknown format."""
    assert reason(b"") == "empty file"


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "BMP", "TIFF"])
def test_truncation_anywhere_is_refused(image_format: str) -> None:
    """Without its last byte, without its last tenth or half: none decodes to a partly grey picture."""
    data = encoded(noise(60, 40), image_format)
    for kept in (len(data) - 1, len(data) * 9 // 10, len(data) // 2):
        assert reason(data[:kept]).startswith("truncated or damaged")


def test_damaged_png_is_refused() -> None:
    """One flipped byte in the middle of the pixels breaks a chunk sum that Pillow's load() does not check."""
    data = bytearray(encoded(noise(60, 40), "PNG"))
    data[len(data) // 2] ^= 255
    assert reason(bytes(data)).startswith("truncated or damaged: broken PNG file")


def test_oversized_headers_are_refused_before_decoding() -> None:
    """A few bytes that promise 90 or 400 megapixels cost nothing; the limit itself is where Pillow warns."""
    assert (
        reason(png(8, 2, (9500, 9500), b"")) == f"too large: 9500 × 9500 pixels, at most {MAX_PIXELS} in all"
    )
    assert reason(png(8, 2, (20000, 20000), b"")) == f"too large: more than {MAX_PIXELS} pixels"
    assert Image.MAX_IMAGE_PIXELS == MAX_PIXELS


def test_pillow_warnings_do_not_leak_and_others_do() -> None:
    """A bomb and a palette with per-entry alpha make Pillow warn; only Pillow's warnings are ignored."""
    palette = Image.new("P", (2, 1))
    palette.putpalette([0, 0, 0, 9, 9, 9])
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        reason(png(8, 2, (9500, 9500), b""))
        decode_picture(encoded(palette, "PNG", transparency=b"\x80\xff"))
        assert seen == []
        warnings.warn("mine", stacklevel=1)
    assert [str(warning.message) for warning in seen] == ["mine"]


def test_unreadable_exif_does_not_cost_the_picture() -> None:
    """Without a readable orientation the picture is taken as it is stored."""
    data = encoded(noise(20, 10), "JPEG", exif=b"Exif\0\0garbage")
    assert decode_picture(data).size == (20, 10)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (encoded(Image.new("RGB", (4, 4)), "GIF"), "GIF"),
        (b"\x00\x00\x00\x20ftypheic" + bytes(40), "HEIC"),
        (b"\x00\x00\x00\x20ftypavif" + bytes(40), "AVIF"),
        (b"\xff\x0a" + bytes(40), "JPEG XL"),
        (b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    ],
)
def test_other_formats_are_known_by_their_contents(data: bytes, name: str) -> None:
    """A telephone's .jpg may be HEIC: that it is a picture, and of which format, is said."""
    assert (
        reason(data) == f"{name} by its contents, not a format that is audited: JPEG, PNG, WebP, BMP or TIFF"
    )
