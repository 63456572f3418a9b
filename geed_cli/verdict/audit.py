"""What an audit says: the verdict of each group, the warnings of the whole run, and one next step.

The rules stand beside their constants, one kind a module: ``features``, ``predictions`` and ``depth`` for the sentences
of a group, ``cautions`` for warnings, ``advice`` for the next step. docs/verdicts.md lists them all.
"""

from geed_cli.result.schema import Group, Result
from geed_cli.statistics.validity import MIN_IMAGES
from geed_cli.verdict.advice import next_of
from geed_cli.verdict.cautions import cautions, merged, of_the_run
from geed_cli.verdict.depth import on_layers
from geed_cli.verdict.features import on_features
from geed_cli.verdict.labelled import on_labels
from geed_cli.verdict.predictions import aside, on_predictions
from geed_cli.verdict.said import Said

__all__ = ["Said", "next_step", "say", "unseen", "warnings"]


def say(result: Result, group: str) -> Said:
    """What the result says of one of its groups.

    Raises:
        KeyError: the result has no such group.
    """
    audited = _group(result, group)
    claim = on_features(result, audited)
    reasons = (
        *claim.reasons,
        *on_predictions(result, audited),
        *on_labels(result, audited),
        *on_layers(result, audited),
    )
    lines = tuple(caution.line for caution in cautions(result, audited, claim))
    word, verdict = claim.word, claim.verdict
    if beside := aside(result, audited, word):
        word, verdict = f"{word} but {beside}", f"{verdict.removesuffix('.')}, but {beside}."
    return Said(group, word, verdict, reasons, lines)


def warnings(result: Result) -> tuple[str, ...]:
    """What changes the reading of the whole result; of groups, each once, with the groups that it holds for."""
    per_group = [
        (group.name, list(cautions(result, group, on_features(result, group)))) for group in result.groups
    ]
    return (*of_the_run(result), *merged(per_group))


def next_step(result: Result) -> str:
    """One line on what to do next; what it prints runs as it stands, beside the command that made the result."""
    return next_of(result, [on_features(result, group) for group in result.groups])


def unseen(result: Result) -> str:
    """How rare a kind of image may be and none of it in the sample, by the rule of three; empty below 20 images.

    Of a kind that is a share p of the data, n independent images have none with the chance (1 − p)^n, 5% at p = 3/n.
    Of images in clusters the clusters are what is independent.
    """
    clusters = result.data.clusters
    count = result.data.count if clusters is None else len(clusters.names)
    if count < MIN_IMAGES:
        return ""
    return f"a kind of image rarer than {300 / count:.2g}% (3 in {count}) may be missing altogether"


def _group(result: Result, name: str) -> Group:
    for group in result.groups:
        if group.name == name:
            return group
    raise KeyError(name)
