"""In plain words: is the layer equivariant as it is, under a hidden action, merely invariant, or neither?

The answer is made of claims about the part κ that f(x), g·f(x) and ρ_g(g·f(x)) explain of f(gx), see ``explained``.
"Holds" means κ ≥ 0.9 at one-sided 95% confidence over scoring images.
"""

from dataclasses import dataclass

from geed_cli.discovery.discover import Discovered
from geed_cli.discovery.explained import HOLDS_FROM, clearly_below, explains_more, holds, part
from geed_cli.discovery.verdict_words import WORDS, Kind

SMALL_DEFECT = 0.1
"""Maps that differ on less than a tenth of the channels (linear: in inner product) are said to compose."""


@dataclass(frozen=True)
class Verdict:
    """The answer for one layer and group, with the numbers that decided as its reason and κ of the candidates."""

    kind: Kind
    words: str
    reason: str
    explained: dict[str, float]


def verdict(outcome: Discovered, floor: float = -1.0) -> Verdict:
    """Judge one layer and group.

    - *equivariant as it is*: g·f(x) explains f(gx), no channel map is needed.
    - *merely invariant*: f(x) itself does (trivial action in space and channels), and g·f(x) does no better.
    - *equivariant under a hidden action*: neither of these; ρ_g(g·f(x)) explains f(gx) on images that were not
      fitted, clearly better than g·f(x) does and by more than maps gain that were fitted to different images; and
      the maps compose as G does (defect ≤ ``SMALL_DEFECT``).
    - *neither*: none of these. *Undecided*: fewer than two scored images with a live channel, or maps that hardly
      depend on the image.

    ``floor`` is the deviation that resampling alone leaves at this layer (mean over g ≠ e); −1 for exact actions.
    Nothing is resampled under the trivial action, so there the best is −1.
    """
    floors = {"before": floor, "after": floor, "unmoved": -1.0}
    parts = {name: part(outcome.scores, name, best) for name, best in floors.items()}
    explained = {name: value for name, value in parts.items() if value is not None}
    kind, reason = _decide(outcome, floor, explained)
    return Verdict(kind, WORDS[kind], reason, explained)


def _decide(outcome: Discovered, floor: float, explained: dict[str, float]) -> tuple[Kind, str]:
    """The kind and its reason, the first that applies."""
    scores = outcome.scores
    if len(scores.images("before", "null_before")[0]) < 2:
        return "undecided", "fewer than two images were scored on which a channel is alive"
    if "before" not in explained:
        return "undecided", "the maps of different images are alike: they hardly depend on the image"
    invariant, as_it_is = holds(scores, "unmoved", -1.0), holds(scores, "before", floor)
    if invariant and not (as_it_is and clearly_below(scores, "before", "unmoved")):
        return "invariant", f"f(x) itself, with nothing moved, explains {explained['unmoved']:.0%} of f(gx)"
    if as_it_is:
        return "equivariant", f"g·f(x) explains {explained['before']:.0%} of f(gx)"
    return _hidden(outcome, floor, explained)


def _hidden(outcome: Discovered, floor: float, explained: dict[str, float]) -> tuple[Kind, str]:
    """Whether a layer that is not equivariant as it is hides an action."""
    without = f"g·f(x) explains {explained['before']:.0%} of f(gx)"
    if not (clearly_below(outcome.scores, "after", "before") and explains_more(outcome.scores, floor)):
        return "neither", f"{without}, and channel maps add no more than fitting alone adds"
    change = f"{without}, with channel maps {explained['after']:.0%}"
    if not holds(outcome.scores, "after", floor):
        return "neither", f"{change}: a gain, but not surely {HOLDS_FROM:.0%}"
    if outcome.defect is None:
        return "neither", f"{change}, but without a group table nothing says whether the maps compose"
    if outcome.defect > SMALL_DEFECT:
        return "neither", f"{change}, but they do not compose as the group does (defect {outcome.defect:.2f})"
    return "hidden", f"{change}, and they compose as the group does (defect {outcome.defect:.2f})"
