"""Accuracy in a sweep's table: values of labelled results with their claims, and what pages and files have of them."""

import io
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from support.gate import entry, labelled, spread

from geed_cli.api.make_sweep import SweepAudit
from geed_cli.api.sweep_values import SHOWN, values_on
from geed_cli.choices import IntervalOptions, View
from geed_cli.pipeline.options import AuditOptions, DataOptions
from geed_cli.report.html.page_contents import PageContents
from geed_cli.report.html.report_page import report_page
from geed_cli.report.page import print_page
from geed_cli.report.sweep_page import one_line, sweep_page, to_csv
from geed_cli.result.file import to_strict_json
from geed_cli.sweeps.manifest import Member, Sweep, SweptData, SweptModel

N = 200


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """150 of 200 right, 190 of them, and one without labels."""
    folder = tmp_path_factory.mktemp("sweep")
    files: dict[str, list[Path]] = {}
    for seed, (name, right) in enumerate((("cnn", 150), ("c8", 190), ("bare", 0))):
        rows = (np.arange(N) < right).astype(float)
        result = labelled({"e": rows, "m": rows}, name)
        data = result.data if right else result.data.model_copy(update={"labels": None})
        weights = result.model.weights.model_copy(update={"state_sha256": name, "origin": "file"})
        result = result.model_copy(
            update={
                "results": (entry("latent.l2", "flip", None, spread(0.2, 0.05, N, seed)),),
                "data": data,
                "model": result.model.model_copy(update={"weights": weights}),
            }
        )
        files[name] = [folder / f"{name}.json"]
        files[name][0].write_text(to_strict_json(result))
    values, warnings = values_on("val", files, "cnn", SHOWN, IntervalOptions(), print)
    return Sweep(
        status="complete",
        settings={},
        models=tuple(SweptModel(label=name, members=(Member(name=name, text=name),)) for name in files),
        data=(SweptData(label="val", source="val/"),),
        cells=(),
        confidence=0.95,
        values=tuple(values),
        warnings=tuple(warnings),
    )


def test_values_and_claims_are_those_of_compare(made: Sweep) -> None:
    """40 won and none lost is claimed; the model without labels has no value."""
    found = {value.model: value for value in made.values if value.metric == "accuracy"}
    assert [found[name].value for name in ("cnn", "c8", "bare")] == [0.75, 0.95, None]
    assert (found["c8"].claim, found["c8"].difference) == ("higher", pytest.approx(0.2))
    assert found["bare"].claim == "absent"
    assert {value.metric for value in made.values} == {
        "latent.l2",
        "accuracy",
        "worst_case",
        "balanced_accuracy",
    }


def test_every_form_has_them(made: Sweep) -> None:
    """A table of each, in percent; one line and CSV."""
    stream = io.StringIO()
    print_page(sweep_page(made, View(), 100), Console(width=100, file=stream))
    page = " ".join(stream.getvalue().split())
    assert "flip · accuracy val cnn 75.0%" in page
    assert "+ higher" in page
    assert "claims hold together at 5% on each data set (Holm), of accuracy by themselves" in page
    assert "0 is invariant" not in page
    assert "val.flip.c8.accuracy.claim=higher" in one_line(made)
    assert "val,flip,accuracy,,c8,1,0.95" in to_csv(made)


def test_a_changed_table_of_labels_is_another_recipe(tmp_path: Path) -> None:
    """Cells that were audited with other labels are not gone on from; the folders themselves are no file."""
    table = tmp_path / "labels.csv"
    table.write_text("path,label\na.png,0\n")

    def recorded(labels: str) -> str:
        options = AuditOptions(data=DataOptions(labels=labels))
        audit = SweepAudit(load=lambda _: pytest.fail("nothing is loaded"), groups=("flip",), options=options)
        return str(audit.settings()["data"]["labels"])

    before = recorded(str(table))
    table.write_text("path,label\na.png,1\n")
    assert recorded(str(table)) != before
    assert recorded("folder") == "folder"


def test_the_page_has_cards_of_them(made: Sweep) -> None:
    """In percent, under their names in words, on an axis that does not begin at perfect."""
    page = report_page(PageContents(sweep=made))
    assert "<strong>Accuracy, worst case</strong>" in page
    assert "higher: +14 to +26%" in page
