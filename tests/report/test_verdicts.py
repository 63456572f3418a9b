"""Sentences of the table: each appears where a value would be misread without it, and not beside that."""

import math

import pytest
from support.results import small_result

from geed_cli.report.group_verdict import grid_sentences, verdicts
from geed_cli.result.schema import Entry, GridPhase

COUNT = small_result().data.count


def entry(metric: str, value: float, layer: str | None = None, **controls: float) -> Entry:
    """An entry of flip."""
    return Entry(
        metric=metric, group="flip", layer=layer, status="ok", value=value, ci=None, raw=value, normaliser=None,
        controls=controls,
    )  # fmt: skip


def said(*entries: Entry) -> list[str]:
    """What is said of these."""
    return list(verdicts(small_result().model_copy(update={"results": entries, "grid_phase": ()}), "flip"))


@pytest.mark.parametrize(
    ("value", "sensitivity", "words"),
    [
        (2e-16, 4.6e-3, None),
        (4.5e-4, 4.6e-3, None),
        (4.7e-4, 4.6e-3, "softmax.kl 4.70e-04 is low because the network hardly reacts to its input at all"),
        (4.6e-3, 4.6e-3, "hardly reacts to its input (sensitivity 0.00460 nats), and no less to the group"),
        (9e-3, 4.6e-3, "and no less to the group"),
        (0.0, 0.0, "and no less to the group"),
        (0.0, 3e-17, "and no less to the group"),
        (0.5, 0.021 * math.log(COUNT), None),
    ],
)
def test_insensitive_is_not_invariant(value: float, sensitivity: float, words: str | None) -> None:
    """An invariant network stays invariant however little it reacts; one that reacts to G as much is not low."""
    sentences = said(entry("softmax.kl", value, sensitivity=sensitivity))
    assert len(sentences) == (words is not None)
    assert all(words in sentence for sentence in sentences if words)
    assert (
        all(("insensitive, not invariant" in s) == (value < sensitivity) for s in sentences) or value == 0.0
    )


def test_twins_are_not_told_apart_by_rounding() -> None:
    """Ten roundings, or a millionth where there is none; layers are about equivariance, the rest invariance."""
    best = -1 + 3e-7
    assert not said(entry("channelwise.cosine", best, "a", twin=best - 2e-7))
    assert not said(entry("channelwise.cosine", -1 + 2e-9, "a", twin=-1.0, rounding=-1 + 1e-10))[1:]
    assert not any("twin" in s for s in said(entry("latent.l2", 2e-9, twin=2e-9, rounding=1e-10)))
    assert not any("twin" in s for s in said(entry("latent.l2", 2e-9, twin=1.1e-9, rounding=1e-10)))
    assert said(
        entry("latent.l2", 2e-9, twin=0.9e-9, rounding=1e-10),
        entry("channelwise.cosine", -0.5, "a", twin=-0.6, rounding=-1 + 1e-12),
        entry("channelwise.cosine", -0.5, "b", twin=-0.4, rounding=-1 + 1e-12),
    ) == [
        "latent.l2: random weights (twin) are no further from invariance",
        "channelwise.cosine at a: random weights (twin) are no further from equivariance",
    ]


def test_the_floating_point_floor_is_named_where_a_value_lies_on_it() -> None:
    """Within ten roundings of perfect, which is −1 for layers; a rounding of 0 knows nothing."""
    assert said(
        entry("latent.l2", 9e-7, rounding=1e-7),
        entry("softmax.kl", 2e-6, rounding=1e-7),
        entry("prediction.flip_rate", 0.0, rounding=0.0),
        entry("latent.cosine", -1.0, rounding=-1.0),
        entry("channelwise.cosine", -1 + 5e-12, "a", rounding=-1 + 1e-12),
        entry("channelwise.cosine", -1 + 5e-11, "b", rounding=-1 + 1e-12),
    ) == ["latent.l2; channelwise.cosine at a: at the floating-point floor, within 10 roundings of perfect"]


@pytest.mark.parametrize(
    ("metric", "best", "scale"),
    [("latent.l2", 0.0, 1.0), ("softmax.kl", 0.0, math.log(2)), ("channelwise.cosine", -1.0, 1.0)],
)
def test_a_rounding_that_is_not_small_is_no_floor(metric: str, best: float, scale: float) -> None:
    """A thousandth of M, of ln|G| or of 1; a bfloat16 whose ten roundings are a tenth of M says nothing."""
    layer = "a" if best else None
    floor = "at the floating-point floor"
    for part, named in ((0.99e-3, True), (1.01e-3, False), (0.01, False), (4.37, False)):
        sentences = said(entry(metric, best + 1e-9, layer, rounding=best + part * scale))
        assert any(floor in sentence for sentence in sentences) == named, part
        assert any("cannot be told from rounding" in sentence for sentence in sentences) != named, part
    above = said(entry(metric, best + 0.2 * scale, layer, rounding=best + 0.01 * scale))
    assert not any("rounding" in sentence for sentence in above)


def test_grids_are_worded_by_what_breaks_them() -> None:
    """Centres, shifts and axes each with a sentence of their own, and none says that a layer is not equivariant."""

    def phase(layer: str, kind: str, size: int | None) -> GridPhase:
        return GridPhase.model_validate(
            {"group": "g", "layer": layer, "reason": "x", "offset": None, "clean_size": size, "kind": kind}
        )

    found = list(
        grid_sentences(
            [
                phase("a", "off centre", 225),
                phase("b", "shift", 24),
                phase("c", "off centre", 225),
                phase("d", "axes", None),
            ]
        )
    )
    assert found == [
        "a, c: sampling grid off centre at this input size (x), so filters symmetric about their own centres are not "
        "equivariant there; --img-size 225 centres it",
        "b: shifts are no whole pixels of a grid on the way (x); --img-size 24 makes them so",
        "d: rows and columns are sampled differently on the way (x), so a quarter turn does not map the grid onto "
        "itself; no larger size nearby samples them alike",
    ]
    assert list(grid_sentences([])) == []
