"""What a command prints, as blocks: the answer, warnings, facts, rows of numbers, what to do next.

Reports make the blocks, and ``print_page`` puts them on a console: as columns that fit its width, in ASCII where it has
nothing else, or ``linear``, one statement a line, for screen readers. Numbers are never cut: where room is lacking,
marks shrink, then whole columns go, then names lose their beginning; at last rows are told one by one.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from geed_cli.report.cells import Justify
from geed_cli.report.console import emit, harmless, write
from geed_cli.report.marks import Mark, ascii_text, plain_characters

NARROW = 72
"""Columns below which limits are joined by two dots."""
WIDEST = 100
"""Columns: in longer lines the eye loses its place."""
LONGEST_LABEL = 20
"""A longer label stands above its paragraph, not beside it."""
SHORTEST_NAME = 10
"""To so many characters names are shortened where room is lacking."""
NARROWEST_MARK, WIDEST_MARK = 12, 24
GAP = 2
"""Blanks between two columns."""

Part = TypeVar("Part")
Cell = str | Mark


@dataclass(frozen=True)
class Paragraph:
    """A label, and a text beside it that is wrapped there.

    Attributes:
        strong: the beginning of the text, in bold.
        style: of the label.
        hang: columns of the label; paragraphs that stand together share it, and None is its own length.
    """

    label: str
    text: str
    strong: str = ""
    style: str = "bold"
    hang: int | None = None


@dataclass(frozen=True)
class Line:
    """A line by itself, wrapped where it is too long; empty, it sets blocks apart.

    Attributes:
        strong: its beginning, in bold.
        drawn: whether it explains what is drawn, and is left out where nothing is.
    """

    text: str = ""
    style: str = ""
    strong: str = ""
    indent: int = 0
    drawn: bool = False


@dataclass(frozen=True)
class Column:
    """The heading of a column.

    Attributes:
        name: a column of marks has the names of its two ends.
        left: whether its cells begin at the same place; numbers end there.
        keep: None where it is always there; of the others the lowest is left out first.
        shortens: whether its cells are names, which lose their beginning where room is lacking; where no column's
            are, the first's are.
    """

    name: str | tuple[str, str]
    left: bool = False
    keep: int | None = None
    shortens: bool = False


@dataclass(frozen=True)
class Section:
    """Rows that belong together; the first cell of each is its name.

    Attributes:
        heading: a line above them.
        styles: of the first cell of each row, where it has one.
    """

    rows: Sequence[Sequence[Cell]]
    heading: str = ""
    styles: Sequence[str] = ()


@dataclass(frozen=True)
class Rows:
    """A table without a frame, whose sections share their columns."""

    columns: Sequence[Column]
    sections: Sequence[Section]
    indent: int = 2


BLANK = Line()
Block = Paragraph | Line | Rows | RenderableType
"""What rich renders may stand among the blocks, as it is."""


def print_page(blocks: Iterable[Block], console: Console, *, linear: bool = False) -> None:
    """Print the blocks, at most ``WIDEST`` columns wide."""
    plain = plain_characters(console)
    made = [_safe(block, plain=plain) for block in blocks]
    if linear:
        write("\n".join(line for block in made for line in _spoken(block, console)), console)
        return
    width = min(console.width, WIDEST)
    emit((part for block in made for part in _drawn(block, width, plain=plain)), console, width=width)


def tables_room(width: int, *, linear: bool) -> int:
    """Columns for a table on a console so wide; ``linear``, where rows are told, no number has to give way."""
    return 10**4 if linear else min(width, WIDEST)


def facts(lines: Iterable[tuple[str, str]]) -> list[Paragraph]:
    """Names and texts in two columns."""
    told = list(lines)
    hang = max(cell_len(name) for name, _ in told) + GAP
    return [Paragraph(name, text, style="dim", hang=hang) for name, text in told]


def ends_of(rows: Sequence[Part], most: int) -> list[Part]:
    """At most so many: the first and the last, and others evenly between them."""
    if len(rows) <= most:
        return list(rows)
    return [rows[at] for at in sorted({round(k * (len(rows) - 1) / (most - 1)) for k in range(most)})]


def short(name: str, most: int, missing: str = "…") -> str:
    """A name that fits so many columns, without its beginning: names of one kind differ at their ends."""
    if cell_len(name) <= most:
        return name
    end = name
    while cell_len(end) > most - len(missing):
        end = end[1:]
    return missing + end


def key_values(*pairs: tuple[str, object]) -> str:
    """One line of ``key=value`` for scripts, each value one word."""
    words = (("-".join(str(part).split()) for part in pair) for pair in pairs)
    return " ".join(f"{key}={value or 'none'}" for key, value in words)


def _safe(block: Block, *, plain: bool) -> Block:
    """The block without control characters, which a name in a result may have, and in ASCII where that is needed.

    It is done before the block is laid out, since what stands for a character may be longer.
    """
    return with_texts(block, lambda text: ascii_text(harmless(text)) if plain else harmless(text))


def with_texts(block: Block, change: Callable[[str], str]) -> Block:
    """The block with other texts; of what rich renders they are changed once it is laid out."""
    if isinstance(block, Paragraph):
        return replace(block, label=change(block.label), text=change(block.text), strong=change(block.strong))
    if isinstance(block, Line):
        return replace(block, text=change(block.text), strong=change(block.strong))
    if isinstance(block, Rows):
        sections = [
            replace(
                section,
                heading=change(section.heading),
                rows=[
                    [change(cell) if isinstance(cell, str) else cell for cell in row] for row in section.rows
                ],
            )
            for section in block.sections
        ]
        columns = [replace(column, name=_renamed(column.name, change)) for column in block.columns]
        return replace(block, columns=columns, sections=sections)
    return _Safe(block, change)


def _renamed(name: str | tuple[str, str], change: Callable[[str], str]) -> str | tuple[str, str]:
    return change(name) if isinstance(name, str) else (change(name[0]), change(name[1]))


@dataclass(frozen=True)
class _Safe:
    """What rich renders, made safe once it is laid out."""

    renderable: RenderableType
    safe: Callable[[str], str]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self.renderable, options):
            text = "\n".join(map(self.safe, segment.text.split("\n")))  # a text is wrapped within one segment
            yield Segment(text, segment.style, segment.control)


def _spoken(block: Block, console: Console) -> Iterator[str]:
    """The block as lines that are statements by themselves."""
    if isinstance(block, Paragraph):
        label = block.label.removesuffix(":")
        yield f"{label}{': ' * bool(label)}{' '.join(filter(None, (block.strong, block.text)))}"
    elif isinstance(block, Line):
        if not block.drawn:
            yield " ".join(filter(None, (block.strong, block.text)))
    elif isinstance(block, Rows):
        yield from _spoken_rows(block)
    elif isinstance(block, _Safe) and isinstance(block.renderable, Table):
        yield from map(block.safe, _spoken_table(block.renderable))
    else:
        with console.capture() as captured:
            console.print(block)
        yield from (line.strip() for line in captured.get().splitlines())


def _spoken_rows(block: Rows) -> Iterator[str]:
    for section in block.sections:
        if section.heading:
            yield section.heading
        yield from (_spoken_row(block.columns, row) for row in section.rows)


def _spoken_row(columns: Sequence[Column], row: Sequence[Cell]) -> str:
    said: list[str] = []
    for column, cell in zip(columns, row, strict=True):
        if isinstance(cell, Mark):
            said.append(cell.spoken)
        elif said and isinstance(column.name, str) and cell:
            said.append(f"{column.name} {cell}".strip())
        else:
            said.append(cell)
    return ", ".join(filter(None, said))


def _spoken_table(table: Table) -> Iterator[str]:
    """The rows of a table of rich's; columns that only draw are left out."""
    columns = [(str(column.header), [str(cell) for cell in column.cells]) for column in table.columns]
    told = [(name, cells) for name, cells in columns if any(map(str.isalnum, "".join(cells)))]
    for row in zip(*(cells for _, cells in told), strict=True):
        named = zip((name for name, _ in told), row, strict=True)
        yield ", ".join(f"{name} {cell}".strip() for name, cell in named if cell)


def _drawn(block: Block, width: int, *, plain: bool) -> Iterator[RenderableType]:
    if isinstance(block, Paragraph):
        yield from _paragraph(block)
    elif isinstance(block, Line):
        text = _strong(block.strong, block.text)
        text.stylize(block.style)
        yield Padding(text, (0, 0, 0, block.indent)) if block.indent else text
    elif isinstance(block, Rows):
        drawing = _Drawing(block, width, plain=plain)
        # where even short names leave no room for the numbers, rows are told one by one
        yield from drawing.parts() if drawing.fits else map(Text, _spoken_rows(block))
    else:
        yield block


def _strong(strong: str, text: str) -> Text:
    return Text.assemble((strong, "bold"), " " if strong and text else "", text)


def _paragraph(block: Paragraph) -> Iterator[RenderableType]:
    hang = cell_len(block.label) + 1 if block.hang is None else block.hang
    if hang > LONGEST_LABEL:
        yield Text(block.label, style=block.style)
        yield Padding(_strong(block.strong, block.text), (0, 0, 0, 2))
        return
    grid = Table.grid()
    grid.add_column(width=hang, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text(block.label, style=block.style), _strong(block.strong, block.text))
    yield grid


class _Drawing:
    """A table as it is drawn in so many columns of characters."""

    def __init__(self, rows: Rows, width: int, *, plain: bool) -> None:
        self._rows = rows
        self._plain = plain
        count = len(rows.columns)
        self._cells = [[row[at] for section in rows.sections for row in section.rows] for at in range(count)]
        self._behind = [_room_behind(cells) for cells in self._cells]
        # what may be left out and says nothing is left out
        self._kept = [at for at in range(count) if rows.columns[at].keep is None or any(self._cells[at])]
        self._widths = self._fit(width - rows.indent)
        self.fits = self._spare(self._widths, width - rows.indent) >= 0

    def parts(self) -> Iterator[RenderableType]:
        """The sections one below the other, in columns of the same widths."""
        indent = (0, 0, 0, self._rows.indent)
        headed = False
        for section in self._rows.sections:
            if section.heading:
                if not headed:
                    yield Padding(self._table(Section(()), header=True), indent)
                    headed = True
                yield Padding(Text(section.heading, style="dim"), indent)
            if section.rows:
                yield Padding(self._table(section, header=not headed), indent)
                headed = True

    def _table(self, section: Section, *, header: bool) -> Table:
        table = Table(
            box=None, pad_edge=False, padding=(0, GAP, 0, 0), show_header=header, header_style="bold"
        )
        for at in self._kept:
            column = self._rows.columns[at]
            justify: Justify = "left" if column.left else "right"
            table.add_column(self._heading(at), justify=justify, width=self._widths[at], no_wrap=True)
        for number, row in enumerate(section.rows):
            cells = [self._cell(row[at], at) for at in self._kept]
            cells[0].stylize(section.styles[number] if section.styles else "")
            table.add_row(*cells)
        return table

    def _fit(self, width: int) -> list[int]:
        """How wide each column is; those for which there is no room are not kept."""
        columns = self._rows.columns
        mark = NARROWEST_MARK
        widths = self._least(mark)
        while self._spare(widths, width) < 0:
            losable = [at for at in self._kept if columns[at].keep is not None]
            if losable:
                self._kept.remove(min(losable, key=lambda at: columns[at].keep or 0))
            elif mark:
                mark = 0  # the number behind it stays
                widths = self._least(mark)
            else:
                self._shorten(widths, width)
                break
        if mark:
            more = min(self._spare(widths, width), WIDEST_MARK - mark)
            widths = [
                wide if isinstance(column.name, str) else wide + more
                for wide, column in zip(widths, columns, strict=True)
            ]
        return widths

    def _shorten(self, widths: list[int], width: int) -> None:
        """Take from the names what is lacking, always from the longest, as far as names may be shortened."""
        names = [at for at in self._kept if self._rows.columns[at].shortens] or [0]
        while self._spare(widths, width) < 0:
            longest = max(names, key=lambda at: widths[at])
            if widths[longest] <= SHORTEST_NAME:
                break
            widths[longest] -= 1

    def _least(self, mark: int) -> list[int]:
        """The width of each column, with marks of so many characters."""
        widths = []
        for column, cells, behind in zip(self._rows.columns, self._cells, self._behind, strict=True):
            texts = [cell_len(cell) for cell in cells if isinstance(cell, str)]
            if isinstance(column.name, str):
                own = cell_len(column.name)
            else:
                ends = cell_len("".join(column.name)) + 1
                own = max(mark, ends) + behind if mark else max(behind - 1, cell_len(column.name[1]))
            widths.append(max([own, *texts]))
        return widths

    def _spare(self, widths: Sequence[int], width: int) -> int:
        return width - sum(widths[at] for at in self._kept) - GAP * (len(self._kept) - 1)

    def _heading(self, at: int) -> str:
        name, room = self._rows.columns[at].name, self._widths[at] - self._behind[at]
        if isinstance(name, str):
            return name
        return name[0] + name[1].rjust(room - cell_len(name[0])) if room >= NARROWEST_MARK else name[1]

    def _cell(self, cell: Cell, at: int) -> Text:
        width = self._widths[at]
        if isinstance(cell, str):
            return Text(short(cell, width, ".." if self._plain else "…"))
        room = width - self._behind[at]
        drawn = cell.drawn(room) if room >= NARROWEST_MARK else ""
        text = Text()
        for sign in drawn:
            text.append(ascii_text(sign) if self._plain else sign, style="dim" if sign == "╌" else "")
        return text.append(f" {cell.behind}" if drawn and cell.behind else cell.behind)


def _room_behind(cells: Sequence[Cell]) -> int:
    """Characters behind the marks of a column, with the blank before them."""
    longest = max((cell_len(cell.behind) for cell in cells if isinstance(cell, Mark)), default=0)
    return longest + 1 if longest else 0
