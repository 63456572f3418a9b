"""The printed track and its CSV, from a track alone."""

import csv
import io
import re

import numpy as np
import pytest
from rich.console import Console
from support.constructed import entry, group, result, softmax
from support.golden import assert_golden
from support.results import record_at

from geed_cli.choices import View
from geed_cli.report.track_page import print_track, to_csv
from geed_cli.tracking.columns import columns_of, rows_of
from geed_cli.tracking.record import Record, Track
from geed_cli.tracking.track import track_of
from geed_cli.verdict.digits import percent, percents

SPREAD = np.random.default_rng(0).lognormal(0, 0.6, 40)
"""How hard each of the images is: the same at every step, so that pairing takes it away."""


def printed(track: Track, width: int = 100, encoding: str = "utf-8", view: View = View()) -> str:  # noqa: B008
    """The track as plain text."""
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding=encoding)
    console = Console(file=stream, width=width, no_color=True, markup=False, highlight=False)
    columns = columns_of(track, ("*",) if view.verbose else ())
    print_track(track, columns, console, view, compare="geed compare step_0.json step_20.json")
    stream.flush()
    return data.getvalue().decode(encoding)


def constructed(step: int, size: float, label: str = "resnet18", seed: int = 0) -> Record:
    """A checkpoint whose images move by ``size`` times their own spread, in every number."""
    entries = []
    for name in ("flip", "c4"):
        l2 = size * (1 + (name == "c4"))
        rows = {"value": tuple(2 * l2 * SPREAD), "normaliser": (2.0,) * 40}
        mean = float(l2 * SPREAD.mean())
        entries.append(entry("latent.l2", mean, 0.8 * mean, 1.2 * mean, of=name, per_image=rows))
        entries.append(softmax(10 * size**2, 1.9, of=name))
        entries.append(entry("prediction.flip_rate", 2 * l2, l2, 4 * l2, of=name))
        for k in range(3):
            cosine = -0.95 + 0.1 * k + l2
            entries.append(
                entry(
                    "channelwise.cosine", cosine, cosine - 0.012, cosine + 0.011, of=name, layer=f"layer{k}"
                )
            )
    made = result(*entries, groups=(group("flip"), group("c4")), count=40)
    weights = made.model.weights.model_copy(update={"state_sha256": f"{label}-{step}-{seed}"})
    made = made.model_copy(update={"model": made.model.model_copy(update={"weights": weights})})
    return Record(
        label=label,
        step=step,
        step_from="the file name",
        file=f"step_{step}.json",
        source="result",
        result=made,
    )


@pytest.fixture(scope="module")
def run() -> Track:
    """Three steps that come nearer."""
    return track_of([constructed(step, size) for step, size in ((0, 0.08), (10, 0.06), (20, 0.05))], None)


@pytest.mark.parametrize("width", [60, 80, 100, 200])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_the_page_as_it_is_read(run: Track, width: int, encoding: str) -> None:
    """Texts that were read by eye."""
    text = printed(run, width, encoding)
    assert max(map(len, text.splitlines())) <= min(width, 100)
    assert_golden(text, f"track_{width}_{encoding}")


def test_the_other_views_as_they_are_read(run: Track) -> None:
    """In full, one statement a line, one line; and two runs, one of them a population."""
    assert_golden(printed(run, view=View(verbose=True)), "track_verbose")
    assert_golden(printed(run, view=View(linear=True)), "track_linear")
    assert_golden(printed(run, view=View(quiet=True)), "track_quiet")
    cnn = [
        constructed(step, size + 0.01 * seed, "cnn", seed)
        for step, size in ((0, 0.08), (20, 0.05))
        for seed in (0, 1, 2)
    ]
    two = track_of([*cnn, *(constructed(step, 0.07, "c8", step) for step in (0, 20))], None)
    assert_golden(printed(two), "track_two_runs_100")


def test_the_answer_comes_first_and_what_to_do_last(run: Track) -> None:
    """What changed by the paired difference, what was followed, the steps, the next command."""
    text = printed(run)
    assert text.startswith("flip  Features come nearer to invariance. From step 0 to 20 latent.l2 goes from ")
    assert "paired over the images" in text
    assert text.index("geed track · ") < text.index("  step  latent.l2")
    assert (
        text.splitlines()[-1] == "next: pair its ends in every number: geed compare step_0.json step_20.json"
    )


@pytest.mark.parametrize("width", [80, 100, 200])
def test_every_shown_value_has_a_cell(run: Track, width: int) -> None:
    """Of every step, with its interval, at every width: read back, each is the row's to the digits shown."""
    text = printed(run, width)
    numbers = [(float(x), 0.5 * 10.0 ** -len(x.partition(".")[2])) for x in re.findall(r"-?\d+\.\d+", text)]
    for column in columns_of(run):
        for row in (*rows_of(run, "flip", column, "resnet18"), *rows_of(run, "c4", column, "resnet18")):
            assert row.value is not None
            assert row.ci is not None
            if row.metric == "prediction.flip_rate":
                assert f"{percent(row.value)} ({percents(*row.ci)})" in text
            else:
                for value in (row.value, *row.ci):
                    assert any(abs(x - value) <= half + 1e-9 for x, half in numbers)
    assert "\nflip\n" in printed(run, width)
    assert "\nc4\n" in printed(run, width)


def test_many_steps_are_spread_out() -> None:
    """Twenty of thirty, the first and the last among them; all in full and in the CSV."""
    long = track_of([constructed(step, 0.05 + step / 1000) for step in range(30)], None)
    text = printed(long)
    assert text.count("  10 more steps: -v") == 2
    steps = [int(line.split()[0]) for line in text.splitlines() if re.match(r" +\d+ +0\.", line)]
    assert (steps[0], max(steps), len(set(steps))) == (0, 29, 20)
    assert "more steps" not in printed(long, view=View(verbose=True))
    assert len({row["step"] for row in csv.DictReader(io.StringIO(to_csv(long)))}) == 30


def test_populations_show_how_many_models_and_the_width_of_one() -> None:
    """And the legend says what their intervals are over."""
    track = track_of([record_at(3), record_at(3, 1), record_at(9)], None)
    text = printed(track)
    assert re.search(r"^  step  models  latent\.l2 ", text, re.MULTILINE)
    assert "over models and images (t)" in text
    assert "up to 2 checkpoints a step" in text
    assert "within ±" in printed(track, view=View(verbose=True))


def test_runs_stand_side_by_side() -> None:
    """Of the first value a row for each step and run, with marks on one scale; of the others a column for each run."""
    records = [record_at(3, 0, "a"), record_at(3, 1, "b"), record_at(9, 2, "b")]
    text = printed(track_of(records, None))
    first, second, *_ = re.split(r"\nflip · ", text)[1:]
    assert first.startswith("latent.l2\n  step  run  latent.l2")
    assert first.splitlines()[2].split()[:2] == ["3", "a"]
    assert [line.split()[0] for line in first.splitlines()[3:5]] == ["b", "9"]
    values = {(row.label, row.step): row.value for row in track_of(records, None).rows if row.group == "flip"
              and row.metric == "latent.l2"}  # fmt: skip
    shown = [float(x) for x in re.findall(r"(?:a|b) +(0\.\d+)", first)]
    assert shown == pytest.approx([values["a", 3], values["b", 3], values["b", 9]], abs=0.005)
    assert re.match(r"softmax\.kl\n  step +a +b\n", second)


def test_every_run_has_its_step_where_a_line_is_a_statement() -> None:
    """For screen readers a line says all: the step, the run, how many models stand behind it."""
    records = [record_at(3, 0, "a"), record_at(3, 1, "a"), record_at(3, 2, "b")]
    text = printed(track_of(records, None), view=View(linear=True))
    assert "step 3, run a, models 2, latent.l2" in text
    assert "step 3, run b, models 1, latent.l2" in text
    assert re.search(r"step 3, a [\d.]+ \([\d. to]+\), a models 2, b", text)


def test_the_csv_has_every_value() -> None:
    """Shown or not, to full precision, with empty fields for what is not there."""
    track = track_of([record_at(3), record_at(9), record_at(9, 1)], None)
    rows = list(csv.DictReader(io.StringIO(to_csv(track))))
    assert len(rows) == len(track.rows)
    for line, row in zip(rows, track.rows, strict=True):
        assert (line["metric"], line["group"], line["layer"]) == (row.metric, row.group, row.layer or "")
        assert int(line["step"]) == row.step
        assert (float(line["value"]) if line["value"] else None) == row.value
        assert (float(line["low"]) if line["low"] else None) == (row.ci[0] if row.ci else None)
        assert (line["over"], line["within"] != "") == (row.over, row.within is not None)


def test_a_column_without_values_says_why() -> None:
    """With what would measure it, as an audit does; of values that are there the notes stand under -v alone."""
    why = "it is a derivative, along flows alone: --set lie:rotation"
    still = entry("lie.output", None, status="not_applicable", notes=(why,))
    there = entry("latent.relative", 0.2, ci=(0.1, 0.3), notes=("3 of 200 images carry half of the mean",))
    records = [constructed(step, 0.05) for step in (0, 10)]
    run = track_of(
        [
            each.model_copy(update={"result": each.result.model_copy(update={"results": (there, still)})})
            for each in records
        ],
        None,
    )
    text = " ".join(printed(run).split())
    assert f"note: lie.output at step 0, 10: {why}" in text
    assert "carry half" not in text
    assert "carry half" in printed(run, view=View(verbose=True))
