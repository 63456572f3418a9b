"""Tables at the widths of terminals: a column is there with every number whole, or it is not there at all."""

import re
from collections.abc import Iterator
from io import StringIO
from itertools import count

import pytest
from rich.console import Console
from support.command import in_full, printed
from support.results import small_result

from geed_cli.report.cells import Column, fitted_table, texts
from geed_cli.report.numbers import interval, number, percent
from geed_cli.result.schema import Entry, HiddenAction, Result

WIDTHS = (60, 78, 100)
HEADINGS = {"null": "null", "floor": "floor", "twin": "twin", "phase_corrected": "corrected"}
RULE = re.compile(r"^─+$")


def tables(text: str) -> Iterator[tuple[str, list[str]]]:
    """The heading of each table, and its rows."""
    lines = text.splitlines()
    for at, line in enumerate(lines):
        if RULE.match(line.strip()):
            rows = []
            for row in lines[at + 1 :]:
                if not row.strip() or row.startswith(("no room", "  verdict", "  note", "sens", "prof")):
                    break
                rows.append(row)
            yield lines[at - 1], rows


def everything() -> Result:
    """A result with every control, each with a value of its own and as wide as numbers get."""
    serial = count(1)

    def wide() -> float:
        k = next(serial)
        return -(1 + k % 899 / 100) * 10.0 ** -(4 + k // 899)

    def filled(entry: Entry) -> Entry:
        names = {*HEADINGS, "sensitivity", "twin_sensitivity"} if entry.layer else {"floor", "twin"}
        controls = {name: wide() for name in sorted(names)} | {"dead_fraction": 0.123}
        low = wide()
        return entry.model_copy(
            update={"value": wide(), "ci": (low, low / 2), "controls": controls, "per_element": {"m": wide()}}
        )

    result = small_result()
    layers = [entry for entry in result.results if entry.metric == "channelwise.cosine"]
    hidden = [
        HiddenAction(
            group=entry.group, layer=entry.layer or "", method="permutation", variant="permutation",
            verdict="equivariant under a hidden action", reason="", explained={"before": 0.5, "after": -12.5},
            before={"m": wide()}, after={"m": wide()}, unmoved={}, null={"m": wide()}, defect=wide(),
            fitted=2, scored=2,
        )
        for entry in layers
    ]  # fmt: skip
    results = tuple(map(filled, result.results))
    return result.model_copy(update={"results": results, "hidden_actions": tuple(hidden)})


@pytest.fixture(scope="module")
def full() -> Result:
    return everything()


def row_of(rows: list[str], name: str) -> str:
    return next(row for row in rows if row.startswith(name))


@pytest.mark.parametrize("width", WIDTHS)
def test_no_number_of_a_layer_is_cut(full: Result, width: int) -> None:
    """Value and interval always; each further number exactly where its column is."""
    text = in_full(full, width)
    assert max(map(len, text.splitlines())) <= width
    found = [each for each in tables(text) if not re.search("measure|verdict", each[0])]
    for group, (heading, rows) in zip(full.groups, found, strict=True):
        for entry in full.results:
            if entry.group != group.name or entry.metric != "channelwise.cosine":
                continue
            row = row_of(rows, f"{entry.layer} ")
            assert number(entry.value) in row
            assert interval(entry.ci) in row
            for control, name in HEADINGS.items():
                assert (number(entry.controls[control]) in row) == (f" {name}" in heading)
            assert (f"m {number(entry.per_element['m'])}" in row) == ("furthest" in heading)
            assert ("12.3%" in row) == ("dead" in heading)
    # what was asked for stays longest
    assert all("twin" in heading for heading, _ in found) == (width > 60)


@pytest.mark.parametrize("width", WIDTHS)
def test_no_number_of_a_measure_is_cut(full: Result, width: int) -> None:
    """The same for what belongs to no layer."""
    found = [each for each in tables(in_full(full, width)) if "measure" in each[0]]
    for group, (heading, rows) in zip(full.groups, found, strict=True):
        for entry in full.results:
            if entry.group != group.name or entry.layer is not None:
                continue
            row = row_of(rows, entry.metric)
            shown = percent if entry.metric == "prediction.flip_rate" else number
            assert shown(entry.value) in row
            assert entry.ci is not None
            assert f"[{shown(entry.ci[0])}, {shown(entry.ci[1])}]" in row
            for control in ("floor", "twin"):
                assert (shown(entry.controls[control]) in row.split()) or (f" {control}" not in heading)
            assert (f"m {number(entry.per_element['m'])}" in row) == ("furthest" in heading)


@pytest.mark.parametrize("width", WIDTHS)
def test_no_number_of_a_hidden_action_is_cut(full: Result, width: int) -> None:
    """The verdict, which is words, is folded and never missing."""
    found = [each for each in tables(printed(full, width)) if "verdict" in each[0]]
    assert len(found) == len(full.groups)
    for group, (heading, rows) in zip(full.groups, found, strict=True):
        words = " ".join(" ".join(rows).split())
        for action in full.hidden_actions:
            if action.group == group.name:
                row = row_of(rows, f"{action.layer} ")
                for name in ("before", "after", "null"):
                    (value,) = getattr(action, name).values()
                    assert (number(value) in row) == (f" {name}" in heading)
                assert (number(action.defect) in row) == ("defect" in heading)
                assert "equivariant" in row
        assert "hidden action" in words


def test_what_is_left_out_is_named(full: Result) -> None:
    """Below the table, but not the bar, which says nothing new; nothing is named where all is shown."""
    narrow = " ".join(in_full(full, 60).split())
    assert "too narrow to show: raw · M · floor · twin · furthest, raw" in narrow
    assert "no room" not in in_full(full, 200)


@pytest.mark.parametrize("width", range(12, 40, 4))
def test_where_nothing_fits_numbers_are_broken_and_not_cut(width: int) -> None:
    """Every character of every cell is still there."""
    columns = [texts("name", ["layer1.0.conv"]), Column("value", ["[-1.234e-04, 5.678e+08]"])]
    table = fitted_table([*columns, Column("more", ["99.9"], keep=1)], width)
    stream = StringIO()
    Console(file=stream, width=width).print(table)
    characters = sorted("".join(stream.getvalue().split()))
    for needed in "layer1.0.conv" + "[-1.234e-04,5.678e+08]":
        characters.remove(needed)
