"""A CSV file that says one thing of each picture: a column ``path`` and one other."""

import csv
from collections.abc import Collection
from pathlib import Path

from geed_cli.errors import InputError, nearest, nearest_are


def read_column(file: Path, column: str) -> dict[str, str]:
    """What the file says of each path, as it is written there; further columns are left alone.

    Args:
        file: UTF-8, with a header; paths are below the folder of pictures, with ``/`` between their parts.
        column: the name of the other column.

    Raises:
        InputError: no such file, no such columns, or a path that stands there twice, with its line.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            lines = csv.DictReader(stream, strict=True)
            there = lines.fieldnames or ()
            if missing := [name for name in ("path", column) if name not in there]:
                close = nearest_are(nearest(missing[0], there))
                raise _no_table(f"{file} has no column {' and none '.join(missing)}", column, close)
            found: dict[str, str] = {}
            for line in lines:
                path, said = line["path"], line[column]
                if not path or said is None:
                    raise _no_table(f"{file}, line {lines.line_num}, has no path or no {column}", column)
                if path in found:
                    raise InputError(
                        f"{file}, line {lines.line_num}, has {path} again",
                        expected="one line for each picture",
                        remedy="keep one of the two",
                    )
                found[path] = said
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _no_table(f"{file} cannot be read: {reason}", column) from None
    return found


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


def _no_table(found: str, column: str, close: str = "") -> InputError:
    return InputError(
        found,
        expected=f"a CSV file with the columns path and {column}, and a header{close}",
        remedy=f"begin the file with the line: path,{column}",
    )
