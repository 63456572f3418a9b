"""What discovery found at one layer for one group: plain numbers, the maps, and notes on how far to trust them."""

from dataclasses import dataclass

from geed_cli.choices import Discover
from geed_cli.discovery.channel_map import ChannelMap
from geed_cli.discovery.scores import Scores


@dataclass(frozen=True, eq=False)
class Discovered:
    """The outcome of ``Discovery``; deviations are of the scoring half, per element, e undefined by definition.

    Attributes:
        method: what was asked for.
        variant: ``permutation``, ``ridge`` or ``procrustes``.
        maps: ρ_g, n of them, ρ_e the identity.
        before: −(1/C) Σ cos between f(gx) and g·f(x), mean over images; None where undefined.
        after: the same against ρ_g(g·f(x)).
        unmoved: the same against f(x), as if G acted trivially.
        null_before: ``before`` for pairs of different images.
        null_after: ``after`` for pairs of different images, maps fitted to such pairs.
        null_unmoved: ``unmoved`` for pairs of different images.
        fit_images: images that were fitted.
        score_images: images that were scored.
        defect: how far ρ(gh) is from ρ(g)ρ(h): 0 for a representation, about 1 for unrelated maps; None where there
            is nothing to compose.
        scores: the deviations per image and element.
        notes: what a reader must know.
    """

    method: Discover
    variant: str
    maps: tuple[ChannelMap, ...]
    before: tuple[float | None, ...]
    after: tuple[float | None, ...]
    unmoved: tuple[float | None, ...]
    null_before: tuple[float | None, ...]
    null_after: tuple[float | None, ...]
    null_unmoved: tuple[float | None, ...]
    fit_images: int
    score_images: int
    defect: float | None
    scores: Scores
    notes: tuple[str, ...]

    def mean(self, name: str) -> float | None:
        """The mean over the elements g ≠ e of one of the six deviations; None where no element has one."""
        known = [value for value in getattr(self, name) if value is not None]
        return sum(known) / len(known) if known else None
