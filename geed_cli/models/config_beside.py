"""The preprocessing that a published folder states beside its weights, in a file of timm's or of Hugging Face's.

It is read where a checkpoint file was named with an architecture and nobody says what the network is shown. Such a
file comes from a stranger: it is plain JSON of limited size, its values pass the checks of a spec, and whatever does
not fit leaves the architecture's own preprocessing in force, with a sentence that says why. It never ends a run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geed_cli.documents.document import printable
from geed_cli.documents.json_object import NotReadError, json_object
from geed_cli.models.hugging_face_input import checked_input, hugging_face_input
from geed_cli.models.spec import InputPart

HUGGING_FACE, TIMM = "preprocessor_config.json", "config.json"


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
                raise NotReadError("the spec says what the network is shown")
            stated = _READERS[file.name](json_object(file), arch)
        except NotReadError as why:
            reasons.append(f"{file.name} beside the weights was not read: {why}")
        else:
            return Beside(stated, f"preprocessing is that of {file.name} beside the weights")
    return Beside(None, "; ".join(reasons))


def _of_timm(content: Mapping[str, Any], arch: str) -> InputPart:
    """``pretrained_cfg``, or the same keys at the top level, as older files have them."""
    config = content.get("pretrained_cfg", content)
    if not isinstance(config, dict) or "input_size" not in config:
        raise NotReadError("it states no preprocessing (no pretrained_cfg)")
    named = content.get("architecture", config.get("architecture"))
    if isinstance(named, str) and named.partition(".")[0] != arch.partition(".")[0]:
        raise NotReadError(f"it is of another architecture, {printable(named)}")
    size = config["input_size"]
    whole = isinstance(size, list) and len(size) == 3 and all(type(number) is int for number in size)
    if not (whole and size[1] == size[2] and size[0] in {1, 3}):
        raise NotReadError(f"its input_size {printable(str(size))} is no square picture of 1 or 3 channels")
    given = {key: config.get(key) for key in ("crop_pct", "interpolation", "crop_mode", "mean", "std")}
    if given["interpolation"] == "random":  # of training; timm's evaluation then uses bilinear
        given["interpolation"] = "bilinear"
    # its channels are not taken: they stay 3 in files of networks that were built for one, and the weights tell
    return checked_input({"size": size[1], **given})


def _of_hugging_face(content: Mapping[str, Any], arch: str) -> InputPart:
    del arch  # the file names none
    return hugging_face_input(content)


_READERS = {HUGGING_FACE: _of_hugging_face, TIMM: _of_timm}
