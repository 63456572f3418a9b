"""What a user says of a module, in the words of a spec and held to its schema."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from pydantic import ValidationError

from geed_cli.choices import OutputKind
from geed_cli.documents.validation import explanation
from geed_cli.errors import InputError, meant
from geed_cli.input_settings import CropMode, InputSettings, Interpolation
from geed_cli.models.sources.architecture import Architecture
from geed_cli.models.spec import Channels, LayoutName, ModelSpec


class Declared(TypedDict, total=False):
    """What ``wrap`` can be told of a module; the words are those of specs (docs/specs.md).

    Attributes:
        size: side S of the square pictures.
        mean: per channel, of values in [0, 1]; one number for all.
        std: likewise.
        crop_pct: the part of the resized side that the centre crop keeps.
        interpolation: of resizing.
        crop_mode: how a square is made of a picture.
        channels: 1 for a network that is shown luminance.
        features: the module whose output, flattened, is f1(x); else what goes into the classifier.
        classifier: the module that makes the predictions; None where the network has none.
        output: what the network puts out.
        layers: names or globs of the layers that are measured.
        actions: how groups act on hidden layers, where that is more than moving pixels.
        tokens: how the tokens of a layer lie on the picture.
        layouts: where the channels of a layer's output are.
    """

    size: int
    mean: float | Sequence[float]
    std: float | Sequence[float]
    crop_pct: float
    interpolation: Interpolation
    crop_mode: CropMode
    channels: Channels
    features: str
    classifier: str | None
    output: OutputKind
    layers: str | Sequence[str]
    actions: Mapping[str, Any]
    tokens: Mapping[str, Mapping[str, Any]]
    layouts: Mapping[str, LayoutName]


NAMES = tuple(Declared.__annotations__)
SPLIT = ("features", "classifier", "output")
INPUT = ("size", "mean", "std", "crop_pct", "interpolation", "crop_mode", "channels")
MAY_BE_NONE = {"classifier"}
"""Of which None says something; any other that is None is as if it were not given."""
LARGEST_MEAN, LARGEST_STD = 1.0, 2.0
"""Of pixel values in [0, 1]; those of values up to 255 are far larger."""


def said(declared: Declared) -> dict[str, Any]:
    """What was said, as plain values: lists of arrays and tensors, one number as a list of one.

    Raises:
        InputError: an argument that there is not.
    """
    for name in declared:
        if name not in NAMES:
            raise InputError(
                f"wrap() has no argument '{name}'",
                expected=f"{meant(name, NAMES)}one of {', '.join(NAMES)}",
                remedy="help(geed_cli.wrap) says what each of them means",
            )
    values = {name: _plain(value) for name, value in declared.items()}
    for name in ("mean", "std"):
        if isinstance(values.get(name), int | float):
            values[name] = [values[name]]
    if isinstance(values.get("layers"), str):
        values["layers"] = [values["layers"]]
    return {name: value for name, value in values.items() if value is not None or name in MAY_BE_NONE}


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever was given
    """Arrays and tensors as lists of numbers, paths of tuples as lists."""
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        return [_plain(each) for each in value]
    return value


def spec_of(architecture: Architecture, wanted: Mapping[str, Any]) -> ModelSpec:
    """The spec that says the same of a network.

    Raises:
        InputError: a value that does not fit, named by its argument.
    """
    document = {
        "model": {"source": architecture.source, "name": architecture.name},
        "weights": {"origin": "pretrained"},
        "split": {name: wanted[name] for name in SPLIT if name in wanted},
        "input": {name: wanted[name] for name in INPUT if name in wanted},
        **{name: wanted[name] for name in ("layers", "actions", "tokens", "layouts") if name in wanted},
    }
    for name, value in wanted.items():
        _require_plain(name, value)
    try:
        # Through JSON, because strict JSON mode reads lists as tuples and nothing else loosely.
        spec = ModelSpec.model_validate_json(json.dumps(document), strict=True)
    except ValidationError as error:
        raise _refused(error) from error
    _require_unit_range(wanted)
    return spec


def _require_plain(name: str, value: object) -> None:
    """Refuse a value of another kind than documents hold."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            _require_plain(name, each)
    elif not isinstance(value, str | int | float | None):
        raise InputError(
            f"{name}= holds {type(value).__name__}",
            expected="names, numbers, and lists and mappings of them",
            remedy=f"correct {name}= in the call of wrap()",
        )


def _refused(error: ValidationError) -> InputError:
    """The first thing that does not fit, by the argument that it stands in."""
    problem = error.errors()[0]
    place = [part for part in problem["loc"] if isinstance(part, str) and "[" not in part]
    name = next((part for part in place if part in NAMES), "name")
    inside = ".".join(map(str, place[place.index(name) :])) if name in place else name
    found, expected = explanation(problem, inside, ())
    return InputError(found, expected=expected, remedy=f"correct {name}= in the call of wrap()")


def _require_unit_range(wanted: Mapping[str, Any]) -> None:
    """Refuse a mean and std of pixel values up to 255."""
    for name, most in (("mean", LARGEST_MEAN), ("std", LARGEST_STD)):
        largest = max(map(abs, wanted.get(name) or [0]))
        if largest > most:
            by_255 = ", ".join(f"{value / 255:.3f}" for value in wanted[name])
            raise InputError(
                f"a {name} of {largest:g}, as of pixel values from 0 to 255",
                expected=f"the {name} of pixel values in [0, 1]",
                remedy=f"{name}=({by_255}{',' * (len(wanted[name]) == 1)})",
            )


def at_size(settings: InputSettings, size: int | None) -> InputSettings:
    """The same preprocessing for pictures of another side, resized in the same ratio."""
    if size is None or size == settings.size:
        return settings
    resize = size * settings.resize // settings.size
    return InputSettings(
        size, resize, settings.interpolation, settings.mean, settings.std, settings.crop_mode
    )
