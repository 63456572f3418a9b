"""Controls that explain values of a track: a network that reacts less, maps that are like any other image's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from geed_cli.measures.softmax import KL
from geed_cli.result.schema import Entry, Result
from geed_cli.tracking.columns import groups_of, labels_of
from geed_cli.tracking.record import Track
from geed_cli.verdict.depth import layer_entries
from geed_cli.verdict.digits import two_digits
from geed_cli.verdict.features import FEATURES
from geed_cli.verdict.likeness import like_null
from geed_cli.verdict.names import places

MUCH_LESS = 0.5
"""A sensitivity that has fallen below this part of what it was."""


@dataclass(frozen=True)
class _Reaction:
    """A run's softmax deviation and sensitivity at one step, each the mean over its models, nats."""

    step: int
    value: float
    sensitivity: float


def same_features(track: Track) -> list[int]:
    """The steps at which every image has the same features: M = 0."""
    return [
        record.step
        for record in track.records
        if record.result.data.count > 1
        for entry in record.result.results
        if entry.metric == FEATURES and entry.normaliser == 0
    ]


def unreacting(track: Track) -> Iterator[str]:
    """Where the softmax deviation falls from the first step to the last, and the sensitivity to images as much or more.

    The value divided by the sensitivity does not fall then, and the sensitivity has at least halved: the network has
    come to react less to any image, and not become more invariant.
    """
    labels = labels_of(track)
    said: dict[str, list[str]] = {}
    for label in labels:
        for group in groups_of(track):
            reactions = _reactions(track, label, group)
            if len(reactions) < 2:
                continue
            first, last = reactions[0], reactions[-1]
            if _explained(first, last):
                text = _told(track, first, last)
                said.setdefault(f"{label}: {text}" if len(labels) > 1 else text, []).append(group)
    for text, groups in said.items():
        yield text if groups == list(groups_of(track)) else f"{text} ({', '.join(groups)})"


def like_another(track: Track) -> Mapping[str, Sequence[int]]:
    """The steps at which layers' maps are about as far from where they should be as another image's (the null).

    Returns:
        steps by layers, with the group behind them, and of several runs the run.
    """
    labels, found = labels_of(track), dict[str, list[int]]()
    for record in track.records:
        result = record.result
        order = list(dict.fromkeys(each.layer for each in result.results if each.layer is not None))
        for group in result.groups:
            entries = [each for each in layer_entries(result, group) if each.value is not None]
            alike = [each for each in entries if like_null(each, group.order)]
            if alike:
                of_run = f", {record.label}" if len(labels) > 1 else ""
                place = f"{places(alike, order)} ({group.name}{of_run})"
                found.setdefault(place, []).append(record.step)
    return found


def _reactions(track: Track, label: str, group: str) -> list[_Reaction]:
    """By step, of those at which every model has both numbers."""
    by_step: dict[int, list[tuple[float, float] | None]] = {}
    for record in track.records:
        if record.label == label:
            by_step.setdefault(record.step, []).append(_both(record.result, group))
    made = []
    for step, found in sorted(by_step.items()):
        there = [each for each in found if each is not None]
        if len(there) == len(found):
            values, sensitivities = zip(*there, strict=True)
            made.append(_Reaction(step, sum(values) / len(values), sum(sensitivities) / len(values)))
    return made


def _both(result: Result, group: str) -> tuple[float, float] | None:
    """The softmax deviation and the sensitivity of a result; None without either."""
    entry: Entry | None = next((e for e in result.results if (e.metric, e.group) == (KL.name, group)), None)
    sensitivity = None if entry is None else entry.controls.get("sensitivity")
    if entry is None or entry.value is None or sensitivity is None:
        return None
    return entry.value, sensitivity


def _explained(first: _Reaction, last: _Reaction) -> bool:
    """Whether the value fell, and no further than the sensitivity did."""
    fell = last.value < first.value and last.sensitivity < MUCH_LESS * first.sensitivity
    return fell and last.value * first.sensitivity >= first.value * last.sensitivity


def _told(track: Track, first: _Reaction, last: _Reaction) -> str:
    """The sentence, without its group."""
    values = f"from {two_digits(first.value)} to {two_digits(last.value)}"
    reacts = f"from {two_digits(first.sensitivity)} to {two_digits(last.sensitivity)}"
    steps = f"between {track.unit} {first.step} and {last.step}"
    return (
        f"{KL.name} falls {values} nats {steps}, and its sensitivity falls no less, {reacts} nats: the output reacts "
        "less to any image, which is no invariance"
    )
