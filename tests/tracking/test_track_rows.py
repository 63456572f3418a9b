"""A track's values: one model a step, populations, copies; and what cannot stand on one track."""

import statistics

import pytest
from support.results import record_at, small_result

from geed_cli.errors import InputError
from geed_cli.tracking.columns import Column, columns_of, rows_of
from geed_cli.tracking.record import Record
from geed_cli.tracking.track import track_of

L2 = Column("latent.l2", None)


def value_of(seed: int) -> float:
    """latent.l2 of a small audit under flip."""
    entry = small_result(seed).results[0]
    assert (entry.metric, entry.group) == ("latent.l2", "flip")
    assert entry.value is not None
    return entry.value


def test_one_model_a_step_keeps_its_value_and_interval() -> None:
    """As audited, by step, whatever the order of the arguments."""
    track = track_of([record_at(20, seed=1), record_at(3)], None)
    rows = rows_of(track, "flip", L2, "cnn")
    assert [(row.step, row.models, row.over, row.within) for row in rows] == [
        (3, 1, "images", None), (20, 1, "images", None),
    ]  # fmt: skip
    assert [row.value for row in rows] == [value_of(0), value_of(1)]
    assert rows[0].ci == small_result(0).results[0].ci
    assert len(track.rows) == 2 * len(small_result().results)


def test_same_label_and_step_are_a_population() -> None:
    """Mean ± t s/√k at the least (t with 2 degrees of freedom at 95% is 4.302653), and a little for the images."""
    track = track_of([record_at(5, seed) for seed in (0, 1, 2)], None)
    (row,) = rows_of(track, "flip", L2, "cnn")
    values = [value_of(seed) for seed in (0, 1, 2)]
    half = 4.302653 * statistics.stdev(values) / 3**0.5
    assert (row.models, row.over) == (3, "models")
    assert row.value == pytest.approx(statistics.mean(values), rel=1e-12)
    assert row.ci is not None
    assert half < (row.ci[1] - row.ci[0]) / 2 < 1.05 * half
    assert sum(row.ci) / 2 == pytest.approx(statistics.mean(values))
    widths = [entry.ci[1] - entry.ci[0] for s in (0, 1, 2) if (entry := small_result(s).results[0]).ci]
    assert row.within == pytest.approx((sum((w / 2) ** 2 for w in widths) / 3) ** 0.5, rel=1e-12)


def test_labels_keep_runs_apart() -> None:
    """Same step, other label: two lines, no population."""
    track = track_of([record_at(5, 0, "a"), record_at(5, 1, "b")], None)
    assert [row.models for label in "ab" for row in rows_of(track, "flip", L2, label)] == [1, 1]


def test_copies_of_a_checkpoint_are_no_population() -> None:
    """last.pt beside step_5.pt would halve an interval for nothing."""
    copy = record_at(5).model_copy(update={"file": "last.json"})
    (row,) = rows_of(track_of([record_at(5), copy], None), "flip", L2, "cnn")
    assert (row.models, row.over, row.value) == (1, "images", value_of(0))
    assert "1 more with the same weights counted once" in row.notes


def changed(step: int, part: str, **values: object) -> Record:
    """A record whose result differs in some fields of one part."""
    record = record_at(step)
    held = getattr(record.result, part).model_copy(update=values)
    return record.model_copy(update={"result": record.result.model_copy(update={part: held})})


@pytest.mark.parametrize(
    ("part", "values", "message"),
    [
        ("data", {"sha256": "f" * 64}, "images"),
        ("settings", {"precision": "fp32"}, "precision"),
        ("settings", {"confidence": 0.9}, r"confidence: 0\.95 and 0\.9"),
        ("settings", {"ci": "bca"}, "interval method"),
        ("settings", {"simultaneous": True}, "simultaneous"),
        ("model", {"arch": "other"}, "mixes architectures"),
    ],
)
def test_what_differs_in_more_than_weights_is_refused(
    part: str, values: dict[str, object], message: str
) -> None:
    """Naming the difference; along a track only the network may move."""
    with pytest.raises(InputError, match=message):
        track_of([record_at(3), changed(9, part, **values)], None)


def test_the_usual_columns_and_chosen_ones() -> None:
    """Four by default, the last layer among them; metrics and layers choose, and have to be there."""
    track = track_of([record_at(3)], None)
    assert {column.title for column in columns_of(track)} == {
        "latent.l2", "softmax.kl", "prediction.flip_rate", "channelwise.cosine at pool",
    }  # fmt: skip
    assert [c.title for c in columns_of(track, ["latent.*"])] == ["latent.l2", "latent.cosine"]
    blocks = columns_of(track, ["channelwise.cosine"], ["block*"])
    assert [column.layer for column in blocks] == ["block1", "block2", "block3"]
    assert [c.layer for c in columns_of(track, [], ["block1"]) if c.layer] == ["block1"]
    with pytest.raises(InputError, match="layer9"):
        columns_of(track, [], ["layer9"])


def test_units_agree_or_are_steps() -> None:
    """Epochs where all names say so."""
    epoch = record_at(3).model_copy(update={"unit": "epoch"})
    assert track_of([epoch], None).unit == "epoch"
    assert track_of([epoch, record_at(4)], None).unit == "step"
