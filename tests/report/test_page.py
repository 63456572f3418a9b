"""Pages at any width: numbers are whole or their column is missing, in ASCII and line by line as well."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from geed_cli.report import cells
from geed_cli.report.cells import fitted_table, texts
from geed_cli.report.console import PipeConsole, emit
from geed_cli.report.marks import Mark, ascii_text, plain_characters, profile
from geed_cli.report.page import (
    BLANK,
    Block,
    Column,
    Line,
    Paragraph,
    Rows,
    Section,
    ends_of,
    facts,
    key_values,
    print_page,
    short,
    tables_room,
)

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


def test_a_column_of_nothing_is_left_out() -> None:
    """Where it may be left out at all."""
    rows = Rows(
        [Column("", left=True), Column("value"), Column("twin", keep=1)],
        [Section([["a", "", ""], ["b", "", ""]])],
    )
    assert page(rows).splitlines()[0].split() == ["value"]


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
    assert page(Text("word " * 30), width=40).split() == ["word"] * 30


def test_tables_of_rich_are_told_row_by_row() -> None:
    """No lines and no bars, and no column left out or folded; facts are told, too."""
    layers = ["a" * 30, "a\u200d::b"]
    columns = [
        texts("layer", layers),
        cells.Column("value", ["0.100", "–"]),
        cells.Column("0 … 1", ["█▌", ""]),
    ]
    made = fitted_table(columns, tables_room(40, linear=True))
    assert page(made, width=40, linear=True).splitlines() == [
        f"layer {layers[0]}, value 0.100",
        r"layer a\u200d: :b, value –",
    ]
    told = page(*facts([("run", "cpu, " * 20 + "fp32"), ("", "a\nb")]), width=40, linear=True)
    assert told.splitlines() == ["run: " + "cpu, " * 20 + "fp32", r"a\nb"]


def test_headings_are_ascii_where_cells_are() -> None:
    """In every view, before their columns are measured; names of models stand there, too."""
    rows = Rows([Column("", left=True), Column("within ±"), Column("…a::b\n")], [Section([["x", "1", "2"]])])
    for linear in (False, True):
        text = page(rows, width=40, encoding="ascii", linear=linear)
        assert "within +/-" in text
        assert r"...a: :b\n" in text
    assert max(map(len, page(rows, width=24, encoding="ascii").splitlines())) <= 24


def test_names_in_tables_of_rich_are_measured_as_they_are_printed() -> None:
    """What stands for a control character is longer; numbers behind it are whole all the same."""
    columns = [texts("layer", ["\u200d\u200d\u200d"]), cells.Column("value", ["-0.922"])]
    text = page(fitted_table(columns, 40), width=40)
    assert text.splitlines()[-1].split() == [r"\u200d\u200d\u200d", "-0.922"]


def test_every_character_has_its_ascii() -> None:
    """Whatever stands for a character is ASCII itself."""
    assert ascii_text("●━╌╎▶│·…–−×≤≥→°√‖⁻¹“”").isascii()


VERDICTS = Rows(
    [
        Column("", left=True),
        Column("rule", left=True, shortens=True),
        Column("entry", left=True, shortens=True),
        Column("interval"),
    ],
    [
        Section(
            [["undecided", "a-long-name-of-a-rule", "prediction.flip_rate, flip", "14 to 41%"]], heading="net"
        ),
        Section([["pass", "short", "latent.l2, c4", "0.089 to 0.104"]], heading="other"),
    ],
)


def test_only_names_are_shortened() -> None:
    """The longest first, from its beginning; verdicts and numbers stay."""
    text = page(VERDICTS, width=60)
    assert "undecided" in text
    assert "14 to 41%" in text
    assert "…ame-of-a-rule  …lip_rate, flip " in text


def test_rows_are_told_where_names_are_short_already() -> None:
    """Nothing is cut: the rows stand one by one, below the names of their sections."""
    text = page(VERDICTS, width=40)
    assert " ".join(text.split()) == (
        "net undecided, rule a-long-name-of-a-rule, entry prediction.flip_rate, flip, interval 14 to 41% "
        "other pass, rule short, entry latent.l2, c4, interval 0.089 to 0.104"
    )


def test_headings_stand_above_the_first_section() -> None:
    """Also where that has a name of its own."""
    lines = page(VERDICTS, width=100).splitlines()
    assert [line.split()[0] for line in lines] == ["rule", "net", "undecided", "other", "pass"]


def test_a_mark_is_as_wide_as_the_names_of_its_ends() -> None:
    """So that these do not run into each other."""
    rows = Rows(
        [Column("", left=True), Column(("nearer", "further"), left=True)], [Section([["a", Mark(0.5)]])]
    )
    assert "nearer  further" in page(rows, width=20)


def test_ends_and_others_between() -> None:
    """Evenly, the first and the last among them; all where there are few."""
    assert ends_of([1, 2, 3], 3) == [1, 2, 3]
    assert ends_of(list(range(9)), 2) == [0, 8]
    assert ends_of(list(range(9)), 5) == [0, 2, 4, 6, 8]


@given(st.text(min_size=1, max_size=20), st.integers(2, 12))
def test_short_names_keep_their_ends(name: str, most: int) -> None:
    """In so many columns at most, of which some characters take two."""
    made = short(name, most)
    assert made == name or (made.startswith("…") and name.endswith(made[1:]))
    assert cell_len(made) <= most


def test_pairs_are_words() -> None:
    """Nothing in a line of pairs has a blank or is empty."""
    assert key_values(("a b", "c  d"), ("e", ""), ("f", 1)) == "a-b=c-d e=none f=1"


def test_whatever_is_emitted_is_ascii_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables of lists as well: where stdout is not UTF-8, and on a dumb terminal."""
    for encoding, terminal in (("ascii", None), ("utf-8", "dumb")):
        if terminal is not None:
            monkeypatch.setenv("TERM", terminal)
        data = io.BytesIO()
        stream = io.TextIOWrapper(data, encoding=encoding)
        console = Console(file=stream, width=60, force_terminal=terminal is not None)
        emit([Text("160×160 … ≤ 1")], console)
        stream.flush()
        assert data.getvalue() == b"160x160 ... <= 1\n"
