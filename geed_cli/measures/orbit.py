"""What an orbit is compared with: ρ(g)f̂(x), f̂ the mean over the kernel (eq. 2 and 4)."""

from collections.abc import Iterable

import torch
from torch import Tensor

from geed_cli.actions.representation import Representation
from geed_cli.measures.measure import Measure, RetrievalMeasure


def expected_orbit(measure: Measure, orbit: Tensor, representation: Representation) -> Tensor:
    """ρ(g)f̂(x) for every g, or ρ(g)f(x) where the measure is against the plain image; of the orbit's shape, (n, …).

    Of a derivative it is the other end of the flow.
    """
    if measure.of_flows:  # e, and each end against the other
        return orbit[[0, 2, 1]]
    centre = orbit_centre(measure, orbit, representation)
    return torch.stack([representation.act(g, centre) for g in range(len(orbit))])


def rows_among(measure: RetrievalMeasure, orbit: Iterable[Tensor], representation: Representation) -> Tensor:
    """The rows of m images under every element, shape (n, m), float64; under e, which is not counted, the best.

    Args:
        measure: which.
        orbit: f1(gx) of all images for each g, shape (m, k) each, e first; one of them is held at a time.
        representation: ρ.
    """
    elements = enumerate(orbit)
    _, plain = next(elements)
    best = torch.full((len(plain),), measure.best, dtype=torch.float64)
    return torch.stack([best, *(measure.rows(f, representation.act(g, plain)) for g, f in elements)])


def orbit_centre(measure: Measure, orbit: Tensor, representation: Representation) -> Tensor:
    """f̂(x), the mean of an orbit (n, …) over the kernel, or f(x) where the measure is against the plain image."""
    if measure.against_plain:
        return orbit[0]
    kernel = representation.kernel()
    # rows picked by a list are copied by several threads, which wait for one another where the machine is busy
    held = orbit if len(kernel) == len(orbit) else torch.stack([orbit[g] for g in kernel])
    return held.mean(dim=0)
