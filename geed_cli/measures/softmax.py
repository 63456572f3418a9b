"""Softmax G-EED (section 3.1): divergence of an orbit of class probabilities from its mean, and its control.

Probabilities are float64 softmaxes of the network's logits; KL terms are x·log x with 0·log 0 = 0, so they are
finite for zeros.
"""

import torch
from torch import Tensor


def probabilities(logits: Tensor) -> Tensor:
    """p(x): the softmax over the last axis in float64, from logits of any precision."""
    return torch.softmax(logits.double(), dim=-1)


def softmax_deviation(p: Tensor) -> Tensor:
    """KL(p(gx) ‖ p̂(x)) with p̂ the orbit mean: the integrand of ``softmax.kl``.

    Args:
        p: p(gx), shape (n, B, classes), rows sum to 1.

    Returns:
        Shape (n, B), nats. The mean over n lies in [0, ln n]; a probability of 0 contributes 0.
    """
    return divergence(p, p.double().mean(dim=0))


def sensitivity(p: Tensor) -> Tensor:
    """KL(p(x) ‖ mean over D of p): how much the prediction depends on the image at all.

    The control of ``softmax.kl``: a network that hardly reacts to its input looks invariant to everything.

    Args:
        p: p(x), shape (images, classes).

    Returns:
        Shape (images,), nats; the mean lies in [0, ln(images)].
    """
    return divergence(p, p.double().mean(dim=0))


def divergence(p: Tensor, q: Tensor) -> Tensor:
    """KL(p ‖ q) = Σ p ln(p/q) over the last axis, nats, where q > 0 wherever p > 0."""
    p, q = p.double(), q.double()
    # rounding can leave −1e-17 where p = q; the divergence is never negative
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(dim=-1).clamp(min=0)
