"""The transformation sets that can be written in one line, and the door to the others.

``blur:1,2,4`` is a family and its values; ``torchvision:NAME(parameter=value, ...), NAME(...)`` and
``path/to/set.yaml`` name functions out of torchvision. None of them is a group.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from geed_cli.documents.document import Value, printable
from geed_cli.documents.strict_yaml import parse_yaml
from geed_cli.documents.yaml_scalars import resolve_scalar
from geed_cli.errors import InputError, nearest
from geed_cli.sets.arguments import Kind, angle, number, whole
from geed_cli.sets.perturbation import Perturbation, perturbation
from geed_cli.sets.set_file import SET_SUFFIXES, read_set
from geed_cli.sets.transformation_set import TransformationSet, set_of

MAX_LENGTH = 20_000
"""Characters of one text: far above what anybody types."""
_CALL = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_.]*)\s*(?:\((.*)\))?\s*", re.DOTALL)
_GIVEN = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)", re.DOTALL)


@dataclass(frozen=True)
class SetFamily:
    """One line of a list of sets: a function of the allowlist with one value that varies.

    Attributes:
        varies: what stands behind the colon.
        values: an example of that.
        kind: what each value may be.
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


def set_named(text: str) -> TransformationSet:
    """The set that a text describes: the identity, then the members in the order of the text.

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
        members = [_read_call(call) for call in _split(rest)]
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


def _read_call(text: str) -> Perturbation:
    """The perturbation of ``NAME(parameter=value, ...)``, named by that text; values are plain YAML, nothing runs."""
    call = _CALL.fullmatch(text)
    if call is None:
        raise _unreadable(text)
    given: dict[str, Value] = {}
    for part in _split(call[2] or ""):
        pair = _GIVEN.fullmatch(part)
        if pair is None or pair[1] in given:
            raise _unreadable(text)
        given[pair[1]] = parse_yaml(pair[2], f"{call[1]}({pair[1]}=...)").data
    written = ",".join(part.strip() for part in _split(call[2] or ""))
    return perturbation(f"{call[1]}({written})" if written else call[1], call[1], given)


def _split(text: str) -> list[str]:
    """The parts between commas that stand outside of brackets; none for a blank text."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts if text.strip() else []


def _unreadable(text: str) -> InputError:
    return InputError(
        f"'{printable(text)}' does not read as a function with parameters",
        expected="NAME(parameter=value, ...), such as adjust_sharpness(sharpness_factor=2)",
        remedy="quote the text in the shell, or write the set in a YAML file (docs/groups.md)",
    )


def _unknown(text: str) -> InputError:
    close = nearest(text.lower(), [*(family.name for family in SET_FAMILIES), "torchvision"])
    hint = f"; nearest: {', '.join(close)}" if close else ""
    families = ", ".join(family.pattern for family in SET_FAMILIES)
    return InputError(
        f"there is no transformation set '{printable(text)}'",
        expected=f"one of {families}, torchvision:NAME(parameter=value), a .yaml file{hint}",
        remedy="docs/groups.md; a group such as c4 goes to --group",
    )
