"""From a picture to the S×S pixels that G acts on: the model's own resizing and cropping, nothing after it.

Values stay uint8 in [0, 255]; dividing by 255 and normalising come after g. The result equals, bit for bit, what
timm's ``create_transform`` and torchvision's ``weights.transforms()`` make at this stage from the same picture;
``fast`` is within two levels of it. ``side`` asks for a larger square about the same centre at the same
scale, for rotations that need what lies around the S×S. Sizes are (width, height) as in Pillow.
"""

import torch
from PIL import Image

from geed_cli.choices import Decode
from geed_cli.images.decode import MAX_PIXELS
from geed_cli.images.picture import ImageRefused, Picture, Size
from geed_cli.images.resize import resized
from geed_cli.images.wide_crop import as_tensor, channels_first, reached, wide_crop
from geed_cli.input_settings import InputSettings
from geed_cli.runtime.libraries import torchvision

TF = torchvision.transforms.functional
"""By its customary name."""


def to_pixels(
    picture: Picture, settings: InputSettings, *, side: int | None = None, decode: Decode = "exact"
) -> torch.Tensor:
    """Resize and crop.

    Args:
        picture: of any size.
        settings: the model's preprocessing; ``size`` is S.
        side: of a larger crop, S plus an even number; None for S. Its centre S×S equals the crop without it,
            bit for bit. Beyond the frame that S×S is cut from, the frame is mirrored (see ``wide_crop``).
        decode: whether Pillow resizes or torch (see ``resized``).

    Returns:
        uint8, shape (C, S, S) or (C, side, side), contiguous, C = 3 or 1: RGB, or luminance, which is made before
        resizing. Where the picture does not fill the S×S square it
        is padded: with black for ``center`` and ``squash`` (only if ``resize`` < S), with the model's mean
        colour for ``border``.

    Raises:
        ImageRefused: so long and thin that the resized picture would be empty or above ``MAX_PIXELS``.
    """
    size = _checked(picture, settings)
    picture = picture if settings.channels == 3 else picture.luminance()
    frame = resized(picture, size, settings.interpolation, decode)
    down = settings.crop_mode == "center-down"
    if down or (side is not None and side != settings.size):
        return wide_crop(_pad(frame, settings), settings.size, side or settings.size, down=down)
    if settings.crop_mode == "border":
        frame = _pad(frame, settings)
    return as_tensor(channels_first(TF.center_crop(frame, [settings.size, settings.size])))


def padded_fraction(picture: Picture, settings: InputSettings, side: int) -> float:
    """The part of a larger crop's surroundings that the picture does not reach, so that it is padded; 0 without any.

    The surroundings are the side² − S² pixels around the centre S×S, corners included; padded are those that
    show no pixel of the resized picture in its own place: mirrored ones, and the model's own padding.
    """
    size = settings.size
    if side == size:
        return 0.0
    width, height = _resized_size(picture.size, settings)
    down = settings.crop_mode == "center-down"
    inside = reached(height, size, size, down=down) * reached(width, size, size, down=down)
    real = reached(height, size, side, down=down) * reached(width, size, side, down=down) - inside
    return 1 - real / (side**2 - size**2)


def _checked(picture: Picture, settings: InputSettings) -> Size:
    width, height = _resized_size(picture.size, settings)
    if min(height, width) < 1 or height * width > MAX_PIXELS:
        raise ImageRefused(
            f"too long and thin: {picture.size[0]} × {picture.size[1]} would become {width} × {height} pixels"
        )
    return width, height


def _resized_size(size: Size, settings: InputSettings) -> Size:
    """The size before cropping, by the rounding of torchvision (``center``) and timm (``border``)."""
    width, height = size
    if settings.crop_mode == "squash":
        return settings.resize, settings.resize
    if settings.crop_mode == "border":
        ratio = max(height / settings.resize, width / settings.resize)
        return round(width / ratio), round(height / ratio)
    if height <= width:
        return int(settings.resize * width / height), settings.resize
    return settings.resize, int(settings.resize * height / width)


def _pad(picture: Image.Image, settings: InputSettings) -> Image.Image:
    """Pad to at least S×S as the crop mode does; an odd pixel goes to the right and to the bottom."""
    across = max(settings.size - picture.width, 0)
    down = max(settings.size - picture.height, 0)
    borders = [across // 2, down // 2, (across + 1) // 2, (down + 1) // 2]
    fill = tuple(round(255 * value) for value in settings.mean)
    padded: Image.Image = TF.pad(picture, borders, fill=fill if settings.crop_mode == "border" else 0)
    return padded
