"""Numbers by class against loops over rows: which images, M of all of them, limits alone and together."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from scipy.stats import binomtest
from support.command import Geed, geed
from support.gate import changed_entry, entry, labelled, spread

from geed_cli.choices import View
from geed_cli.errors import InputError
from geed_cli.pipeline.options import DataOptions
from geed_cli.report.audit_page import audit_page, quiet_line
from geed_cli.report.html.page_contents import PageContents
from geed_cli.report.html.report_page import report_page
from geed_cli.report.page import Block, print_page
from geed_cli.result.by_class import with_classes
from geed_cli.result.clusters import by_pattern, with_clusters
from geed_cli.result.file import read_result, to_strict_json
from geed_cli.result.intervals import remade
from geed_cli.result.samples import weighting_of
from geed_cli.result.schema import ClassEntry, Labels, PerImage, Result, TopClasses
from geed_cli.result.soundness import check_sound

__all__ = ["geed"]
N = 120
CLASSES = np.repeat([0, 1, 2], [60, 50, 10])
"""Two classes of images enough, and one of ten."""
L2, KL = ("latent.l2", "flip", None), ("softmax.kl", "flip", None)
LAYER = ("channelwise.cosine", "flip", "layer1")
M = np.linspace(1.0, 3.0, N)
"""Mean distances to other images: M is 2."""


def wrong(*ranges: range) -> np.ndarray:
    rows = np.ones(N, dtype=bool)
    for each in ranges:
        rows[list(each)] = False
    return rows


RIGHT = {"e": wrong(range(12), range(60, 90), range(115, 120)), "m": wrong(range(30))}


@pytest.fixture(scope="module")
def made() -> Result:
    """Features in three classes, wrong answers in all of them."""
    base = labelled({name: rows.astype(float) for name, rows in RIGHT.items()})
    values = np.where(CLASSES == 1, 0.6, 0.4) + spread(0.0, 0.05, N)
    latent = entry(*L2, values)
    latent = latent.model_copy(
        update={
            "value": float(values.mean() / M.mean()),
            "normaliser": float(M.mean()),
            "per_image": PerImage(value=tuple(values), normaliser=tuple(M)),
        }
    )
    tops = TopClasses(
        group="flip",
        classes={
            name: tuple(int(c) if ok else int(c + 1) for c, ok in zip(CLASSES, rows, strict=True))
            for name, rows in RIGHT.items()
        },
        probabilities=dict.fromkeys(RIGHT, (0.5,) * N),
    )
    data = base.data.model_copy(update={"labels": Labels(how="folder", of=tuple(map(int, CLASSES)))})
    layer = entry(*LAYER, spread(-0.9, 0.02, N))
    return with_classes(
        remade(
            base.model_copy(
                update={
                    "results": (latent, entry(*KL, np.abs(spread(0.1, 0.02, N))), layer),
                    "data": data,
                    "top_classes": (tops,),
                    "class_names": {0: "tabby, tabby cat", 1: "red fox", 2: "owl"},
                }
            )
        )
    )


def found(made: Result, metric: str, label: int) -> ClassEntry:
    (one,) = [each for each in made.by_class if (each.metric, each.label) == (metric, label)]
    return one


def test_values_are_means_over_the_images_of_a_class(made: Result) -> None:
    """By a loop over the saved rows; features over the M of all images."""
    for metric, key in (("latent.l2", L2), ("softmax.kl", KL), ("channelwise.cosine", LAYER)):
        whole = made[key]
        assert whole.per_image is not None
        for label in range(3):
            own = [
                v for v, c in zip(whole.per_image.value, CLASSES, strict=True) if c == label and v is not None
            ]
            mean = sum(own) / len(own) / (2.0 if metric == "latent.l2" else 1.0)
            one = found(made, metric, label)
            assert one.value == pytest.approx(mean), (metric, label)
            assert one.images == len(own)
            assert one.layer == key[2]


def test_the_classes_make_up_the_whole(made: Result) -> None:
    """Of images that count alike the mean of the classes' values by their images is the value."""
    for metric in ("latent.l2", "softmax.kl", "accuracy", "worst_case"):
        ours = sum(found(made, metric, label).value * count for label, count in enumerate((60, 50, 10)))  # type: ignore[operator]
        whole = next(e.value for e in (*made.results, *made.accuracy) if e.metric == metric)
        assert ours / N == pytest.approx(whole), metric


def test_accuracy_has_exact_limits_alone_and_together(made: Result) -> None:
    """Clopper and Pearson's by scipy at 95%, and at 97.5% for the two classes that have images enough."""
    for label, (right, count) in enumerate(((48, 60), (20, 50), (5, 10))):
        one = found(made, "accuracy", label)
        assert one.value == right / count
        if count < 20:
            assert (one.ci, one.joint_ci) == (None, None)
            assert any("10 images, at least 20 needed" in note for note in one.notes)
            continue
        for limits, level in ((one.ci, 0.95), (one.joint_ci, 0.975)):
            exact = binomtest(right, count).proportion_ci(level, "exact")
            assert limits == pytest.approx((exact.low, exact.high), abs=1e-9), (label, level)
    worst = [found(made, "worst_case", label).value for label in range(3)]
    assert worst == [np.mean((RIGHT["e"] & RIGHT["m"])[label == CLASSES]) for label in range(3)]


def test_limits_of_measures_hold_their_value_and_are_wider_together(made: Result) -> None:
    for metric in ("latent.l2", "softmax.kl", "channelwise.cosine"):
        for label in (0, 1):
            one = found(made, metric, label)
            assert one.value is not None
            assert one.ci is not None
            assert one.joint_ci is not None
            assert one.joint_ci[0] < one.ci[0] < one.value < one.ci[1] < one.joint_ci[1]


def test_clusters_and_weights_are_those_of_the_class(made: Result) -> None:
    """Three pictures a cluster leave 20 and 16 or 17 independent draws; weights make a weighted mean."""
    clustered = with_clusters(made, by_pattern(r"(\d+)\.png", "by hand"))
    assert found(clustered, "accuracy", 0).ci == pytest.approx(found(made, "accuracy", 0).ci)
    threes = made.model_copy(
        update={
            "data": made.data.model_copy(
                update={
                    "images": tuple(
                        image.model_copy(update={"path": f"{k // 3}/{k}.png"})
                        for k, image in enumerate(made.data.images)
                    )
                }
            )
        }
    )
    clustered = with_clusters(threes, by_pattern(r"(\d+)/", "by hand"))
    assert found(clustered, "accuracy", 0).ci is not None
    assert found(clustered, "accuracy", 1).ci is None
    weights = tuple(np.linspace(0.5, 1.5, N))
    weighted = with_classes(
        made.model_copy(
            update={"data": made.data.model_copy(update={"weights": weights, "weighted_by": "w.csv"})}
        )
    )
    assert weighting_of(weighted.data) is not None
    own = CLASSES == 1
    assert found(weighted, "accuracy", 1).value == pytest.approx(
        np.average(RIGHT["e"][own], weights=np.array(weights)[own])
    )


def test_what_has_no_value_says_why(made: Result) -> None:
    undefined = changed_entry(
        made, status="undefined", value=None, per_image=None, notes=("undefined: M = 0",)
    )
    one = found(with_classes(undefined), "latent.l2", 0)
    assert (one.value, one.ci, one.notes) == (None, None, ("undefined: M = 0",))


def test_a_saved_result_keeps_its_classes(made: Result, tmp_path: Path) -> None:
    """Written, read, and made anew, digit for digit."""
    file = tmp_path / "result.json"
    file.write_text(to_strict_json(made))
    again = read_result(file)
    assert again.by_class == made.by_class
    assert remade(again).by_class == made.by_class


def test_entries_of_classes_that_no_image_has_are_refused(made: Result) -> None:
    for update, said in (
        ({"label": 7}, "entries of class 7, which none of its images has"),
        ({"group": "c9"}, "an entry of class 0 belongs to no audited group"),
    ):
        first = made.by_class[0].model_copy(update=update)
        with pytest.raises(InputError, match=said):
            check_sound(made.model_copy(update={"by_class": (first,)}), "result")


def printed(blocks: Iterator[Block], width: int = 100) -> str:
    stream = io.StringIO()
    print_page(blocks, Console(width=width, file=stream))
    return " ".join(stream.getvalue().split())


def test_the_page_names_the_furthest_class_with_limits_for_all(made: Result) -> None:
    """The furthest class among those with images enough, whatever the small one has."""
    page = printed(audit_page(made, View(), 100))
    accuracy = found(made, "accuracy", 1).joint_ci
    assert accuracy is not None
    limits = f"{100 * accuracy[0]:.0f} to {100 * accuracy[1]:.0f}%"
    whole = f"{100 * RIGHT['e'].mean():.0f}%"
    said = f"accuracy, of 2 classes of 20 images or more, is lowest of red fox: 40% ({limits} for all 2 together)"
    assert f"{said}; all images: {whole}" in page
    assert "latent.l2, of 2 classes of 20 images or more, is largest of red fox" in page
    assert "owl 10 50% none" in page
    assert "tabby 60 80%" in page
    assert "intervals in rows are of one class by itself, M is that of all images" in page
    assert "layer1; all images" not in page
    assert "channelwise.cosine at layer1; all images -0.90" in printed(
        audit_page(made, View(verbose=True), 100)
    )


def test_the_furthest_class_has_the_lowest_value_of_what_is_better_the_larger(made: Result) -> None:
    """Class 1 ranks lowest and keeps fewest top classes; of neighbours kept no row is an image's own number."""
    rows = np.where(CLASSES == 1, 0.2, 0.6) + spread(0.0, 0.02, N)
    metrics = ("retrieval.rank", "prediction.consistency", "retrieval.mutual_knn")
    entries = tuple(entry(metric, "flip", None, rows) for metric in metrics)
    page = printed(audit_page(with_classes(made.model_copy(update={"results": entries})), View(), 100))
    among = "of 2 classes of 20 images or more, is lowest of red fox"
    assert f"retrieval.rank, {among}" in page
    assert f"prediction.consistency, {among}" in page
    order = page.partition("retrieval.rank; all images")[2].partition("consistency; all images")[0]
    assert order.index("red fox") < order.index("tabby")
    assert "largest" not in page
    assert "mutual_knn; all images" not in page


def test_a_page_without_a_class_of_enough_images_claims_nothing(made: Result) -> None:
    """Every class has ten pictures."""
    of = tuple(k // 10 for k in range(N))
    small = made.model_copy(
        update={
            "data": made.data.model_copy(update={"labels": Labels(how="folder", of=of)}),
            "class_names": {},
        }
    )
    page = printed(audit_page(with_classes(small), View(), 100))
    assert "accuracy: no class has 20 images, so that none is told from another" in page
    assert "7 more classes, and layers: -v" in page
    assert re.search(r"class \d+ 10 ", page)


def test_other_forms_have_them(made: Result) -> None:
    """One line, and the report page, with what the furthest class shows."""
    line = quiet_line(made)
    assert "flip.accuracy.class1=0.4 " in line
    assert "flip.accuracy.class1.ci=" in line
    assert "flip.accuracy.class2.ci=" not in line
    page = report_page(PageContents({"net": made}))
    assert "is lowest of red fox: 40%" in page
    assert '<th scope="row">owl</th><td>10</td><td>50%</td><td>none</td>' in page
    assert "<summary>By class</summary>" not in report_page(
        PageContents({"net": made.model_copy(update={"by_class": ()})})
    )


def test_a_report_makes_them_of_saved_rows(made: Result, tmp_path: Path, geed: Geed) -> None:
    """Of a result that was audited without; refused where no result has labels, and with a figure."""
    file, bare = tmp_path / "result.json", tmp_path / "bare.json"
    file.write_text(to_strict_json(made.model_copy(update={"by_class": ()})))
    unlabelled = made.data.model_copy(update={"labels": None})
    bare.write_text(
        to_strict_json(made.model_copy(update={"by_class": (), "data": unlabelled, "accuracy": ()}))
    )
    out = tmp_path / "page.html"
    assert geed("report", str(file), "--by", "class", "-o", str(out)).exit_code == 0
    assert "is lowest of red fox: 40%" in out.read_text()
    refused = geed("report", str(bare), "--by", "class", "-o", str(tmp_path / "other.html"))
    assert (refused.exit_code, "--by class without a labelled result" in refused.stderr) == (2, True)
    refused = geed("report", str(file), "--by", "class", "--plot", "depth", "-o", str(tmp_path / "x.svg"))
    assert (refused.exit_code, "--by with --plot" in refused.stderr) == (2, True)


def test_classes_need_labels() -> None:
    with pytest.raises(InputError, match="--by class without --labels"):
        replace(DataOptions(), by="class")
    with pytest.raises(InputError, match="--by"):
        DataOptions(labels="folder", by="clas")  # type: ignore[arg-type]
