"""Faults put into the program one at a time, each of a kind that programs have had; the self-test must see them."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from geed_cli.actions import action, view
from geed_cli.actions.reading import Reading
from geed_cli.actions.representation import Spatial
from geed_cli.engine import assemble
from geed_cli.engine import engine as local
from geed_cli.groups.planar import Planar, Shift
from geed_cli.groups.transform import Transform
from geed_cli.kernel.library import kernel
from geed_cli.measures import channelwise, latent, softmax
from geed_cli.measures.catalogue import BY_NAME
from geed_cli.measures.channelwise import LayerDeviation
from geed_cli.measures.measure import Measure
from geed_cli.measures.moments import Sizes
from geed_cli.pipeline import planning

Patch = pytest.MonkeyPatch


def changed(patch: Patch, measure: Measure, **parts: object) -> None:
    """A measure of which a part is another."""
    patch.setitem(BY_NAME, measure.name, replace(measure, **parts))


def turned_the_wrong_way(patch: Patch) -> None:
    """Rotations clockwise: the matrix is transposed."""
    real = view.act

    def wrong(g: Transform, *rest: object) -> Tensor:
        planar = Planar(-g.planar.turn % 1, g.planar.mirror)
        return real(replace(g, planar=planar), *rest)

    patch.setattr(view, "act", wrong)


def acting_from_the_right(patch: Patch) -> None:
    """g⁻¹ in place of g: a right action."""
    real = view.act
    patch.setattr(view, "act", lambda g, *rest: real(g.inverse, *rest))


def turned_about_another_centre(patch: Patch) -> None:
    """About S/2 in place of (S − 1)/2: everything lies a pixel off afterwards."""
    real = view.act

    def wrong(g: Transform, *rest: object) -> Tensor:
        moved = real(g, *rest)
        return moved.roll(1, -1) if g.planar.turn else moved

    patch.setattr(view, "act", wrong)


def rotating_by_interpolation(patch: Patch) -> None:
    """Quarter turns are resampled, as torchvision's rotate does."""
    patch.setattr(action, "split_turn", lambda turn: (0, turn))
    patch.setattr(view.View, "rearranges", lambda _self, _size: False)


def rolling_one_pixel_too_far(patch: Patch) -> None:
    """Every shift to the right is a pixel too long."""
    real = action.roll

    def wrong(maps: Tensor, shift: Shift, *rest: object) -> Tensor:
        return real(maps.roll(1, -1) if shift.right else maps, shift, *rest)

    patch.setattr(action, "roll", wrong)


def counting_pairs_with_themselves(patch: Patch) -> None:
    """Distances whose mean is 1/n too small, as with the zeros of the diagonal among them."""
    changed(patch, latent.L2, pairs=lambda f: latent.l2_pairs(f) * (1 - 1 / len(f)))


def divergence_in_bits(patch: Patch) -> None:
    """A logarithm of base 2."""
    changed(patch, softmax.KL, deviation=lambda p, q: softmax.divergence(p, q) / math.log(2))


def cosine_without_its_sign(patch: Patch) -> None:
    """A similarity in place of a deviation."""

    def wrong(moved: Sizes, expected: Sizes, products: Tensor) -> LayerDeviation:
        found = channelwise.compare(moved, expected, products)
        return replace(found, value=-found.value)

    changed(patch, channelwise.COSINE, compare=wrong)


def maps_left_where_they_are(patch: Patch) -> None:
    """The action on hidden maps does nothing."""
    patch.setattr(Spatial, "act", lambda _self, _g, y: y)
    patch.setattr(Spatial, "reading", lambda _self, _g: Reading())


def walked_the_other_way(patch: Patch) -> None:
    """The kernel reads turned maps as if they were turned back."""
    real = Reading.walk

    def wrong(self: Reading, *rest: int) -> tuple[int, int, int]:
        return real(replace(self, quarters=-self.quarters % 4), *rest)

    patch.setattr(Reading, "walk", wrong)


def zero_for_nothing(patch: Patch) -> None:
    """0/0 is made 0 by a small number in the denominator, as is often done."""
    changed(patch, latent.L2, pairs=lambda f: latent.l2_pairs(f) + 1e-12)


def statistics_of_the_batch(patch: Patch) -> None:
    """Pictures are normalised by what else is in their batch."""
    real = local.normalise

    def wrong(pixels: Tensor, *rest: object) -> Tensor:
        seen = real(pixels, *rest)
        return seen - seen.mean(dim=(0, 2, 3), keepdim=True)

    patch.setattr(local, "normalise", wrong)


def ten_bits(patch: Patch) -> None:
    """Convolutions in the precision of TF32, which some devices choose by themselves."""
    real = torch.nn.functional.conv2d

    def cut(values: Tensor) -> Tensor:
        if values.dtype != torch.float32:
            return values
        return (values.contiguous().view(torch.int32) & ~0x1FFF).view(torch.float32)

    def wrong(x: Tensor, weight: Tensor, *rest: object, **named: object) -> Tensor:
        return real(cut(x), cut(weight), *rest, **named)

    patch.setattr(torch.nn.functional, "conv2d", wrong)


def grids_never_looked_at(patch: Patch) -> None:
    """The analysis of sampling grids finds nothing."""
    patch.setattr(planning, "grid_findings", lambda *_: ())


def softmax_taken_twice(patch: Patch) -> None:
    """Probabilities are put through a softmax, as logits are."""
    real = assemble.distribution
    patch.setattr(assemble, "distribution", lambda output, z: real(replace(output, probable=False), z))


HAND, TABLE = "exact actions, values not as by hand", "ρ(g)ρ(h) = ρ(gh), values that differ"
TRIVIAL, NOISE = "the trivial group", "white noise, pixels as features"
SWAP, ONE_HOT = "(.9, .1) and (.1, .9), swapped by a flip", "a one-hot prediction for each element"
KINDS = "the same as probabilities, labels and pixels"
CONSTANT, AVERAGED = "a constant network", "a network averaged over d4, under d4"
LIFTING, DISCOVERY = "a C4 lifting convolution with ReLU", "discovery finds the roll of its channels"
PHASE, VIT = "a flip-symmetric convolution k3/s2/p1", "a plain ViT without position embedding"
SUMS = "sums over maps, the kernel against torch"
BATCHES, DEVICE = "batch sizes do not matter", "this device against the CPU in float64"

SABOTAGE: dict[Callable[[Patch], None], set[str]] = {
    turned_the_wrong_way: {HAND, LIFTING, DISCOVERY},
    acting_from_the_right: {HAND, TABLE, LIFTING, DISCOVERY},
    turned_about_another_centre: {HAND, TABLE, ONE_HOT, AVERAGED, LIFTING},
    rotating_by_interpolation: {TABLE},
    rolling_one_pixel_too_far: {HAND, TABLE, VIT},
    counting_pairs_with_themselves: {NOISE},
    divergence_in_bits: {SWAP, ONE_HOT, KINDS},
    softmax_taken_twice: {KINDS},
    cosine_without_its_sign: {TRIVIAL, LIFTING, PHASE},
    maps_left_where_they_are: {LIFTING, DISCOVERY, PHASE, KINDS},
    zero_for_nothing: {CONSTANT},
    statistics_of_the_batch: {BATCHES},
    ten_bits: {DEVICE},
    grids_never_looked_at: {PHASE},
}
"""Which checks turn red under each fault: these and no others."""
if kernel() is not None:  # where there is none, its check has nothing to say
    SABOTAGE[walked_the_other_way] = {LIFTING, SUMS, DEVICE}
