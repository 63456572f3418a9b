"""``compare --by class``: each class's own pictures, McNemar and Holm by hand, M of all pictures, what is refused."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from scipy.stats import binomtest
from support.command import Geed, geed
from support.gate import entry, labelled, spread

from geed_cli.api.compare import compare
from geed_cli.choices import View
from geed_cli.comparison.schema import ClassLine, Comparison
from geed_cli.errors import InputError
from geed_cli.report.comparison_page import comparison_page, to_csv
from geed_cli.report.html.page_contents import PageContents
from geed_cli.report.html.report_page import report_page
from geed_cli.report.page import Block, print_page
from geed_cli.result.file import to_strict_json
from geed_cli.result.schema import Labels, PerImage, Result, TopClasses

__all__ = ["geed"]
N = 120
CLASSES = np.repeat([0, 1, 2], [60, 50, 10])
NAMES = {0: "tabby", 1: "red fox", 2: "owl"}
Wrong = tuple[range, ...]


def model(name: str, l2: float, *wrong: range, seed: int) -> Result:
    """Those pictures are wrong, as they are and mirrored; M is 2."""
    right = np.ones(N, dtype=bool)
    for each in wrong:
        right[list(each)] = False
    base = labelled({"e": right.astype(float), "m": right.astype(float)}, name)
    values = spread(l2, 0.05, N, seed)
    latent = entry("latent.l2", "flip", None, values).model_copy(
        update={
            "value": float(values.mean() / 2.0),
            "normaliser": 2.0,
            "per_image": PerImage(value=tuple(values), normaliser=(2.0,) * N),
        }
    )
    classes = tuple(int(c) if ok else int((c + 1) % 3) for c, ok in zip(CLASSES, right, strict=True))
    tops = TopClasses(
        group="flip", classes={"e": classes, "m": classes}, probabilities={"e": (0.5,) * N, "m": (0.5,) * N}
    )
    data = base.data.model_copy(update={"labels": Labels(how="folder", of=tuple(map(int, CLASSES)))})
    weights = base.model.weights.model_copy(update={"origin": "file", "state_sha256": name})
    return base.model_copy(
        update={
            "results": (latent,),
            "data": data,
            "top_classes": (tops,),
            "class_names": NAMES,
            "model": base.model.model_copy(update={"weights": weights}),
        }
    )


FIRST = model("first", 0.4, range(20), range(60, 70), range(115, 120), seed=1)
OTHER = model("other", 0.3, range(18, 22), range(60, 90), range(115, 120), seed=2)
"""Of class 0 two lost and 18 won, of class 1 20 lost, of class 2 as before."""


@pytest.fixture(scope="module")
def made() -> Comparison:
    return compare({"first": FIRST, "other": OTHER}, by="class")


def line(made: Comparison, metric: str, label: int) -> ClassLine:
    (found,) = [each for each in made.by_class if (each.metric, each.label) == (metric, label)]
    return found


def test_each_class_has_its_own_pictures(made: Comparison) -> None:
    """Values by a loop; M is that of all pictures."""
    for label in range(3):
        own = label == CLASSES
        found = line(made, "latent.l2", label)
        assert found.images == int(own.sum())
        for side, result in zip(found.sides, (FIRST, OTHER), strict=True):
            rows = result.results[0].per_image
            assert rows is not None
            assert side.value == pytest.approx(
                np.mean([v for v, mine in zip(rows.value, own, strict=True) if mine]) / 2
            )
    assert [line(made, "accuracy", k).sides[0].value for k in range(3)] == [40 / 60, 40 / 50, 5 / 10]
    assert [line(made, "accuracy", k).sides[1].value for k in range(3)] == [56 / 60, 20 / 50, 5 / 10]


def test_claims_are_mcnemars_and_hold_together(made: Comparison) -> None:
    """Holm by hand over the five claims: features and accuracy of two classes; the worst case has the same rows."""
    p = {
        ("accuracy", 0): binomtest(2, 20).pvalue,
        ("accuracy", 1): binomtest(20, 20).pvalue,
        **{("latent.l2", k): line(made, "latent.l2", k).deltas[0].p_value or 0.0 for k in (0, 1)},
    }
    running = 0.0
    for rank, key in enumerate(sorted(p, key=lambda each: p[each])):
        running = max(running, min(1.0, (len(p) - rank) * p[key]))
        delta = line(made, *key).deltas[0]
        assert delta.p_value == pytest.approx(p[key], rel=1e-4)
        assert delta.p_holm == pytest.approx(running, rel=1e-4), key
    assert [line(made, "accuracy", k).deltas[0].verdict for k in range(3)] == ["higher", "lower", "undecided"]
    assert [line(made, "latent.l2", k).deltas[0].verdict for k in range(3)] == ["less", "less", "undecided"]
    assert line(made, "worst_case", 0).deltas == line(made, "accuracy", 0).deltas
    assert line(made, "accuracy", 2).deltas[0].ci is None


def test_other_lines_are_what_they_are_without(made: Comparison) -> None:
    without = compare({"first": FIRST, "other": OTHER})
    assert (without.lines, without.accuracy) == (made.lines, made.accuracy)
    assert (without.by_class, without.class_names) == ((), {})


def printed(blocks: Iterator[Block], width: int = 100) -> str:
    stream = io.StringIO()
    print_page(blocks, Console(width=width, file=stream))
    return " ".join(stream.getvalue().split())


def test_every_form_shows_them(made: Comparison) -> None:
    """Page, CSV, report page; the sign means what the legend says."""
    page = printed(comparison_page(made, View(), 80), 80)
    assert "red fox 50 80% 40% − tabby 60 67% 93% + owl 10 50% 50% ?" in page
    assert "by class: + further, or of accuracy higher; claims hold for all classes together" in page
    rows = [row for row in csv.DictReader(io.StringIO(to_csv(made))) if row["class_name"] == "red fox"]
    (found,) = [row for row in rows if (row["metric"], row["subject"]) == ("accuracy", "other")]
    assert (float(found["difference"]), found["verdict"], found["class"]) == (
        pytest.approx(-0.4),
        "lower",
        "1",
    )
    shown = report_page(PageContents({"first": FIRST, "other": OTHER}, made))
    assert '<td>40% <span class="s">(' in shown
    assert "(no interval, undecided)" in shown
    assert "accuracy of red fox" in printed(comparison_page(made, View(verbose=True), 120), 120)


def test_a_class_with_more_of_what_is_better_the_larger_is_nearer() -> None:
    """As in the table of all images: 0.3 against 0.6 of consistency is further, 0.6 against 0.3 nearer."""
    low, high = model("low", 0.5, seed=1), model("high", 0.6, seed=2)
    low, high = (
        one.model_copy(
            update={"results": (entry("prediction.consistency", "flip", None, spread(mean, 0.05, N, seed)),)}
        )
        for one, mean, seed in ((low, 0.3, 3), (high, 0.6, 4))
    )
    nearer, further = compare({"a": low, "b": high}, by="class"), compare({"a": high, "b": low}, by="class")
    for made, verdict in ((nearer, "less"), (further, "more")):
        said = [each for each in made.by_class if each.metric == "prediction.consistency" and each.label < 2]
        assert [each.deltas[0].verdict for each in (*made.lines, *said)] == [verdict] * 3
    assert "30% 60% −" in printed(comparison_page(nearer, View(), 100))


def test_populations_are_compared_by_class() -> None:
    """The mean over models, class by class."""
    many = [model(f"net{k}", 0.3 + 0.01 * k, range(10 + k), seed=10 + k) for k in range(3)]
    many = [each.model_copy(update={"model": each.model.model_copy(update={"arch": "net"})}) for each in many]
    made = compare({"first": FIRST, "many": many}, by="class")
    side = line(made, "accuracy", 0).sides[1]
    assert side.value == pytest.approx(np.mean([(50 - k) / 60 for k in range(3)]))
    assert side.ci is not None


def test_classes_need_labels(tmp_path: Path, geed: Geed) -> None:
    """Of saved results: refused without, written with; of other words, too."""
    bare = FIRST.model_copy(update={"data": FIRST.data.model_copy(update={"labels": None})})
    with pytest.raises(InputError, match="--by class without a labelled result"):
        compare({"first": bare, "other": bare}, by="class")
    with pytest.raises(InputError, match="--by"):
        compare({"first": FIRST, "other": OTHER}, by="clas")  # type: ignore[arg-type]
    files = []
    for result in (FIRST, OTHER):
        files.append(tmp_path / f"{result.model.id}.json")
        files[-1].write_text(to_strict_json(result))
    done = geed("compare", *files, "--by", "class", "--json", str(tmp_path / "c.json"))
    assert done.exit_code == 0, done.stderr
    saved = json.loads((tmp_path / "c.json").read_text())
    assert {each["label"] for each in saved["by_class"]} == {0, 1, 2}
    refused = geed("compare", *files, "--labels", "folder")
    assert "--labels cannot act on saved results" in " ".join(refused.stderr.split())
