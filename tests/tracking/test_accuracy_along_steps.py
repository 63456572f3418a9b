"""What labels say along steps: rows beside those of measures, populations, figures, and labels that differ."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
from rich.console import Console
from scipy.stats import binomtest
from support.gate import entry, labelled, spread

from geed_cli.choices import View
from geed_cli.errors import InputError
from geed_cli.report.explain.report_walks import walk
from geed_cli.report.html.page_contents import PageContents
from geed_cli.report.html.report_page import report_page
from geed_cli.report.page import Block, print_page
from geed_cli.report.track_page import one_line, track_page
from geed_cli.result.schema import Labels, Result
from geed_cli.tracking.columns import columns_of
from geed_cli.tracking.record import Record, Row, Track
from geed_cli.tracking.track import track_of

N = 100


def step(right: int, moved: int, seed: int) -> Result:
    """So many of 100 pictures are right as they are, and so many fewer when they are mirrored as well."""
    rows = {"e": np.zeros(N), "m": np.zeros(N)}
    rows["e"][:right] = 1.0
    rows["m"][: right - moved] = 1.0
    made = labelled(rows)
    weights = made.model.weights.model_copy(update={"state_sha256": f"{right} {seed}", "origin": "file"})
    return made.model_copy(
        update={
            "results": (entry("latent.l2", "flip", None, spread(0.2, 0.05, N, seed)),),
            "model": made.model.model_copy(update={"weights": weights}),
        }
    )


def track(*results: tuple[int, Result]) -> Track:
    return track_of(
        [
            Record(
                label="run",
                step=at,
                step_from="the file name",
                file=f"{at}.json",
                source="result",
                result=each,
            )
            for at, each in results
        ],
        None,
    )


@pytest.fixture(scope="module")
def made() -> Track:
    return track((0, step(50, 20, 1)), (10, step(70, 10, 2)), (20, step(90, 5, 3)))


def rows(made: Track, metric: str) -> list[Row]:
    return [row for row in made.rows if row.metric == metric]


def test_every_step_has_its_accuracy_with_exact_limits(made: Track) -> None:
    """Clopper and Pearson's by scipy."""
    for metric, rights in (("accuracy", (50, 70, 90)), ("worst_case", (30, 60, 85))):
        for row, right in zip(rows(made, metric), rights, strict=True):
            exact = binomtest(right, N).proportion_ci(0.95, "exact")
            assert (row.value, row.over, row.models) == (right / N, "images", 1)
            assert row.ci == pytest.approx((exact.low, exact.high), abs=1e-9)
    assert len(rows(made, "balanced_accuracy")) == 3
    assert made[20]["accuracy", "flip"].value == 0.9


def test_a_population_has_the_mean_over_its_models() -> None:
    made = track((0, step(50, 20, 1)), (10, step(70, 10, 2)), (10, step(80, 10, 3)))
    row = rows(made, "accuracy")[1]
    assert (row.value, row.models, row.over) == (pytest.approx(0.75), 2, "models")
    assert row.ci is not None


def test_labels_that_differ_stand_on_no_track() -> None:
    """Steps without labels may stand beside others, and have no accuracy."""
    one, two = step(50, 20, 1), step(70, 10, 2)
    others = two.model_copy(
        update={"data": two.data.model_copy(update={"labels": Labels(how="x.csv", of=(1,) * 99 + (0,))})}
    )
    with pytest.raises(InputError, match="labels: 1 of 100 labels differ, the first 1 and 0"):
        track((0, one), (10, others))
    bare = two.model_copy(update={"data": two.data.model_copy(update={"labels": None})})
    assert [row.step for row in rows(track((0, one), (10, bare)), "accuracy")] == [0]


def printed(blocks: Iterator[Block], width: int = 100) -> str:
    stream = io.StringIO()
    print_page(blocks, Console(width=width, file=stream))
    return " ".join(stream.getvalue().split())


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_has_columns_of_them(made: Track, width: int) -> None:
    """Beside the usual measures, in percent; balanced accuracy is in the files."""
    columns = columns_of(made)
    assert [column.metric for column in columns] == ["latent.l2", "accuracy", "worst_case"]
    page = printed(track_page(made, columns, View(), width), width)
    assert "50% (40 to 60%) 30% (21 to 40%)" in page
    assert "balanced_accuracy" not in page
    assert "run.flip.accuracy.last=0.9" in one_line(made)
    assert "accuracy" in printed(walk(made, "track.json"))


def test_the_page_draws_them_and_says_which_way_is_better(made: Track) -> None:
    page = report_page(PageContents(track=made))
    assert "Higher is further from invariance, of accuracy right more often." in page
    assert "flip: accuracy by step" in page
    assert "run: 50% at 0, 90% at 20." in page


def test_a_figure_for_papers_says_it_as_well(made: Track) -> None:
    """The caption tells the two ways apart."""
    pytest.importorskip("matplotlib", reason="needs the extra plot")
    from geed_cli.report.figures.track_figure import track_sheet

    sheet = track_sheet(made, columns_of(made))
    assert "Of accuracy higher is better; of measures lower is nearer to invariance." in sheet.caption
    assert [panel.y_label.partition("\n")[0] for panel in sheet.panels][1:] == [
        "accuracy (%)",
        "accuracy, worst case (%)",
    ]
    assert sheet.panels[1].ends()[0] > 30.0
