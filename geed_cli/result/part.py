"""What everything that is saved is made of, and how one of its numbers is told in a line of Python's own."""

import math

from pydantic import BaseModel, ConfigDict

from geed_cli.documents.document import printable

MOST_DECIMALS_IN_LINE = 6
"""Decimals of a number in such a line; one that needs more has three significant digits and an exponent."""


class Part(BaseModel):
    """Base of every part: frozen, no unknown keys, no NaN."""

    # constants: so that a number that is not finite is seen when it is written, and not made null
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, ser_json_inf_nan="constants")


class Told(Part):
    """Base of a row that prints as one line, since its rows of images would fill a screen."""

    def __str__(self) -> str:
        return repr(self)


def in_line(kind: str, *words: object) -> str:
    """``<Entry latent.l2 flip 0.0123 [0.0110, 0.0140]>``: words that are None or empty are left out."""
    said = " ".join(printable(str(word), 300) for word in words if word not in (None, ""))
    return f"<{kind} {said}>"


def with_limits(value: float | None, ci: tuple[float, float] | None, sign: str = "") -> str:
    """A value with its limits, to two digits of half their distance: ``0.0123 [0.0110, 0.0140]``.

    ``sign`` is "+" where a value is a difference.
    """
    if value is None:
        return "undefined"
    if ci is None or not ci[1] > ci[0]:
        return f"{value:{sign}.3g}"
    decimals = max(0, 1 - math.floor(math.log10((ci[1] - ci[0]) / 2)))
    form = f"{sign}.{decimals}f" if decimals <= MOST_DECIMALS_IN_LINE else f"{sign}.3g"
    return f"{value:{form}} [{ci[0]:{form}}, {ci[1]:{form}}]"
