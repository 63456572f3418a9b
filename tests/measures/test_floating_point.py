"""How far rounding may move a value: by hand, at and away from a perfect one."""

import numpy as np
import pytest

from geed_cli.measures.floating_point import noise_at


def test_rounding_away_from_perfect_by_hand() -> None:
    """A distance always by 10⁻⁶; a divergence, the square of one, by (0.1 + 0.001)² − 0.01 at 0.01; a rate by none."""
    at = np.array([0.0, 0.01, -1e-9])
    assert noise_at("latent.l2", 1e-6, at) == pytest.approx([1e-6, 1e-6, 1e-6])
    assert noise_at("softmax.kl", 1e-6, at) == pytest.approx([1e-6, 0.101**2 - 0.01, 1e-6])
    assert noise_at("prediction.flip_rate", 1e-6, at) == pytest.approx([0.0, 0.0, 0.0])
