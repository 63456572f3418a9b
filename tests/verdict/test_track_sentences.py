"""What a track says of its whole run: by paired differences where rows allow it, all runs and groups together."""

from collections.abc import Sequence

import numpy as np
import pytest
from support.constructed import entry, group, layers, result, softmax

from geed_cli.result.schema import Result
from geed_cli.statistics.difference import difference
from geed_cli.statistics.sample import RatioSample
from geed_cli.statistics.scale import Scale
from geed_cli.tracking.record import Failure, Record, Track
from geed_cli.tracking.track import track_of
from geed_cli.verdict.on_tracks.warnings import track_warnings
from geed_cli.verdict.track import next_track, say_track

SPREAD = np.random.default_rng(0).lognormal(0, 0.6, 40)
"""How hard each of the images is: the same at every step, so that pairing takes it away."""
DISTANCES = np.full(40, 2.0)


def without_intervals(made: Track) -> Track:
    """The same, as of too few normaliser images: values without rows and intervals."""
    return made.model_copy(update={"rows": tuple(row.model_copy(update={"ci": None}) for row in made.rows)})


def audited(
    step: int, size: float, *, count: int = 40, width: float = 0.2, rows: bool = True, **more: object
) -> Result:
    """A checkpoint whose images move by ``size`` times their own spread; M is 2, and the interval as wide as said."""
    values = size * SPREAD[:count]
    value = float(values.mean()) / 2
    interval = {"ci": (value * (1 - width), value * (1 + width))} if count >= 20 else {}
    per_image = {"value": tuple(values), "normaliser": tuple(DISTANCES[:count])}
    kl = float(more.pop("sensitivity", 1.9))  # type: ignore[arg-type]
    made = entry("latent.l2", value, per_image=per_image if rows else None, **interval)
    found = result(made, softmax(0.001, kl), count=count, **more)
    weights = found.model.weights.model_copy(update={"state_sha256": f"{step}-{size}"})
    return found.model_copy(update={"model": found.model.model_copy(update={"weights": weights})})


def record(step: int, found: Result, label: str = "net") -> Record:
    """On a track."""
    return Record(
        label=label, step=step, step_from="the file name", file=f"{step}", source="result", result=found
    )


def track(*sizes: float, complete: bool = True, **more: object) -> Track:
    """Steps 0, 10, 20 … of one run."""
    return track_of(
        [record(10 * k, audited(10 * k, s, **more)) for k, s in enumerate(sizes)], None, complete=complete
    )


def text(made: Track) -> str:
    """Verdict and reasons of the only run."""
    (said,) = say_track(made).values()
    return " ".join([said.verdict, *said.reasons])


def test_a_change_is_paired_over_the_images() -> None:
    """Intervals of ±20% overlap; the images alone say that every one of them moved less."""
    made = track(0.2, 0.19, 0.18)
    samples = [RatioSample(size * SPREAD, DISTANCES, shared=True, scale=Scale.log()) for size in (0.2, 0.18)]
    oracle = difference(samples[0], samples[1])
    assert oracle.low is not None
    assert oracle.high is not None
    assert oracle.high < 0
    means = [size * SPREAD.mean() / 2 for size in (0.2, 0.18)]
    assert text(made) == (
        f"Features come nearer to invariance. From step 0 to 20 latent.l2 goes from {means[0]:.3f} to {means[1]:.3f} "
        f"({oracle.low:+.3f} to {oracle.high:+.3f}, paired over the images), {200 * means[0]:.0f}% to "
        f"{200 * means[1]:.0f}% of the way to another image."
    )
    assert [said.word for said in say_track(track(0.18, 0.2)).values()] == ["further"]


def test_without_rows_intervals_have_to_lie_apart() -> None:
    """And the sentence says that they overlap."""
    assert text(track(0.2, 0.18, rows=False)).startswith(
        "No change shown in the features. From step 0 to 10 "
    )
    assert "(intervals overlap)" in text(track(0.2, 0.18, rows=False))
    apart = text(track(0.2, 0.05, rows=False))
    assert apart.startswith("Features come nearer to invariance.")
    assert "(intervals lie apart)" in apart


def test_nothing_is_shown_of_the_same_weights() -> None:
    """A difference of 0 is no change shown, and not called equal."""
    said = text(track(0.2, 0.2))
    assert said.startswith("No change shown in the features.")
    assert "equal" not in said


def test_a_run_that_went_away_and_came_back_says_so() -> None:
    """Where the interval of a step lies beyond those of both ends; ±20% of 0.05 and 0.2 do, of 0.15 do not."""
    mean = 0.05 * SPREAD.mean() / 2
    assert text(track(0.2, 0.05, 0.2)).endswith(
        f" In between it is lowest at step 10: {mean:.3f} ({0.8 * mean:.3f} to {1.2 * mean:.3f})."
    )
    assert "In between it is highest at step 10" in text(track(0.2, 0.6, 0.2))
    assert "In between" not in text(track(0.2, 0.15, 0.2))
    assert "In between" not in text(track(0.2, 0.1, 0.05))


def test_a_difference_that_rounding_alone_can_make_is_none() -> None:
    """A millionth less in every image is as sure as can be, and less than float32 can tell."""
    assert text(track(0.2, 0.2 * (1 - 1e-6))).startswith("No change shown in the features. ")
    assert text(track(0.2, 0.2 * (1 - 1e-3))).startswith("Features come nearer to invariance. ")


def test_features_that_are_to_move_along_are_equivariant() -> None:
    """Where a spec declares how the group acts on the features, 0 is equivariance."""
    declared = {"features": {"regular": "flip"}}
    assert text(track(0.2, 0.1, actions=declared)).startswith("Features come nearer to equivariance. ")
    assert text(track(0.1, 0.2, actions=declared)).startswith("Features move away from equivariance. ")


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (track(0.2), "No verdict. latent.l2 has a value at one step at most; a change needs two."),
        (
            track(0.2, 0.1, count=3),
            "There are no intervals below 20 images, so that is not an estimate.",
        ),
        (
            without_intervals(track(0.2, 0.1, rows=False)),
            "There is no interval at both ends, so that is not an estimate.",
        ),
        (
            track(0.2, 0.1, unsteady={"site": "drop", "movement": 0.1, "sentence": "it moved"}),
            "No verdict. The network is no function of one image, so that values are about chance or neighbours, too.",
        ),
    ],
)
def test_no_verdict(made: Track, said: str) -> None:
    """One step, too few images, no function of one image."""
    assert text(made).startswith("No verdict.")
    assert text(made).endswith(said)
    unsteady = made.records[0].result.unsteady is not None
    assert unsteady == next_track(made).startswith("put the network into a state without chance")


def test_populations_are_compared_over_their_models() -> None:
    """Three models a step; copies of the same weights count once."""
    sizes = {0: (0.2, 0.21, 0.19), 10: (0.1, 0.11, 0.12, 0.12)}
    records = [record(step, audited(step, size)) for step, each in sizes.items() for size in each]
    said = text(track_of(records, None))
    assert said.startswith("Features come nearer to invariance. From step 0 to 10 latent.l2 goes from ")
    assert said.endswith(", over the models).")


def test_all_runs_are_corrected_together() -> None:
    """A claim that holds alone at 5% does not among twenty of them."""
    noisy = 1 + 0.35 * np.random.default_rng(3).normal(size=40)

    def changed(label: str, factor: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Sequence[Record]:
        first = audited(0, 0.2)
        (l2, kl) = first.results
        assert l2.per_image is not None
        rows = tuple(np.array([v or 0.0 for v in l2.per_image.value]) * factor)
        value = float(np.mean(rows)) / 2
        moved = l2.model_copy(
            update={"value": value, "per_image": l2.per_image.model_copy(update={"value": rows})}
        )
        return [
            record(0, first, label),
            record(10, first.model_copy(update={"results": (moved, kl)}), label),
        ]

    alone = say_track(track_of(changed("a", noisy * 0.86), None))
    assert [said.word for said in alone.values()] == ["nearer"]
    still = np.ones(40) + 1e-3 * np.random.default_rng(4).normal(size=40)
    many = [each for k in range(30) for each in changed(f"run{k}", still)]
    together = say_track(track_of([*changed("a", noisy * 0.86), *many], None))
    assert together["a", "flip"].word == "no change shown"
    assert len(together) == 31


def test_warnings_and_next_steps() -> None:
    """Insensitive at some steps or at every one; an early end; few images."""
    dull = [record(0, audited(0, 0.2, sensitivity=0.01)), record(10, audited(10, 0.1))]
    means = "the output hardly reacts to any image, so top class and softmax say nothing of invariance"
    assert track_warnings(track_of(dull, None)) == (f"at step 0 {means}",)
    assert track_warnings(track(0.2, 0.1, sensitivity=0.01)) == (f"at every step {means}",)
    early = track(0.2, 0.1, complete=False)
    assert track_warnings(early) == ("checkpoints are still to be audited: the run ended early",)
    assert [next_track(made) for made in (early, track(0.2), track(0.2, 0.1, count=3), track(0.2, 0.1))] == [
        "run the same command again; checkpoints that are done are kept",
        "add a checkpoint of another step",
        "audit at least 20 images, better 200: --samples 200 -d DIR",
        "geed compare FIRST LAST pairs layers and predictions, too",
    ]


def test_audits_that_failed_during_a_training_are_said() -> None:
    """Their steps, and the first line of the first; not those of which only the file or a writer failed."""
    made = track(0.2, 0.1)
    failures = [
        Failure(label="net", step=step, what=what, error=error)
        for step, what, error in [
            (30, "audit", "ValueError: \x1b[31mdark"),
            (40, "audit", "numbers are not finite\n  expected: finite numbers"),
            (40, "log", "OSError: away"),
            (50, "save", "OSError: full"),
        ]
    ]
    assert track_warnings(made.model_copy(update={"failures": tuple(failures)})) == (
        "at step 30, 40 no audit could be made: ValueError: \\x1b[31mdark",
    )


def test_groups_and_runs_have_a_sentence_each() -> None:
    """In the order of the track."""
    both = [group("flip"), group("c4")]

    def two(step: int, size: float) -> Result:
        found = audited(step, size, groups=both)
        l2, kl = found.results
        return found.model_copy(update={"results": (l2, kl, l2.model_copy(update={"group": "c4"}))})

    records = [
        record(step, two(step, size), label) for label in ("a", "b") for step, size in ((0, 0.2), (10, 0.1))
    ]
    assert list(say_track(track_of(records, None))) == [
        ("a", "flip"),
        ("b", "flip"),
        ("a", "c4"),
        ("b", "c4"),
    ]


def reacting(step: int, kl: float, sensitivity: float, label: str = "net", **more: object) -> Record:
    """A checkpoint with these two numbers of its output."""
    made = audited(step, 0.2 + step / 1000)
    entries = [each for each in made.results if each.metric != "softmax.kl"]
    return record(
        step, made.model_copy(update={"results": (*entries, softmax(kl, sensitivity, **more))}), label
    )


@pytest.mark.parametrize(
    ("last", "explained"),
    [
        ((0.02, 0.25), True),  # a tenth of the sensitivity before, 8% of it now
        ((0.025, 0.25), True),  # a tenth both times: it fell as much
        ((0.02, 0.3), False),  # from a tenth to 7%: the value fell further than the sensitivity
        ((0.15, 0.9), False),  # the sensitivity has not halved
        ((0.12, 0.2), False),  # the value rose
    ],
)
def test_a_value_that_falls_with_the_reaction_is_no_gain(last: tuple[float, float], explained: bool) -> None:
    """Softmax falls from 0.1 nats, a tenth of a sensitivity of 1; by hand, whether the sensitivity fell no less."""
    first = (0.1, 1.0)
    if last == (0.02, 0.25):
        first = (0.08, 1.0)
    made = track_of([reacting(0, *first), reacting(20, *last)], None)
    said = [text for text in track_warnings(made) if "sensitivity" in text]
    assert bool(said) == explained
    if last == (0.025, 0.25):
        assert said == [
            "softmax.kl falls from 0.10 to 0.025 nats between step 0 and 20, and its sensitivity falls no less, from "
            "1.0 to 0.25 nats: the output reacts less to any image, which is no invariance"
        ]


def test_of_several_runs_the_one_that_reacts_less_is_named() -> None:
    made = track_of(
        [
            *(reacting(step, *both, "a") for step, both in ((0, (0.1, 1.0)), (20, (0.025, 0.25)))),
            *(reacting(step, *both, "b") for step, both in ((0, (0.1, 1.0)), (20, (0.025, 1.0)))),
        ],
        None,
    )
    (said,) = [text for text in track_warnings(made) if "sensitivity" in text]
    assert said.startswith("a: softmax.kl falls")


def test_features_that_are_the_same_for_every_image_are_said() -> None:
    """M = 0: there is no distance to measure against, and the value is undefined there."""
    collapsed = audited(20, 0.1)
    entries = tuple(
        each.model_copy(update={"value": None, "ci": None, "normaliser": 0.0, "status": "undefined"})
        if each.metric == "latent.l2"
        else each
        for each in collapsed.results
    )
    records = [record(0, audited(0, 0.2)), record(20, collapsed.model_copy(update={"results": entries}))]
    assert track_warnings(track_of(records, None)) == (
        "at step 20 every image has the same features, so latent measures have no value",
    )


def test_layers_like_another_image_s_are_said_with_their_steps() -> None:
    """By the audit's own rule, of the way to another image's maps."""

    def layered(step: int, *parts: float) -> Record:
        made = audited(step, 0.2 + step / 1000)
        return record(step, made.model_copy(update={"results": (*made.results, *layers(parts))}))

    made = track_of([layered(0, 0.1, 0.2), layered(10, 0.1, 1.0), layered(20, 0.1, 1.02)], None)
    assert track_warnings(made) == (
        "at step 10, 20 another image's maps would do about as well at stage2 (flip)",
    )


def test_what_is_missing_is_said() -> None:
    """A family without a step that others have, a population with a model less, a value of fewer images."""
    whole = audited(0, 0.2)
    per_image = whole.results[0].per_image
    assert per_image is not None
    fewer = per_image.model_copy(update={"value": (None, None, *per_image.value[2:])})
    first = whole.results[0].model_copy(update={"per_image": fewer})
    records = [
        record(0, whole, "a"),
        record(0, audited(0, 0.21), "a"),
        record(10, audited(10, 0.2), "a"),
        record(0, audited(0, 0.22).model_copy(update={"results": (first, *whole.results[1:])}), "b"),
    ]
    assert track_warnings(track_of(records, None)) == (
        "b has no step 10, which other runs have",
        "at step 10 a has 1 of 2 models, so that its values there are of other models than elsewhere",
        "at step 0 latent.l2 is of 38 of 40 images",
    )


def test_a_measure_that_is_not_on_the_track_is_not_spoken_of() -> None:
    """What there is has its names; of latent.l2 only what was measured of it."""

    def only(*metrics: str) -> Track:
        entries = tuple(entry(metric, 0.2, ci=(0.1, 0.3)) for metric in metrics)
        return track_of(
            [record(step, audited(step, 0.1).model_copy(update={"results": entries})) for step in (0, 10)],
            None,
        )

    both = "latent.relative and prediction.consistency"
    assert text(only("latent.relative", "prediction.consistency")) == (
        f"No verdict. The track has {both}, of which no change is claimed."
    )
    assert text(only("latent.relative")) == (
        "No verdict. The track has latent.relative, of which no change is claimed."
    )
    assert text(track(0.2)) == "No verdict. latent.l2 has a value at one step at most; a change needs two."
