"""What a processor of Hugging Face's does to pictures, as far as ``InputSettings`` can say it.

A processor is described by plain values: those of ``preprocessor_config.json``, or those that the library itself fills
in. What they mean depends on the kind of the processor, and kinds with rules of their own are not read.
"""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from geed_cli.documents.document import printable
from geed_cli.documents.json_object import NotReadError
from geed_cli.input_settings import InputSettings
from geed_cli.models.spec import InputPart

PILLOW_FILTERS = ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")
"""By Pillow's numbers, which Hugging Face calls ``resample``."""
OF_SQUARES, OF_SHORTER_SIDES = ("ViT", "DeiT", "Beit"), ("CLIP", "ConvNext")
"""How the names of processors begin that read a ``size`` of one number as a square, or as the shorter side."""
RESIZED_IF_BELOW = 384
"""ConvNeXt's processor enlarges and crops below this side, and squashes from it on."""
LEVIT_RESIZED = 256 / 224
"""LeViT's processor resizes the shorter side to so many times its ``shortest_edge``."""
USUAL_KINDS = frozenset(
    {"Bit", "Blip", "ChineseCLIP", "CLIP", "ConvNext", "DeiT", "Levit", "MobileNetV1", "OwlViT", "Pvt", "Siglip", "ViT"}
    | {"Beit", "DINOv3ViT", "EfficientNet", "MobileNetV2", "MobileViT", "Segformer"}
)  # fmt: skip
"""The kinds whose rules are known: resize, crop, rescale, normalise, in this order."""
SWITCHES = {
    "rescale_offset": "it moves pixel values below 0",
    "include_top": "it divides by std twice",
    "do_flip_channel_order": "it puts blue before red",
    "do_pad": "it pads",
}
"""What some kinds do beside that if a value is true."""
ENDINGS = ("Pil", "Fast", "ImageProcessor", "FeatureExtractor")


def hugging_face_input(content: Mapping[str, Any]) -> InputPart:
    """Resize, crop, rescale and normalise, where they are those of ``InputSettings``.

    Raises:
        NotReadError: they are not.
    """
    kind = kind_of(content)
    if kind and kind not in USUAL_KINDS:
        raise NotReadError(f"{printable(kind)}ImageProcessor has rules of its own")
    for switch, what in SWITCHES.items():
        if content.get(switch):
            raise NotReadError(f"{what} ({switch})")
    if content.get("do_resize") is False or content.get("do_rescale") is False:
        raise NotReadError("it leaves out resizing, or scaling to [0, 1]")
    scale = content.get("rescale_factor", 1 / 255)
    if not isinstance(scale, int | float) or not abs(scale * 255 - 1) <= 1e-6:  # nor NaN
        raise NotReadError(f"its rescale_factor is {printable(str(scale))}, not 1/255")
    number = content.get("resample", 2)
    if not isinstance(number, int) or not 0 <= number < len(PILLOW_FILTERS):
        raise NotReadError(f"its resample is {printable(str(number))}")
    size, resize, mode = _sizes(content, kind)
    plain = content.get("do_normalize") is False
    return checked_input(
        {
            "size": size,
            "crop_pct": InputSettings.crop_pct_for(size, resize),
            "crop_mode": mode,
            "interpolation": PILLOW_FILTERS[number],
            "mean": [0.0] * 3 if plain else content.get("image_mean"),
            "std": [1.0] * 3 if plain else content.get("image_std"),
        }
    )


def kind_of(content: Mapping[str, Any]) -> str:
    """The kind of the processor, ``ViT`` for ViTImageProcessorFast; empty where nothing says it."""
    kind = str(content.get("image_processor_type") or content.get("feature_extractor_type") or "")
    for ending in ENDINGS:
        kind = kind.removesuffix(ending)
    return kind


def checked_input(values: Mapping[str, object]) -> InputPart:
    """The values as a spec's section; what is null is left out.

    Raises:
        NotReadError: one of them cannot be used, or there is no mean or std.
    """
    given = {key: value for key, value in values.items() if value is not None}
    try:
        part = InputPart.model_validate_json(json.dumps(given), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise NotReadError(f"its {printable(where)} cannot be used") from error
    if part.mean is None or part.std is None:
        raise NotReadError("it states no mean or no std")
    return part


def _sizes(content: Mapping[str, Any], kind: str) -> tuple[int, int, str]:
    """S, what the picture is resized to before the crop, and the crop mode."""
    size, crop = _size_by_kind(content, kind), content.get("crop_size")
    cropped = content.get("do_center_crop") is True
    side = _square(crop) if cropped else None
    shortest = size.get("shortest_edge") if isinstance(size, dict) and len(size) == 1 else None
    if shortest is None:
        resized = _square(size)
        return _squashed(*_ordered(side or resized, resized))
    resized = _whole(shortest, "shortest_edge")
    if kind == "Levit":
        resized = int(LEVIT_RESIZED * resized)
    part = content.get("crop_pct")
    if part is not None:  # ConvNeXt's
        if resized >= RESIZED_IF_BELOW:
            return resized, resized, "squash"
        if not isinstance(part, int | float) or not 0.05 <= part <= 1:
            raise NotReadError(f"its crop_pct is {printable(str(part))}")
        return resized, int(resized / part), "center-down"
    if side is None:
        raise NotReadError("it resizes the shorter side and crops nothing, so pictures are not square")
    return *_ordered(side, resized), "center-down"


def _squashed(size: int, resize: int) -> tuple[int, int, str]:
    """A square crop of a square; from the third of four pixels on, half of an odd margin is rounded otherwise."""
    if (resize - size) % 4 == 3:
        raise NotReadError(
            f"its crop of {size} of {resize} pixels begins at a half pixel, which it rounds down"
        )
    return size, resize, "squash"


def _size_by_kind(content: Mapping[str, Any], kind: str) -> object:
    """``size`` as a mapping, also where it is one number, which the kinds of processors read in two ways."""
    size = content.get("size")
    if isinstance(size, dict):
        return {key: value for key, value in size.items() if value is not None}
    if kind.startswith(OF_SQUARES):
        return {"height": size, "width": size}
    if kind.startswith(OF_SHORTER_SIDES):
        return {"shortest_edge": size}
    raise NotReadError(f"its size {printable(str(size))} can be meant in two ways")


def _ordered(size: int, resize: int) -> tuple[int, int]:
    if not 1 <= size <= resize <= 20 * size:
        raise NotReadError(f"its sizes do not fit: {size} of {resize} pixels")
    return size, resize


def _square(size: object) -> int:
    """The side of a square that is given as one number, or as height and width."""
    if isinstance(size, dict) and set(size) == {"height", "width"} and size["height"] == size["width"]:
        return _whole(size["height"], "size")
    if isinstance(size, dict):
        raise NotReadError(f"its size {printable(str(size))} is no square")
    return _whole(size, "size")


def _whole(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 4096:
        raise NotReadError(f"its {name} is {printable(str(value))}")
    return value
