"""What a value may not be told apart from, at the edges of each rule; what is said where the output hardly reacts."""

import math

import pytest
from support.results import small_result

from geed_cli.result.schema import Entry, Result
from geed_cli.verdict.likeness import at_rounding, no_further_twins
from geed_cli.verdict.predictions import on_predictions

COUNT = 24
"""The images of ``small_result``."""


def entry(metric: str, value: float, layer: str | None = None, **controls: float) -> Entry:
    """An entry of flip."""
    return Entry(
        metric=metric, group="flip", layer=layer, status="ok", value=value, ci=None, raw=value, normaliser=None,
        controls=controls,
    )  # fmt: skip


def of(*entries: Entry) -> Result:
    """A result of these."""
    return small_result().model_copy(update={"results": entries, "grid_phase": ()})


@pytest.mark.parametrize(
    ("value", "sensitivity", "words"),
    [
        (2e-16, 4.6e-3, "and to the group less still"),
        (4.5e-4, 4.6e-3, "and to the group less still"),
        (4.7e-4, 4.6e-3, "insensitive there, not invariant"),
        (4.6e-3, 4.6e-3, "hardly reacts to any image (0.0046 nats between images), and no less to the group"),
        (9e-3, 4.6e-3, "and no less to the group"),
        (0.0, 0.0, "the same for every image, which is no invariance"),
        (0.0, 3e-17, "the same for every image, which is no invariance"),
        (0.5, 0.021 * math.log(COUNT), None),
    ],
)
def test_insensitive_is_not_invariant(value: float, sensitivity: float, words: str | None) -> None:
    """One that reacts to G as much as to images is not low; a tenth of that is little even beside little."""
    result = of(entry("softmax.kl", value, sensitivity=sensitivity))
    sentences = list(on_predictions(result, result.groups[0]))
    assert len(sentences) == (words is not None)
    assert all(words in sentence for sentence in sentences if words)


def no_further(*entries: Entry) -> list[str]:
    """Measures and layers whose twin does as well."""
    return [each.layer or each.metric for each in no_further_twins(entries, of(*entries))]


def test_twins_are_not_told_apart_by_rounding() -> None:
    """Ten roundings, or a millionth where there is none."""
    best = -1 + 3e-7
    assert not no_further(entry("channelwise.cosine", best, "a", twin=best - 2e-7))
    assert not no_further(entry("channelwise.cosine", -1 + 2e-9, "a", twin=-1.0, rounding=-1 + 1e-9))
    assert not no_further(entry("latent.l2", 2e-9, twin=2e-9, rounding=1e-10))
    assert not no_further(entry("latent.l2", 2e-9, twin=1.1e-9, rounding=1e-10))
    assert no_further(
        entry("latent.l2", 2e-9, twin=0.9e-9, rounding=1e-10),
        entry("channelwise.cosine", -0.5, "a", twin=-0.6, rounding=-1 + 1e-12),
        entry("channelwise.cosine", -0.5, "b", twin=-0.4, rounding=-1 + 1e-12),
    ) == ["latent.l2", "a"]


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (entry("latent.l2", 9e-7, rounding=1e-7), "perfect"),
        (entry("softmax.kl", 2e-6, rounding=1e-7), None),
        (entry("prediction.flip_rate", 0.0, rounding=0.0), None),
        (entry("latent.cosine", -1.0, rounding=-1.0), None),
        (entry("channelwise.cosine", -1 + 5e-12, "a", rounding=-1 + 1e-12), "perfect"),
        (entry("channelwise.cosine", -1 + 5e-11, "b", rounding=-1 + 1e-12), None),
    ],
)
def test_rounding_is_named_where_a_value_lies_on_it(one: Entry, told: str | None) -> None:
    """Within ten roundings of perfect, which is −1 for layers; a rounding of 0 knows nothing."""
    assert at_rounding(one, one.value or 0.0, of(one)) == told


@pytest.mark.parametrize(
    ("metric", "best", "scale"),
    [("latent.l2", 0.0, 1.0), ("softmax.kl", 0.0, math.log(2)), ("channelwise.cosine", -1.0, 1.0)],
)
def test_a_rounding_that_is_not_small_is_no_floor(metric: str, best: float, scale: float) -> None:
    """A thousandth of M, of ln|G| or of 1; a bfloat16 whose ten roundings are a tenth of M says nothing."""
    layer = "a" if best else None
    for part, told in ((0.99e-3, "perfect"), (1.01e-3, "lost"), (0.01, "lost"), (4.37, "lost")):
        one = entry(metric, best + 1e-9, layer, rounding=best + part * scale)
        assert at_rounding(one, best + 1e-9, of(one)) == told, part
    above = entry(metric, best + 0.2 * scale, layer, rounding=best + 0.01 * scale)
    assert at_rounding(above, best + 0.2 * scale, of(above)) is None
