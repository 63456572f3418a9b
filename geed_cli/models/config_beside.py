"""The preprocessing that a published folder states beside its weights, in a file of timm's or of Hugging Face's.

It is read where a checkpoint file was named with an architecture and nobody says what the network is shown. Such a
file comes from a stranger: it is plain JSON of limited size, its values pass the checks of a spec, and whatever does
not fit leaves the architecture's own preprocessing in force, with a sentence that says why. It never ends a run.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from geed_cli.documents.document import printable
from geed_cli.input_settings import InputSettings
from geed_cli.models.spec import InputPart

HUGGING_FACE, TIMM = "preprocessor_config.json", "config.json"
MAX_BYTES = 2**20
PILLOW_FILTERS = ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")
"""By Pillow's numbers, which Hugging Face calls ``resample``."""
OF_SQUARES, OF_SHORTER_SIDES = ("ViT", "DeiT", "Beit"), ("CLIP", "ConvNext")
"""How the names of processors begin that read a ``size`` of one number as a square, or as the shorter side."""
RESIZED_IF_BELOW = 384
"""ConvNeXt's processor enlarges and crops below this side, and squashes from it on."""


class _NotReadError(Exception):
    """Why a file is left alone, as a clause."""


@dataclass(frozen=True)
class Beside:
    """What was found beside a weights file.

    Attributes:
        input: what it states; None where nothing was taken.
        note: which file was read, or why it was not; None where there is none.
    """

    input: InputPart | None = None
    note: str | None = None


def preprocessing_beside(weights: Path, arch: str, declared: InputPart | None = None) -> Beside:
    """The preprocessing stated beside a weights file.

    Args:
        weights: the file.
        arch: the architecture that it is for, as its source calls it.
        declared: what a spec says; where it says anything, nothing is read.
    """
    files = [weights.parent / name for name in (HUGGING_FACE, TIMM)]
    present = [file for file in files if file.is_file()]
    if not present:
        return Beside()
    reasons = []
    for file in present:
        try:
            if declared is not None and declared != InputPart():
                raise _NotReadError("the spec says what the network is shown")
            stated = _READERS[file.name](_parsed(file), arch)
        except _NotReadError as why:
            reasons.append(f"{file.name} beside the weights was not read: {why}")
        else:
            return Beside(stated, f"preprocessing is that of {file.name} beside the weights")
    return Beside(None, "; ".join(reasons))


def _parsed(file: Path) -> Mapping[str, Any]:
    try:
        if file.stat().st_size > MAX_BYTES:
            raise _NotReadError(f"it is larger than {MAX_BYTES // 2**20} MB")
        content = json.loads(file.read_bytes())
    except OSError as error:
        raise _NotReadError(f"{error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise _NotReadError("it is no JSON") from error
    if not isinstance(content, dict):
        raise _NotReadError("it is no JSON object")
    return content


def _of_timm(content: Mapping[str, Any], arch: str) -> InputPart:
    """``pretrained_cfg``, or the same keys at the top level, as older files have them."""
    config = content.get("pretrained_cfg", content)
    if not isinstance(config, dict) or "input_size" not in config:
        raise _NotReadError("it states no preprocessing (no pretrained_cfg)")
    named = content.get("architecture", config.get("architecture"))
    if isinstance(named, str) and named.partition(".")[0] != arch.partition(".")[0]:
        raise _NotReadError(f"it is of another architecture, {printable(named)}")
    size = config["input_size"]
    whole = isinstance(size, list) and len(size) == 3 and all(type(number) is int for number in size)
    if not (whole and size[1] == size[2] and size[0] in {1, 3}):
        raise _NotReadError(f"its input_size {printable(str(size))} is no square picture of 1 or 3 channels")
    given = {key: config.get(key) for key in ("crop_pct", "interpolation", "crop_mode", "mean", "std")}
    if given["interpolation"] == "random":  # of training; timm's evaluation then uses bilinear
        given["interpolation"] = "bilinear"
    # its channels are not taken: they stay 3 in files of networks that were built for one, and the weights tell
    return _checked({"size": size[1], **given})


def _of_hugging_face(content: Mapping[str, Any], arch: str) -> InputPart:
    """Resize, crop, rescale and normalise, where they are those of ``InputSettings``."""
    del arch  # the file names none
    if content.get("do_resize") is False or content.get("do_rescale") is False:
        raise _NotReadError("it leaves out resizing, or scaling to [0, 1]")
    scale = content.get("rescale_factor", 1 / 255)
    if not isinstance(scale, int | float) or not abs(scale * 255 - 1) <= 1e-6:  # nor NaN
        raise _NotReadError(f"its rescale_factor is {printable(str(scale))}, not 1/255")
    number = content.get("resample", 2)
    if not isinstance(number, int) or not 0 <= number < len(PILLOW_FILTERS):
        raise _NotReadError(f"its resample is {printable(str(number))}")
    size, resize, mode = _sizes(content)
    plain = content.get("do_normalize") is False
    return _checked(
        {
            "size": size,
            "crop_pct": InputSettings.crop_pct_for(size, resize),
            "crop_mode": mode,
            "interpolation": PILLOW_FILTERS[number],
            "mean": [0.0] * 3 if plain else content.get("image_mean"),
            "std": [1.0] * 3 if plain else content.get("image_std"),
        }
    )


def _sizes(content: Mapping[str, Any]) -> tuple[int, int, str]:
    """S, what the picture is resized to before the crop, and the crop mode."""
    size, crop = _size_by_kind(content), content.get("crop_size")
    cropped = content.get("do_center_crop") is True
    side = _square(crop) if cropped else None
    shortest = size.get("shortest_edge") if isinstance(size, dict) and len(size) == 1 else None
    if shortest is None:
        resized = _square(size)
        return _ordered(side or resized, resized, "squash")
    resized = _whole(shortest, "shortest_edge")
    part = content.get("crop_pct")
    if part is not None:  # ConvNeXt's
        if resized >= RESIZED_IF_BELOW:
            return resized, resized, "squash"
        if not isinstance(part, int | float) or not 0.05 <= part <= 1:
            raise _NotReadError(f"its crop_pct is {printable(str(part))}")
        return resized, int(resized / part), "center"
    if side is None:
        raise _NotReadError("it resizes the shorter side and crops nothing, so pictures are not square")
    return _ordered(side, resized, "center")


def _size_by_kind(content: Mapping[str, Any]) -> object:
    """``size`` as a mapping, also where it is one number, which the kinds of processors read in two ways."""
    size = content.get("size")
    if isinstance(size, dict):
        return size
    kind = str(content.get("image_processor_type") or content.get("feature_extractor_type") or "")
    if kind.startswith(OF_SQUARES):
        return {"height": size, "width": size}
    if kind.startswith(OF_SHORTER_SIDES):
        return {"shortest_edge": size}
    raise _NotReadError(f"its size {printable(str(size))} can be meant in two ways")


def _ordered(size: int, resize: int, mode: str) -> tuple[int, int, str]:
    if not 1 <= size <= resize <= 20 * size:
        raise _NotReadError(f"its sizes do not fit: {size} of {resize} pixels")
    return size, resize, mode


def _square(size: object) -> int:
    """The side of a square that is given as one number, or as height and width."""
    if isinstance(size, dict) and set(size) == {"height", "width"} and size["height"] == size["width"]:
        return _whole(size["height"], "size")
    if isinstance(size, dict):
        raise _NotReadError(f"its size {printable(str(size))} is no square")
    return _whole(size, "size")


def _whole(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 4096:
        raise _NotReadError(f"its {name} is {printable(str(value))}")
    return value


def _checked(values: Mapping[str, object]) -> InputPart:
    """The values as a spec's section; what is null is left out."""
    given = {key: value for key, value in values.items() if value is not None}
    try:
        part = InputPart.model_validate_json(json.dumps(given), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise _NotReadError(f"its {printable(where)} cannot be used") from error
    if part.mean is None or part.std is None:
        raise _NotReadError("it states no mean or no std")
    return part


_READERS = {HUGGING_FACE: _of_hugging_face, TIMM: _of_timm}
