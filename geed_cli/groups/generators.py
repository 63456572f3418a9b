"""Generators of groups as files and Python write them: mappings, read strictly.

A generator permutes channels, turns the hue, mirrors, turns, then shifts; every key is optional, but one must be
there. An unknown key is an error, not a generator that does less.
"""

import json
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from numbers import Integral, Real
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from geed_cli.documents.document import Document
from geed_cli.documents.validation import StrictPart, validate
from geed_cli.errors import InputError
from geed_cli.groups.colour import PERMUTATIONS, Colour
from geed_cli.groups.families import family_of
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


class Generators(StrictPart):
    """A whole file: what tables call the group, and what it is closed from."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,39}$")]
    generators: tuple[Generator, ...]

    @field_validator("generators")
    @classmethod
    def _some(cls, generators: tuple[Generator, ...]) -> tuple[Generator, ...]:
        # no Field(min_length=1): that counts the generators without errors, and hides the errors of the others
        if not generators:
            raise ValueError("is empty; expected at least one generator")
        return generators


def transforms_of(name: str, generators: Sequence[Mapping[str, object]]) -> list[Transform]:
    """The generators of a group that is given in Python.

    Raises:
        InputError: a generator or the name does not fit, or the name is one of the catalogue's, which must not get
            another meaning: results are compared by the names of groups.
    """
    try:
        data = json.loads(json.dumps({"name": name, "generators": generators}, default=_plain))
    except (TypeError, ValueError) as error:
        raise InputError(
            f"generators of {name!r}: {error}",
            expected='a list of mappings of text and numbers, such as [{"turn": 90}, {"mirror": True}]',
            remedy='Group.from_generators([{"turn": 90}, {"mirror": True}], name="mine")',
        ) from None
    read = validate(Document("group", data, {}), Generators)
    if family_of(read.name.lower()) is not None:
        raise InputError(
            f"a group of generators is called {name!r}, which is a name of the catalogue",
            expected="a name of its own",
            remedy=f"name='my-{name.lower()}'",
        )
    return [generator.transform() for generator in read.generators]


def _plain(value: object) -> object:
    """A number of another library, or an exact part, as JSON writes it."""
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Real):
        return float(value)
    raise TypeError(f"a {type(value).__name__} is no text and no number")


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
