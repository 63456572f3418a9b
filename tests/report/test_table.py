"""The printed audit: from a result alone, at a fixed width without colour."""

import io

import pytest
from results import small_result
from rich.console import Console

from geed_cli.report.console import make_console
from geed_cli.report.numbers import bar, interval, number, percent
from geed_cli.report.table import print_result
from geed_cli.result.schema import Entry, Result


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0, "0"),
        (0.09907, "0.0991"),
        (-0.7131, "-0.713"),
        (7.375, "7.38"),
        (731.4, "731"),
        (5279.2, "5279"),
        (0.00012, "1.20e-04"),
        (2.5e6, "2.50e+06"),
        (1.0, "1.00"),
    ],
)
def test_numbers_have_three_digits(value: float | None, text: str) -> None:
    """Enough to compare, too few to pretend."""
    assert number(value) == text


def test_intervals_percentages_and_bars() -> None:
    """The small formats."""
    assert interval((0.1, 0.25)) == "[0.100, 0.250]"
    assert interval(None) == "–"
    assert percent(0.0525) == "5.2%"
    assert bar(0.5, 4) == "██"
    assert bar(0.03125, 4) == "▏"
    assert bar(7.0, 2) == "██"


def printed(result: Result, width: int = 110) -> str:
    """The audit as plain text."""
    stream = io.StringIO()
    print_result(result, Console(file=stream, width=width, no_color=True, markup=False, highlight=False))
    return stream.getvalue()


def test_a_block_for_each_group_with_every_value() -> None:
    """Every value, interval, raw mean and normaliser of the result stands in the table."""
    result = small_result()
    text = printed(result)
    for group in result.groups:
        assert f"\n{group.name} · {group.order} elements: " in text
    for entry in result.results:
        if entry.metric != "prediction.flip_rate" and entry.value is not None:
            assert number(entry.value) in text
            # the correlation stands beside the cosine, without an interval of its own
            assert entry.metric == "channelwise.correlation" or interval(entry.ci) in text
    assert result.signature in " ".join(text.split())
    assert "Larger means further from invariance" in text


def test_a_sample_is_called_a_sample() -> None:
    """Nobody should quote numbers of the bundled pictures by mistake."""
    result = small_result()
    sample = result.data.model_copy(update={"bundled_sample": True})
    assert "only a sample" in printed(result.model_copy(update={"data": sample}))
    assert "only a sample" not in printed(result)


def test_undefined_and_not_applicable_say_so_and_why() -> None:
    """No zero, no blank: the word, and the reason below the block."""
    result = small_result()
    changes = {"status": "undefined", "value": None, "ci": None, "notes": ("M is 0",)}
    first = result.results[0].model_copy(update=changes)
    second = result.results[1].model_copy(
        update=changes | {"status": "not_applicable", "notes": ("no head",)}
    )
    text = printed(result.model_copy(update={"results": (first, second, *result.results[2:])}))
    assert "undefined" in text
    assert "not applicable" in text
    assert "note: latent.l2: M is 0" in text
    assert "note: latent.cosine: no head" in text


def test_refused_files_are_shown_and_counted() -> None:
    """The first few by name, all by number."""
    result = small_result()
    refused = tuple({"path": f"{i}.jpg", "reason": "empty file"} for i in range(7))
    data = type(result.data).model_validate(result.data.model_dump() | {"refused": refused})
    text = printed(result.model_copy(update={"data": data}))
    assert "refused 0.jpg: empty file" in text
    assert "7 refused" in text
    assert "and 2 more refused" in text


def test_the_furthest_element_is_the_one_with_the_largest_mean() -> None:
    """Whichever it is: in latent and softmax measures e can be furthest from the orbit's mean."""
    entry = small_result().results[0]
    assert set(entry.per_element) == {"e", "m"}
    swapped = Entry.model_validate(entry.model_dump() | {"per_element": {"e": 9.0, "m": 0.5}})
    result = small_result()
    text = printed(result.model_copy(update={"results": (swapped, *result.results[1:])}))
    assert "e 9.00" in text
    assert "m 0.500" not in text
    tied = Entry.model_validate(entry.model_dump() | {"per_element": {"e": 0.5 + 1e-15, "m": 0.5}})
    text = printed(result.model_copy(update={"results": (tied, *result.results[1:])}))
    assert "m 0.500" in text, "an orbit of two ties, and rounding must not choose"


def test_a_narrow_terminal_leaves_out_columns_not_parts_of_numbers() -> None:
    """At 60 columns every value and interval still stands whole."""
    result = small_result()
    text = printed(result, width=60)
    assert max(map(len, text.splitlines())) <= 60
    for entry in result.results:
        if entry.metric not in {"prediction.flip_rate", "channelwise.correlation"}:
            assert f"{number(entry.value)}  " in text
            assert interval(entry.ci) in text


def test_nothing_is_wider_than_the_console() -> None:
    """100 columns are enough for the whole table, without wrapped numbers."""
    lines = printed(small_result(), width=100).splitlines()
    assert max(map(len, lines)) <= 100
    assert any(line.startswith("latent.l2 ") and "[" in line and "]" in line for line in lines)


def test_no_escape_codes_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain text in a pipe, a file or a log, whatever CI variables are set."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    stream = io.StringIO()
    print_result(small_result(), make_console(stream))
    assert "\x1b" not in stream.getvalue()
