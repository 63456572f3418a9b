"""Preprocessing equals timm's and torchvision's own, bit for bit, before normalisation."""

import math
from collections.abc import Callable
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support.pictures import noise
from timm.data import create_transform
from torchvision.models import get_model_weights
from torchvision.transforms import functional as TF  # noqa: N812

from geed_cli.images.picture import ImageRefused, Picture
from geed_cli.images.preprocess import to_pixels
from geed_cli.input_settings import CropMode, InputSettings, Interpolation

OF_TIMM: tuple[CropMode, ...] = ("center", "squash", "border")
"""Of Hugging Face's, tests/models/test_transformers.py has the comparison with its processors."""
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SHAPES = [(64, 64), (100, 64), (64, 100), (37, 61), (200, 31), (20, 20), (33, 32), (500, 375)]


def settings(
    size: int, crop_pct: float, interpolation: Interpolation = "bicubic", crop_mode: CropMode = "center"
) -> InputSettings:
    resize = InputSettings.resize_for(size, crop_pct)
    return InputSettings(size, resize, interpolation, MEAN, STD, crop_mode)


def timm_transform(
    of: InputSettings, crop_pct: float, normalize: bool
) -> Callable[[Image.Image], torch.Tensor]:
    return create_transform(
        input_size=(3, of.size, of.size),
        is_training=False,
        interpolation=of.interpolation,
        mean=of.mean,
        std=of.std,
        crop_pct=crop_pct,
        crop_mode=of.crop_mode,
        normalize=normalize,
    )


@pytest.mark.parametrize("interpolation", get_args(Interpolation))
@pytest.mark.parametrize("crop_mode", OF_TIMM)
@pytest.mark.parametrize("crop_pct", [0.875, 0.9, 1.0, 1.3])
def test_pixels_equal_timm_bit_for_bit(
    interpolation: Interpolation, crop_mode: CropMode, crop_pct: float
) -> None:
    """Every interpolation and crop mode, wide, tall, odd and small pictures; crop_pct 1.3 pads."""
    for size in (32, 47):
        ours = settings(size, crop_pct, interpolation, crop_mode)
        theirs = timm_transform(ours, crop_pct, normalize=False)
        for seed, (width, height) in enumerate(SHAPES):
            picture = noise(width, height, seed)
            pixels = to_pixels(Picture(picture), ours)
            assert pixels.shape == (3, size, size)
            assert pixels.dtype == torch.uint8
            assert pixels.is_contiguous()
            assert torch.equal(pixels, theirs(picture)), (width, height, size)


@given(
    width=st.integers(1, 90),
    height=st.integers(1, 90),
    size=st.integers(8, 40),
    crop_pct=st.floats(0.5, 1.2),
    crop_mode=st.sampled_from(OF_TIMM),
)
def test_any_shape_equals_timm(
    width: int, height: int, size: int, crop_pct: float, crop_mode: CropMode
) -> None:
    """Any picture that timm can take; where it would be nothing after resizing, ours is a refusal."""
    ours = settings(size, crop_pct, "bilinear", crop_mode)
    picture = noise(width, height)
    try:
        pixels = to_pixels(Picture(picture), ours)
    except ImageRefused:
        with pytest.raises(ValueError, match="height and width must be > 0"):
            timm_transform(ours, crop_pct, normalize=False)(picture)
    else:
        assert torch.equal(pixels, timm_transform(ours, crop_pct, normalize=False)(picture))


def test_normalised_pixels_equal_timm_in_full() -> None:
    """Divided by 255 and normalised, the float input of a model is the one that timm feeds it."""
    ours = settings(48, 0.875)
    picture = noise(90, 70)
    normalised = TF.normalize(to_pixels(Picture(picture), ours).float() / 255, MEAN, STD)
    assert torch.equal(normalised, timm_transform(ours, 0.875, normalize=True)(picture))


@pytest.mark.parametrize(
    ("model", "weights", "resize"),
    [
        ("resnet50", "IMAGENET1K_V2", 232),
        ("resnet50", "IMAGENET1K_V1", 256),
        ("alexnet", "IMAGENET1K_V1", 256),
    ],
)
def test_pixels_equal_torchvision_weights_transforms(model: str, weights: str, resize: int) -> None:
    """The transforms that torchvision ships with its weights, normalisation included."""
    theirs = get_model_weights(model)[weights].transforms()
    ours = InputSettings(224, resize, "bilinear", MEAN, STD)
    for seed, (width, height) in enumerate(SHAPES):
        picture = noise(width, height, seed)
        normalised = TF.normalize(to_pixels(Picture(picture), ours).float() / 255, MEAN, STD)
        assert torch.equal(normalised, theirs(picture)), (width, height)


@pytest.mark.parametrize(("length", "torchvision", "down"), [(33, 0, 0), (35, 2, 1), (37, 2, 2), (39, 4, 3)])
def test_a_crop_from_a_half_pixel(length: int, torchvision: int, down: int) -> None:
    """Margins of 1, 3, 5 and 7 pixels: half of them is rounded to even, or down; columns tell where the crop begins."""
    columns = Image.fromarray(np.tile(np.arange(length, dtype=np.uint8)[None, :, None], (32, 1, 3)))
    for mode, begins in (("center", torchvision), ("center-down", down)):
        pixels = to_pixels(Picture(columns), settings(32, 1.0, crop_mode=mode))
        assert pixels[0, 0].tolist() == list(range(begins, begins + 32))


def test_border_pads_with_the_mean_colour() -> None:
    """A wide picture keeps its width; above and below is round(255·mean)."""
    pixels = to_pixels(Picture(Image.new("RGB", (64, 32), "black")), settings(32, 1.0, crop_mode="border"))
    assert pixels[:, 0, 0].tolist() == [round(255 * value) for value in MEAN] == [124, 116, 104]
    assert pixels[:, 16].max() == 0
    assert pixels[:, :8].unique().numel() == 3
    assert pixels[0, :, 0].tolist() == [124] * 8 + [0] * 16 + [124] * 8


@pytest.mark.parametrize(
    ("shape", "crop_mode"), [((1, 400_000), "center"), ((400_000, 1), "center"), ((1, 999), "border")]
)
def test_threads_of_pixels_are_refused(shape: tuple[int, int], crop_mode: CropMode) -> None:
    """Resizing 1 × 400 000 pixels to 256 on the short side would take 26 gigapixels."""
    with pytest.raises(ImageRefused, match="too long and thin"):
        to_pixels(Picture(Image.new("RGB", shape)), settings(224, 0.875, crop_mode=crop_mode))


def test_resize_for_is_timms_rule() -> None:
    """floor(size / crop_pct), which the settings take from timm's configuration."""
    assert InputSettings.resize_for(224, 0.875) == 256
    assert InputSettings.resize_for(224, 0.965) == math.floor(224 / 0.965) == 232
