"""The transformation sets that can be written in one line, and the door to the others.

``blur:1,2,4`` is a family and its values; ``torchvision:NAME(...)`` and ``path/to/set.yaml`` name functions out of
torchvision. None of them is a group.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from geed_cli.documents.document import Value, printable
from geed_cli.documents.yaml_scalars import resolve_scalar
from geed_cli.errors import InputError, nearest
from geed_cli.sets.arguments import Kind, angle, number, whole
from geed_cli.sets.call import read_calls
from geed_cli.sets.perturbation import Perturbation, perturbation
from geed_cli.sets.set_file import SET_SUFFIXES, read_set
from geed_cli.sets.transformation_set import TransformationSet, set_of

MAX_LENGTH = 20_000
"""Characters of one text: far above what anybody types."""


@dataclass(frozen=True)
class SetFamily:
    """One line of a list of sets: a function with one value that varies.

    Attributes:
        name: what stands before the colon.
        varies: what stands behind it.
        values: an example of that.
        description: what its members do.
        kind: what each value may be.
        function: of the allowlist.
        parameters: the function's parameters at a value.
    """

    name: str
    varies: str
    values: str
    description: str
    kind: Kind
    function: str
    parameters: Callable[[float], dict[str, Value]]

    @property
    def pattern(self) -> str:
        """How a set of the family is written: ``blur:<sigma>,...``."""
        return f"{self.name}:<{self.varies}>,..."

    @property
    def example(self) -> str:
        """A set of the family."""
        return f"{self.name}:{self.values}"


_FACTOR = number(0, 1000)


def _factor(name: str, description: str) -> SetFamily:
    return SetFamily(
        name,
        "factor",
        "0.5,0.8,1.2",
        description,
        _FACTOR,
        f"adjust_{name}",
        lambda value: {f"{name}_factor": value},
    )


def _blur(sigma: float) -> dict[str, Value]:
    """The kernel reaches to four sigma, where the bell is below 0.04% of its height."""
    return {"kernel_size": 2 * max(round(4 * sigma), 1) + 1, "sigma": sigma}


def _scale(factor: float) -> dict[str, Value]:
    still: dict[str, Value] = {"angle": 0, "translate": [0, 0], "shear": [0, 0]}
    return {**still, "scale": factor, "interpolation": "bilinear"}


SET_FAMILIES = (
    SetFamily(
        "scale",
        "factor",
        "0.8,0.9,1.1",
        "enlarge or shrink about the centre, bilinear, black outside",
        number(0, 100, above=True),
        "affine",
        _scale,
    ),
    SetFamily(
        "rotate",
        "degrees",
        "5,10,15",
        "rotate counter-clockwise about the centre, bilinear, black outside",
        angle(),
        "rotate",
        lambda degrees: {"angle": degrees, "interpolation": "bilinear"},
    ),
    SetFamily(
        "blur",
        "sigma",
        "1,2,4",
        "Gaussian blur, sigma in pixels",
        number(0, 100, above=True),
        "gaussian_blur",
        _blur,
    ),
    SetFamily(
        "jpeg",
        "quality",
        "90,50,20",
        "JPEG at a quality from 1 to 100",
        whole(1, 100),
        "jpeg",
        lambda quality: {"quality": quality},
    ),
    _factor("brightness", "multiply the pixels"),
    _factor("contrast", "spread the pixels about the mean grey"),
    _factor("saturation", "spread the channels about the grey of each pixel"),
    SetFamily(
        "gamma",
        "exponent",
        "0.5,2",
        "raise the pixels to a power",
        number(0, 100, above=True),
        "adjust_gamma",
        lambda exponent: {"gamma": exponent},
    ),
)

_PATTERNS = (
    *(family.pattern for family in SET_FAMILIES),
    "torchvision:NAME(parameter=value)",
    "a .yaml file",
)


def set_named(text: str) -> TransformationSet:
    """The set that a text describes.

    Args:
        text: ``family:value,...``, ``torchvision:NAME(parameter=value, ...), ...`` or the path of a YAML file.

    Returns:
        the set, identity first, then the members in the order of the text.

    Raises:
        InputError: no such family, function or file; a value or parameter that does not fit; no members; a
            member that is there twice or is the identity.
    """
    written = text.strip()
    if len(written) > MAX_LENGTH:
        raise InputError(
            f"the text of a set has {len(written)} characters",
            expected=f"at most {MAX_LENGTH:,}",
            remedy="write the set in a YAML file (docs/groups.md)",
        )
    if written.lower().endswith(SET_SUFFIXES):
        return read_set(Path(written))
    head, colon, rest = written.partition(":")
    key = head.strip().lower()
    if not colon:
        raise _unknown(written)
    if key == "torchvision":
        members = read_calls(rest)
        return set_of("torchvision:" + ",".join(member.name for member in members), members)
    family = next((family for family in SET_FAMILIES if family.name == key), None)
    if family is None:
        raise _unknown(head)
    members = [_member(family, part.strip()) for part in rest.split(",")] if rest.strip() else []
    return set_of(f"{key}:{','.join(member.name.removeprefix(key) for member in members)}", members)


def _member(family: SetFamily, text: str) -> Perturbation:
    try:
        value = resolve_scalar(text)
        read = family.kind.read(value)
    except ValueError:
        raise InputError(
            f"'{printable(text)}' is not a value of {family.name}",
            expected=f"{family.kind.expected}; several are separated by commas: {family.example}",
            remedy="docs/groups.md",
        ) from None
    assert isinstance(value, int | float)  # the kinds above are numbers
    assert isinstance(read, int | float)
    return perturbation(f"{family.name}{value:.12g}", family.function, family.parameters(read))


def _unknown(text: str) -> InputError:
    close = nearest(text.lower(), [*(family.name for family in SET_FAMILIES), "torchvision"])
    hint = f"; nearest: {', '.join(close)}" if close else ""
    return InputError(
        f"there is no transformation set '{printable(text)}'",
        expected=f"one of {', '.join(_PATTERNS)}{hint}",
        remedy="docs/groups.md; a group such as c4 goes to --group",
    )
