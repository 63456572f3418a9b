"""The printed page as HTML for a notebook's output: the same words and numbers, intervals drawn as marks.

The output stands inside somebody else's page, light or dark: text has the colour that it has around it, lines are of
that colour and paler, and the few colours of its own have a contrast of 3 and more on white as on dark grey. It has no
script and no id, and every rule of style is about its own class, so that nothing else changes and any number of them
stand on one page.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from itertools import groupby

from markupsafe import Markup, escape
from rich.table import Table

from geed_cli.documents.document import printable
from geed_cli.report.html.drawing import Paint, decoration, interval, line, lines, shape, short_number
from geed_cli.report.marks import BEYOND, Mark
from geed_cli.report.page import BLANK, LONGEST_LABEL, Block, Cell, Column, Line, Paragraph, Rows, Section

ROOT = "geed-view"
"""The class that every rule of style is about."""
WIDTH, HEIGHT, EDGE = 150, 18, 5
"""Units of a mark, and what is left free at its ends."""
MARK, PALE = "#3a87c9", "#8a8f98"
"""Of a value with its interval, and of the line that it lies on; styles have the paler text in place of the last."""
_PAINT = Paint(MARK, "v", "circle")
_KINDS = {"green": "good", "magenta": "open", "red": "bad"}
"""What the colours of the terminal stand for."""


def notebook_view(blocks: Iterable[Block]) -> str:
    """The blocks of a printed page as one element with its styles."""
    css = files(__package__).joinpath("templates/notebook.css").read_text(encoding="utf-8")
    style = "".join(rule.strip() for rule in css.splitlines())
    made = [_as_rows(block) if isinstance(block, Table) else block for block in blocks]
    body = Markup("").join(_elements(made, _widths(made)))
    return str(Markup('<div class="{0}"><style>{1}</style>{2}</div>').format(ROOT, Markup(style), body))


def _as_rows(table: Table) -> Rows:
    """A table of rich's."""
    columns = [Column(str(column.header), left=True) for column in table.columns]
    cells = ([str(cell) for cell in column.cells] for column in table.columns)
    return Rows(columns, [Section(list(zip(*cells, strict=True)))])


def _widths(blocks: Iterable[Block]) -> dict[str, int]:
    """Characters of each column by its heading, so that the tables of one page stand below each other."""
    widths: dict[str, int] = {}
    for block in blocks:
        if isinstance(block, Rows):
            for at, column in enumerate(block.columns):
                cells = [row[at] for section in block.sections for row in section.rows]
                texts = [cell.behind if isinstance(cell, Mark) else cell for cell in cells]
                name = _name(column)
                widths[name] = max([widths.get(name, 0), *map(len, texts)])
    return widths


def _name(column: Column) -> str:
    return column.name if isinstance(column.name, str) else "\0".join(column.name)


def _elements(blocks: Iterable[Block], widths: Mapping[str, int]) -> Iterator[Markup]:
    """What stands between two blanks belongs together."""
    for blank, stanza in groupby(blocks, key=lambda block: block == BLANK):
        if not blank:
            yield from _stanza(list(stanza), widths)


def _stanza(blocks: Sequence[Block], widths: Mapping[str, int]) -> Iterator[Markup]:
    """Blocks of one kind are one element; lines before a table are its heading."""
    runs = [list(run) for _, run in groupby(blocks, key=_kind)]
    for at, run in enumerate(runs):
        heads = at + 1 < len(runs) and isinstance(runs[at + 1][0], Rows)
        paragraphs = [block for block in run if isinstance(block, Paragraph)]
        told = [block for block in run if isinstance(block, Line)]
        if paragraphs:
            yield _paragraphs(paragraphs)
        elif told:
            yield _lines(told, heads=heads)
        else:
            yield from (_rows(block, widths) for block in run if isinstance(block, Rows))


def _kind(block: Block) -> tuple[type, str]:
    return type(block), _of_style(block.style) if isinstance(block, Paragraph) else ""


def _of_style(style: str) -> str:
    """good, open, bad, or nothing."""
    return next((kind for colour, kind in _KINDS.items() if colour in style), "")


def _shown(text: str) -> str:
    """The text without control characters, which a name in a result may have."""
    return printable(text, len(text))


def _paragraphs(blocks: Sequence[Paragraph]) -> Markup:
    """Labels, and texts beside them."""
    room = max(block.hang or 0 for block in blocks)  # those that stand one below the other share it
    rows = Markup("").join(
        Markup("<div>{0}</div><div>{1}{2}</div>").format(
            _shown(block.label), _strong(block.strong), _shown(block.text)
        )
        for block in blocks
    )
    labels = f"minmax({min(room, LONGEST_LABEL)}ch,max-content)" if room else "fit-content(14em)"
    element = Markup('<div{0} style="grid-template-columns:{1} minmax(0,1fr)">{2}</div>')
    return element.format(_class(f"said {_of_style(blocks[0].style)}".strip()), labels, rows)


def _strong(text: str) -> Markup:
    return Markup("<b>{0}</b> ").format(_shown(text)) if text else Markup("")


def _lines(blocks: Sequence[Line], *, heads: bool) -> Markup:
    told = [
        Markup("<span{0}>{1}{2}</span>").format(
            _class(block.style), _strong(block.strong), _shown(block.text)
        )
        for block in blocks
    ]
    return Markup("<p{0}>{1}</p>").format(_class("heads" * heads), Markup("<br>").join(told))


def _class(names: str) -> Markup:
    return Markup(' class="{0}"').format(names) if names else Markup("")


def _rows(block: Rows, widths: Mapping[str, int]) -> Markup:
    """A table; columns that may be left out and have nothing in any row are."""
    rows = [row for section in block.sections for row in section.rows]
    kept = [
        at for at, column in enumerate(block.columns) if column.keep is None or any(row[at] for row in rows)
    ]
    columns = [block.columns[at] for at in kept]
    head = Markup("").join(
        _heading(column, widths[_name(column)], first=at == 0) for at, column in enumerate(columns)
    )
    body = Markup("").join(part for section in block.sections for part in _section(section, columns, kept))
    return Markup("<table><thead><tr>{0}</tr></thead><tbody>{1}</tbody></table>").format(head, body)


def _heading(column: Column, room: int, *, first: bool) -> Markup:
    """``room``: characters of its cells; of a name, which may be broken, no more than ``LONGEST_LABEL``."""
    if isinstance(column.name, tuple):
        cell = '<th scope="col" class="mark" style="--room:{0}ch"><div><span>{1}</span><span>{2}</span></div></th>'
        return Markup(cell).format(room, *map(_shown, column.name))
    classes = _classes(column, first=first)
    style = Markup(' style="--room:{0}ch"').format(min(room, LONGEST_LABEL))
    if not column.name:
        return Markup("<td{0}{1}></td>").format(classes, style)
    return Markup('<th scope="col"{0}{1}>{2}</th>').format(classes, style, _shown(column.name))


def _classes(column: Column, *, first: bool) -> Markup:
    """Where its cells begin, whether its names may be broken, and whether it goes where there is no room."""
    named = {"left": column.left, "name": first or column.shortens, "more": column.keep is not None}
    return _class(" ".join(name for name, there in named.items() if there))


def _section(section: Section, columns: Sequence[Column], kept: Sequence[int]) -> Iterator[Markup]:
    if section.heading:
        heading = Markup('<tr class="part"><th scope="rowgroup" colspan="{0}">{1}</th></tr>')
        yield heading.format(len(columns), _shown(section.heading))
    for number, row in enumerate(section.rows):
        style = _of_style(section.styles[number]) if section.styles else ""
        cells = (
            _cell(row[at], column, style, first=at == 0) for at, column in zip(kept, columns, strict=True)
        )
        yield Markup("<tr>{0}</tr>").format(Markup("").join(cells))


def _cell(cell: Cell, column: Column, style: str, *, first: bool) -> Markup:
    if isinstance(cell, Mark):
        marked = Markup('<td class="mark"><div>{0}{1}</div></td>')
        return marked.format(_drawn(cell), _behind(cell.behind))
    classes = _classes(column, first=first)
    if first:
        return Markup('<th scope="row"{0}>{1}{2}</th>').format(classes, _sign(style), _shown(cell))
    return Markup("<td{0}>{1}</td>").format(classes, _shown(cell))


def _sign(kind: str) -> Markup:
    """A sign before a verdict: a disc, a ring, a square, so that colour alone says nothing."""
    return Markup('<i class="{0}"></i>').format(kind) if kind else Markup("")


def _behind(text: str) -> Markup:
    """The number that the mark shows; its limits, which stand beside it, go first where there is no room."""
    number, apart, limits = text.partition(" (")
    # blanks that align numbers are as wide as digits
    shown = escape(_shown(number).replace(" ", "\u2007"))
    more = Markup('<span class="more"> ({0}</span>').format(_shown(limits)) if apart else ""
    return Markup("<span>{0}{1}</span>").format(shown, more) if text else Markup("")


def _drawn(mark: Mark) -> Markup:
    """A value between two ends with its interval, and whatever else matters there as a line across."""

    def x(part: float) -> float:
        return EDGE + (WIDTH - 2 * EDGE) * min(max(part, 0.0), 1.0)

    y = HEIGHT / 2
    ends = [(x(end), y - 3, x(end), y + 3) for end in (0.0, 1.0)]
    body = lines([(x(0.0), y, x(1.0), y), *ends], colour=PALE)
    if mark.tick is not None:
        body += line(x(mark.tick), 2, x(mark.tick), HEIGHT - 2, css="zl", colour=PALE, width=1.5)
    if mark.low is not None and mark.high is not None:
        body += interval(x(mark.low), x(mark.high), y, _PAINT, 4)
    if mark.value > BEYOND:
        body += f'<path class="fv" d="M{WIDTH - 1} {short_number(y)}l-9-5v10z" fill="{MARK}"/>'
    else:
        body += shape(_PAINT, x(mark.value), y, 3.5)
    return decoration(body, WIDTH, HEIGHT)
