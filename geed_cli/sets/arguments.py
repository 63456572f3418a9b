"""What a parameter of an image function may be: numbers, lists of them, one of some words.

Values come from a YAML file or the command line, so only plain ones arrive and every bound is checked here, before
anything runs. ``read`` gives the value in one canonical, hashable form, so that equal settings are equal.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from geed_cli.documents.document import Value, printable

Argument = str | int | float | tuple["Argument", ...]


class Kind(ABC):
    """The values that a parameter takes."""

    @property
    @abstractmethod
    def expected(self) -> str:
        """What fits, in words."""

    @abstractmethod
    def read(self, value: Value) -> Argument:
        """The value in its canonical form.

        Raises:
            ValueError: the value does not fit; the message shows it.
        """


@dataclass(frozen=True)
class Number(Kind):
    """A finite number.

    Attributes:
        low: the smallest that fits.
        high: the largest that fits.
        above: an open lower bound, if any.
    """

    low: float
    high: float
    above: float | None = None

    @property
    def expected(self) -> str:
        """Such as ``a number above 0, at most 100``."""
        if self.above is None:
            return f"a number from {self.low:g} to {self.high:g}"
        return f"a number above {self.above:g}, at most {self.high:g}"

    def read(self, value: Value) -> float:
        """A float: 2 and 2.0 are one setting."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(shown(value))
        if not self.low <= value <= self.high or (self.above is not None and value <= self.above):
            raise ValueError(shown(value))
        return float(value)


@dataclass(frozen=True)
class Whole(Kind):
    """A whole number from ``low`` to ``high``, odd if asked."""

    low: int
    high: int
    odd: bool = False

    @property
    def expected(self) -> str:
        """Such as ``a whole number from 1 to 100``."""
        return f"{'an odd' if self.odd else 'a'} whole number from {self.low} to {self.high}"

    def read(self, value: Value) -> int:
        """An int; 50.0 counts as 50."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(shown(value))
        if value != int(value) or not self.low <= value <= self.high or (self.odd and value % 2 == 0):
            raise ValueError(shown(value))
        return int(value)


@dataclass(frozen=True)
class Angle(Kind):
    """Degrees from −360 to 360, counter-clockwise, brought to (−180, 180]: −180 and 180 are one rotation."""

    @property
    def expected(self) -> str:
        """In words."""
        return "degrees from -360 to 360"

    def read(self, value: Value) -> float:
        """The equal angle in (−180, 180]."""
        degrees = Number(-360, 360).read(value) % 360
        return degrees - 360 if degrees > 180 else degrees


@dataclass(frozen=True)
class Several(Kind):
    """A list of values of one kind.

    Attributes:
        of: the kind of each.
        count: how many.
        alone: whether one value may stand for ``count`` equal ones.
    """

    of: Kind
    count: int
    alone: bool = False

    @property
    def expected(self) -> str:
        """Such as ``a list of 2, each a number from 0 to 1``."""
        several = f"a list of {self.count}, each {self.of.expected}"
        return f"{self.of.expected}, or {several}" if self.alone else several

    def read(self, value: Value) -> tuple[Argument, ...]:
        """A tuple of the canonical values."""
        if self.alone and not isinstance(value, list):
            return (self.of.read(value),) * self.count
        if not isinstance(value, list) or len(value) != self.count:
            raise ValueError(shown(value))
        return tuple(self.of.read(item) for item in value)


@dataclass(frozen=True)
class Permutation(Kind):
    """The numbers 0 .. count − 1, each once."""

    count: int

    @property
    def expected(self) -> str:
        """In words."""
        return f"the numbers 0 to {self.count - 1}, each once, in a list"

    def read(self, value: Value) -> tuple[Argument, ...]:
        """A tuple of ints."""
        order = Several(Whole(0, self.count - 1), self.count).read(value)
        if len(set(order)) != self.count:
            raise ValueError(shown(value))
        return order


@dataclass(frozen=True)
class OneOf(Kind):
    """One of some words."""

    words: tuple[str, ...]

    @property
    def expected(self) -> str:
        """The words."""
        return f"one of {', '.join(self.words)}"

    def read(self, value: Value) -> str:
        """The word."""
        if not isinstance(value, str) or value not in self.words:
            raise ValueError(shown(value))
        return value


def shown(value: Value) -> str:
    """The value as a message may show it, at most 80 characters."""
    if isinstance(value, str):
        return f"'{printable(value)}'"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "empty"}[value]
    return printable(str(value)) if not isinstance(value, dict) else "a mapping"
