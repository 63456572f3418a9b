"""What a parameter of an image function may be: numbers, lists of them, one of some words.

Values come from a YAML file or the command line, so only plain ones arrive and every bound is checked here, before
anything runs. ``read`` gives the value in one canonical, hashable form, so that equal settings are equal.
"""

from collections.abc import Callable
from dataclasses import dataclass

from geed_cli.documents.document import Value, printable

Argument = str | int | float | tuple["Argument", ...]


@dataclass(frozen=True)
class Kind:
    """The values that a parameter takes, in words; ``read`` raises a ``ValueError`` at one that does not fit."""

    expected: str
    read: Callable[[Value], Argument]


def number(low: float, high: float, *, above: bool = False) -> Kind:
    """A number from ``low``, itself included unless ``above``, to ``high``; 2 and 2.0 are one setting."""

    def read(value: Value) -> float:
        given = _numeric(value)
        if not low <= given <= high or (above and given == low):
            raise ValueError(shown(value))
        return float(given)

    words = f"above {low:g}, at most {high:g}" if above else f"from {low:g} to {high:g}"
    return Kind(f"a number {words}", read)


def whole(low: int, high: int, *, odd: bool = False) -> Kind:
    """A whole number from ``low`` to ``high``, odd if asked; 50.0 counts as 50."""

    def read(value: Value) -> int:
        given = _numeric(value)
        if not low <= given <= high or given != int(given) or (odd and given % 2 == 0):
            raise ValueError(shown(value))
        return int(given)

    return Kind(f"{'an odd' if odd else 'a'} whole number from {low} to {high}", read)


def angle() -> Kind:
    """Degrees, counter-clockwise, brought to (−180, 180]: −180 and 180 are one rotation."""

    def read(value: Value) -> float:
        degrees = float(_numeric(value))
        if not -360 <= degrees <= 360:
            raise ValueError(shown(value))
        degrees %= 360
        return degrees - 360 if degrees > 180 else degrees

    return Kind("degrees from -360 to 360", read)


def several(of: Kind, count: int, *, alone: bool = False) -> Kind:
    """A list of ``count`` values of one kind; with ``alone`` one value may stand for as many equal ones."""

    def read(value: Value) -> tuple[Argument, ...]:
        if alone and not isinstance(value, list):
            return (of.read(value),) * count
        if not isinstance(value, list) or len(value) != count:
            raise ValueError(shown(value))
        return tuple(of.read(item) for item in value)

    words = f"a list of {count}, each {of.expected}"
    return Kind(f"{of.expected}, or {words}" if alone else words, read)


def permutation(count: int) -> Kind:
    """The numbers 0 .. count − 1, each once."""
    listed = several(whole(0, count - 1), count)

    def read(value: Value) -> Argument:
        order = listed.read(value)
        if isinstance(order, tuple) and len(set(order)) != count:
            raise ValueError(shown(value))
        return order

    return Kind(f"the numbers 0 to {count - 1}, each once, in a list", read)


def one_of(*words: str) -> Kind:
    """One of some words."""

    def read(value: Value) -> str:
        if not isinstance(value, str) or value not in words:
            raise ValueError(shown(value))
        return value

    return Kind(f"one of {', '.join(words)}", read)


def shown(value: Value) -> str:
    """The value as a message may show it, at most 80 characters."""
    if isinstance(value, str):
        return f"'{printable(value)}'"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "empty"}[value]
    return printable(str(value)) if not isinstance(value, dict) else "a mapping"


def _numeric(value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(shown(value))
    return value
