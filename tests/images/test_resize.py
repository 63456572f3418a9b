"""Pictures resized by torch (``fast``), beside Pillow, whose resizing is the oracle."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support.pictures import encoded, noise, open_images

from geed_cli.choices import Decode
from geed_cli.images import resize
from geed_cli.images.decode import decode_picture
from geed_cli.images.picture import ImageRefused, Picture
from geed_cli.images.preprocess import to_pixels
from geed_cli.images.source import LoadedImage, iter_pixels, sample_folder
from geed_cli.input_settings import CropMode, InputSettings, Interpolation

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PILLOW = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
ONE_LEVEL, TWO_LEVELS = 0.009, 1e-6
"""docs/performance.md: so large parts of a photograph's values may differ by one level, and by two."""


def settings(
    size: int = 32, interpolation: Interpolation = "bicubic", crop_mode: CropMode = "center"
) -> InputSettings:
    return InputSettings(size, round(size / 0.875), interpolation, MEAN, STD, crop_mode)


def photograph(name: str, width: int, height: int) -> Image.Image:
    """One of the sample's pictures repeated, mirrored at each seam: as sharp as it is, at any size."""
    with Image.open(sample_folder() / name) as tile:
        values = np.asarray(tile.convert("RGB"))
    pair = np.concatenate([values, values[:, ::-1]], axis=1)
    both = np.concatenate([pair, pair[::-1]])
    return Image.fromarray(np.tile(both, (height // 512 + 1, width // 512 + 1, 1))[:height, :width])


def levels_apart(
    picture: Image.Image, width: int, height: int, interpolation: Interpolation = "bicubic"
) -> np.ndarray:
    """How far every value is from Pillow's own, in levels of 255."""
    ours = resize.resized(Picture(picture), (width, height), interpolation, "fast")
    theirs = picture.resize((width, height), PILLOW[interpolation])
    assert (ours.mode, ours.size) == (theirs.mode, theirs.size)
    return np.abs(np.asarray(ours).astype(int) - np.asarray(theirs).astype(int))


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_photographs_are_within_one_level(interpolation: Interpolation) -> None:
    """Every eighth photograph at four sizes: one level in few values, and two in next to none."""
    apart = [
        levels_apart(photograph(path.name, width, height), 341, 256, interpolation)
        for path in sorted(sample_folder().iterdir())[::8]
        for width, height in ((1632, 1224), (800, 601), (640, 480), (500, 375))
    ]
    assert max(values.max() for values in apart) in (1, 2)
    assert np.mean([(values > 1).mean() for values in apart]) <= TWO_LEVELS
    assert max((values > 0).mean() for values in apart) <= ONE_LEVEL


@given(
    source=st.tuples(st.integers(1, 120), st.integers(1, 120)),
    target=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    kind=st.sampled_from(("noise", "extremes", "checkerboard")),
    mode=st.sampled_from(("RGB", "L")),
    interpolation=st.sampled_from(("bilinear", "bicubic")),
)
def test_any_picture_is_within_two_levels(
    source: tuple[int, int], target: tuple[int, int], kind: str, mode: str, interpolation: Interpolation
) -> None:
    """Also pictures that are made to differ, with over- and undershooting at every edge, at any two sizes.

    One pass taken before the other would be seen here: it costs up to 30 levels.
    """
    values = np.asarray(noise(*source))
    if kind == "extremes":
        values = np.where(values < 128, np.uint8(0), np.uint8(255))
    elif kind == "checkerboard":
        values = np.broadcast_to(np.indices(values.shape[:2]).sum(0)[..., None] % 2 * 255, values.shape)
    picture = Image.fromarray(np.ascontiguousarray(values, dtype=np.uint8)).convert(mode)
    assert levels_apart(picture, *target, interpolation).max() <= 2


def test_a_turned_filter_would_be_seen() -> None:
    """The bound can fail: another filter, and a shift by a tenth of a pixel, are further away."""
    picture = photograph("astronaut_2.jpg", 700, 500)
    exact = np.asarray(picture.resize((64, 48), Image.Resampling.BICUBIC)).astype(int)
    for other in (
        picture.resize((64, 48), Image.Resampling.BILINEAR),
        picture.resize((64, 48), Image.Resampling.BICUBIC, box=(1, 0, 700, 500)),
    ):
        assert np.abs(np.asarray(other).astype(int) - exact).max() > 1


@pytest.mark.parametrize("strip", [1, 1000, 7001])
def test_strips_are_the_whole(monkeypatch: pytest.MonkeyPatch, strip: int) -> None:
    """Bit for bit torch's resizing of all rows at once, wherever the rows are parted, and of an array."""
    picture = photograph("coffee_2.jpg", 333, 217)
    values = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None]
    at_once = torch.nn.functional.interpolate(values, size=(53, 80), mode="bicubic", antialias=True)
    whole = at_once[0].permute(1, 2, 0).numpy()
    monkeypatch.setattr(resize, "STRIP", strip)
    for pixels in (picture, np.array(picture)):
        ours = resize.resized(Picture(pixels), (80, 53), "bicubic", "fast")
        np.testing.assert_array_equal(np.asarray(ours), whole)


@pytest.mark.parametrize("interpolation", ["nearest", "lanczos", "box", "hamming"])
def test_filters_that_torch_has_not_stay_with_pillow(interpolation: Interpolation) -> None:
    """Bit for bit."""
    picture, size = noise(61, 47), (30, 20)
    ours = resize.resized(Picture(picture), size, interpolation, "fast")
    theirs = picture.resize(size, Image.Resampling[interpolation.upper()])
    np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))


@pytest.mark.parametrize(
    ("source", "target"),
    [((60, 50), (90, 75)), ((60, 50), (50, 42)), ((7, 7), (1, 1)), ((90, 9), (10, 1)), ((60, 50), (90, 20)),
     ((40, 90), (20, 45)), ((60, 70), (30, 30))],
)  # fmt: skip
def test_shapes_that_stay_with_pillow(source: tuple[int, int], target: tuple[int, int]) -> None:
    """Enlarged, hardly smaller, one pixel, one row, enlarged one way, 2.25 times as high as wide, squeezed."""
    assert levels_apart(noise(*source), *target).max() == 0


def test_exact_is_pillow() -> None:
    """Bit for bit, of an array too."""
    picture, size = noise(161, 147), (30, 20)
    theirs = np.asarray(picture.resize(size, Image.Resampling.BICUBIC))
    for pixels in (picture, np.array(picture)):
        ours = resize.resized(Picture(pixels), size, "bicubic", "exact")
        np.testing.assert_array_equal(np.asarray(ours), theirs)


SUM_OF_BYTES = """
import hashlib, sys
import numpy as np
from geed_cli.images.picture import Picture
from geed_cli.images.resize import resized
values = np.random.default_rng(0).integers(0, 256, (301, 407, 3), np.uint8)
for size in ((60, 50), (300, 200)):
    for mode in ("bilinear", "bicubic"):
        print(hashlib.sha256(resized(Picture(values), size, mode, "fast").tobytes()).hexdigest())
"""


@pytest.mark.heavy
def test_every_instruction_set_gives_the_same_bytes() -> None:
    """The kernels for AVX-512, AVX2 and neither: rows do not depend on the processor."""
    sums = {
        subprocess.run(
            [sys.executable, "-c", SUM_OF_BYTES],
            capture_output=True, text=True, check=True,
            env={**os.environ, "ATEN_CPU_CAPABILITY": kind},
        ).stdout
        for kind in ("avx512", "avx2", "default")
    }  # fmt: skip
    assert len(sums) == 1


def test_crops_have_the_same_place() -> None:
    """A larger crop has the network's own in its centre, bit for bit, and is within one level of ``exact``'s."""
    of, picture = settings(64), Picture(photograph("astronaut_2.jpg", 1003, 611))
    own, wide = (to_pixels(picture, of, side=side, decode="fast") for side in (None, 96))
    assert torch.equal(wide[:, 16:-16, 16:-16], own)
    exact = to_pixels(picture, of, side=96)
    assert (wide.int() - exact.int()).abs().max() <= 1


@pytest.mark.parametrize("crop_mode", ["center", "squash", "border", "center-down"])
def test_every_crop_mode_is_within_one_level(crop_mode: CropMode) -> None:
    """Padding included."""
    picture, of = Picture(photograph("rocket_2.jpg", 91, 40)), settings(32, crop_mode=crop_mode)
    fast, exact = (to_pixels(picture, of, decode=way).int() for way in ("fast", "exact"))
    assert (fast - exact).abs().max() <= 1


def reason(data: bytes, decode: Decode, of: InputSettings) -> str:
    with pytest.raises(ImageRefused) as caught:
        to_pixels(decode_picture(data, decode), of, decode=decode)
    return caught.value.reason


@pytest.mark.parametrize("progressive", [False, True])
def test_truncated_files_are_refused_alike(progressive: bool) -> None:
    """However much is missing, by the same words."""
    data = encoded(noise(60, 50), "JPEG", progressive=progressive)
    for kept in (*range(0, len(data), len(data) // 40), len(data) - 1):
        assert reason(data[:kept], "fast", settings()) == reason(data[:kept], "exact", settings())


def test_threads_of_pixels_are_refused_alike() -> None:
    """What would be resized to nothing reaches no resizing."""
    of = settings(crop_mode="border")
    for size in ((1, 3000), (3000, 1)):
        data = encoded(Image.new("RGB", size), "JPEG")
        assert reason(data, "fast", of) == reason(data, "exact", of)
        assert "too long and thin" in reason(data, "fast", of)


def test_a_folder_is_read_either_way(tmp_path: Path) -> None:
    """The same records in the same order, and pixels within one level, with any number of threads."""
    (tmp_path / "a.jpg").write_bytes(encoded(noise(300, 300), "JPEG"))
    (tmp_path / "b.png").write_bytes(encoded(noise(301, 299), "PNG"))
    images = open_images(tmp_path, 10, 0)
    fast, exact, threads = (
        list(iter_pixels(images, settings(), decode=way, workers=workers))
        for way, workers in (("fast", 1), ("exact", 1), ("fast", 3))
    )
    for one, other, third in zip(fast, exact, threads, strict=True):
        assert isinstance(one, LoadedImage)
        assert isinstance(other, LoadedImage)
        assert isinstance(third, LoadedImage)
        assert one.record == other.record == third.record
        assert torch.equal(one.pixels, third.pixels)
        assert (one.pixels.int() - other.pixels.int()).abs().max() <= 1
