"""The panel of a comparison's figure against accuracy: each model at its two numbers, with both intervals."""

import numpy as np
import pytest
from support.figures import axes_of, canvas_of, overlapping
from support.gate import entry, labelled, spread

from geed_cli.api.compare import compare
from geed_cli.comparison.schema import Comparison
from geed_cli.report.figures.comparison_figure import comparison_sheet
from geed_cli.report.figures.scatter_panel import ScatterPanel
from geed_cli.result.schema import Result

N = 100


def model(name: str, right: int, l2: float, seed: int) -> Result:
    rows = (np.arange(N) < right).astype(float)
    made = labelled({"e": rows, "m": rows}, name)
    return made.model_copy(update={"results": (entry("latent.l2", "flip", None, spread(l2, 0.05, N, seed)),)})


@pytest.fixture(scope="module")
def made() -> Comparison:
    return compare({"cnn": model("cnn", 70, 0.3, 1), "c8": model("c8", 90, 0.1, 2)})


def test_every_model_stands_at_both_of_its_numbers(made: Comparison) -> None:
    """The mark at its accuracy in percent and its distance, lines from limit to limit, beside the usual panel."""
    sheet = comparison_sheet(made)
    assert [type(panel).__name__ for panel in sheet.panels] == ["PointsPanel", "ScatterPanel"]
    canvas = canvas_of(sheet)
    axes = axes_of(sheet)[1]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("accuracy (%)", "latent.l2\nunder flip")
    marks = [(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in axes.get_lines()]
    assert marks == [(pytest.approx(70.0), pytest.approx(0.3)), (pytest.approx(90.0), pytest.approx(0.1))]
    drawn = [segment for lines in axes.collections for segment in lines.get_segments()]
    for number in range(2):
        right, moved = (made[metric, "flip"].sides[number] for metric in ("accuracy", "latent.l2"))
        assert right.ci is not None
        assert moved.ci is not None
        across = [(100 * right.ci[0], moved.value), (100 * right.ci[1], moved.value)]
        up = [(100 * (right.value or 0), moved.ci[0]), (100 * (right.value or 0), moved.ci[1])]
        for wanted in (across, up):
            assert any(np.allclose(segment, wanted) for segment in drawn), wanted
    assert axes.get_ylim()[0] == 0.0
    assert overlapping(canvas) == []
    assert "The last panel of a group is against accuracy, of which higher is better." in sheet.caption


def test_without_labels_there_is_no_such_panel(made: Comparison) -> None:
    """Nor where one model alone has them, or where the measure has no value of the whole network."""
    bare = made.model_copy(update={"accuracy": ()})
    alone = model("bare", 70, 0.2, 3)
    alone = alone.model_copy(update={"data": alone.data.model_copy(update={"labels": None})})
    for each in (bare, compare({"cnn": model("cnn", 70, 0.3, 1), "bare": alone})):
        sheet = comparison_sheet(each)
        assert not any(isinstance(panel, ScatterPanel) for panel in sheet.panels)
        assert "accuracy" not in sheet.caption


def test_models_without_intervals_are_bare_marks() -> None:
    """Of ten pictures."""

    def few(name: str, right: int) -> Result:
        rows = (np.arange(10) < right).astype(float)
        made = labelled({"e": rows, "m": rows}, name)
        return made.model_copy(
            update={"results": (entry("latent.l2", "flip", None, spread(0.2, 0.05, 10, right)),)}
        )

    sheet = comparison_sheet(compare({"one": few("one", 7), "two": few("two", 7)}))
    axes = axes_of(sheet)[1]
    assert [segment for lines in axes.collections for segment in lines.get_segments()] == []
    assert axes.get_xlim()[0] < 70.0 < axes.get_xlim()[1]
