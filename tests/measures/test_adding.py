"""What CONTRIBUTING says of adding things is true: a file and a line, and every part of the program knows it."""

import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console, RenderableType
from support.command import in_full, printed
from support.figures import text_of as text_of_figure
from support.gate import policy
from support.networks import MEAN, STD, small_conv_net
from support.pictures import pixels_of, smooth_pictures
from support.results import entry_of
from toys import DISTANCE, HALF_TURN, LARGEST, MEDIAN, to_lines

from geed_cli.choices import IntervalOptions, View
from geed_cli.cli.run.listing import group_table, metric_table
from geed_cli.comparison.compare import compare
from geed_cli.comparison.subjects import Contender
from geed_cli.gate.gate import gate
from geed_cli.groups.families import FAMILIES
from geed_cli.measures.catalogue import BY_NAME
from geed_cli.measures.control import CONTROLS
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, DataOptions, RunOptions
from geed_cli.report import comparison_page, track_page
from geed_cli.report.explain.topics import topic_of
from geed_cli.report.figures.track_figure import track_sheet
from geed_cli.report.gate import kinds as gate_files
from geed_cli.result.schema import Result
from geed_cli.tracking.columns import columns_of
from geed_cli.tracking.record import Record, Track
from geed_cli.tracking.track import track_of

TOYS = (LARGEST, DISTANCE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return smooth_pictures(tmp_path_factory.mktemp("pictures"), 24, 16)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toys in their tables."""
    for measure in TOYS:
        monkeypatch.setitem(BY_NAME, measure.name, measure)
    monkeypatch.setitem(CONTROLS, MEDIAN.name, MEDIAN)
    monkeypatch.setitem(FAMILIES, HALF_TURN.stem, HALF_TURN)
    monkeypatch.setitem(gate_files.KINDS, ".lines", to_lines)


def audited(folder: Path, seed: int = 0, cache: Path | None = None) -> Result:
    options = AuditOptions(data=DataOptions(folder), run=RunOptions("cpu", 8, "fp32"), cache=cache)
    network = small_conv_net(seed)
    weights = replace(network.weights, state_sha256=f"{seed:064}")
    return audit(replace(network, weights=weights, source="timm"), ["flip", "half"], options)


def track(folder: Path) -> Track:
    results = [audited(folder, seed) for seed in (0, 1)]
    records = [
        Record(label="a", step=step, step_from="", file=f"{step}.json", source="result", result=result)
        for step, result in enumerate(results)
    ]
    return track_of(records, None)


def text_of(*parts: RenderableType) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=160, no_color=True, markup=False, highlight=False)
    console.print(*parts, sep="\n")
    return stream.getvalue()


@pytest.mark.usefixtures("known")
def test_a_measure_is_audited(folder: Path) -> None:
    """A measure of vectors as by hand, one of layers against the cosine; 1e-5: float32."""
    result = audited(folder)
    pixels = torch.from_numpy(np.stack(pixels_of(folder)))
    mean, std = (torch.tensor(each, dtype=torch.float64)[:, None, None] for each in (MEAN, STD))
    inputs = (pixels - mean) / std
    module = small_conv_net().module.double()
    features, mirrored = module.pooled(inputs), module.pooled(inputs.flip(-1))
    by_hand = (features - mirrored).abs().amax(
        dim=1
    ) / 2  # both members are half their distance from the mean
    entry = entry_of(result, LARGEST.name, "flip")
    assert entry.per_image is not None
    assert entry.per_image.value == pytest.approx(by_hand.tolist(), rel=1e-3, abs=1e-5)
    assert entry.ci is not None
    assert "rounding" in entry.controls
    for layer in ("block1", "block2"):
        cosine = entry_of(result, "channelwise.cosine", "flip", layer)
        distance = entry_of(result, DISTANCE.name, "flip", layer)
        assert distance.value == pytest.approx(1 + (cosine.value or 0), abs=1e-12)
        assert distance.controls["null"] == pytest.approx(1 + cosine.controls["null"], abs=1e-12)
        assert distance.ci == pytest.approx([1 + limit for limit in cosine.ci or ()], abs=1e-6)


@pytest.mark.usefixtures("known")
def test_its_rows_come_from_the_cache(folder: Path, tmp_path: Path) -> None:
    """A second run shows the network nothing."""
    first, again = (audited(folder, cache=tmp_path) for _ in range(2))
    assert again.timing.cached == 24
    assert again.results == first.results


@pytest.mark.usefixtures("known")
def test_a_measure_is_tabulated_and_explained(folder: Path) -> None:
    """By its name, in a table of its own where it is layerwise, and with its unit in full."""
    result = audited(folder)
    assert re.search(r"^ *toy.largest +[0-9]", printed(result), re.MULTILINE)
    text = in_full(result)
    for part in ("toy.largest, units", "toy.distance at"):
        assert part in text
    assert "toy.distance" in text_of(metric_table("toy.*"))


@pytest.mark.usefixtures("known")
def test_everything_is_explained() -> None:
    """By ``geed explain``: measures with their definition and range, the control, the group with its elements."""
    said = {name: topic_of(name).explained for name in ("toy.largest", "toy.distance", "median", "half")}
    assert said["toy.largest"].formula == "mean max |f1(gx) − f̂1(x)|; eq. (4)"
    assert said["toy.largest"].range == "≥ 0, units"
    assert said["toy.distance"].reading == "0 is equivariant."
    assert said["median"] == MEDIAN.explained
    assert said["half"].example == "2 elements: e, r180."


@pytest.mark.usefixtures("known")
def test_a_measure_is_compared(folder: Path) -> None:
    """A difference with its interval and its verdict."""
    contenders = [Contender(label, (audited(folder, seed),)) for label, seed in (("a", 0), ("b", 1))]
    comparison = compare(contenders, IntervalOptions())
    for measure in TOYS:
        lines = [line for line in comparison.lines if line.metric == measure.name]
        assert lines
        assert all(line.deltas[0].ci is not None for line in lines)
    stream = io.StringIO()
    comparison_page.print_comparison(comparison, Console(file=stream, width=100), View(verbose=True))
    assert "toy.largest" in stream.getvalue()
    assert "toy.distance" in stream.getvalue()


@pytest.mark.usefixtures("known")
def test_a_measure_is_tracked_and_plotted(folder: Path) -> None:
    """Where nothing is asked for, with its label; a layer measure at the last layer."""
    made = track(folder)
    columns = columns_of(made)
    assert {measure.name for measure in TOYS} <= {column.metric for column in columns}
    stream = io.StringIO()
    track_page.print_track(made, columns, Console(file=stream, width=100), View(verbose=True))
    for part in ("toy.largest", "toy.distance"):
        assert part in stream.getvalue()
    toys = [
        column for column in columns if column.metric.startswith("toy.") and column.layer in {None, "pool"}
    ]
    drawn = text_of_figure(track_sheet(made, toys).draw(".svg"))
    assert "largest change (units)" in drawn
    assert "toy.distance at pool" in drawn


@pytest.mark.usefixtures("known")
def test_a_measure_is_gated(folder: Path) -> None:
    """A limit passes, and one below the run's own floor is refused by the measure's order of rounding."""
    rules = "version: 1\nrules: [{metric: toy.*, max: 2.1}]"
    result = audited(folder)
    assert gate({"net": result}, policy(rules)).verdict == "pass"
    low = gate({"net": result}, policy("version: 1\nrules: [{metric: toy.largest, max: 1.0e-7}]"))
    assert low.verdict == "error"
    flat = gate({"net": result}, policy("version: 1\nrules: [{metric: toy.distance, max: 1.0e-11}]"))
    assert flat.verdict == "fail"


@pytest.mark.usefixtures("known")
def test_a_control_is_measured_shown_and_explained(folder: Path) -> None:
    """Beside every value, in its unit; a column of both tables; ``geed explain`` knows it by name."""
    result = audited(folder)
    for entry in result.results:
        if entry.per_image is not None and entry.value is not None:
            rows = [value for value in entry.per_image.value if value is not None]
            assert entry.controls["median"] == pytest.approx(np.median(rows) / (entry.normaliser or 1))
    assert in_full(result).count(" median ") >= 4
    assert topic_of("median").explained == MEDIAN.explained


@pytest.mark.usefixtures("known")
def test_a_kind_of_report_is_written(folder: Path, tmp_path: Path) -> None:
    """By its suffix."""
    report = gate(
        {"net": audited(folder)}, policy("version: 1\nrules: [{id: one, metric: toy.largest, max: 9}]")
    )
    gate_files.write_gate(report, tmp_path / "report.lines")
    assert "one pass\n" in (tmp_path / "report.lines").read_text()


@pytest.mark.usefixtures("known")
def test_a_group_is_listed_and_audited(folder: Path) -> None:
    """It is c2 by another name."""
    assert "r180" in text_of(group_table("half"))
    assert "half" in text_of(group_table("h*"))
    options = AuditOptions(data=DataOptions(folder), run=RunOptions("cpu", 8, "fp64"))
    result = audit(small_conv_net(), ["half", "c2"], options)
    for measure in ("latent.l2", LARGEST.name):
        assert entry_of(result, measure, "half").value == entry_of(result, measure, "c2").value
