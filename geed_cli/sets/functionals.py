"""The image functions that a set may use: names out of torchvision.transforms.v2.functional, and what they take.

An allowlist: a name is looked up here and never imported, so no text or file can reach other code. All of them are
deterministic, map a picture to one of its own size, and leave pixels in [0, 1] meaningful. Needs no torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from geed_cli.documents.document import Value, printable
from geed_cli.errors import InputError, did_you_mean, nearest
from geed_cli.sets.arguments import Argument, Kind, angle, number, one_of, permutation, several, whole

Arguments = tuple[tuple[str, Argument], ...]
"""Names and canonical values, in the order of the function's parameters."""

REMEDY = "geed explain torchvision"


OF_COLOURS = frozenset({"adjust_hue", "adjust_saturation", "permute_channels", "rgb_to_grayscale"})
"""Functions that do nothing, or are not defined, on a picture of one channel."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a function; where it is left out and has no default, torchvision decides."""

    name: str
    kind: Kind
    default: Argument | None = None
    required: bool = True


@dataclass(frozen=True)
class Functional:
    """One function of the allowlist; ``neutral`` are the arguments at which it changes nothing, if there are such."""

    parameters: tuple[Parameter, ...] = ()
    neutral: Arguments = ()


_FACTOR = number(0, 1000)
_POINTS = several(several(whole(-100_000, 100_000), 2), 4)
_PLACED = (  # the model of every geometric function: how it reads between pixels, and what lies outside
    Parameter("interpolation", one_of("nearest", "bilinear"), "nearest", required=False),
    Parameter("fill", several(number(0, 1), 3, alone=True), required=False),
)
_CENTRE = Parameter("center", several(number(-100_000, 100_000), 2), required=False)


def _one(name: str, kind: Kind, neutral: float | None = None) -> Functional:
    return Functional((Parameter(name, kind),), () if neutral is None else ((name, neutral),))


FUNCTIONALS: Mapping[str, Functional] = {
    "adjust_brightness": _one("brightness_factor", _FACTOR, 1.0),
    "adjust_contrast": _one("contrast_factor", _FACTOR, 1.0),
    "adjust_gamma": Functional(
        (Parameter("gamma", number(0, 100, above=True)), Parameter("gain", _FACTOR, 1.0, required=False)),
        (("gamma", 1.0), ("gain", 1.0)),
    ),
    "adjust_hue": _one("hue_factor", number(-0.5, 0.5), 0.0),
    "adjust_saturation": _one("saturation_factor", _FACTOR, 1.0),
    "adjust_sharpness": _one("sharpness_factor", _FACTOR, 1.0),
    "affine": Functional(
        (
            Parameter("angle", angle()),
            Parameter("translate", several(number(-100_000, 100_000), 2)),
            Parameter("scale", number(0, 1000, above=True)),
            Parameter("shear", several(number(-89, 89), 2)),
            *_PLACED,
            _CENTRE,
        ),
        (("angle", 0.0), ("translate", (0.0, 0.0)), ("scale", 1.0), ("shear", (0.0, 0.0))),
    ),
    "autocontrast": Functional(),
    "equalize": Functional(),
    "gaussian_blur": Functional(
        (
            Parameter("kernel_size", several(whole(1, 2047, odd=True), 2, alone=True)),
            Parameter("sigma", several(number(0, 1000, above=True), 2, alone=True), required=False),
        ),
        (("kernel_size", (1, 1)),),
    ),
    "horizontal_flip": Functional(),
    "invert": Functional(),
    "jpeg": _one("quality", whole(1, 100)),
    "permute_channels": Functional(
        (Parameter("permutation", permutation(3)),), (("permutation", (0, 1, 2)),)
    ),
    "perspective": Functional((Parameter("startpoints", _POINTS), Parameter("endpoints", _POINTS), *_PLACED)),
    "posterize": _one("bits", whole(1, 8)),
    "rgb_to_grayscale": Functional(),  # always to three equal channels: one would not be a picture of its size
    "rotate": Functional((Parameter("angle", angle()), *_PLACED, _CENTRE), (("angle", 0.0),)),
    "solarize": _one("threshold", number(0, 1)),
    "vertical_flip": Functional(),
}

# these get a message of their own, since they are what a reader of torchvision's manual would try
_CHANGES_SIZE = {"center_crop", "crop", "five_crop", "pad", "resize", "resized_crop", "ten_crop"}


def arguments_of(function: str, given: Mapping[str, Value]) -> Arguments:
    """Every argument of a call that is given or has a default, canonical; checked against the allowlist.

    Raises:
        InputError: the function is not allowed; a parameter is unknown, missing or does not fit.
    """
    parameters = _functional(function).parameters
    names = [parameter.name for parameter in parameters]
    for name in given:
        if name not in names:
            choice = (
                f"{did_you_mean(nearest(name, names))}its parameters are {', '.join(names)}"
                if names
                else "no parameters"
            )
            raise InputError(
                f"{function} has no parameter '{printable(name)}' here", expected=choice, remedy=REMEDY
            )
    read = {parameter.name: _read(function, parameter, given) for parameter in parameters}
    return tuple((name, value) for name, value in read.items() if value is not None)


def is_neutral(function: str, arguments: Arguments) -> bool:
    """Whether the call is known to change no picture, so that it is the identity under another name."""
    neutral = FUNCTIONALS[function].neutral
    return bool(neutral) and set(neutral) <= set(arguments)


def _functional(name: str) -> Functional:
    """The function of that name; refuses those that are not on the allowlist."""
    if name in FUNCTIONALS:
        return FUNCTIONALS[name]
    if name in _CHANGES_SIZE:
        raise InputError(
            f"{name} changes the size of the picture",
            expected="a function that keeps the size; affine has a scale, translate and shear",
            remedy=REMEDY,
        )
    raise InputError(
        f"'{printable(name)}' is not among the image functions of a set",
        expected=f"{did_you_mean(nearest(name, FUNCTIONALS))}one of {', '.join(FUNCTIONALS)}",
        remedy=REMEDY,
    )


def _read(function: str, parameter: Parameter, given: Mapping[str, Value]) -> Argument | None:
    name, kind = parameter.name, parameter.kind
    if name not in given:
        if parameter.required:
            raise InputError(
                f"{function} needs the parameter '{name}'", expected=f"{name}: {kind.expected}", remedy=REMEDY
            )
        return parameter.default
    try:
        return kind.read(given[name])
    except ValueError as error:
        raise InputError(f"{name} of {function} is {error}", expected=kind.expected, remedy=REMEDY) from None
