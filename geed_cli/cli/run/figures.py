"""The figure beside the table of a command; what draws it is imported only where one was asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from geed_cli.cli.run.outputs import Output
from geed_cli.errors import InputError
from geed_cli.report.console import message_console, plain
from geed_cli.report.figures.figure_file import check_figure
from geed_cli.result.file import check_writable

if TYPE_CHECKING:
    from geed_cli.report.figures.sheet import Sheet


@dataclass(frozen=True)
class AskedFigure:
    """``--figure`` and ``--share-y``."""

    path: Path | None = None
    share_y: bool = False

    def check(self) -> None:
        """Refuse what could not be drawn, before hours are spent on its values.

        Raises:
            InputError: a file that cannot be written or is of no known kind, or shared axes without a figure.
            RunError: matplotlib is not installed.
        """
        if self.path is not None:
            check_figure(self.path)
            check_writable(self.path)
        elif self.share_y:
            raise InputError(
                "--share-y without --figure",
                expected="the figure whose axes are shared",
                remedy="--figure figure.svg --share-y",
            )

    def outputs(self, make: "Callable[[], Sheet]") -> list[Output]:
        """The figure among a command's outputs; its caption is said, since nothing of it is drawn."""
        path = self.path
        if path is None:
            return []

        def drawn() -> bytes:
            sheet = make()
            content = sheet.draw(path.suffix)
            message_console().print(f"caption: {plain(sheet.caption, 2000)}")
            return content

        return [(path, drawn)]
