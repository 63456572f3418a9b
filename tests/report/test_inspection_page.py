"""The page of an inspection at every width, in ASCII, line by line, in full and as one line."""

import io
from pathlib import Path

import pytest
from support.constructed import inspected
from support.golden import assert_golden

from geed_cli.choices import View
from geed_cli.report.console import PipeConsole
from geed_cli.report.inspection_page import print_inspection
from geed_cli.verdict.inspection import InspectedLayer, InspectedModule, Inspection, Refusal

NO_MAP = "its output of shape 768×49 does not say which of its axes are height and width"
STAGES = [InspectedLayer(f"backbone.stages.{number}") for number in range(3)]
MODULES = (
    *(
        InspectedModule(each.name, f"{32 << n}×{28 >> n}×{28 >> n}", "nchw", "ResidualStage", ("audited",))
        for n, each in enumerate(STAGES)
    ),
    InspectedModule("backbone.mixer", "768×49", "undeclared", "TokenMixer", ("not measured",)),
    InspectedModule("head.fc", "10", "", "Linear", ("features", "classifier")),
)
PART = inspected(
    *STAGES,
    InspectedLayer("backbone.mixer", NO_MAP, "layouts: {backbone.mixer: tokens}"),
    modules=MODULES,
    notes=("the classifier 'head.fc' has 10 classes, as in the file",),
)
STOPPED = inspected(
    modules=MODULES[-1:],
    refusal=Refusal(
        "layer 'head.fc' of net cannot be measured: its output of shape 10 is no map",
        "channels × height × width maps",
        "choose another: geed inspect net --layers",
    ),
)


def printed(found: Inspection, width: int, view: View = View(), encoding: str = "utf-8") -> str:  # noqa: B008
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding=encoding)
    print_inspection(found, PipeConsole(file=stream, width=width, no_color=True, markup=False), view)
    stream.flush()
    return data.getvalue().decode(encoding)


@pytest.mark.parametrize("width", [60, 80, 100, 200])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_the_page_as_it_is_read(width: int, encoding: str) -> None:
    """Texts that were read by eye; no line is longer than the console or 100 columns."""
    text = printed(PART, width, encoding=encoding)
    assert max(map(len, text.splitlines())) <= min(width, 100)
    assert_golden(text, f"inspect_{width}_{encoding}")


def test_the_other_views_as_they_are_read() -> None:
    """In full, one statement a line, one line; and a network that an audit refuses."""
    assert_golden(printed(PART, 100, View(verbose=True)), "inspect_verbose")
    assert_golden(printed(PART, 100, View(linear=True)), "inspect_linear")
    assert_golden(printed(PART, 100, View(quiet=True)), "inspect_quiet")
    assert_golden(printed(STOPPED, 80), "inspect_stopped_80")


def test_the_page_in_the_docs_is_printed() -> None:
    """docs/specs.md shows what the program prints."""
    specs = Path(__file__).parents[2] / "docs" / "specs.md"
    assert f"```text\n{printed(PART, 80)}```" in specs.read_text(encoding="utf-8")


def test_the_answer_comes_first_and_what_to_do_last() -> None:
    """Verdict, warnings, what was resolved, the table, the next step."""
    text = printed(PART, 80)
    order = ["Can be audited", "warning: ", "geed inspect ·", "224×224", "note: ", "layer ", "next: "]
    places = [text.index(part) for part in order]
    assert places == sorted(places)


def test_names_of_a_stranger_are_harmless() -> None:
    """A module's name that would move the cursor is shown as text, and one line stays one line."""
    hostile = inspected(
        InspectedLayer("a\x1b[2Jb"), modules=(InspectedModule("a\x1b[2Jb", "1\n2", "nchw", "T\r", ()),)
    )
    for view in (View(), View(linear=True), View(verbose=True), View(quiet=True)):
        text = printed(hostile, 80, view)
        assert "\x1b" not in text
        assert "\r" not in text
    assert len(printed(hostile, 80, View(quiet=True)).splitlines()) == 1
