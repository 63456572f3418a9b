"""What ``-v`` adds to the page of an audit: every number to three digits, from a result alone."""

import io
import re

import pytest
from support.command import in_full, printed
from support.results import small_result

from geed_cli.choices import View
from geed_cli.report.audit_details import grid_sentences
from geed_cli.report.audit_page import print_result
from geed_cli.report.console import make_console
from geed_cli.report.numbers import bar, interval, number, percent
from geed_cli.result.schema import Entry, GridPhase, HiddenAction, Looks


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


def test_a_block_for_each_group_with_every_value() -> None:
    """Every value, interval, raw mean and normaliser of the result stands in the table."""
    result = small_result()
    text = in_full(result)
    for group in result.groups:
        assert f"\n{group.name} · {group.order} elements: " in text
    for entry in result.results:
        if entry.metric != "prediction.flip_rate" and entry.value is not None:
            assert number(entry.value) in text
            # the correlation stands beside the cosine, without an interval of its own
            assert entry.metric == "channelwise.correlation" or interval(entry.ci) in text
    assert result.signature in " ".join(text.split())


def test_a_sample_is_called_a_sample() -> None:
    """Nobody should quote numbers of the bundled pictures by mistake."""
    result = small_result()
    sample = result.data.model_copy(update={"bundled_sample": True})
    assert "only a sample" in in_full(result.model_copy(update={"data": sample}))
    assert "only a sample" not in in_full(result)


def test_undefined_and_not_applicable_say_so_and_why() -> None:
    """No zero, no blank: the word, and the reason below the block."""
    result = small_result()
    changes = {"status": "undefined", "value": None, "ci": None, "notes": ("M is 0",)}
    first = result.results[0].model_copy(update=changes)
    second = result.results[1].model_copy(
        update=changes | {"status": "not_applicable", "notes": ("no head",)}
    )
    text = in_full(result.model_copy(update={"results": (first, second, *result.results[2:])}))
    assert "undefined" in text
    assert "not applicable" in text
    assert "note: latent.l2: M is 0" in text
    assert "note: latent.cosine: no head" in text


def test_refused_files_are_shown_and_counted() -> None:
    """The first few by name, all by number."""
    result = small_result()
    refused = tuple({"path": f"{i}.jpg", "reason": "empty file"} for i in range(7))
    data = type(result.data).model_validate(result.data.model_dump() | {"refused": refused})
    text = in_full(result.model_copy(update={"data": data}))
    assert "refused 0.jpg: empty file" in text
    assert "7 refused" in text
    assert "and 2 more refused" in text


def test_the_furthest_element_is_the_one_with_the_largest_mean() -> None:
    """Whichever it is: in latent and softmax measures e can be furthest from the orbit's mean."""
    entry = small_result().results[0]
    assert set(entry.per_element) == {"e", "m"}
    swapped = Entry.model_validate(entry.model_dump() | {"per_element": {"e": 9.0, "m": 0.5}})
    result = small_result()
    text = in_full(result.model_copy(update={"results": (swapped, *result.results[1:])}))
    assert "e 9.00" in text
    assert "m 0.500" not in text
    tied = Entry.model_validate(entry.model_dump() | {"per_element": {"e": 0.5 + 1e-15, "m": 0.5}})
    text = in_full(result.model_copy(update={"results": (tied, *result.results[1:])}))
    assert "m 0.500" in text, "an orbit of two ties, and rounding must not choose"


def test_a_narrow_terminal_leaves_out_columns_not_parts_of_numbers() -> None:
    """At 60 columns every value and interval still stands whole."""
    result = small_result()
    text = in_full(result, width=60)
    assert max(map(len, text.splitlines())) <= 60
    for entry in result.results:
        if entry.metric not in {"prediction.flip_rate", "channelwise.correlation"}:
            assert f"{number(entry.value)}  " in text
            assert interval(entry.ci) in text


def test_few_images_keep_their_correlation() -> None:
    """Without intervals, below twenty images, the column is there all the same."""
    result = small_result()
    bare = [entry.model_copy(update={"ci": None}) for entry in result.results]
    text = in_full(result.model_copy(update={"results": tuple(bare)}))
    correlations = [e for e in bare if e.metric == "channelwise.correlation"]
    assert correlations
    for entry in correlations:
        assert re.search(rf"^{entry.layer} .* {re.escape(number(entry.value))} ", text, re.MULTILINE)
    assert "\n\n\n" not in text


def test_one_image_has_no_different_images() -> None:
    """The sensitivity is 0 by definition there, and says nothing."""
    result = small_result()
    assert "from its mean over images" in in_full(result)
    one = result.data.model_copy(update={"count": 1})
    assert "from its mean over images" not in in_full(result.model_copy(update={"data": one}))


def test_no_bar_where_nothing_can_be_drawn() -> None:
    """Every layer is not applicable: neither a bar nor its heading."""
    result = small_result()
    assert "−1 … 0" in in_full(result)
    none = {"status": "not_applicable", "value": None, "ci": None, "raw": None, "per_element": {}}
    results = tuple(e.model_copy(update=none) if e.layer else e for e in result.results)
    assert "−1 … 0" not in in_full(result.model_copy(update={"results": results}))


@pytest.mark.parametrize("kept", ["latent.l2", "channelwise.cosine"])
def test_a_block_of_one_table_has_no_stray_lines(kept: str) -> None:
    """The table follows the group's line, and what is said follows the table."""
    result = small_result()
    results = tuple(entry for entry in result.results if entry.metric == kept)
    text = in_full(result.model_copy(update={"results": results}))
    assert "\n\n\n" not in text
    for group in result.groups:
        (line,) = re.findall(rf"^{group.name} · .*\n(.*)\n", text, re.MULTILINE)
        assert line.startswith(("measure", "channelwise.cosine at"))
        block = text.split(f"\n{group.name} · ")[1].split("\n\n")[0]
        assert len(block.splitlines()) > 3, "remarks stand directly below the table"


def test_sets_have_members_and_colours_are_not_moved() -> None:
    """A set is no group and has no elements; of exact groups the line says no more than is true of all."""
    result = small_result()
    weather = result.groups[0].model_copy(update={"name": "weather", "kind": "set"})
    flip = result.groups[0]
    text = in_full(result.model_copy(update={"groups": (weather, flip)}))
    assert f"weather · {flip.order} members: e, m · not a group" in text
    assert f"flip · {flip.order} elements: e, m · exact (nothing is resampled)" in text


def profiled(fourier: tuple[tuple[float, float], ...], order: int = 8) -> str:
    """The audit of a cyclic group whose latent.l2 has this profile and M = 2."""
    result = small_result()
    names = ("e", *(f"r{k * 45}" for k in range(1, order)))
    group = result.groups[1].model_copy(update={"order": order, "elements": names})
    entries = [e for e in result.results if e.group == group.name]
    entries[0] = entries[0].model_copy(update={"fourier": fourier, "normaliser": 2.0})
    assert entries[0].metric == "latent.l2"
    return in_full(result.model_copy(update={"groups": (group,), "results": tuple(entries)}), 120)


def test_the_strongest_frequency_is_named_in_the_unit_of_the_value() -> None:
    """By hand: (0.03, 0.04) has size 0.05, over M 0.025; a twentieth of the mean is not named."""
    rest = ((0.01, 0.0), (0.03, 0.04), (0.02, 0.0), (0.0, 0.0))
    assert (
        "profile of latent.l2: strongest component at frequency 2 (period r180), 0.0250 of 0.250"
        in profiled(((0.5, 0.0), *rest))
    )
    assert "profile of" not in profiled(((1.01, 0.0), *rest))
    assert "frequency 3 (3 times round)" in profiled(
        ((0.5, 0.0), (0.0, 0.0), (0.0, 0.0), (0.1, 0.0), (0.0, 0.0))
    )
    assert "frequency 1 (once round)" in profiled(((0.5, 0.0), (0.1, 0.0)), order=3)
    assert "profile of" not in profiled(((0.5, 0.0), (0.1, 0.0), (0.0, 0.0)), order=8), "of a subgroup alone"


def test_notes_of_hidden_actions_stand_below_once() -> None:
    """Each with its layers; why a layer is undecided too; at most four, and how many more."""
    result = small_result()

    def hidden(layer: str, verdict: str, *notes: str) -> HiddenAction:
        return HiddenAction(
            group="flip", layer=layer, method="linear", variant="ridge", verdict=verdict, reason=f"why {layer}",
            explained={"before": 0.314}, before={"m": -0.5}, after={"m": -0.6}, unmoved={}, null={}, defect=None,
            fitted=2, scored=2, notes=notes,
        )  # fmt: skip

    few = (hidden("a", "neither", "few data"), hidden("b", "neither", "few data"), hidden("c", "undecided"))
    text = printed(result.model_copy(update={"hidden_actions": few}))
    assert "note: hidden linear at a, b: few data\n" in text
    assert "note: hidden linear at c: why c\n" in text
    assert "why a" not in text
    assert re.search(r"^a .* 31% → – ", text, re.MULTILINE)
    many = tuple(hidden(f"layer{k}", "neither", f"note {k}") for k in range(6))
    text = printed(result.model_copy(update={"hidden_actions": many}))
    assert text.count("note: hidden linear at") == 4
    assert "note: 2 more of hidden actions; --json has them all" in text


def test_nothing_is_wider_than_the_console() -> None:
    """100 columns are enough for the whole table, without wrapped numbers."""
    lines = in_full(small_result(), width=100).splitlines()
    assert max(map(len, lines)) <= 100
    assert any(line.startswith("latent.l2 ") and "[" in line and "]" in line for line in lines)


def test_no_escape_codes_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain text in a pipe, a file or a log, whatever CI variables are set."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    stream = io.StringIO()
    print_result(small_result(), make_console(stream))
    assert "\x1b" not in stream.getvalue()


def test_grids_are_worded_by_what_breaks_them() -> None:
    """Centres, shifts and axes each with a sentence of their own, and none says that a layer is not equivariant."""

    def phase(layer: str, kind: str, size: int | None) -> GridPhase:
        return GridPhase.model_validate(
            {"group": "g", "layer": layer, "reason": "x", "offset": None, "clean_size": size, "kind": kind}
        )

    found = list(
        grid_sentences(
            [
                phase("a", "off centre", 225),
                phase("b", "shift", 24),
                phase("c", "off centre", 225),
                phase("d", "axes", None),
            ]
        )
    )
    assert found == [
        "a, c: sampling grid off centre at this input size (x), so filters symmetric about their own centres are not "
        "equivariant there; --img-size 225 centres it",
        "b: shifts are no whole pixels of a grid on the way (x); --img-size 24 makes them so",
        "d: rows and columns are sampled differently on the way (x), so a quarter turn does not map the grid onto "
        "itself; no larger size nearby samples them alike",
    ]
    assert list(grid_sentences([])) == []


def test_every_table_has_the_confidence_of_the_look() -> None:
    """Of a run that grew the page and ``-v`` name one level for one interval: what was left for its last look."""
    result = small_result()
    looks = Looks(sizes=(20, 24), used=2, confidence=0.9916666, width=1.0, metric="latent.l2")
    grown = result.model_copy(update={"settings": result.settings.model_copy(update={"looks": looks})})
    text = printed(grown, 100, View(verbose=True))
    assert set(re.findall(r"([0-9.]+)% interval", text)) == {"99.17"}
