"""The checks of the self-test, in the order in which they run: what later ones rest on comes first."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from geed_cli.report.selftest_report import Finding
from geed_cli.selftest import agreement, equivariance, invariance, transformer
from geed_cli.selftest import exact_actions as actions
from geed_cli.selftest.bench import Bench


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        name: as it is printed.
        measure: makes its findings one by one.
    """

    name: str
    measure: Callable[[Bench], Iterator[Finding]]


CHECKS = (
    Check("exact actions, values not as by hand", actions.by_hand),
    Check("ρ(g)ρ(h) = ρ(gh), values that differ", actions.homomorphism),
    Check("the trivial group", invariance.trivial_group),
    Check("white noise, pixels as features", invariance.white_noise),
    Check("(.9, .1) and (.1, .9), swapped by a flip", invariance.swapped_predictions),
    Check("a one-hot prediction for each element", invariance.one_hot_predictions),
    Check("a constant network", invariance.constant),
    Check("a network averaged over d4, under d4", invariance.group_averaged),
    Check("a C4 lifting convolution with ReLU", equivariance.lifting),
    Check("discovery finds the roll of its channels", equivariance.discovered),
    Check("a flip-symmetric convolution k3/s2/p1", equivariance.grid_phase),
    Check("a plain ViT without position embedding", transformer.bag_of_patches),
    Check("batch sizes do not matter", agreement.batch_sizes),
    Check("this device against the CPU in float64", agreement.reference_device),
)
