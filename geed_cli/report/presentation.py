"""What Python shows of a result, comparison, gate, track or plan: the printed page as text and as HTML, and its files.

What the page recommends is said in the words of Python (``verdict.python_names``); all else is the command's.

The one module that ``geed_cli.result.presented`` finds by name.
"""

import functools
import io
from collections.abc import Callable, Iterable, Iterator
from numbers import Integral
from pathlib import Path
from typing import get_args

from geed_cli.choices import Plot, View, check_choice
from geed_cli.comparison.schema import Comparison
from geed_cli.errors import InputError
from geed_cli.forecast.planned import Plan
from geed_cli.gate.outcome import GateReport
from geed_cli.report.audit_page import audit_page
from geed_cli.report.comparison_page import comparison_page
from geed_cli.report.console import PipeConsole
from geed_cli.report.figures.comparison_figure import comparison_sheet
from geed_cli.report.figures.figure_file import SUFFIXES, require_matplotlib
from geed_cli.report.figures.sweep_figure import sweep_sheet
from geed_cli.report.figures.track_figure import track_sheet
from geed_cli.report.gate.gate_table import gate_page
from geed_cli.report.gate.kinds import KINDS
from geed_cli.report.html.page_contents import PageContents
from geed_cli.report.marks import plain_characters
from geed_cli.report.page import Block, Line, Paragraph, Rows, print_page, with_texts
from geed_cli.report.plan_page import plan_page
from geed_cli.report.sweep_page import sweep_page
from geed_cli.report.track_page import track_page
from geed_cli.result.file import check_writable, to_strict_json, write_atomically
from geed_cli.result.presented import WIDTH, Figure, Presented
from geed_cli.result.schema import Result
from geed_cli.sweeps.manifest import Sweep
from geed_cli.tracking.columns import columns_of, groups_of, labels_of
from geed_cli.tracking.record import Track
from geed_cli.tracking.track_file import to_json
from geed_cli.verdict.python_names import in_python

NARROWEST = 20
"""Columns below which not even a word stands whole."""


def text_of(part: Presented, width: int, *, verbose: bool, linear: bool) -> str:
    """The printed page as text without colour.

    Raises:
        InputError: fewer columns than ``NARROWEST``, or no number of them.
    """
    if isinstance(width, bool) or not isinstance(width, Integral) or width < NARROWEST:
        raise InputError(
            f"a table of {width if isinstance(width, Integral) else repr(width)} columns",
            expected=f"a whole number, {NARROWEST} or more",
            remedy="table(width=100)",
        )
    stream = io.StringIO()
    # in a notebook rich would show the text by itself, and take any stream for a terminal
    console = PipeConsole(
        file=stream,
        width=width,
        color_system=None,
        force_jupyter=False,
        force_terminal=False,
        markup=False,
        highlight=False,
        emoji=False,
    )
    view = View(verbose=verbose, linear=linear)
    print_page(_page(part, view, width, tenths=plain_characters(console)), console, linear=linear)
    return stream.getvalue().rstrip("\n")


def html_of(part: Presented) -> str:
    """The printed page as a notebook shows it."""
    from geed_cli.report.html.notebook_view import notebook_view  # noqa: PLC0415 - only here

    return notebook_view(_page(part, View(), WIDTH))


def figure_html(figure: Figure) -> str:
    """A figure on a white ground of its own, in whatever page."""
    style = "display:inline-block;background:#ffffff;padding:8px 12px;border-radius:4px;max-width:100%"
    return f'<div style="{style}">{figure.svg}</div>'


def _page(part: Presented, view: View, width: int, *, tenths: bool = False) -> Iterator[Block]:
    """The blocks that the command prints, in the words of Python; they are laid out afterwards."""
    for block in _printed(part, view, width, tenths=tenths):
        # what rich renders are tables of names and numbers
        yield with_texts(block, in_python) if isinstance(block, Paragraph | Line | Rows) else block


def _printed(part: Presented, view: View, width: int, *, tenths: bool) -> Iterator[Block]:
    """The blocks that the command prints."""
    if isinstance(part, Result):
        return audit_page(part, view, width, tenths=tenths)
    if isinstance(part, Track):
        return track_page(part, columns_of(part, ("*",) if view.verbose else ()), view, width)
    if isinstance(part, Sweep):
        return sweep_page(part, view, width)
    if isinstance(part, Plan):
        return plan_page(part, view)
    if isinstance(part, Comparison):
        return comparison_page(part, view, width)
    assert isinstance(part, GateReport), "the last of them"
    return gate_page(part, view, width)


def save(part: Presented, path: Path) -> None:
    """Write the file that the name's ending asks for.

    Raises:
        InputError: an ending that is no kind of this part, or a file that cannot be written.
        RunError: writing failed.
    """
    kinds = _kinds(part)
    for suffix, make in kinds.items():
        if path.name.lower().endswith(suffix):
            check_writable(path)
            write_atomically(make(), path)
            return
    raise _no_kind(path, kinds)


def save_figure(figure: Figure, path: Path) -> None:
    """Write the file; errors as those of ``save``."""
    suffix = path.suffix.lower()
    kinds = (".svg",) if figure.paper is None else SUFFIXES
    if suffix not in kinds:
        raise _no_kind(path, kinds)
    check_writable(path)
    write_atomically(figure.svg if figure.paper is None or suffix == ".svg" else figure.paper(suffix), path)


def figure_of(result: Result, kind: Plot, group: str | None) -> Figure:
    """A figure of ``geed report --plot``.

    Raises:
        InputError: no such figure or group, or nothing to draw.
    """
    from geed_cli.report.html.single_figure import single_figure  # noqa: PLC0415 - only here

    check_choice("figure", kind, get_args(Plot))
    if group is not None:
        check_choice("group", group, [each.name for each in result.groups])
    svg = single_figure(kind, {result.model.arch: result}, group)
    return Figure(svg, f"{kind} of {result.model.arch}")


def values_of(part: Comparison | Sweep, metric: str | None, group: str | None, *, share_y: bool) -> Figure:
    """The figure that the command's ``--figure`` draws, of one measure and group where these are named.

    Raises:
        InputError: no such measure or group, or no value.
        RunError: matplotlib is not installed.
    """
    require_matplotlib()
    rows = part.lines if isinstance(part, Comparison) else part.values
    if group is not None:
        check_choice("group", group, list(dict.fromkeys(row.group for row in rows)))
    metrics, groups = [metric] if metric else [], [group] if group else []
    if isinstance(part, Comparison):
        sheet = comparison_sheet(part, metrics, groups, share_y=share_y)
    else:
        sheet = sweep_sheet(part, metrics, groups, share_y=share_y)
    return Figure(sheet.draw(".svg").decode(), sheet.title, sheet.caption, sheet.draw)


def trajectory_of(track: Track, metric: str | None, group: str | None, layer: str | None) -> Figure:
    """A measure along training, as a report page draws it; arguments that are None are the first that the page has.

    Raises:
        InputError: a measure, group or layer that the track does not have, or nothing to draw.
    """
    from geed_cli.report.html.shown_model import subjects_of  # noqa: PLC0415 - only here
    from geed_cli.report.html.trajectory_figure import trajectory_figure  # noqa: PLC0415

    groups = groups_of(track)
    if group is not None:
        check_choice("group", group, groups)
    column = columns_of(track, [metric] if metric else (), [layer] if layer else ())[0]
    paints = [subject.paint for subject in subjects_of(labels_of(track))]
    svg = trajectory_figure(track, group or groups[0], column, paints)
    if svg is None:
        raise InputError(
            f"nothing to draw of {column.title}",
            expected="a value at one step",
            remedy="choose another measure",
        )
    sheet = track_sheet(track, [column], [group or groups[0]])
    return Figure(f"{svg}\n", f"{column.title} under {group or groups[0]}", sheet.caption, sheet.draw)


def _kinds(part: Presented) -> dict[str, Callable[[], str]]:
    """What makes the text of each kind of file, by its ending."""
    kinds: dict[str, Callable[[], str]] = {
        ".json": lambda: to_json(part) if isinstance(part, Track) else to_strict_json(part)
    }
    if isinstance(part, GateReport):
        kinds |= {suffix: functools.partial(make, part) for suffix, make in KINDS.items()}
    if not isinstance(part, Plan):
        kinds[".html"] = lambda: _report_page(part)
    return kinds


def _report_page(part: Presented) -> str:
    from geed_cli.report.html.report_page import report_page  # noqa: PLC0415 - jinja2

    return report_page(
        PageContents(
            {part.model.arch: part} if isinstance(part, Result) else {},
            part if isinstance(part, Comparison) else None,
            part if isinstance(part, GateReport) else None,
            part if isinstance(part, Track) else None,
            sweep=part if isinstance(part, Sweep) else None,
        )
    )


def _no_kind(path: Path, kinds: Iterable[str]) -> InputError:
    known = list(kinds)
    # a folder, such as that of an empty name, has no other ending
    named = path.with_suffix(known[0]) if path.name else path / f"result{known[0]}"
    return InputError(
        f"no kind of file has the name {path.name!r} here",
        expected=f"a name that ends in {' or '.join(known)}",
        remedy=f'save("{named.as_posix()}")',
    )
