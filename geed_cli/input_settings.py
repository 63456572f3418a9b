"""How a picture becomes the square pixel array that G acts on, and how that array is normalised.

Sizes are in pixels; mean and std belong to pixel values in [0, 1]. G acts between cropping and normalisation.
"""

import math
from dataclasses import dataclass
from typing import Literal

Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"]
CropMode = Literal["center", "center-down", "squash", "border"]


@dataclass(frozen=True)
class InputSettings:
    """A model's own preprocessing.

    Attributes:
        size: side S of the square network input.
        resize: what the shorter side is resized to before the centre crop (longer side for ``border``).
        interpolation: Pillow filter used for resizing, with its antialiasing.
        mean: per channel, subtracted from values in [0, 1]; one alone for a network that is shown luminance.
        std: per channel, divided by, after the subtraction.
        crop_mode: ``center`` resizes the shorter side to ``resize`` and crops S×S, from a half pixel rounded to even as
            torchvision does; ``center-down`` is the same rounded down, as Hugging Face's processors do; ``squash``
            resizes to ``resize``×``resize`` ignoring the aspect ratio and crops; ``border`` resizes the longer side and
            pads.
    """

    size: int
    resize: int
    interpolation: Interpolation
    mean: tuple[float, ...]
    std: tuple[float, ...]
    crop_mode: CropMode = "center"

    @property
    def channels(self) -> int:
        """How many channels the network is shown: 3 for RGB, 1 for luminance."""
        return len(self.mean)

    @property
    def crop_pct(self) -> float:
        """The part of the resized side that the crop keeps: size / resize."""
        return self.size / self.resize

    @staticmethod
    def resize_for(size: int, crop_pct: float) -> int:
        """floor(size / crop_pct): the rule of timm and of the ImageNet evaluation protocol."""
        return math.floor(size / crop_pct)

    @staticmethod
    def crop_pct_for(size: int, resize: int) -> float:
        """The shortest fraction from which ``resize_for`` makes that resize side."""
        for digits in range(2, 9):
            crop = round(size / resize, digits)
            if crop > 0 and InputSettings.resize_for(size, crop) == resize:
                return crop
        crop = size / resize
        while InputSettings.resize_for(size, crop) < resize:  # the quotient was rounded down
            crop = math.nextafter(crop, 0)
        return crop
