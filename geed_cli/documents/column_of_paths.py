"""A CSV or Parquet file that says one thing of each picture: a column ``path`` and one other."""

import csv
from collections.abc import Collection, Iterator
from pathlib import Path

from geed_cli.errors import InputError, nearest, nearest_are, no_such_file

PARQUET = ".parquet"
Line = tuple[str, str | None, str | None]
"""Where it stands in the file, the path, and what is said of it."""


def read_column(file: Path, column: str) -> dict[str, str]:
    """What the file says of each path, as it is written there; further columns are left alone.

    Args:
        file: Parquet where its name says so, else CSV in UTF-8 with a header; paths are below the folder of pictures,
            with ``/`` between their parts.
        column: the name of the other column.

    Raises:
        InputError: no such file, no such columns, or a path that stands there twice, with its line.
    """
    found: dict[str, str] = {}
    for where, path, said in (_parquet if is_parquet(file) else _csv)(file, column):
        if not path or said is None:
            raise _no_table(f"{file}, {where}, has no path or no {column}", file, column)
        if path in found:
            raise InputError(
                f"{file}, {where}, has {path} again",
                expected="one line for each picture",
                remedy="keep one of the two",
            )
        found[path] = said
    return found


def is_parquet(file: Path) -> bool:
    """Whether a file is one by its name."""
    return file.suffix.lower() == PARQUET


def require_all(found: dict[str, str], paths: Collection[str], file: Path, column: str) -> None:
    """Refuse a file that says nothing of some of the pictures.

    Raises:
        InputError: with how many, and the first of them.
    """
    lacking = [path for path in paths if path not in found]
    if lacking:
        raise InputError(
            f"{file} has no {column} for {len(lacking)} of {len(paths)} pictures, the first of them {lacking[0]}",
            expected="a line for every picture that is audited, with its path below the folder of pictures",
            remedy=f"add the lines, as in: {lacking[0]},…",
        )


def _csv(file: Path, column: str) -> Iterator[Line]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            lines = csv.DictReader(stream, strict=True)
            _require_columns(file, column, lines.fieldnames or ())
            for line in lines:
                yield f"line {lines.line_num}", line["path"], line[column]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(file, column, error) from None


def _parquet(file: Path, column: str) -> Iterator[Line]:
    try:
        import polars  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise InputError(
            f"{file} needs the package polars, which cannot be imported here: {error}",
            expected="the package polars (geed's extra parquet), or a CSV file",
            remedy="python -m pip install polars",
        ) from error
    try:
        _require_columns(file, column, polars.read_parquet_schema(file))
        rows = polars.read_parquet(file, columns=["path", column]).iter_rows()
    except (OSError, polars.exceptions.PolarsError, polars.exceptions.PanicException) as error:
        raise _unreadable(file, column, error) from None
    for number, (path, said) in enumerate(rows, start=1):
        yield f"row {number}", None if path is None else str(path), None if said is None else str(said)


def _require_columns(file: Path, column: str, there: Collection[str]) -> None:
    if missing := [name for name in ("path", column) if name not in there]:
        close = nearest_are(nearest(missing[0], there))
        raise _no_table(f"{file} has no column {' and none '.join(missing)}", file, column, close)


def _unreadable(file: Path, column: str, error: BaseException) -> InputError:
    if isinstance(error, FileNotFoundError):
        return no_such_file(file, str(file))
    reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
    return _no_table(f"{file} cannot be read: {reason}", file, column)


def _no_table(found: str, file: Path, column: str, close: str = "") -> InputError:
    if is_parquet(file):
        return InputError(
            found,
            expected=f"a Parquet file with the columns path and {column}{close}",
            remedy=f"write a file with these columns, or a CSV file that begins with the line: path,{column}",
        )
    return InputError(
        found,
        expected=f"a CSV file with the columns path and {column}, and a header{close}",
        remedy=f"begin the file with the line: path,{column}",
    )
