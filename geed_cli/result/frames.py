"""Rows of a result as records and as data frames of pandas or polars, of which neither is required."""

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from geed_cli.errors import InputError

Scalar = str | int | float | bool | None
Columns = Mapping[str, type[str] | type[int] | type[float] | type[bool]]
"""The names of columns in their order, each with the type of its values, of which any may be missing."""
Rows = Iterable[Sequence[Scalar]]
_PANDAS = {str: "object", int: "Int64", float: "float64", bool: "boolean"}


def limits(ci: tuple[float, float] | None) -> tuple[float | None, float | None]:
    """Both limits; None for each of an interval that there is not."""
    return (None, None) if ci is None else ci


def records(columns: Columns, rows: Rows) -> list[dict[str, Scalar]]:
    """A flat dict for each row; what a row does not have is None."""
    return [dict(zip(columns, row, strict=True)) for row in rows]


def pandas_frame(columns: Columns, rows: Rows) -> Any:  # noqa: ANN401 - pandas is not required
    """The rows as a ``pandas.DataFrame``; columns have their type also where every value is missing.

    Raises:
        InputError: pandas is not installed.
    """
    pandas = _imported("pandas")
    frame = pandas.DataFrame.from_records(list(rows), columns=list(columns))
    return frame.astype({name: _PANDAS[kind] for name, kind in columns.items()})


def polars_frame(columns: Columns, rows: Rows) -> Any:  # noqa: ANN401 - polars is not required
    """The rows as a ``polars.DataFrame``, likewise.

    Raises:
        InputError: polars is not installed.
    """
    return _imported("polars").DataFrame(list(rows), schema=dict(columns), orient="row")


def _imported(name: str) -> Any:  # noqa: ANN401 - a module
    if find_spec(name) is None:
        raise InputError(
            f"{name} is not installed",
            expected=f"{name}, whose data frame this is; to_records() needs nothing",
            remedy=f"python -m pip install {name}",
        )
    return import_module(name)
