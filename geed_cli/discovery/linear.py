"""Linear channel maps: second moments summed image by image, solved by ``regression`` in normalised channels.

Ridge and Procrustes are both computed; the one with the smaller generalised cross-validation, summed over the
elements, is kept for the whole layer, and its null is of the same kind.
"""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from geed_cli.discovery.channel_map import ChannelMap, Fitted, Linear, all_elements, increase, reciprocal
from geed_cli.discovery.regression import EXPLAINED, Fit, Moments, Spectrum, procrustes, ridge, spectrum
from geed_cli.measures.channelwise import ZERO
from geed_cli.measures.moments import SAFE_NORMS

VARIANTS: dict[str, Callable[[Moments, Spectrum], Fit]] = {
    "procrustes": procrustes,
    "ridge": ridge,
}


class LinearFitter:
    """Sums of x yᵀ, y yᵀ and x y'ᵀ for each element, with x = f(gx), y = g·f(x), y' = g·f(x'), of shape (C, P)."""

    def __init__(self, channels: int, order: int) -> None:
        self._channels, self._order = channels, order
        self._cross: dict[int, Tensor] = {}
        self._gram: dict[int, Tensor] = {}
        self._null: dict[int, Tensor] = {}
        self._energy: dict[int, Tensor] = {}
        self._pixels: dict[int, int] = {}
        self._null_pixels: dict[int, int] = {}

    def add(self, g: int, moved: Tensor, expected: Tensor, other: Tensor | None) -> None:
        """Add one image's second moments; ``other`` is for the null."""
        x, y = wide_enough(moved), wide_enough(expected)
        increase(self._cross, g, _product(x, y))
        increase(self._gram, g, _product(y, y))
        increase(self._energy, g, x.square().sum(dim=1, dtype=torch.float64))
        self._pixels[g] = self._pixels.get(g, 0) + x.shape[1]
        if other is not None:
            increase(self._null, g, _product(x, wide_enough(other)))
            self._null_pixels[g] = self._null_pixels.get(g, 0) + x.shape[1]

    def solve(self) -> Fitted:
        """The maps of every element, of the better variant."""
        scale = self._scale()
        total = torch.zeros(self._channels, self._channels, dtype=torch.float64)
        fits: dict[str, dict[int, Fit]] = {name: {} for name in VARIANTS}
        null: dict[str, dict[int, Fit]] = {name: {} for name in VARIANTS}
        bases: dict[int, Spectrum] = {}
        for g in list(self._cross):
            moments, other = self._normalised(g, scale)
            total += moments.gram
            bases[g] = spectrum(moments.gram, moments.pixels)
            for name, solver in VARIANTS.items():
                fits[name][g] = solver(moments, bases[g])
                if other is not None:
                    null[name][g] = solver(other, bases[g])
        best = min(VARIANTS, key=lambda name: sum(fit.gcv for fit in fits[name].values()))
        return Fitted(
            variant=best,
            maps=all_elements(self._order, self._channels, _maps(fits[best], bases, scale)),
            null=all_elements(self._order, self._channels, _maps(null[best], bases, scale)),
            live=scale > 0,
            root=_root(total),
            notes=_rank_note(bases),
        )

    def _scale(self) -> Tensor:
        """Root mean square of each channel over the fit, f(gx) and g·f(x) of all elements together; shape (C,)."""
        squares = torch.zeros(self._channels, dtype=torch.float64)
        for g, gram in self._gram.items():
            squares += (gram.diagonal() + self._energy[g]).cpu()
        size = (squares / max(1, 2 * sum(self._pixels.values()))).sqrt()
        return torch.where(size > ZERO * size.amax(), size, 0.0)

    def _normalised(self, g: int, scale: Tensor) -> tuple[Moments, Moments | None]:
        """The moments of one element and of its null in normalised channels; its sums are let go of.

        The null has one image less than B: its A is scaled up to as many pixels, so that both share B.
        """
        inverse = reciprocal(scale)
        outer = inverse[:, None] * inverse
        moments = Moments(
            cross=self._cross.pop(g).cpu() * outer,
            gram=self._gram.pop(g).cpu() * outer,
            energy=float((self._energy.pop(g).cpu() * inverse.square()).sum()),
            pixels=self._pixels[g],
        )
        if g not in self._null:
            return moments, None
        more = self._pixels[g] / self._null_pixels[g]
        return moments, replace(moments, cross=self._null.pop(g).cpu() * outer * more)


def wide_enough(maps: Tensor) -> Tensor:
    """The maps, in float64 where squares of float32 would overflow or vanish."""
    largest = float(maps.abs().amax())
    return maps if largest == 0 or SAFE_NORMS[0] < largest < SAFE_NORMS[1] else maps.double()


def _product(x: Tensor, y: Tensor) -> Tensor:
    """X yᵀ in the wider of the two floating types."""
    dtype = torch.promote_types(x.dtype, y.dtype)
    return x.to(dtype) @ y.to(dtype).T


def _maps(fits: dict[int, Fit], bases: dict[int, Spectrum], scale: Tensor) -> dict[int, ChannelMap]:
    """The fits as channel maps; factors in float32, as the maps they act on."""
    return {g: Linear(fit.left.float(), bases[g].basis.T.float(), scale, fit.base) for g, fit in fits.items()}


def _root(gram: Tensor) -> Tensor:
    """R with R·Rᵀ the second moments of the normalised channels, but for the last percent of the variance."""
    values, basis = torch.linalg.eigh(gram)
    values, basis = values.flip(0).clamp(min=0), basis.flip(1)
    rank = int((values.cumsum(0) < EXPLAINED * values.sum()).sum()) + 1
    root: Tensor = (basis * values.sqrt())[:, :rank]
    return root


def _rank_note(bases: dict[int, Spectrum]) -> tuple[str, ...]:
    ranks = [len(directions.values) for directions in bases.values() if directions.low_rank]
    return (f"linear maps of rank {max(ranks)} or less, {EXPLAINED:.0%} of the variance",) if ranks else ()
