"""From a picture to the S×S pixels that G acts on: the model's own resizing and cropping, nothing after it.

Values stay uint8 in [0, 255]; dividing by 255 and normalising come after g. The result equals, bit for bit,
what timm's ``create_transform`` and torchvision's ``weights.transforms()`` make at this stage from the same
picture. Sizes are (height, width) as in torchvision.
"""

import torch
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as TF  # noqa: N812 - its customary name

from geed_cli.images.decode import MAX_PIXELS
from geed_cli.images.refusal import ImageRefused
from geed_cli.input_settings import InputSettings

Size = tuple[int, int]


def to_pixels(picture: Image.Image, settings: InputSettings) -> torch.Tensor:
    """Resize and crop.

    Args:
        picture: mode RGB, any size.
        settings: the model's preprocessing; ``size`` is S.

    Returns:
        uint8, shape (3, S, S), contiguous. Where the picture does not fill the square it is padded: with
        black for ``center`` and ``squash`` (only if ``resize`` < S), with the model's mean colour for
        ``border``.

    Raises:
        ImageRefused: so long and thin that the resized picture would be empty or above ``MAX_PIXELS``.
    """
    height, width = _resized(picture, settings)
    if min(height, width) < 1 or height * width > MAX_PIXELS:
        raise ImageRefused(
            f"too long and thin: {picture.width} × {picture.height} would become {width} × {height} pixels"
        )
    resized = TF.resize(picture, [height, width], InterpolationMode(settings.interpolation))
    if settings.crop_mode == "border":
        resized = _pad(resized, settings)
    pixels: torch.Tensor = TF.pil_to_tensor(TF.center_crop(resized, [settings.size, settings.size]))
    return pixels.contiguous()


def _resized(picture: Image.Image, settings: InputSettings) -> Size:
    """The size before cropping, by the rounding of torchvision (``center``) and timm (``border``)."""
    height, width = picture.height, picture.width
    if settings.crop_mode == "squash":
        return settings.resize, settings.resize
    if settings.crop_mode == "border":
        ratio = max(height / settings.resize, width / settings.resize)
        return round(height / ratio), round(width / ratio)
    if height <= width:
        return settings.resize, int(settings.resize * width / height)
    return int(settings.resize * height / width), settings.resize


def _pad(picture: Image.Image, settings: InputSettings) -> Image.Image:
    """Pad with the mean colour to at least S×S; an odd pixel goes to the right and to the bottom."""
    across = max(settings.size - picture.width, 0)
    down = max(settings.size - picture.height, 0)
    borders = [across // 2, down // 2, (across + 1) // 2, (down + 1) // 2]
    fill = [round(255 * value) for value in settings.mean]
    padded: Image.Image = TF.pad(picture, borders, fill=fill)
    return padded
