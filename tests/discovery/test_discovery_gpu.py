"""On a CUDA device: the same findings as on the CPU."""

from typing import get_args

import pytest
from support.hidden_networks import C4, Lifting, noise_images, run, turn
from torch import Tensor

from geed_cli.choices import Discover
from geed_cli.discovery.discover import Discovery

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("method", get_args(Discover))
def test_cuda_agrees_with_the_cpu(method: Discover) -> None:
    """The roll of a lifting convolution; sums, maps and scores from maps on the device."""
    network = Lifting(fields=2)

    def found(device: str) -> list[float | None]:
        def f(x: Tensor) -> Tensor:
            return network(x[None])[0].to(device)

        discovery = Discovery(8, 4, method, turn)
        outcome = run(discovery, noise_images(6), lambda g, x: f(turn(g, x)), f, C4, turn)
        return [outcome.mean("after"), outcome.mean("before"), outcome.mean("null_after"), outcome.defect]

    assert found("cuda") == pytest.approx(found("cpu"), abs=1e-3)  # float32 sums in another order
