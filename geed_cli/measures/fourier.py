"""The real Fourier components of a profile over a cyclic group: how a deviation depends on the angle.

A network trained upright is hurt by half turns differently than by quarter turns; frequency 1 says that one
direction is worst, frequency 2 two opposite ones, frequency n/2 every second element.
"""

from collections.abc import Sequence

import numpy as np


def fourier_components(profile: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """The pairs (a_j, b_j) with d(r^k) = Σ_j a_j cos(2πjk/n) + b_j sin(2πjk/n), j = 0 … ⌊n/2⌋, k = 0 … n − 1.

    The profile has the powers of a generator in order. a_0 is its mean; b_0 is 0, and so is b_{n/2} for even n.
    """
    n = len(profile)
    transformed = np.fft.rfft(np.asarray(profile, dtype=np.float64)) / n
    # every frequency but 0 and n/2 stands for itself and its negative
    weight = np.array([1.0 if j == 0 or 2 * j == n else 2.0 for j in range(len(transformed))])
    return tuple((float(c.real), float(-c.imag) + 0.0) for c in weight * transformed)
