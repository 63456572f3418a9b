"""The files that figures are written to, refused before anything is audited where they could not be."""

from importlib.util import find_spec
from pathlib import Path

from geed_cli.errors import InputError, RunError

SUFFIXES = (".svg", ".pdf", ".png")


def check_figure(path: Path) -> None:
    """Refuse a figure that could not be drawn.

    Raises:
        InputError: a suffix that is none of a figure's.
        RunError: matplotlib is not installed.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(
            f"a figure {path.name} of no known kind",
            expected=f"a name that ends in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}",
            remedy=f"--figure {path.with_suffix('.svg')}",
        )
    require_matplotlib()


def require_matplotlib() -> None:
    """Refuse to draw without matplotlib.

    Raises:
        RunError: it is not installed.
    """
    if find_spec("matplotlib") is None:
        raise RunError(
            "matplotlib, which draws figures, is not installed",
            expected="the extra 'plot'",
            remedy='python -m pip install "geed-cli[plot]"',
        )
