"""Indented JSON by pydantic's serialiser is, byte for byte, what Python's own writer makes of the same values."""

import json
import math

import pytest

from geed_cli.result.file import to_strict_json
from geed_cli.result.part import Part

NUMBERS = (0.0, -0.0, 1.0, 0.1, 1 / 3, 1e-4, 9.99e-5, -1e-5, 1.5e-5, -1.2345e-7, 5e-324, 1e15, 123456789.125)
STRING = 'é\x7f\u2028\n\t"/\\ \x01 0.00001, 1e-7, "x": 1e-7 NaN'


class Inner(Part):
    """A part of a part."""

    path: str
    value: float | None = None


class Outer(Part):
    """Whatever a result has: numbers, texts that look like numbers, and what is empty."""

    value: float
    rows: tuple[float | None, ...]
    inner: tuple[Inner, ...]
    by_name: dict[str, tuple[float, ...]]
    by_place: dict[int, str]


WHOLE = Outer(
    value=1e-9,
    rows=(*NUMBERS, None),
    inner=(Inner(path="1e-7,"), Inner(path="0.00001", value=1e-7), Inner(path=STRING, value=-1e-9)),
    by_name={'a": 1e-7': (1e-7,), STRING: (), "e-": (0.00001, 1.0)},
    by_place={3: "1e-5", -1: "NaN"},
)


@pytest.mark.parametrize("part", [WHOLE, Outer(value=1.0, rows=(), inner=(), by_name={}, by_place={})])
def test_bytes_are_those_of_python(part: Outer) -> None:
    plain = json.dumps(part.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"
    assert to_strict_json(part) == plain
    assert Outer.model_validate_json(to_strict_json(part)) == part


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("where", ["value", "rows", "inner"])
def test_numbers_that_are_not_finite_are_never_written(bad: float, where: str) -> None:
    """The schema refuses them, and copies with other values are not checked by it."""
    changed = {"value": bad, "rows": (1.0, bad), "inner": (WHOLE.inner[0].model_copy(update={"value": bad}),)}
    with pytest.raises(ValueError, match="not strict JSON"):
        to_strict_json(WHOLE.model_copy(update={where: changed[where]}))


def test_stray_bytes_of_paths_are_text() -> None:
    """Half of a surrogate pair is how Python holds a byte that is no UTF-8."""
    assert "\\\\xff.png" in to_strict_json(Inner(path="\udcff.png"))
