"""At which confidence a claim's interval is read, so that the error rates hold for the whole policy.

Pass: 1 − α for each claim. The policy passes only if every claim does, so whichever limit is truly
exceeded, its own interval would have to miss (intersection-union; Berger 1982). Fail: the max-t confidence at
which all claims' intervals hold together with 1 − α, so that one false alarm anywhere has at most α.
"""

from collections.abc import Mapping, Sequence

from geed_cli.result.schema import Result
from geed_cli.statistics.estimate import Estimate
from geed_cli.statistics.multiple import joint_confidence

ALPHA = 0.05


def pass_confidence(*results: Result) -> float:
    """1 − α, or what a growing run has left of it at the look that it stopped at; of a result and its baseline."""
    return 1.0 - ALPHA * min(map(_share, results))


def _share(result: Result) -> float:
    """The part of α that the last look may spend: 1 for a run of one look (docs/statistics.md)."""
    looks, all_looks = result.settings.looks, 1.0 - result.settings.confidence
    if looks is None or all_looks <= 0.0:
        return 1.0
    return min(max(1.0 - looks.confidence, 0.0) / all_looks, 1.0)


def fail_confidences(
    families: Mapping[str, Sequence[Estimate]], confidences: Mapping[str, float]
) -> dict[str, float]:
    """The joint confidence of the claims over each set of images.

    Claims over the same images get max-t. Sets of different images share α by Bonferroni's inequality, in
    proportion to their claims.

    Args:
        families: what each image moves in the claims of a set of images.
        confidences: of one claim of each set by itself, ``pass_confidence``.
    """
    total = sum(map(len, families.values()))
    return {
        key: joint_confidence(family, confidence=1.0 - (1.0 - confidences[key]) * len(family) / total)
        if family
        else confidences[key]
        for key, family in families.items()
    }


def bonferroni_confidences(
    families: Mapping[str, Sequence[Estimate]], confidences: Mapping[str, float]
) -> dict[str, float]:
    """The joint confidence of claims that have to hold whatever their dependence: each has its part of α.

    Args:
        families: what each image moves in the claims of a set of images.
        confidences: of one claim of each set by itself, ``pass_confidence``.
    """
    total = max(sum(map(len, families.values())), 1)
    return {key: 1.0 - (1.0 - confidence) / total for key, confidence in confidences.items()}
