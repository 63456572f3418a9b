"""Measures as functions on tensors (n, B, …), for loops of one's own: n elements of an orbit, B images."""

from geed_cli.functional.functions import (
    channelwise_correlation,
    channelwise_cosine,
    latent_cosine,
    latent_l2,
    latent_relative,
    layer_relative,
    prediction_consistency,
    prediction_consistency5,
    prediction_flip_rate,
    retrieval_mutual_knn,
    retrieval_rank,
    softmax_kl,
)
from geed_cli.functional.metric import Metric
from geed_cli.functional.normaliser import normaliser

__all__ = [
    "Metric",
    "channelwise_correlation",
    "channelwise_cosine",
    "latent_cosine",
    "latent_l2",
    "latent_relative",
    "layer_relative",
    "normaliser",
    "prediction_consistency",
    "prediction_consistency5",
    "prediction_flip_rate",
    "retrieval_mutual_knn",
    "retrieval_rank",
    "softmax_kl",
]
