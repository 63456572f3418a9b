"""What the members of a set do to a picture, against Pillow, scipy and scikit-image, and by hand."""

import io
import math

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance
from scipy import ndimage
from skimage import data
from skimage.exposure import adjust_gamma
from torchvision.transforms.v2 import functional as TV  # noqa: N812

from geed_cli.documents.document import Value
from geed_cli.errors import InputError
from geed_cli.sets.functionals import FUNCTIONALS
from geed_cli.sets.known_sets import set_named
from geed_cli.sets.perturbation import IDENTITY_PERTURBATION, Perturbation, perturbation
from geed_cli.sets.set_families import SET_FAMILIES

SIDE = 64
LEVEL = 1 / 255

CALLS: dict[str, dict[str, Value]] = {
    "adjust_brightness": {"brightness_factor": 1.5},
    "adjust_contrast": {"contrast_factor": 0.5},
    "adjust_gamma": {"gamma": 2, "gain": 0.9},
    "adjust_hue": {"hue_factor": 0.25},
    "adjust_saturation": {"saturation_factor": 2},
    "adjust_sharpness": {"sharpness_factor": 2},
    "affine": {
        "angle": 10,
        "translate": [3, -2],
        "scale": 1.1,
        "shear": [5, 0],
        "fill": 0.5,
        "center": [30, 31],
    },
    "autocontrast": {},
    "equalize": {},
    "gaussian_blur": {"kernel_size": [5, 3], "sigma": 1.5},
    "horizontal_flip": {},
    "invert": {},
    "jpeg": {"quality": 30},
    "permute_channels": {"permutation": [2, 0, 1]},
    "perspective": {
        "startpoints": [[0, 0], [63, 0], [63, 63], [0, 63]],
        "endpoints": [[5, 2], [60, 0], [63, 63], [0, 60]],
        "interpolation": "bilinear",
        "fill": [0.1, 0.2, 0.3],
    },
    "posterize": {"bits": 3},
    "rgb_to_grayscale": {},
    "rotate": {"angle": -30, "interpolation": "bilinear", "center": [20, 20]},
    "solarize": {"threshold": 0.5},
    "vertical_flip": {},
}


@pytest.fixture(scope="module")
def photograph() -> Image.Image:
    """A real picture: on noise neither JPEG nor a blur behaves as it does in use."""
    return Image.fromarray(data.astronaut()).resize((SIDE, SIDE))


@pytest.fixture(scope="module")
def pixels(photograph: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(photograph)).permute(2, 0, 1).double() / 255


def member(text: str) -> Perturbation:
    return set_named(text).transforms[1]


def array(pixels: torch.Tensor) -> np.ndarray:
    return pixels.permute(1, 2, 0).numpy()


@pytest.mark.parametrize("sigma", [0.5, 1, 2.5])
def test_blur_is_the_gaussian_filter(pixels: torch.Tensor, sigma: float) -> None:
    """The filter of scipy of the same sigma, cut at four of them, mirrored at the edge; float64 rounding apart."""
    expected = ndimage.gaussian_filter(
        array(pixels), sigma, mode="mirror", radius=round(4 * sigma), axes=(0, 1)
    )
    assert np.allclose(array(member(f"blur:{sigma}").show(pixels)), expected, atol=1e-6)


def test_a_blur_may_differ_between_rows_and_columns(pixels: torch.Tensor) -> None:
    """Its order is x, y: sigma 2 along each row, 0.7 along each column; without sigma, torchvision's rule."""
    call = "torchvision:gaussian_blur(kernel_size=[17,7],sigma=[2,0.7])"
    expected = ndimage.gaussian_filter(array(pixels), (0.7, 2), mode="mirror", radius=(3, 8), axes=(0, 1))
    assert np.allclose(array(member(call).show(pixels)), expected, atol=1e-6)
    plain = member("torchvision:gaussian_blur(kernel_size=[17,7])").show(pixels)
    assert torch.allclose(
        plain, TV.gaussian_blur(pixels, [17, 7]), atol=1e-6
    )  # in one step, kernels of float32


@pytest.mark.parametrize("quality", [10, 50, 95])
def test_jpeg_is_a_jpeg_file(photograph: Image.Image, pixels: torch.Tensor, quality: int) -> None:
    """The picture saved at that quality and opened again, level by level."""
    file = io.BytesIO()
    photograph.save(file, "JPEG", quality=quality)
    expected = np.array(Image.open(file)) / 255
    shown = array(member(f"jpeg:{quality}").show(pixels))
    assert np.allclose(shown, expected, atol=1e-12)
    assert np.abs(shown - array(pixels)).mean() > LEVEL / 4  # and it is not the picture itself


@pytest.mark.parametrize(
    ("family", "enhance"),
    [
        ("brightness", ImageEnhance.Brightness),
        ("contrast", ImageEnhance.Contrast),
        ("saturation", ImageEnhance.Color),
    ],
)
@pytest.mark.parametrize("factor", [0, 0.5, 0.8, 1.7])
def test_colour_factors_are_pillows(
    photograph: Image.Image,
    pixels: torch.Tensor,
    family: str,
    enhance: type[ImageEnhance.Brightness | ImageEnhance.Contrast | ImageEnhance.Color],
    factor: float,
) -> None:
    """Pillow rounds its grey to a level and its result down to one: two and a half levels at most, 1.7 times."""
    expected = np.array(enhance(photograph).enhance(factor)) / 255
    assert np.abs(array(member(f"{family}:{factor}").show(pixels)) - expected).max() <= 2.5 * LEVEL


def test_gamma_is_a_power(pixels: torch.Tensor) -> None:
    """scikit-image's, on the same floats."""
    for gamma in (0.5, 2.2):
        expected = adjust_gamma(array(pixels), gamma)
        assert np.allclose(array(member(f"gamma:{gamma}").show(pixels)), expected, atol=1e-12)


def turned(pixels: torch.Tensor, matrix: np.ndarray) -> np.ndarray:
    """Each channel read at matrix·(u − c) + c, bilinear, 0 outside, c the centre; u is (row, column)."""
    middle = np.full(2, (SIDE - 1) / 2)
    offset = middle - matrix @ middle
    channels = [ndimage.affine_transform(channel, matrix, offset, order=1) for channel in pixels.numpy()]
    return np.stack(channels, axis=-1)


@pytest.mark.parametrize("degrees", [5, -15, 190])
def test_rotate_turns_counter_clockwise_about_the_centre(pixels: torch.Tensor, degrees: float) -> None:
    """A picture rotated by a shows at u what was at u turned back by a; a two-pixel rim blends differently."""
    angle = math.radians(degrees)
    # Rows point down: going back from a counter-clockwise turn, (row, column) turns by this matrix.
    back = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    row, column = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    inside = np.hypot(row, column) < SIDE / 2 - 2
    shown = array(member(f"rotate:{degrees}").show(pixels))
    # torchvision makes its sampling grid in float32: 1e-5 of a pixel, times differences of at most 1.
    assert np.abs(shown - turned(pixels, back))[inside].max() < 1e-3
    assert (
        np.abs(shown - turned(pixels, back.T))[inside].max() > 0.1
    )  # the other way round is another picture


@pytest.mark.parametrize("factor", [0.8, 0.9, 1.3])
def test_scale_enlarges_about_the_centre(pixels: torch.Tensor, factor: float) -> None:
    """What is shown at u was at u/factor; black where that is outside."""
    expected = turned(pixels, np.eye(2) / factor)
    shown = array(member(f"scale:{factor}").show(pixels))
    covered = math.floor(min(factor, 1) * SIDE / 2) - 1
    middle = slice(SIDE // 2 - covered, SIDE // 2 + covered)
    assert np.abs(shown - expected)[middle, middle].max() < 1e-3  # float32 grid, as above
    if factor < 1:
        assert shown[0].max() == 0


def test_every_function_of_the_allowlist_is_tried_here() -> None:
    """So that nothing is allowed without having run."""
    assert set(CALLS) == set(FUNCTIONALS)


@pytest.mark.parametrize("function", sorted(CALLS))
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_every_function_shows_a_picture(pixels: torch.Tensor, function: str, dtype: torch.dtype) -> None:
    """Same shape and type, inside [0, 1], changed, the same twice, and what it was given is left alone."""
    given = pixels.to(dtype)
    before = given.clone()
    made = perturbation(function, function, CALLS[function])
    torch.manual_seed(0)
    first = made.show(given)
    torch.manual_seed(1)
    second = made.show(given.contiguous(memory_format=torch.contiguous_format).clone())
    assert torch.equal(first, second)
    assert torch.equal(given, before)
    assert first.shape == (3, SIDE, SIDE)
    assert first.dtype == dtype
    assert first.min() >= 0
    assert first.max() <= 1
    if function != "autocontrast":  # this photograph has both ends already
        assert not torch.equal(first, given)


def test_autocontrast_spreads_each_channel(pixels: torch.Tensor) -> None:
    """The least of a channel becomes 0 and the greatest 1."""
    shown = perturbation("a", "autocontrast", {}).show(pixels * 0.5 + 0.2)
    assert shown.amin(dim=(1, 2)).tolist() == pytest.approx([0, 0, 0], abs=1e-9)
    assert shown.amax(dim=(1, 2)).tolist() == pytest.approx([1, 1, 1], abs=1e-9)


def test_results_are_clamped(pixels: torch.Tensor) -> None:
    """A gain of 3 leaves [0, 1]; the weights of a blur may add up to a rounding error above 1."""
    shown = perturbation("g", "adjust_gamma", {"gamma": 1, "gain": 3}).show(pixels)
    assert torch.equal(shown, (3 * pixels).clamp(max=1))
    white = torch.ones(3, SIDE, SIDE)
    for sigma in range(1, 15):
        assert member(f"blur:{sigma}").show(white).max() <= 1


def test_the_identity_shows_the_picture_itself(pixels: torch.Tensor) -> None:
    """Not even a copy of it."""
    assert IDENTITY_PERTURBATION.show(pixels) is pixels
    assert IDENTITY_PERTURBATION.exact
    assert not IDENTITY_PERTURBATION.moves_colour


def test_a_blur_wider_than_the_picture_is_refused(pixels: torch.Tensor) -> None:
    """Mirroring cannot reach further than the picture is wide; the check before a run says the same."""
    with pytest.raises(InputError, match="blur20 cannot be applied to 64 × 64 pixels"):
        member("blur:20").show(pixels)
    with pytest.raises(InputError, match="blur20 cannot be applied to 64 × 64 pixels"):
        set_named("blur:1,20").check(64)


@pytest.mark.parametrize("family", SET_FAMILIES, ids=lambda family: family.name)
def test_every_example_fits_small_and_large_inputs(family: object) -> None:
    """The sets that the listing shows run at 32 and at 33 pixels."""
    example = set_named(getattr(family, "example"))  # noqa: B009 - the fixture's ids need an untyped object
    example.check(32)
    example.check(33)
