"""The larger crop holds the network's own crop at its centre, the picture around it, and mirrors beyond."""

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support.pictures import SETTINGS, noise, open_images, write_folder

from geed_cli.actions.conditions import context_size
from geed_cli.images.picture import ImageRefused, Picture
from geed_cli.images.preprocess import padded_fraction, to_pixels
from geed_cli.images.source import LoadedImage, iter_pixels
from geed_cli.images.wide_crop import wide_crop
from geed_cli.input_settings import CropMode, InputSettings

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def settings(size: int, resize: int, crop_mode: CropMode = "center") -> InputSettings:
    return InputSettings(size, resize, "bicubic", MEAN, STD, crop_mode)


def centre(pixels: torch.Tensor, size: int) -> torch.Tensor:
    margin = (pixels.shape[-1] - size) // 2
    return pixels[:, margin : margin + size, margin : margin + size]


@given(
    width=st.integers(1, 90),
    height=st.integers(1, 90),
    size=st.integers(1, 40),
    more=st.integers(-8, 30),
    crop_mode=st.sampled_from(get_args(CropMode)),
)
def test_the_centre_is_the_networks_own_crop(
    width: int, height: int, size: int, more: int, crop_mode: CropMode
) -> None:
    """Bit for bit, for portrait and landscape, odd and even, filled and padded frames."""
    ours = settings(size, max(size + more, 1), crop_mode)
    picture = noise(width, height)
    side = context_size(size)
    try:
        plain = to_pixels(Picture(picture), ours)
    except ImageRefused:
        with pytest.raises(ImageRefused):
            to_pixels(Picture(picture), ours, side=side)
        return
    wide = to_pixels(Picture(picture), ours, side=side)
    assert wide.shape == (3, side, side)
    assert wide.dtype == torch.uint8
    assert wide.is_contiguous()
    assert torch.equal(centre(wide, size), plain)


@pytest.mark.parametrize("crop_mode", get_args(CropMode))
@pytest.mark.parametrize(("width", "height"), [(64, 64), (100, 64), (64, 100), (37, 61), (61, 38), (200, 31)])
@pytest.mark.parametrize(("size", "resize"), [(32, 36), (32, 37), (31, 36), (31, 64), (32, 30), (24, 24)])
def test_the_rest_is_the_resized_picture_then_its_mirror_image(
    crop_mode: CropMode, width: int, height: int, size: int, resize: int
) -> None:
    """Against Pillow's resize and numpy's reflection; the place is found by searching for the centre crop."""
    ours = settings(size, resize, crop_mode)
    picture = noise(width, height, seed=3)
    frame = padded(resized(picture, ours), ours)
    top, left = place_of(to_pixels(Picture(picture), ours).permute(1, 2, 0).numpy(), frame)
    side = context_size(size)
    margin = (side - size) // 2
    mirrored = np.pad(frame, ((margin, margin), (margin, margin), (0, 0)), mode="reflect")
    expected = mirrored[top : top + side, left : left + side]
    wide = to_pixels(Picture(picture), ours, side=side)
    assert np.array_equal(wide.permute(1, 2, 0).numpy(), expected)


def resized(picture: Image.Image, ours: InputSettings) -> np.ndarray:
    short, long = min(picture.size), max(picture.size)
    if ours.crop_mode == "squash":
        size = (ours.resize, ours.resize)
    elif ours.crop_mode == "border":
        size = tuple(round(length / (long / ours.resize)) for length in picture.size)
    else:
        size = tuple(int(ours.resize * length / short) for length in picture.size)
    return np.array(picture.resize(size, Image.Resampling.BICUBIC))


def padded(frame: np.ndarray, ours: InputSettings) -> np.ndarray:
    fill = [round(255 * value) for value in ours.mean] if ours.crop_mode == "border" else [0, 0, 0]
    height, width = (max(length, ours.size) for length in frame.shape[:2])
    canvas = np.full((height, width, 3), fill, dtype=np.uint8)
    top, left = (height - frame.shape[0]) // 2, (width - frame.shape[1]) // 2
    canvas[top : top + frame.shape[0], left : left + frame.shape[1]] = frame
    return canvas


def place_of(crop: np.ndarray, frame: np.ndarray) -> tuple[int, int]:
    windows = np.lib.stride_tricks.sliding_window_view(frame, crop.shape[:2], axis=(0, 1))
    found = np.argwhere((windows == crop.transpose(2, 0, 1)).all(axis=(2, 3, 4)))
    assert len(found) == 1
    return int(found[0][0]), int(found[0][1])


@pytest.mark.parametrize(
    ("shape", "resize", "crop_mode", "expected"),
    [
        ((50, 50), 10, "center", 44 / 80),  # 10 × 10 of 12 × 12: 36 of the 80 pixels around 8 × 8 are real
        ((50, 100), 10, "center", 24 / 80),  # 10 × 20 becomes 10 × 12: 56 real
        ((100, 50), 10, "center", 24 / 80),
        ((50, 50), 11, "center", 23 / 80),  # the odd pixel is on one side alone: 11 × 11
        ((50, 50), 12, "squash", 0.0),
        ((50, 90), 8, "squash", 1.0),  # the network sees the whole picture
        ((50, 50), 6, "center", 1.0),  # and here padding besides
        ((100, 50), 10, "border", 70 / 80),  # 10 × 5: inside 8 × 5, so 10 real
        ((100, 50), 30, "border", 0.0),
    ],
)
def test_the_padded_part_by_hand(
    shape: tuple[int, int], resize: int, crop_mode: CropMode, expected: float
) -> None:
    """S = 8 and side 12: 144 − 64 = 80 pixels around the centre."""
    picture = noise(*shape)
    # Exact but for the last division.
    assert padded_fraction(Picture(picture), settings(8, resize, crop_mode), 12) == pytest.approx(
        expected, abs=1e-15
    )
    assert padded_fraction(Picture(picture), settings(8, resize, crop_mode), 8) == 0


@given(
    width=st.integers(20, 60),
    height=st.integers(20, 60),
    size=st.integers(4, 24),
    more=st.integers(0, 9),
    crop_mode=st.sampled_from(get_args(CropMode)),
)
def test_a_frame_without_padding_is_counted_by_its_pixels(
    width: int, height: int, size: int, more: int, crop_mode: CropMode
) -> None:
    """A mask of the resized picture, cut out like the picture itself."""
    ours = settings(size, size + more, crop_mode)
    picture = noise(width, height)
    frame = resized(picture, ours)
    if min(frame.shape[:2]) < size:
        return
    side = context_size(size)
    margin = (side - size) // 2
    top, left = (round((length - size) / 2) for length in frame.shape[:2])
    inside = np.zeros((frame.shape[0] + 2 * margin, frame.shape[1] + 2 * margin), dtype=bool)
    inside[margin:-margin, margin:-margin] = True
    real = inside[top : top + side, left : left + side].sum() - size**2
    assert padded_fraction(Picture(picture), ours, side) == pytest.approx(
        1 - real / (side**2 - size**2), abs=1e-12
    )


def test_a_frame_too_small_to_mirror_repeats_its_edge() -> None:
    """2 × 2 pixels hold one mirrored row, not three; each direction decides for itself."""
    tall = Image.fromarray(np.arange(24, dtype=np.uint8).reshape(4, 2, 3))
    wide = wide_crop(tall, 2, 8)[0]
    assert wide[:, 3].tolist() == [12, 6, 0, 6, 12, 18, 12, 6]
    assert wide[3].tolist() == [6, 6, 6, 6, 9, 9, 9, 9]


@pytest.mark.parametrize("side", [31, 35, 30])
def test_a_side_off_the_centre_is_a_mistake_of_the_caller(side: int) -> None:
    """Smaller, or larger by an odd number."""
    with pytest.raises(ValueError, match="32 plus an even number"):
        to_pixels(Picture(noise(64, 64)), SETTINGS, side=side)


def test_items_carry_the_larger_crop_and_its_padded_part(tmp_path: Path) -> None:
    """48 × 40 pictures resized to 43 × 36, S = 32, side 46: (43·36 − 32²) of 46² − 32² pixels are real."""
    write_folder(tmp_path, ["a.jpg", "b.jpg"])
    images = open_images(tmp_path, 2, 0)
    plain = list(iter_pixels(images, SETTINGS))
    wide = list(iter_pixels(images, SETTINGS, side=context_size(32)))
    for left, right in zip(plain, wide, strict=True):
        assert isinstance(left, LoadedImage)
        assert isinstance(right, LoadedImage)
        assert left.padded_fraction == 0
        assert right.pixels.shape == (3, 46, 46)
        assert torch.equal(centre(right.pixels, 32), left.pixels)
        assert right.padded_fraction == pytest.approx(1 - (43 * 36 - 32**2) / (46**2 - 32**2))
