"""Groups closed from the generators in a YAML file: ``-g my/group.yaml``.

A generator permutes channels, turns the hue, mirrors, turns, then shifts; every key is optional, but one must be
there. The file is read strictly: an unknown key is an error, not a generator that does less.
"""

import re
from fractions import Fraction
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from geed_cli.documents.strict_yaml import read_yaml
from geed_cli.documents.validation import StrictPart, validate
from geed_cli.errors import InputError
from geed_cli.groups.colour import PERMUTATIONS, Colour
from geed_cli.groups.group import MAX_ORDER, FiniteGroup, closure
from geed_cli.groups.planar import Planar, Shift
from geed_cli.groups.transform import Transform

Angle = int | float | str
Part = int | str


class Generator(StrictPart):
    """One generator; a turn or a hue is degrees where it is a number, part of a turn where it is text (``1/8``).

    Attributes:
        turn: counter-clockwise, after the mirror.
        shift: [down, right], parts of the frame such as ``1/7``.
        colour: where red, green and blue are taken from, such as ``gbr``.
        hue: red towards green.
    """

    mirror: bool = False
    turn: Angle = 0
    shift: tuple[Part, Part] = (0, 0)
    colour: str = "rgb"
    hue: Angle = 0
    invert: bool = False

    @field_validator("turn", "hue")
    @classmethod
    def _is_angle(cls, angle: Angle) -> Angle:
        _turn(angle)
        return angle

    @field_validator("shift")
    @classmethod
    def _is_shift(cls, parts: tuple[Part, Part]) -> tuple[Part, Part]:
        for part in parts:
            _part(part)
        return parts

    @field_validator("colour")
    @classmethod
    def _is_order(cls, order: str) -> str:
        if order not in PERMUTATIONS:
            raise ValueError(f"is '{order}'; expected one of {', '.join(PERMUTATIONS)}")
        return order

    @model_validator(mode="after")
    def _does_something(self) -> "Generator":
        if not self.model_fields_set:
            raise ValueError(f"a generator without keys; expected one of {', '.join(Generator.model_fields)}")
        return self

    def transform(self) -> Transform:
        """The generator as a transform; an ``InputError`` where a turn and a shift have no product."""
        hue = Colour(_turn(self.hue), invert=self.invert) @ PERMUTATIONS[self.colour]
        down, right = (_part(part) for part in self.shift)
        return Transform(Planar(_turn(self.turn), self.mirror), Shift(down, right), hue)


class GroupFile(StrictPart):
    """The whole file: what tables call the group, and what it is closed from."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,39}$")]
    generators: tuple[Generator, ...]

    @field_validator("generators")
    @classmethod
    def _some(cls, generators: tuple[Generator, ...]) -> tuple[Generator, ...]:
        # no Field(min_length=1): that counts the generators without errors, and hides the errors of the others
        if not generators:
            raise ValueError("is empty; expected at least one generator")
        return generators


def read_group(path: Path) -> FiniteGroup:
    """The group that a file describes, its elements in breadth-first order from the generators.

    Raises:
        InputError: the file cannot be read or does not fit the schema, with its line; a turn that is no multiple of
            90 degrees meets a shift; or more than 1024 elements.
    """
    file = validate(read_yaml(path), GroupFile)
    elements = closure([generator.transform() for generator in file.generators])
    if elements is None:
        raise InputError(
            f"the generators in {path} give more than {MAX_ORDER} elements",
            expected=f"a group of order {MAX_ORDER} at most",
            remedy="coarser turns, shifts or hues, or fewer generators",
        )
    return FiniteGroup(file.name, elements)


def _turn(angle: Angle) -> Fraction:
    """Part of a turn in [0, 1): text is a part of a turn, a number degrees as written in decimals."""
    if isinstance(angle, str):
        return _fraction(angle, "degrees, such as 45, or a part of a turn, such as 1/8") % 1
    return Fraction(str(angle)) / 360 % 1


def _part(part: Part) -> Fraction:
    return _fraction(str(part), "a part of the frame, such as 1/7") % 1


def _fraction(text: str, expected: str) -> Fraction:
    """A whole number or a fraction, as written."""
    # at most six digits: far beyond any group of order 1024, and quick to compute with
    written = re.fullmatch(r"(-?[0-9]{1,6})(?:/([0-9]{1,6}))?", text)
    if not written or int(written[2] or 1) == 0:
        raise ValueError(f"is '{text}'; expected {expected}")
    return Fraction(int(written[1]), int(written[2] or 1))
