"""What Python gives back of an audit, a comparison, a gate, a track or a plan: to be looked at, kept and gone on with.

Each prints as its command does, shows itself in a notebook, has its rows as records and data frames, and is saved as
the file that its command writes.
"""

import os
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from geed_cli.result.frames import Columns, Rows, Scalar, pandas_frame, polars_frame, records
from geed_cli.result.part import Part, in_line

WIDTH = 100
"""Columns of a table that nobody asked for otherwise, the most that a page has."""


@dataclass(frozen=True)
class Figure:
    """A figure as the text of an SVG file.

    Attributes:
        title: what it shows, in a line.
        caption: what a caption in a paper has to say; empty of a figure of the report page, which says it itself.
        paper: gives the contents of files of other kinds, ``.pdf`` and ``.png``; None where there is only the SVG.
    """

    svg: str
    title: str
    caption: str = ""
    paper: Callable[[str], bytes] | None = field(default=None, repr=False, compare=False)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file, .svg or where it is drawn for a paper .pdf or .png; whole or not at all.

        Raises:
            InputError: a name that ends otherwise, or a file that cannot be written.
            RunError: writing failed.
        """
        drawing().save_figure(self, Path(path))

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_html_(self) -> str:
        """The figure on a ground of its own, since its colours are those of a light page."""
        html: str = drawing().figure_html(self)
        return html

    def __repr__(self) -> str:
        return in_line("Figure", self.title)


class Presented(Part):
    """Base of what commands make and people look at."""

    @abstractmethod
    def rows_and_columns(self) -> tuple[Columns, Rows]:
        """The columns of ``to_records`` with their types, and the rows in their order."""

    def to_records(self) -> list[dict[str, Scalar]]:
        """A flat dict for each row, all with the same keys; docs/python.md lists them."""
        return records(*self.rows_and_columns())

    def to_pandas(self) -> Any:  # noqa: ANN401 - pandas is not required
        """The records as a ``pandas.DataFrame``.

        Raises:
            InputError: pandas is not installed.
        """
        return pandas_frame(*self.rows_and_columns())

    def to_polars(self) -> Any:  # noqa: ANN401 - polars is not required
        """The records as a ``polars.DataFrame``.

        Raises:
            InputError: polars is not installed.
        """
        return polars_frame(*self.rows_and_columns())

    def table(self, width: int = WIDTH, *, verbose: bool = False, linear: bool = False) -> str:
        """What the command prints, as text without colour.

        Args:
            width: columns, of which at most 100 are used.
            verbose: with every other number and note, as ``-v``.
            linear: one statement a line, for screen readers, as ``--linear``.

        Raises:
            InputError: a width that nothing can be written in.
        """
        text: str = drawing().text_of(self, width, verbose=verbose, linear=linear)
        return text

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file that the command writes: JSON, or a report page where the name ends in .html.

        A gate's report is also written as .md, .junit.xml or .yaml. The file is whole, or as it was before.

        Raises:
            InputError: a name of another kind, or a file that cannot be written.
            RunError: writing failed.
        """
        drawing().save(self, Path(path))

    def __str__(self) -> str:
        return self.table()

    def _repr_html_(self) -> str:
        """The table as a notebook shows it: no script, and styles that act on nothing else."""
        html: str = drawing().html_of(self)
        return html

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """The same beside the plain text, for frontends that have no HTML."""
        del include, exclude  # IPython leaves out by itself what it was not asked for
        return {"text/plain": str(self), "text/html": self._repr_html_()}


def drawing() -> Any:  # noqa: ANN401 - a module
    """What draws, which stands above all that it draws, and so cannot be named where these are defined.

    Found by its name, it is imported by whoever looks at a result, and not by whoever reads or makes one.
    """
    return import_module("geed_cli.report.presentation")
