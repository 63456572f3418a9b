"""Discovery of a hidden action at one layer: accumulate, solve, score, one image at a time.

f(gx) ≈ ρ_g·(g·f(x)) is fitted on the first half of the images and scored on the other, beside a null in which
g·f(x') of the image before takes the place of g·f(x). Kept are C×C sums and two maps: f(x), and f(x') of the image
before, from which g·f(x') is made when it is needed (cheaper than holding one map for each g).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from geed_cli.choices import Discover
from geed_cli.discovery.channel_map import ChannelMap, Fitted
from geed_cli.discovery.defect import defect
from geed_cli.discovery.linear import LinearFitter
from geed_cli.discovery.permutation import PermutationFitter
from geed_cli.discovery.scores import ScoreBook, Scores

Act = Callable[[int, Tensor], Tensor]
"""(g, y) ↦ g·y on maps of shape (C, H, W), masked where the comparison is masked; (0, y) only masks."""
Fitter = PermutationFitter | LinearFitter
FITTERS: dict[Discover, Callable[[int, int], Fitter]] = {
    "permutation": PermutationFitter,
    "linear": LinearFitter,
}


@dataclass(frozen=True, eq=False)
class Discovered:
    """The outcome of ``Discovery``.

    Attributes:
        method: what was asked for.
        variant: ``permutation``, ``ridge`` or ``procrustes``.
        maps: ρ_g, n of them, ρ_e the identity.
        fit_images: images that were fitted.
        score_images: images that were scored.
        defect: how far ρ(gh) is from ρ(g)ρ(h): 0 for a representation, about 1 for unrelated maps; None where there
            is nothing to compose.
        scores: the deviations of the scoring half, per image and element.
        notes: what a reader must know.
    """

    method: Discover
    variant: str
    maps: tuple[ChannelMap, ...]
    fit_images: int
    score_images: int
    defect: float | None
    scores: Scores
    notes: tuple[str, ...]


class Discovery:
    """The hidden action of one group at one layer.

    For each image, in any order of elements: ``start(f(x))`` once, then ``fit`` (first half) or ``score`` (other
    half) for every g. Between the halves: ``solve()``. At the end: ``outcome(table)``.

    Args:
        channels: C.
        order: n = |G|.
        method: ``permutation`` or ``linear``.
        act: the plain spatial action on the layer's maps.
    """

    def __init__(self, channels: int, order: int, method: Discover, act: Act) -> None:
        self.channels, self.order, self.method = channels, order, method
        self._act = act
        self._fitter: Fitter = FITTERS[method](channels, order)
        self._fitted: Fitted | None = None
        self._book = ScoreBook(order)
        self._current: Tensor | None = None
        self._previous: Tensor | None = None
        self._image = -1
        self._fit_images: set[int] = set()
        self._score_images: set[int] = set()
        self._pixels = self._refused = 0

    def start(self, reference: Tensor) -> None:
        """A new image begins.

        Args:
            reference: f(x) itself, shape (C, H, W), not masked; never the mean f̂ over a kernel, which would hide
                what the kernel's elements do.
        """
        self._image += 1
        self._previous = self._current
        maps = comparable(reference)
        # a copy: in-place layers overwrite what hooks are given
        self._current = maps.clone() if bool(maps.isfinite().all()) else None

    def fit(self, g: int, moved: Tensor, expected: Tensor) -> None:
        """Take one pair of the first half.

        Args:
            g: number of the element; e is passed over, since ρ_e is the identity.
            moved: f(gx), shape (C, H, W), masked.
            expected: g·f(x), the same shape, masked likewise.

        Raises:
            ValueError: after ``solve``.
        """
        if self._fitted is not None:
            raise ValueError("fit after solve: the maps are fixed")
        with torch.inference_mode():
            x, y = comparable(moved), comparable(expected)
            if g == 0 or not self._usable(x, y):
                return
            other = self._other(g, x)
            self._fitter.add(g, x.flatten(1), y.flatten(1), None if other is None else other.flatten(1))
        self._pixels = max(self._pixels, x[0].numel())
        self._fit_images.add(self._image)

    def solve(self) -> None:
        """Find the maps from what was accumulated; more calls do nothing.

        Solving is O(C³) for each element: with ``linear`` on two cores a third of a second for C = 512 and
        fifteen seconds for C = 2048, with ``permutation`` less.
        """
        if self._fitted is None:
            with torch.inference_mode():
                self._fitted = self._fitter.solve()

    def score(self, g: int, moved: Tensor, expected: Tensor) -> None:
        """Score one pair of the other half; arguments as in ``fit``.

        Raises:
            ValueError: before ``solve``.
        """
        if self._fitted is None:
            raise ValueError("score before solve: there are no maps yet")
        with torch.inference_mode():
            x, y = comparable(moved), comparable(expected)
            if g == 0 or not self._usable(x, y):
                return
            self._book.add(self._image, g, x, self._candidates(self._fitted, g, x, y))
        self._score_images.add(self._image)

    def outcome(self, table: NDArray[np.int64] | None) -> Discovered:
        """What was found, with the group's Cayley table, shape (n, n), or None for a set that is no group."""
        self.solve()
        assert self._fitted is not None
        return Discovered(
            method=self.method,
            variant=self._fitted.variant,
            maps=self._fitted.maps,
            fit_images=len(self._fit_images),
            score_images=len(self._score_images),
            defect=None if table is None else defect(self._fitted, table),
            scores=self._book.scores(),
            notes=self._fitted.notes + self._limits(int(self._fitted.live.sum())),
        )

    def _limits(self, live: int) -> tuple[str, ...]:
        """Notes on data that are too few, or that cannot tell one channel map from another; most serious first."""
        images, pixels, channels = len(self._fit_images), self._pixels, self.channels
        notes = {
            "no image was fitted: every map is the identity": images == 0,
            "one image was fitted: the null has no pair and its maps are the identity": images == 1,
            "fewer than two images were scored: nothing can be decided": len(self._score_images) < 2,
            f"few data: {images} × {pixels} pixels were fitted for {channels} channels, fewer than two a channel": (
                0 < images * pixels < 2 * channels
            ),
            f"{channels - live} of {channels} channels are silent in all fitted images": (
                images > 0 and live < channels
            ),
            "maps of one pixel: a channel's cosine is only a sign": pixels == 1,
            "one channel: the only permutation is the identity": (
                channels == 1 and self.method == "permutation"
            ),
            f"{self._refused} pairs of maps are not finite and were left out": self._refused > 0,
        }
        return tuple(note for note, applies in notes.items() if applies)

    def _candidates(self, fitted: Fitted, g: int, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        """What f(gx) is compared with, by the names of ``Scores``."""
        candidates = {"before": y, "after": fitted.maps[g].predict(y, x)}
        if self._current is not None and self._current.shape == x.shape:
            candidates["unmoved"] = self._act(0, self._current)
        other = self._other(g, x)
        if other is not None and self._previous is not None:
            candidates["null_before"] = other
            candidates["null_after"] = fitted.null[g].predict(other, x)
            if self._previous.shape == x.shape:
                candidates["null_unmoved"] = self._act(0, self._previous)
        return candidates

    def _other(self, g: int, moved: Tensor) -> Tensor | None:
        """g·f(x') of the image before, where there is one of the same shape."""
        if self._previous is None:
            return None
        other = self._act(g, self._previous)
        return other if other.shape == moved.shape else None

    def _usable(self, moved: Tensor, expected: Tensor) -> bool:
        """Whether both maps are finite; others are counted and left out."""
        finite = bool(moved.isfinite().all()) and bool(expected.isfinite().all())
        self._refused += not finite
        return finite


def comparable(maps: Tensor) -> Tensor:
    """Maps in float32 or float64, where float64 sums can be made of them (MPS has none)."""
    maps = maps.cpu() if maps.device.type == "mps" else maps
    return maps if maps.dtype == torch.float64 else maps.float()
