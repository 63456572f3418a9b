"""The page of an audit at every width, in ASCII, line by line, in full and as one line, beside the result's numbers."""

import re
from pathlib import Path

import pytest
from support.command import printed
from support.constructed import entry, features, layers, result
from support.golden import assert_golden
from support.results import small_result

from geed_cli.choices import View
from geed_cli.report.audit_page import quiet_line
from geed_cli.result.file import read_result
from geed_cli.result.schema import Clusters, Result
from geed_cli.verdict.audit import say, unseen

LITE0 = Path(__file__).parent / "lite0.json"
"""``geed audit efficientnet_lite0 -g flip -g c4 -g c8 --twin --samples 30``."""


@pytest.fixture(scope="module")
def lite0() -> Result:
    """Three groups, one of them resampled, with a twin."""
    return read_result(LITE0)


def one_group(result: Result, name: str) -> Result:
    """The same with one of its groups."""
    return result.model_copy(
        update={
            "groups": tuple(group for group in result.groups if group.name == name),
            "results": tuple(entry for entry in result.results if entry.group == name),
            "grid_phase": tuple(phase for phase in result.grid_phase if phase.group == name),
        }
    )


@pytest.mark.parametrize("width", [60, 80, 100, 200])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_the_page_as_it_is_read(lite0: Result, width: int, encoding: str) -> None:
    """Texts that were read by eye."""
    mirror = one_group(lite0, "flip")
    assert_golden(printed(mirror, width, encoding=encoding), f"audit_flip_{width}_{encoding}")
    assert_golden(printed(lite0, width, encoding=encoding), f"audit_three_{width}_{encoding}")


def test_the_other_views_as_they_are_read(lite0: Result) -> None:
    """In full, one statement a line, one line."""
    assert_golden(printed(lite0, 100, View(verbose=True)), "audit_three_verbose")
    assert_golden(printed(lite0, 100, View(linear=True)), "audit_three_linear")
    assert_golden(printed(lite0, 100, View(quiet=True)), "audit_three_quiet")


def test_the_answer_comes_first_and_what_to_do_last(lite0: Result) -> None:
    """Verdict, warnings, what was audited, tables, the next step, for every group."""
    text = printed(lite0, 100)
    order = [
        *(say(lite0, group.name).verdict for group in lite0.groups),
        "warning: ",
        "geed audit",
        "value",
        "next: ",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert len(printed(one_group(lite0, "flip"), 80).splitlines()) <= 33


def test_what_the_sample_may_not_have_is_said(lite0: Result) -> None:
    """The rule of three, under the table, in words and linear; nothing below 20 images, which say nothing at all."""
    for view in (View(), View(linear=True), View(verbose=True)):
        assert "a kind of image rarer than 10% (3 in 30) may be missing altogether" in printed(
            lite0, 100, view
        )
    few = lite0.model_copy(update={"data": lite0.data.model_copy(update={"count": 19})})
    assert unseen(few) == ""
    units = Clusters(
        how="folder", names=tuple("abcdefghijklmnopqrstuvwx"), of=tuple(k % 24 for k in range(30))
    )
    clustered = lite0.model_copy(update={"data": lite0.data.model_copy(update={"clusters": units})})
    assert "12% (3 in 24)" in unseen(clustered)
    for count in (20, 50, 200, 1000):
        data = lite0.data.model_copy(update={"count": count})
        share = float(unseen(lite0.model_copy(update={"data": data})).split("%")[0].split()[-1])
        assert (1 - share / 100) ** count == pytest.approx(0.05, abs=0.015)


def test_every_group_has_its_rows_with_intervals(lite0: Result) -> None:
    """Rows are named as they are typed elsewhere: measures by name, first and last layer for every group at least."""
    text = printed(lite0, 100)
    blocks = text.split("value  ")[1:]
    assert len(blocks) == len(lite0.groups)
    for block in blocks:
        for name in ("latent.l2", "softmax.kl", "prediction.flip_rate", "blocks.0", "blocks.6"):
            row = next(line for line in block.splitlines() if line.strip().startswith(name))
            assert re.search(r"\d to -?\d", row)
    assert text.count("channelwise.cosine: -1 is equivariant") == len(lite0.groups)
    assert "latent.cosine" not in text
    assert "latent.cosine" in printed(lite0, 100, View(verbose=True))


def test_over_ten_layers_show_the_ends_and_others_evenly() -> None:
    """Ten rows of 25, the first and the last among them, and how many are missing."""
    result = small_result()
    entry = next(each for each in result.results if each.metric == "channelwise.cosine")
    layers = tuple(entry.model_copy(update={"layer": f"at.{i}"}) for i in range(25))
    text = printed(result.model_copy(update={"results": layers, "groups": result.groups[:1]}), 100)
    shown = [int(name) for name in re.findall(r"^  at\.(\d+)  ", text, re.MULTILINE)]
    assert shown == [0, 3, 5, 8, 11, 13, 16, 19, 21, 24]
    assert "15 more layers: -v" in text


def test_what_was_asked_for_by_name_has_its_row() -> None:
    """latent.cosine has no perfect value by itself; asked for, it is shown with its raw mean."""
    result = small_result()
    asked = result.settings.model_copy(update={"measures": ("latent.cosine",)})
    only = tuple(entry for entry in result.results if entry.metric == "latent.cosine")
    text = printed(result.model_copy(update={"settings": asked, "results": only}), 100)
    assert re.search(r"^  latent\.cosine .* raw ", text, re.MULTILINE)


def test_one_line_for_logs(lite0: Result) -> None:
    """Words of key=value that split at blanks, with every group's verdict."""
    pairs = dict(part.split("=", 1) for part in quiet_line(lite0).split(" "))
    entry = next(e for e in lite0.results if e.group == "c4" and e.metric == "latent.l2")
    assert float(pairs["c4.latent.l2"]) == pytest.approx(entry.value, rel=1e-3)
    assert entry.ci is not None
    assert [*map(float, pairs["c4.latent.l2.ci"].split(","))] == pytest.approx([*entry.ci], rel=1e-3)
    assert pairs["flip.verdict"] == say(lite0, "flip").word.replace(",", "").replace(" ", "-")
    assert pairs["images"] == str(lite0.data.count)
    nameless = lite0.model_copy(update={"model": lite0.model.model_copy(update={"arch": " "})})
    assert "model=none" in quiet_line(nameless).split()


def test_names_of_strangers_are_printed_as_text(lite0: Result) -> None:
    """Control characters in a result from elsewhere do not reach the terminal."""
    evil = "a\x1b[31m::error::"
    model = lite0.model.model_copy(update={"arch": evil})
    layered = tuple(e.model_copy(update={"layer": e.layer and e.layer + evil}) for e in lite0.results)
    for view in (View(), View(verbose=True), View(linear=True), View(quiet=True)):
        text = printed(lite0.model_copy(update={"model": model, "results": layered}), 100, view)
        assert "\x1b" not in text
        assert "::error" not in text


def test_a_set_is_no_group() -> None:
    """It has members, and no word of exactness or resampling."""
    result = small_result()
    weather = result.groups[0].model_copy(
        update={
            "name": "weather",
            "kind": "set",
            "elements": ("e", "fog"),
            "exact": False,
            "interpolation": None,
        }
    )
    text = printed(result.model_copy(update={"groups": (weather,)}), 100)
    assert re.search(r"^weather: .*, 2 members, no group$", text, re.MULTILINE)


def test_rows_without_a_value_say_why(lite0: Result) -> None:
    """Below the table, each reason once with the rows that it is about."""
    none = {"status": "not_applicable", "value": None, "ci": None, "raw": None, "to_another": None}
    results = tuple(
        entry.model_copy(update=none | {"notes": ("a negative of maps is no map",)}) if entry.layer else entry
        for entry in lite0.results
    )
    text = printed(lite0.model_copy(update={"results": results}), 100)
    assert text.count("  blocks.0, blocks.6: a negative of maps is no map\n") == len(lite0.groups)


def test_the_scale_has_a_legend_where_a_mark_is_on_it() -> None:
    """A rank and a length have no place there, and percents of copies that agree run the other way."""
    ends = "0% unchanged, 100% another image"
    rank, length = entry("retrieval.rank", 0.8, 0.7, 0.9), entry("latent.relative", 0.2, 0.1, 0.3)
    agreeing = entry("prediction.consistency", 0.9, 0.8, 0.95)  # 90% is near the end that is unchanged
    for entries in (
        (rank,),
        (length,),
        (agreeing,),
        (agreeing, length),
        (rank, length, entry("lie.output", None)),
    ):
        text = printed(result(*entries))
        assert ends not in text
        assert "-v has every value" in text.splitlines()
        assert "-v has" not in printed(result(*entries), view=View(verbose=True))
    assert ends in printed(result(rank, features(0.4, 0.37, 0.44)))
    assert ends in printed(result(*layers((0.72, 0.4, 0.09))))
