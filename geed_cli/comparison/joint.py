"""``--simultaneous`` in a comparison: the confidence at which all intervals of its table hold together.

The table's cells are the values of every subject and every other's difference from the reference, all over the same
images, so that one max-t over them has the correlations of all (``geed_cli.statistics.multiple``).
"""

from collections.abc import Iterator, Sequence

from geed_cli.choices import IntervalOptions
from geed_cli.comparison.subjects import Contender, Key
from geed_cli.errors import InputError
from geed_cli.statistics.difference import differences, paired_estimate
from geed_cli.statistics.estimate import Estimate, estimate
from geed_cli.statistics.interval import intervals
from geed_cli.statistics.multiple import joint_confidence
from geed_cli.statistics.sample import Sample, finite_rows


def joint_level(
    contenders: Sequence[Contender], keys: Sequence[Key], options: IntervalOptions, *, paired: bool
) -> float:
    """The confidence that each interval needs for all of the table to hold together with ``options.confidence``.

    Raises:
        InputError: populations, whose intervals are over models, or results of different images (not ``paired``).
    """
    if not paired or any(contender.is_population for contender in contenders):
        raise InputError(
            "--simultaneous with " + ("populations" if paired else "results of different images"),
            expected="single models over the same images, whose intervals depend on each other through them",
            remedy="leave out --simultaneous; verdicts are corrected for the whole table anyway",
        )
    estimates = [made for key in keys for made in _estimates(contenders, key)]
    return joint_confidence(
        estimates, confidence=options.confidence, resamples=options.resamples, seed=options.seed
    )


def _estimates(contenders: Sequence[Contender], key: Key) -> Iterator[Estimate]:
    """Of the values and differences of one line that have an interval with any width."""
    members = [contender.members(key) for contender in contenders]
    samples: list[Sample | None] = [side[0].sample if side else None for side in members]
    alone = [sample for sample in samples if sample is not None]
    for sample, made in zip(alone, intervals(alone), strict=True):
        if made.width:
            yield estimate(finite_rows(sample))
    if samples[0] is None:
        return
    pairs = [(samples[0], other) for other in samples[1:] if other is not None]
    for pair, at in zip(pairs, differences(pairs), strict=True):
        found = at(0.95)
        if found.low != found.high:
            yield paired_estimate(*map(finite_rows, pair))
