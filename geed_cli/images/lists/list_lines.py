"""The lines of a list of pictures: a path each, and in tables what else is said of it.

Text and CSV are UTF-8. Of a table the columns ``path``, ``label``, ``cluster`` and ``weight`` are read, further ones
are left alone; one that is called nearly like one of these is refused, since it would be left out silently.
"""

import csv
import io
from collections.abc import Iterable, Mapping

from geed_cli.documents.document import path_text, printable
from geed_cli.errors import InputError
from geed_cli.runtime.extras import require_extra

PATH = "path"
COLUMNS = ("label", "cluster", "weight")
"""What a table may say of a picture."""
Row = Mapping[str, str | None]
"""The texts of one line by column; None where nothing stands."""


def text_rows(data: bytes, file: str) -> list[Row]:
    """A path a line; empty lines are left out.

    Raises:
        InputError: it is not UTF-8.
    """
    lines = (line.removesuffix("\r") for line in _text(data, file).split("\n"))
    return [{PATH: line} for line in lines if line]


def csv_rows(data: bytes, file: str) -> list[Row]:
    """The lines of a CSV file with a header.

    Raises:
        InputError: it is no CSV, or its columns are not those of a list.
    """
    try:
        lines = csv.DictReader(io.StringIO(_text(data, file), newline=""), strict=True)
        known = _known(file, lines.fieldnames or ())
        return [{column: line[column] for column in known} for line in lines]
    except csv.Error as error:
        raise no_list(file, f"is no CSV file: {error}") from error


def parquet_rows(data: bytes, file: str) -> list[Row]:
    """The rows of a Parquet file.

    Raises:
        InputError: polars is not installed, it is no Parquet, or its columns are not those of a list.
    """
    polars = require_extra("polars", "polars", "parquet", f"the list {path_text(file)}")
    try:
        known = _known(file, polars.read_parquet_schema(io.BytesIO(data)))
        frame = polars.read_parquet(io.BytesIO(data), columns=known)
        columns = {name: frame.get_column(name).to_list() for name in known}
    except (InputError, MemoryError):
        raise
    except (
        Exception,
        polars.exceptions.PanicException,
    ) as error:  # whatever the file holds; a panic is no Exception
        raise no_list(file, f"is no Parquet file: {error}") from error
    if not all(isinstance(path, str) for path in columns[PATH]):
        raise no_list(file, "has paths that are no text")
    texts = [[None if value is None else str(value) for value in values] for values in columns.values()]
    return [dict(zip(columns, values, strict=True)) for values in zip(*texts, strict=True)]


def no_list(file: str, why: str) -> InputError:
    """The refusal of a file that is no list of pictures."""
    return InputError(
        f"{path_text(file)} {printable(why)}",
        expected=f"a .txt file with a path a line, or a table with the columns {PATH} and, where they are known, "
        f"{', '.join(COLUMNS)}",
        remedy=f"begin a .csv file with the line {PATH}, or {PATH},{','.join(COLUMNS)}",
    )


def _known(file: str, names: Iterable[str]) -> list[str]:
    """The columns that are read.

    Raises:
        InputError: no path, one of them twice, or another that is nearly called so.
    """
    there = list(names)
    for column in (PATH, *COLUMNS):
        near = [name for name in there if name.strip().lower().rstrip("s") == column and name != column]
        if near and column not in there:
            raise no_list(file, f"has a column {near[0]!r} and none {column!r}, which it seems to mean")
        if there.count(column) > 1:
            raise no_list(file, f"has the column {column} twice")
    if PATH not in there:
        raise no_list(file, f"has no column {PATH}")
    return [column for column in (PATH, *COLUMNS) if column in there]


def _text(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise no_list(file, f"is not UTF-8: {error.reason} at byte {error.start}") from error
