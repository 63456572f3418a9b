"""Pages at any width: numbers are whole or their column is missing, in ASCII and line by line as well."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from geed_cli.report.console import PipeConsole
from geed_cli.report.marks import Mark, ascii_text, plain_characters, profile
from geed_cli.report.page import BLANK, Block, Column, Line, Paragraph, Rows, Section, print_page

ROWS = Rows(
    [
        Column("", left=True),
        Column("value"),
        Column("95% interval"),
        Column(("same", "other"), left=True),
        Column("floor", keep=2),
        Column("twin", keep=1),
    ],
    [
        Section(
            [
                [
                    "latent.l2",
                    "0.096",
                    "0.089 to 0.104",
                    Mark(0.19, 0.18, 0.21, behind="19%"),
                    "0.12",
                    "0.29",
                ],
                ["prediction.flip_rate", "25%", "14 to 41%", Mark(0.25, 0.14, 0.41, behind="25%"), "4%", ""],
                ["softmax.kl", "0.0018", "0.0016 to 0.0020", "insensitive", "", ""],
            ]
        ),
        Section(
            [
                [
                    "blocks.0.conv1.deep.name",
                    "-0.699",
                    "-0.715 to -0.676",
                    Mark(1.3, behind="130%"),
                    "",
                    "-0.947",
                ]
            ],
            heading="layers",
        ),
    ],
)
NUMBERS = [
    "0.096",
    "0.089 to 0.104",
    "25%",
    "14 to 41%",
    "0.0018",
    "0.0016 to 0.0020",
    "-0.699",
    "-0.715 to -0.676",
]


def page(*blocks: Block, width: int = 80, linear: bool = False, encoding: str = "utf-8") -> str:
    """What is printed."""
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding=encoding)
    console = PipeConsole(file=stream, width=width, markup=False, highlight=False, no_color=True)
    print_page(blocks, console, linear=linear)
    stream.flush()
    return data.getvalue().decode(encoding)


@pytest.mark.parametrize("width", [56, 60, 72, 80, 90, 100, 200])
def test_numbers_are_never_cut_and_lines_end_at_the_width(width: int) -> None:
    """Value and interval of every row stand whole at every width."""
    lines = page(ROWS, width=width).splitlines()
    assert max(map(cell_len, lines)) <= min(width, 100)
    text = "\n".join(lines)
    assert all(number in text for number in NUMBERS)


def test_what_goes_first_where_room_is_lacking() -> None:
    """The twin, then the floor, then the drawing, then beginnings of names; the drawn number stays."""
    heads = {width: page(ROWS, width=width).splitlines()[0].split() for width in (100, 82, 76, 66)}
    assert heads[100] == ["value", "95%", "interval", "same", "other", "floor", "twin"]
    assert heads[82][-1] == "floor"
    assert heads[76][-2:] == ["same", "other"]
    assert heads[66] == ["value", "95%", "interval", "other"]
    narrow = page(ROWS, width=52)
    assert "….deep.name" in narrow
    assert "130%" in narrow
    assert "..deep.name" in page(ROWS, width=52, encoding="ascii")


def test_marks_show_interval_value_and_what_lies_beyond() -> None:
    """0 is the first character and 1 the last; the interval runs between its ends."""
    assert Mark(0.0).drawn(11) == "●" + "╌" * 10
    assert Mark(1.0, 0.8, 1.0).drawn(11) == "╌" * 8 + "━━●"
    assert Mark(0.5, 0.3, 0.6, tick=0.1).drawn(11) == "╌╎╌━━●━╌╌╌╌"
    assert Mark(1.4).drawn(11) == "╌" * 10 + "▶"


@given(st.floats(-1, 3), st.floats(-1, 3), st.floats(-1, 3), st.integers(1, 40))
def test_marks_are_as_wide_as_asked(value: float, one: float, other: float, width: int) -> None:
    """Whatever the numbers."""
    assert cell_len(Mark(value, min(one, other), max(one, other)).drawn(width)) == width


def test_ascii_where_stdout_has_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """No character beyond ASCII is put out, and what replaces one keeps the table's columns in line."""
    blocks: list[Block] = [
        Paragraph("flip·", "160×160 px → ≤ 0.15…", "Features."),
        BLANK,
        Line("√((1 − 1/n)/2)", "dim", indent=2),
        ROWS,
    ]
    text = page(*blocks, encoding="latin-1")
    assert text.isascii()
    assert "160x160 px -> <= 0.15..." in text
    rows = [line for line in text.splitlines() if "latent.l2" in line or "flip_rate" in line]
    assert [line.index(mark) for line, mark in zip(rows, ["0.089", "14 to"], strict=True)] == [
        rows[0].index("0.089"),
        rows[0].index("0.104") - 4,
    ]
    console = Console(file=io.StringIO())
    assert not plain_characters(console)
    monkeypatch.setenv("TERM", "dumb")
    assert plain_characters(console)


def test_profiles_in_bars_and_in_tenths() -> None:
    """Eighths of a bar; without bars tenths."""
    assert profile([0.0, 0.13, 0.5, 0.99, 1.4], plain=False) == "▁▂▅██"
    assert profile([0.0, 0.13, 0.5, 0.99, 1.4], plain=True) == "0 1 5 9 9"


def test_one_statement_a_line_for_screen_readers() -> None:
    """No marks, no wrapping, no line that explains a drawing; each row says its columns."""
    mark = Mark(0.19, 0.18, 0.21, behind="19%", spoken="19% of another image")
    rows = Rows(
        ROWS.columns, [Section([["latent.l2", "0.096", "0.089 to 0.104", mark, "", "0.29"]], "layers")]
    )
    text = page(
        Paragraph("warning:", "long " * 40), rows, Line("0% unchanged", drawn=True), Line("end"), linear=True
    )
    assert text.splitlines() == [
        "warning: " + "long " * 40,
        "layers",
        "latent.l2, value 0.096, 95% interval 0.089 to 0.104, 19% of another image, twin 0.29",
        "end",
    ]


def test_paragraphs_hang_behind_their_label() -> None:
    """Lines below the first begin where its text begins; a long label stands above."""
    text = page(Paragraph("c4", "word " * 30, "Strong.", hang=6), width=40)
    assert all(line[:6] in ("c4    ", " " * 6) for line in text.splitlines())
    long = page(Paragraph("flip*xshift7*brightness", "word", "Strong."), width=40).splitlines()
    assert long == ["flip*xshift7*brightness", "  Strong. word"]


def test_what_rich_renders_may_stand_among_the_blocks() -> None:
    """Tables of other reports."""
    assert page(Text("as it is")).strip() == "as it is"
    assert page(Text("as it is"), linear=True).strip() == "as it is"


def test_every_character_has_its_ascii() -> None:
    """Whatever stands for a character is ASCII itself."""
    assert ascii_text("●━╌╎▶│·…–−×≤≥→°√‖⁻¹“”").isascii()
