"""The deviations m(f(gx), g·f̂(x)) of one image, as a row over the elements g of the group.

Every function takes what the network said about the members of one orbit, in the group's order with the
identity first, and returns an array of length n = |G|. Classes, channels and elements are looped over.
"""

import math

import numpy as np
from numpy.typing import NDArray

from .action import Element, act, mask

RELATIVE_ZERO = 1e-6  # a channel this much fainter than the loudest one of its comparison counts as zero
Array = NDArray[np.float64]


def norm(v: Array) -> float:
    """‖v‖₂ of a vector or map."""
    return math.sqrt(float(np.sum(v * v)))


def cosine(a: Array, b: Array) -> float:
    """cos(a, b) = ⟨a, b⟩ / (‖a‖‖b‖); NaN if either vector is 0."""
    lengths = norm(a) * norm(b)
    return float(np.sum(a * b)) / lengths if lengths > 0 else math.nan


def average(members: list[Array]) -> Array:
    """Arithmetic mean of arrays of one shape."""
    total = np.zeros(members[0].shape)
    for member in members:
        total = total + member
    return total / len(members)


def softmax(logits: Array) -> Array:
    """exp(z_i) / Σ_j exp(z_j), shifted by the largest logit, which cancels."""
    powers = np.exp(logits.astype(np.float64) - np.max(logits))
    return np.asarray(powers / np.sum(powers))


def kl_divergence(p: Array, q: Array) -> float:
    """KL(p ‖ q) = Σ_i p_i (ln p_i − ln q_i) in nats; a class with p_i = 0 contributes 0."""
    total = 0.0
    for p_i, q_i in zip(p.tolist(), q.tolist(), strict=True):
        if p_i > 0:
            total += p_i * (math.log(p_i) - math.log(q_i))
    return total


def latent_l2(features: list[Array]) -> Array:
    """‖f1(gx) − f̂1(x)‖₂ with f̂1 the orbit mean: the integrand of eq. (6), before division by M."""
    f_hat = average(features)
    return np.array([norm(f - f_hat) for f in features])


def apart(copies: list[Array]) -> float:
    """Mean over pairs g ≠ h of ‖v_g − v_h‖₂, pair by pair; NaN for a single copy."""
    n = len(copies)
    distances = [norm(copies[g] - copies[h]) for g in range(n) for h in range(n) if g != h]
    return sum(distances) / len(distances) if distances else math.nan


def latent_cosine(features: list[Array]) -> Array:
    """−cos(f1(gx), f̂1(x)) with f̂1 the orbit mean, before division by M."""
    f_hat = average(features)
    return np.array([-cosine(f, f_hat) for f in features])


def softmax_kl(logits: list[Array]) -> Array:
    """KL(p(gx) ‖ p̂(x)) with p̂ the orbit mean of the probabilities (section 3.1), nats."""
    p = [softmax(z) for z in logits]
    p_hat = average(p)
    return np.array([kl_divergence(p_g, p_hat) for p_g in p])


def prediction_flips(logits: list[Array]) -> Array:
    """1 where arg max f(gx) ≠ arg max f(x), else 0; the identity's entry is 0 and enters no average."""
    return np.array([float(np.argmax(z) != np.argmax(logits[0])) for z in logits])


def hidden_kernel(group: list[Element], size: int) -> list[int]:
    """Positions in the group of ker(φ_Y) for maps of side `size`: all of G at side 1, else the identity."""
    return list(range(len(group))) if size == 1 else [0]


def hidden_estimate(maps: list[Array], group: list[Element]) -> Array:
    """f̂(x) = mean of f(kx) over k in ker(φ_Y), eq. (2), on hidden maps of shape (C, H, W)."""
    return average([maps[k] for k in hidden_kernel(group, maps[0].shape[-1])])


def compare_maps(seen: Array, expected: Array) -> tuple[float, float]:
    """−(1/C') Σ_i cos([seen]_i, [expected]_i) over the C' live channels, and the fraction of dead ones.

    A channel's map is zero if its norm is at most RELATIVE_ZERO times the largest in either stack. A channel
    that is zero in both is dead and left out; zero in only one gives cosine 0. Without live channels: NaN.
    """
    channels = len(seen)
    loudest = max(norm(channel) for channel in [*seen, *expected])
    total, live = 0.0, 0
    for i in range(channels):
        silent = [norm(m[i]) <= RELATIVE_ZERO * loudest for m in (seen, expected)]
        if all(silent):
            continue
        live += 1
        total += 0.0 if any(silent) else cosine(seen[i], expected[i])
    deviation = -total / live if live else math.nan
    return deviation, (channels - live) / channels


def channelwise_cosine(
    maps: list[Array], f_hat: Array, group: list[Element], boundary: str
) -> tuple[Array, Array]:
    """−(1/C') Σ_i cos([f(gx)]_i, [g·f̂(x)]_i), the integrand of eq. (5), at one layer.

    Args:
        maps: f(gx) for every g of the group, each (C, H, W) with H = W.
        f_hat: f̂(x), from `hidden_estimate`; that of another image gives the null control.
        group: the elements, acting at the maps' own size.
        boundary: as for the images; "disc" masks both f(gx) and g·f̂(x).

    Returns:
        the deviations and the dead fractions, each of length n.
    """
    deviations, dead = [], []
    for g, seen in zip(group, maps, strict=True):
        deviation, fraction = compare_maps(mask(seen, group, boundary), act(g, f_hat, group, boundary))
        deviations.append(deviation)
        dead.append(fraction)
    return np.array(deviations), np.array(dead)
