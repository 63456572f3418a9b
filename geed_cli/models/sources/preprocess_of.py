"""What a preprocessing function does to pictures, as far as it can be read off it.

A preset or Compose of torchvision, timm or open_clip, resizing, centre crop, tensor and normalisation in that order, is
the preprocessing of a network like any other: G then acts between the crop and the normalisation. Of any other
function only a normalisation at its end is known; the rest is applied to pictures before anything else.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from geed_cli.documents.json_object import NotReadError
from geed_cli.errors import InputError
from geed_cli.input_settings import CropMode, InputSettings, Interpolation
from geed_cli.models.sources.image_processors import of_processor

TO_TENSOR = {
    "ToTensor",
    "MaybeToTensor",
    "PILToTensor",
    "MaybePILToTensor",
    "ToImage",
    "ConvertImageDtype",
    "ToDtype",
}
"""Steps that make a tensor of a picture."""
AS_THEY_ARE = {"_convert_to_rgb", "RGB", "Identity"}
"""Steps that leave RGB pictures as they are."""
FILTERS: dict[int, Interpolation] = {
    Image.Resampling.NEAREST: "nearest",
    Image.Resampling.BILINEAR: "bilinear",
    Image.Resampling.BICUBIC: "bicubic",
    Image.Resampling.LANCZOS: "lanczos",
    Image.Resampling.BOX: "box",
    Image.Resampling.HAMMING: "hamming",
}


@dataclass(frozen=True)
class Understood:
    """What is known of a function.

    Attributes:
        input: all that it does, where that is known; with ``first`` what is known beside it.
        mean, std: of the normalisation at its end, for values in [0, 1]; None without one.
        first: what is left to apply to each picture; None where everything is known.
    """

    input: InputSettings | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    first: Callable[[Image.Image], Any] | None = None


def understood(function: Callable[[Any], Any]) -> Understood:
    """What a function does to a picture.

    Raises:
        InputError: it is none, or makes other pictures of one picture each time.
    """
    if not callable(function):
        raise InputError(
            f"preprocess is {type(function).__name__}, which cannot be called",
            expected='"timm", "torchvision", or a function of one picture, such as weights.transforms()',
            remedy="leave out preprocess, and say size=, mean= and std=",
        )
    preset = _preset(function) or _processor(function)
    if preset is not None:
        return Understood(preset)
    steps = _steps(function)
    chance = [
        _name(step) for step in steps if _name(step).startswith("Random") or _name(step) == "ColorJitter"
    ]
    if chance:
        raise InputError(
            f"preprocess has the step {chance[0]}, which makes another picture each time",
            expected="the preprocessing of evaluation",
            remedy="preprocess=weights.transforms(), or the transforms of your validation set",
        )
    normalise = steps[-1] if steps and _name(steps[-1]) == "Normalize" else None
    if normalise is None:
        return Understood(first=function)
    mean, std = (_numbers(getattr(normalise, key)) for key in ("mean", "std"))
    settings = _of_steps(steps[:-1], mean, std)
    if settings is not None:
        return Understood(settings)
    return Understood(None, mean, std, _Chain(tuple(steps[:-1])))


@dataclass(frozen=True)
class _Chain:
    """The steps before a normalisation, one after another."""

    steps: tuple[Callable[[Any], Any], ...]

    def __call__(self, picture: Any) -> Any:  # noqa: ANN401 - whatever the steps make of it
        for step in self.steps:
            picture = step(picture)
        return picture


def _name(step: object) -> str:
    return getattr(step, "__name__", "") or type(step).__name__


def _steps(function: Callable[[Any], Any]) -> list[Callable[[Any], Any]]:
    """Those of a Compose, its own Composes unfolded; a function by itself is one step."""
    inner = getattr(function, "transforms", None)
    if _name(function) == "Compose" and isinstance(inner, Sequence):
        return [step for each in inner for step in _steps(each)]
    return [function]


def _preset(function: object) -> InputSettings | None:
    """What a weights' own ``transforms()`` of torchvision does."""
    if type(function).__name__ != "ImageClassification":
        return None
    preset: Any = function
    crop, resize = (_one(getattr(preset, key, None)) for key in ("crop_size", "resize_size"))
    filter_ = _filter(preset)
    if crop is None or resize is None or filter_ is None:
        return None
    return InputSettings(crop, resize, filter_, _numbers(preset.mean), _numbers(preset.std))


def _processor(function: object) -> InputSettings | None:
    """What an image processor of transformers does; None of anything else.

    Raises:
        InputError: it does what no settings say.
    """
    if not (hasattr(function, "image_mean") and hasattr(function, "to_dict")):
        return None
    try:
        return of_processor(function)
    except NotReadError as why:
        raise InputError(
            f"what {type(function).__name__} does cannot be said: {why}",
            expected="resizing, a crop, and a normalisation",
            remedy="preprocess=lambda picture: …, which resizes and crops, and mean=, std=",
        ) from why


def _of_steps(
    steps: Sequence[Callable[[Any], Any]], mean: tuple[float, ...], std: tuple[float, ...]
) -> InputSettings | None:
    """Resizing, a centre crop, then a tensor of values in [0, 1]; None of anything else.

    Tensors are resized to other digits than pictures, so that the order counts.
    """
    names = [_name(step) for step in steps if _name(step) not in AS_THEY_ARE]
    shaping = [step for step in steps if _name(step) in {"Resize", "CenterCrop"}]
    last = names[len(shaping) :]
    if names[: len(shaping)] not in (["Resize", "CenterCrop"], ["Resize"]) or not set(last) <= TO_TENSOR:
        return None
    if any(getattr(step, "scale", True) is False for step in steps):  # values up to 255
        return None
    resize, squash = _resized(shaping[0])
    crop = _one(getattr(shaping[1], "size", None)) if len(shaping) > 1 else resize if squash else None
    filter_ = _filter(shaping[0])
    # torchvision pads a picture that is smaller than the crop, with black
    if resize is None or crop is None or filter_ is None or crop > resize:
        return None
    mode: CropMode = "squash" if squash else "center"
    return InputSettings(crop, resize, filter_, mean, std, mode)


def _resized(step: Any) -> tuple[int | None, bool]:  # noqa: ANN401 - torchvision's Resize
    """The side, and whether both sides are made so; no side where it is made otherwise."""
    size = getattr(step, "size", None)
    if getattr(step, "max_size", None) is not None or getattr(step, "antialias", True) is False:
        return None, False
    both = isinstance(size, tuple | list) and len(size) == 2
    return _one(size), both


def _one(size: object) -> int | None:
    """A side, of a number or of equal numbers."""
    if isinstance(size, tuple | list) and len(set(size)) == 1:
        size = size[0]
    return size if isinstance(size, int) and size > 0 else None


def _filter(step: Any) -> Interpolation | None:  # noqa: ANN401 - torchvision's Resize or preset
    """Which of Pillow's filters it resizes with."""
    given = getattr(step, "interpolation", None)
    word = getattr(given, "value", given)
    if isinstance(word, int):
        return FILTERS.get(word)
    return next((name for name in FILTERS.values() if name == word), None)


def _numbers(values: Any) -> tuple[float, ...]:  # noqa: ANN401 - tensors, lists or a number
    """The numbers of a list, array or tensor; of one in float32 the shortest decimals that are the same there."""
    if not hasattr(values, "tolist"):
        return tuple(_flat(values))
    short = str(values.dtype).endswith("float32")
    return tuple(float(str(np.float32(each))) if short else each for each in _flat(values.tolist()))


def _flat(values: object) -> Iterator[float]:
    """The numbers of a list of lists, as a tensor of shape (3, 1, 1) has them."""
    if isinstance(values, tuple | list):
        for each in values:
            yield from _flat(each)
    else:
        assert isinstance(values, int | float), "a normalisation has numbers"
        yield float(values)
