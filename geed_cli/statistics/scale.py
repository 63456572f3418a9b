"""The natural scale of a measure: where its sampling distribution is closest to symmetric.

ψ maps the measure's open range onto the real line; limits are computed there and mapped back, so that an
interval never leaves the range. ``log`` is for positive values, ``bounded`` for values between two known
limits, ``rate`` for a bounded value whose rows are counts of events (0 of n is then no proof of 0),
``identity`` for the rest.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Kind = Literal["log", "bounded", "rate", "identity"]


@dataclass(frozen=True)
class Scale:
    """A monotone map ψ from a measure's range (lo, hi) to the real line.

    ``log``: ψ(v) = ln v; ``bounded`` and ``rate``: ψ(v) = ln((v − lo)/(hi − v)); ``identity``: ψ(v) = v.

    Attributes:
        kind: which of them.
        lo: the lower end of the range.
        hi: the upper end.
        events: of a rate, how many one image's row is the mean of; 1 is a row of 0 or 1.
        independent: whether rows are, as they are not where images are compared with one another.
    """

    kind: Kind
    lo: float = -math.inf
    hi: float = math.inf
    events: int = 0
    independent: bool = True

    @classmethod
    def log(cls) -> "Scale":
        """For values above 0 without an upper limit: latent.l2."""
        return cls("log", 0.0)

    @classmethod
    def bounded(cls, lo: float, hi: float) -> "Scale":
        """For values in [lo, hi]: softmax.kl in [0, ln|G|], channelwise.cosine in [−1, 1]."""
        return cls("bounded", lo, hi)

    @classmethod
    def rate(cls, events: int = 1) -> "Scale":
        """For fractions of events in [0, 1]: prediction.flip_rate."""
        return cls("rate", 0.0, 1.0, events)

    @classmethod
    def identity(cls) -> "Scale":
        """For values without limits."""
        return cls("identity")

    @classmethod
    def among(cls) -> "Scale":
        """For values in [0, 1] of images that are looked for among one another: retrieval.rank."""
        return cls("bounded", 0.0, 1.0, independent=False)

    @property
    def guaranteed(self) -> bool:
        """Whether limits may rest on the range alone: on two known numbers that independent rows lie between."""
        return self.independent and math.isfinite(self.hi - self.lo)

    def interior(self, value: float) -> bool:
        """Whether ψ(value) is finite: strictly between lo and hi."""
        return self.lo < value < self.hi

    def forward(self, value: npt.ArrayLike) -> Array:
        """ψ(value), for values in the interior; the shape of ``value``."""
        v = np.asarray(value, dtype=np.float64)
        if self.kind == "log":
            return np.asarray(np.log(v))
        if self.kind == "identity":
            return v
        from scipy.special import logit  # noqa: PLC0415 - a tenth of a second, which explanations of measures need not

        return np.asarray(logit((v - self.lo) / (self.hi - self.lo)))

    def inverse(self, position: float) -> float:
        """ψ⁻¹(position), inside [lo, hi] for every finite position."""
        if self.kind == "log":
            return math.exp(min(position, 700.0))  # exp overflows above 709
        if self.kind == "identity":
            return position
        from scipy.special import expit  # noqa: PLC0415 - as above

        return float(self.lo + (self.hi - self.lo) * expit(position))

    def slope(self, value: npt.ArrayLike) -> Array:
        """ψ′(value), for values in the interior: turns a standard error of v into one of ψ(v)."""
        v = np.asarray(value, dtype=np.float64)
        if self.kind == "log":
            return np.asarray(1.0 / v)
        if self.kind == "identity":
            return np.ones_like(v)
        return np.asarray(1.0 / (v - self.lo) + 1.0 / (self.hi - v))

    def bend(self, value: float) -> float:
        """ψ″(value)/ψ′(value), for a value in the interior: how much skewness the scale takes out."""
        if self.kind == "log":
            return -1.0 / value
        if self.kind == "identity":
            return 0.0
        return 1.0 / (self.hi - value) - 1.0 / (value - self.lo)

    def moved(self, factor: float, shift: float = 0.0) -> "Scale":
        """The scale of rows factor·v + shift: with other bounds, where there are two."""
        if not math.isfinite(self.hi - self.lo):
            return self
        ends = sorted((factor * self.lo + shift, factor * self.hi + shift))
        return replace(self, lo=ends[0], hi=ends[1])

    def clip(self, value: float) -> float:
        """The value, moved into [lo, hi]."""
        return min(max(value, self.lo), self.hi)
