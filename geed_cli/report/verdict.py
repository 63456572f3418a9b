"""What the numbers of one group amount to, in plain words: each sentence is a control set against a value.

Nothing is judged good or bad here; a sentence appears where a value would be misread without it. The rules and their
constants are explained in docs/controls.md.
"""

import math
from collections.abc import Iterator, Sequence

from geed_cli.report.numbers import number
from geed_cli.result.schema import Entry, GridPhase, Result

INSENSITIVE = 0.02
"""A sensitivity below this part of ln(images), its largest possible value, is no reaction to speak of."""
LIKE_NULL = 0.9
"""A layer whose 1 + deviation under g ≠ e reaches this part of its 1 + null treats gx like another image."""
LIKE_FLOOR = 2.0
"""A value within so many floors of perfect cannot be told from resampling."""
BEST = {"channelwise.cosine": -1.0, "channelwise.correlation": -1.0}
"""Value of a perfect network, 0 where not named; latent.cosine has none in its own unit."""


def verdicts(result: Result, group: str) -> Iterator[str]:
    """The sentences about one group."""
    entries = [entry for entry in result.results if entry.group == group and entry.value is not None]
    yield from _insensitive(entries, result.data.count)
    yield from _like_null(entries)
    yield from _like_floor(entries)
    yield from _like_twin(entries, result.data.count)
    yield from _off_centre([phase for phase in result.grid_phase if phase.group == group])


def _insensitive(entries: Sequence[Entry], count: int) -> Iterator[str]:
    for entry in entries:
        sensitivity = entry.controls.get("sensitivity")
        if sensitivity is not None and count > 1 and sensitivity < INSENSITIVE * math.log(count):
            yield (
                f"softmax.kl {number(entry.value)} is low because the network hardly reacts to its input at all "
                f"(sensitivity {number(sensitivity)} nats): insensitive, not invariant"
            )


def _like_null(entries: Sequence[Entry]) -> Iterator[str]:
    layers = [
        entry.layer or ""
        for entry in entries
        if entry.metric == "channelwise.cosine"
        and "null" in entry.controls
        and 1 + _beside_identity(entry) > LIKE_NULL * (1 + entry.controls["null"])
    ]
    if layers:
        yield f"{some(layers)}: maps of gx are about as far from g·f(x) as those of another image (null)"


def _beside_identity(entry: Entry) -> float:
    """The mean deviation over the elements beside e, which is perfect by definition and the null is not."""
    means = [mean for name, mean in entry.per_element.items() if name != "e" and mean is not None]
    return sum(means) / len(means) if means else -1.0


def _like_floor(entries: Sequence[Entry]) -> Iterator[str]:
    found = []
    for entry in entries:
        best = BEST.get(entry.metric, 0.0)
        floor = entry.controls.get("floor", best) - best
        value = (entry.value or 0.0) - best
        if entry.metric != "latent.cosine" and floor > 0 and value < LIKE_FLOOR * floor:
            found.append(entry)
    if found:
        yield f"{_named(found)}: not above twice the floor, so resampling alone may explain it"


def _like_twin(entries: Sequence[Entry], count: int) -> Iterator[str]:
    """Where the twin does as well; what an insensitive twin predicts, it predicts for every picture."""
    reacts = all(
        count > 1 and entry.controls["twin_sensitivity"] >= INSENSITIVE * math.log(count)
        for entry in entries
        if "twin_sensitivity" in entry.controls
    )
    uninformative = {"latent.cosine"} | (set() if reacts else {"softmax.kl", "prediction.flip_rate"})
    found = []
    for entry in entries:
        twin = entry.controls.get("twin")
        if twin is not None and entry.metric not in uninformative and twin <= (entry.value or 0.0):
            found.append(entry)
    if found:
        yield f"{_named(found)}: random weights (twin) are no further from invariance"


def _off_centre(phases: Sequence[GridPhase]) -> Iterator[str]:
    if not phases:
        return
    size = phases[0].clean_size
    way = f"--img-size {size} centres it" if size is not None else "no larger size nearby centres it"
    yield (
        f"{some([phase.layer for phase in phases])}: sampling grid off centre at this input size, which alone "
        f"breaks equivariance ({phases[0].reason}); {way}"
    )


def _named(entries: Sequence[Entry]) -> str:
    """The measures, each layerwise one with its layers."""
    layers: dict[str, list[str]] = {}
    for entry in entries:
        layers.setdefault(entry.metric, []).extend([entry.layer] if entry.layer is not None else [])
    return "; ".join(f"{metric} at {some(at)}" if at else metric for metric, at in layers.items())


def some(names: Sequence[str]) -> str:
    """The first few names, and how many more."""
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
