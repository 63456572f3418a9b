"""What a measure is: one object that everybody asks, so that nobody else knows a measure by its name.

A measure's file holds its integrand m and its object, and ``catalogue`` has a line for it. These files import torch
nowhere but inside functions, since results are compared, gated and printed without it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from geed_cli.explanation import Explanation
from geed_cli.statistics.scale import Scale

if TYPE_CHECKING:
    from torch import Tensor

    from geed_cli.measures.held_vectors import Vectors
    from geed_cli.measures.moments import Sizes

VectorSite = Literal["features", "logits"]
"""Where vectors are read; measures see logits as class probabilities."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What tables and statistics have to know of a measure.

    Attributes:
        name: as printed and as given to ``--metric``.
        range: the values it can take, as text.
        definition: m and the value in one line.
        explained: what ``geed explain`` says beside range and definition, which it takes from here.
        equation: where the definition is from.
        told: of one value, from {value}, {raw}, {M}, {n} and {layer}; what a walk through a result says.
        scale: where its sampling distribution is closest to symmetric; its limits are the measure's.
        bound: the largest value for a group of n elements, where there is one and G does not move what is measured.
        best: the raw mean of a perfectly invariant or equivariant network.
        rounding_order: the power of a relative rounding error by which the value of a perfect network moves; None
            where rounding cannot move it.
        unit: printed behind values, empty where there is none.
        percent: whether values and limits are shown in percent.
        label: of the axis of a figure; empty is the name.
        usual: whether a track shows it where nothing was asked for.
        of_invariance: whether it says how far from invariance a network is; M is of the images alone.
        larger_is_better: whether a larger value is nearer to invariance, up to the best; else a smaller one.
        against_plain: whether f(x) stands in place of f̂(x); e, which then is 0 by definition, is not counted.
        positive_tail: whether values are never negative and a few images may carry their mean, which is then noted.
        of_flows: whether it is a derivative, which the two ends of a flow alone have (``--set lie:rotation``).
        on_request: whether it is computed only where a name or glob asks for it.
        beside: the measure beside whose values it is shown; it makes no claims of its own unless asked for.
    """

    name: str
    range: str
    definition: str
    explained: Explanation
    equation: str
    told: str
    scale: Scale
    bound: Callable[[int], float] | None = None
    best: float = 0.0
    rounding_order: int | None = 2
    unit: str = ""
    percent: bool = False
    label: str = ""
    usual: bool = False
    of_invariance: bool = True
    larger_is_better: bool = False
    against_plain: bool = False
    positive_tail: bool = False
    of_flows: bool = False
    on_request: bool = False
    beside: "Measure | None" = None

    @property
    def explanation(self) -> Explanation:
        """What ``geed explain`` says of it."""
        names = f"--metric {self.name}, or a glob that fits, as '{self.name.partition('.')[0]}.*'"
        asked = f"It is computed only where it is asked for: {names}." if self.on_request else ""
        return replace(
            self.explained,
            reading=" ".join(filter(None, (self.explained.reading, asked))),
            formula=f"{self.definition}; {self.equation}",
            range=", ".join(filter(None, (self.range, self.unit))),
        )

    @property
    def normalised(self) -> bool:
        """Whether the value is the raw mean divided by a normaliser M."""
        return False

    @property
    def first(self) -> int:
        """The first element that counts: 0, or 1 where e is left out, as a prediction cannot flip under e."""
        return 1 if self.against_plain else 0

    @property
    def perfect(self) -> float | None:
        """The value of a perfect network; None where that depends on M."""
        return None if self.normalised and self.best else self.best

    @property
    def primary(self) -> "Measure":
        """The measure in whose table it is shown: its own, where it was asked for."""
        return self if self.beside is None or self.on_request else self.beside

    def scale_for(self, order: int, *, moves_logits: bool = False) -> Scale:
        """The natural scale for a group of that order; see docs/statistics.md.

        Args:
            order: n = |G|.
            moves_logits: whether G moves predictions, classes or pixels; divergences then have no bound, and an image's
                row of a rate may be a part of many.
        """
        if self.scale.kind == "rate":
            return Scale.rate(1 if order == 2 and not moves_logits else max(order - 1, 2))
        if self.bound is None or order < 2 or moves_logits:
            return self.scale
        return Scale.bounded(self.scale.lo, self.bound(order))

    def has_bounds(self, order: int = 2, *, moves_logits: bool = False) -> bool:
        """Whether the values lie between two known numbers, and limits may rest on that, for a group of that order."""
        scale = self.scale_for(order, moves_logits=moves_logits)
        return not self.normalised and scale.guaranteed

    @property
    def forecasts(self) -> bool:
        """Whether more images have the same value, so that it can be told how many would do."""
        return self.scale.independent

    def per_image(self, deviations: NDArray[np.float64]) -> NDArray[np.float64]:
        """The mean over the elements that count of each image's deviations, shape (images,).

        An element without a value, such as e at a layer that is dead for the plain image, is left out; an image
        without any has NaN.

        Args:
            deviations: m(f(gx), g·f̂(x)), shape (images, n).
        """
        counted = deviations[:, self.first :]
        defined = np.isfinite(counted)
        sums, counts = np.where(defined, counted, 0.0).sum(axis=1), defined.sum(axis=1)
        means = np.full(len(counted), np.nan)
        np.divide(sums, counts, out=means, where=counts > 0)
        return means

    @property
    def sign(self) -> int:
        """1 where a larger value is further from invariance, −1 where it is nearer."""
        return -1 if self.larger_is_better else 1

    @property
    def reading(self) -> str:
        """Which way its values are read."""
        if not self.of_invariance:
            return "says nothing of invariance"
        return f"larger is {'nearer to' if self.larger_is_better else 'further from'} invariance"

    def distance(self, value: float, best: float | None = None) -> float:
        """How far a value is from that of a perfect network: positive on the side away from invariance.

        Args:
            value: as printed, or raw.
            best: the perfect value where it is not ``best``, as that of a value over M.
        """
        return self.sign * (value - (self.best if best is None else best))

    def rounding(self, relative: float) -> float:
        """How far the value of a perfect network may be from its best by relative rounding errors of that size."""
        return 0.0 if self.rounding_order is None else relative**self.rounding_order


@dataclass(frozen=True, kw_only=True)
class VectorMeasure(Measure):
    """A measure of one vector for each image: features, or class probabilities.

    Attributes:
        site: where it is read.
        deviation: m(f(gx), ρ(g)f̂(x)), from (..., k) and a shape that broadcasts with it to (...), float64.
        size: what every deviation of an image is divided by, from f(x) of shape (..., k) to (...); an image of size 0
            has no row. None is 1.
        pairs: d(f1(x), f1(x')) for all pairs of embeddings (m, k), whose mean off the diagonal is M; shape (m, m).
        sums: of many images Σ_{j≠i} ω_j d(f1(x_i), f1(x_j)) from their vectors and weights ω, (m,) float64, to (m,), in
            memory that does not grow with m²; there wherever ``pairs`` is.
        sensitivity: the control that compares different images with their mean, from (images, k) and (k,) to (images,),
            in the unit.
        among: m of each copy of an image among the others, brought back: from ρ(g)⁻¹f(gx) of shape (n, places,
            categories), and whether all places of a copy count as one, to (n,). None where ``deviation`` is all.
        any_label: of independent labels, whether one that deviates is enough, where others take the mean over labels.
        apart: mean distance between two of n ≥ 2 copies of an image brought back, ρ(g)⁻¹f1(gx), shape (n, k); over M it
            is the way to another image. None where copies are not set against other images.
        unrelated: the value of n copies of an image that lie as far apart as different images do, and evenly; None
            where there is no ``apart``.
        fewest: categories that there have to be for it to say anything.
        profile: whether a table tells its strongest frequency over a cyclic group.
    """

    site: VectorSite
    deviation: Callable[["Tensor", "Tensor"], "Tensor"]
    size: Callable[["Tensor"], "Tensor"] | None = None
    pairs: Callable[["Tensor"], "Tensor"] | None = None
    sums: Callable[["Vectors", "Tensor"], "Tensor"] | None = None
    sensitivity: Callable[["Tensor", "Tensor"], "Tensor"] | None = None
    among: Callable[["Tensor", bool], "Tensor"] | None = None
    any_label: bool = False
    apart: Callable[["Tensor"], float] | None = None
    unrelated: Callable[[int], float] | None = None
    fewest: int = 2
    profile: bool = False

    @property
    def normalised(self) -> bool:
        """Whether there are pairs to make M of."""
        return self.pairs is not None


@dataclass(frozen=True)
class LayerDeviation:
    """The outcome for B comparisons of maps, shape (B,) each.

    Attributes:
        value: float64; NaN where the maps have none, as where no channel is live.
        dead: the part of channels left out, float64; None of whole maps, of which none is.
        finite: whether both maps were finite throughout, bool.
    """

    value: "Tensor"
    dead: "Tensor | None"
    finite: "Tensor"


@dataclass(frozen=True, kw_only=True)
class RetrievalMeasure(Measure):
    """A measure of where the features of an image's copies lie among those of all audited images.

    Attributes:
        rows: of m images under one element g, from f1(gx) and ρ(g)f1(x), shape (m, k) each, to (m,), float64.
        chance: its value of m images whose features have nothing to do with what they show.
        fewest_images: below which it says nothing.
        own_rows: whether the row of an image is its own number, so that images may be weighted.
    """

    rows: Callable[["Tensor", "Tensor"], "Tensor"]
    chance: Callable[[int], float]
    fewest_images: int
    own_rows: bool = True
    against_plain: bool = True
    larger_is_better: bool = True

    @property
    def site(self) -> VectorSite:
        """Where it is read."""
        return "features"


@dataclass(frozen=True, kw_only=True)
class LayerMeasure(Measure):
    """A measure of the maps of every layer.

    Attributes:
        of_variation: whether it compares what varies over a map alone, of which a single pixel has nothing.
    """

    of_variation: bool = False

    @property
    def counts_dead(self) -> bool:
        """Whether its comparisons say which part of the channels was left out."""
        return False


@dataclass(frozen=True, kw_only=True)
class ChannelMeasure(LayerMeasure):
    """A measure of maps channel by channel.

    Attributes:
        compare: −(1/C) Σ_i of two maps' channels, from their sizes and their inner products about the means,
            ⟨a', b'⟩ of shape (B, C). Says of each row whether its maps were finite.
    """

    compare: Callable[["Sizes", "Sizes", "Tensor"], LayerDeviation]

    @property
    def counts_dead(self) -> bool:
        """Each does."""
        return True


@dataclass(frozen=True, kw_only=True)
class MapMeasure(LayerMeasure):
    """A measure of maps as wholes, all channels together, by their difference from those of the plain image.

    Attributes:
        relate: from ‖f_l(gx) − ρ(g)f_l(x)‖ and ‖f_l(x)‖, shape (B,) each, float64, to (B,); NaN where it has no value.
    """

    relate: Callable[["Tensor", "Tensor"], "Tensor"]
    against_plain: bool = True


@dataclass(frozen=True, kw_only=True)
class DerivativeMeasure(LayerMeasure):
    """A measure of how fast maps, moved back, move along a flow; e, where the flow begins, is not counted.

    Attributes:
        slope: from ρ(g_{−t})f_l(g_t x) and ρ(g_t)f_l(g_{−t}x), of shape (..., d) each, to (...), float64.
    """

    slope: Callable[["Tensor", "Tensor"], "Tensor"]
    against_plain: bool = True
    of_flows: bool = True
