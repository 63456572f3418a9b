"""Pictures reduced while they are decoded: what they are like, and that nothing else about them changes."""

import io
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support.pictures import encoded, noise, open_images

from geed_cli.choices import Decode
from geed_cli.images.decode import decode_picture
from geed_cli.images.picture import ImageRefused, Picture
from geed_cli.images.preprocess import REDUCTION_MARGIN, least_size, padded_fraction, to_pixels
from geed_cli.images.source import LoadedImage, iter_pixels, sample_folder
from geed_cli.input_settings import CropMode, InputSettings, Interpolation

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
BOUND_MEAN, BOUND_MAX = 1.5, 32.0
"""In levels of 255: docs/performance.md promises them of photographs; measured there are 1.34 and 23."""


def settings(
    size: int = 32, interpolation: Interpolation = "bicubic", crop_mode: CropMode = "center"
) -> InputSettings:
    return InputSettings(size, round(size / 0.875), interpolation, MEAN, STD, crop_mode)


def decoded(data: bytes, of: InputSettings, decode: Decode = "fast") -> Picture:
    return decode_picture(data, least_size(of, decode))


def pixels(data: bytes, of: InputSettings, decode: Decode, side: int | None = None) -> np.ndarray:
    """S×S×3, signed so that differences can be taken."""
    return to_pixels(decoded(data, of, decode), of, side=side).permute(1, 2, 0).numpy().astype(int)


def photograph(name: str, width: int, height: int) -> Image.Image:
    """One of the sample's pictures repeated, mirrored at each seam: as sharp as it is, at any size."""
    with Image.open(sample_folder() / name) as tile:
        values = np.asarray(tile.convert("RGB"))
    pair = np.concatenate([values, values[:, ::-1]], axis=1)
    both = np.concatenate([pair, pair[::-1]])
    return Image.fromarray(np.tile(both, (height // 512 + 1, width // 512 + 1, 1))[:height, :width])


def ramp(width: int, height: int) -> Image.Image:
    """Brightness that rises evenly to the right and, in another channel, downwards: shifts show as a difference."""
    values = np.zeros((height, width, 3), np.uint8)
    values[..., 0] = np.linspace(20, 235, width).round()
    values[..., 1] = np.linspace(20, 235, height).round()[:, None]
    values[..., 2] = 128
    return Image.fromarray(values)


@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize("name", ["astronaut_2.jpg", "brick_1.jpg", "coffee_2.jpg", "camera_1.jpg"])
def test_fast_pixels_are_close_to_exact_ones(name: str, subsampling: int) -> None:
    """The stated bounds hold where the decoder leaves the least: twice the resized size, at 1/2, 1/4 and 1/8."""
    for scale, size in ((2, 224), (4, 96), (8, 48)):
        of = settings(size)
        side = REDUCTION_MARGIN * scale * of.resize
        data = encoded(photograph(name, side + 5, side), "JPEG", quality=90, subsampling=subsampling)
        assert decoded(data, of).image.size == (math.ceil((side + 5) / scale), side // scale)
        difference = np.abs(pixels(data, of, "fast") - pixels(data, of, "exact"))
        assert difference.mean() <= BOUND_MEAN
        assert difference.max() <= BOUND_MAX


@given(
    width=st.integers(1, 700),
    height=st.integers(1, 700),
    crop_mode=st.sampled_from(("center", "squash", "border")),
)
def test_never_below_the_margin(width: int, height: int, crop_mode: CropMode) -> None:
    """The reduced picture is the smallest that is still twice the resized one; its box is the whole, divided."""
    of = settings(16, crop_mode=crop_mode)
    picture = decoded(encoded(Image.new("RGB", (width, height)), "JPEG"), of)
    assert picture.size == (width, height)
    resize = of.resize
    factor = {"center": resize / min(width, height), "border": resize / max(width, height)}.get(crop_mode)
    wanted = (resize, resize) if factor is None else (int(width * factor), int(height * factor))
    scale = width / picture.box[2]
    assert scale in {1, 2, 4, 8}
    assert picture.box == (0, 0, width / scale, height / scale)
    assert picture.image.size == (math.ceil(width / scale), math.ceil(height / scale))
    if scale > 1:
        assert width / scale >= REDUCTION_MARGIN * wanted[0]
        assert height / scale >= REDUCTION_MARGIN * wanted[1]
    # The rounding of the resized size, half a pixel, is all that may keep a further halving away.
    enough = min(width / (wanted[0] + 1), height / (wanted[1] + 1)) >= REDUCTION_MARGIN * scale * 2
    assert scale == 8 or not enough


@pytest.mark.parametrize("orientation", range(1, 9))
def test_reduced_pictures_lie_where_the_whole_ones_do(orientation: int) -> None:
    """All eight orientations of odd sizes: the partly covered last column and row are never taken for full ones."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(ramp(8 * 74 + 1, 8 * 90 + 1), "JPEG", quality=95, subsampling=0, exif=exif)
    of = settings(32, crop_mode="squash")
    fast, exact = decoded(data, of), decoded(data, of, "exact")
    assert fast.image.width < exact.image.width / 7
    assert fast.size == exact.size
    # At 1/8, seven eighths of a column too many shift the ramp's end by 2.5 levels; rounding alone gives 1.
    assert np.abs(pixels(data, of, "fast") - pixels(data, of, "exact")).max() <= 1


def test_a_box_that_is_ignored_would_be_seen() -> None:
    """The test above can fail: without the box the same picture is more than one level off."""
    data = encoded(ramp(8 * 74 + 1, 8 * 90 + 1), "JPEG", quality=95, subsampling=0)
    of = settings(32, crop_mode="squash")
    shifted = to_pixels(Picture.whole(decoded(data, of).image), of).permute(1, 2, 0).numpy().astype(int)
    assert np.abs(shifted - pixels(data, of, "exact")).max() > 1


def test_crops_and_surroundings_have_the_same_size() -> None:
    """A larger crop, and the part of it that is made up, come from the whole picture's size and not the reduced."""
    data = encoded(photograph("astronaut_2.jpg", 1003, 611), "JPEG")
    of = settings(64)
    fast, exact = decoded(data, of), decoded(data, of, "exact")
    assert fast.image.size == (251, 153)
    assert padded_fraction(fast, of, 96) == padded_fraction(exact, of, 96)
    difference = np.abs(pixels(data, of, "fast", 96) - pixels(data, of, "exact", 96))
    assert difference.mean() <= BOUND_MEAN


@pytest.mark.parametrize(
    ("data", "of"),
    [
        (encoded(noise(600, 500), "PNG"), settings()),
        (encoded(noise(600, 500), "WEBP"), settings()),
        (encoded(noise(300, 300), "TIFF", compression="jpeg"), settings()),
        (encoded(noise(147, 147), "JPEG"), settings()),  # halved from 4 · 37 = 148 on
        (encoded(noise(600, 500), "JPEG"), settings(interpolation="nearest")),
    ],
    ids=["png", "webp", "tiff", "small", "nearest"],
)
def test_what_is_not_reduced_is_the_same_bit_for_bit(data: bytes, of: InputSettings) -> None:
    """Other formats, JPEGs less than four times as large, and resizing that takes single pixels."""
    np.testing.assert_array_equal(pixels(data, of, "fast"), pixels(data, of, "exact"))


def test_exact_reduces_nothing() -> None:
    """``exact`` is Pillow's own full decoding, however large the picture."""
    data = encoded(noise(900, 700), "JPEG")
    exact = decoded(data, settings(16), "exact")
    np.testing.assert_array_equal(np.asarray(exact.image), np.asarray(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_grey_and_cmyk_are_reduced_too(mode: str) -> None:
    """And come out RGB, as close as coloured ones; CMYK's inversion by Adobe's marker included."""
    data = encoded(photograph("coffee_2.jpg", 700, 600).convert(mode), "JPEG", quality=92)
    of = settings(64)
    fast = decoded(data, of)
    assert (fast.image.mode, fast.image.size) == ("RGB", (175, 150))
    assert np.abs(pixels(data, of, "fast") - pixels(data, of, "exact")).mean() <= BOUND_MEAN


def reason(data: bytes, decode: Decode) -> str:
    with pytest.raises(ImageRefused) as caught:
        to_pixels(decoded(data, settings(), decode), settings())
    return caught.value.reason


@pytest.mark.parametrize("progressive", [False, True])
def test_truncated_files_are_refused_alike(progressive: bool) -> None:
    """However much is missing, by the same words: a reduced picture needs its file's last byte too."""
    data = encoded(noise(600, 500), "JPEG", progressive=progressive)
    assert decoded(data, settings()).image.width < 600
    for kept in (*range(0, len(data), len(data) // 40), len(data) - 1):
        assert reason(data[:kept], "fast") == reason(data[:kept], "exact")


def test_threads_of_pixels_are_refused_alike() -> None:
    """Nothing is divided by the empty size that a thin picture would be resized to."""
    of = settings(crop_mode="border")
    for size in ((1, 3000), (3000, 1)):
        data = encoded(Image.new("RGB", size), "JPEG")
        for decode in ("exact", "fast"):
            with pytest.raises(ImageRefused, match=r"too long and thin: .* would become"):
                to_pixels(decoded(data, of, decode), of)  # type: ignore[arg-type]


def test_a_folder_is_read_either_way(tmp_path: Path) -> None:
    """The same files, hashes and order; other pixels only where a JPEG is large."""
    (tmp_path / "a.jpg").write_bytes(encoded(noise(300, 300), "JPEG"))
    (tmp_path / "b.png").write_bytes(encoded(noise(300, 300), "PNG"))
    images = open_images(tmp_path, 10, 0)
    fast, exact = (list(iter_pixels(images, settings(), decode=mode)) for mode in ("fast", "exact"))
    same = []
    for left, right in zip(fast, exact, strict=True):
        assert isinstance(left, LoadedImage)
        assert isinstance(right, LoadedImage)
        assert left.record == right.record
        same.append(torch.equal(left.pixels, right.pixels))
    assert same == [False, True]
