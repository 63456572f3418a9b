"""All rows of one network, one group and a list of images: the oracle's whole run.

Images are taken one at a time and their maps dropped afterwards; only rows, identity embeddings and identity
probabilities stay. With the boundary "disc" the identity's image is the masked one, so these are too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .action import Element
from .measures import (
    Array,
    apart,
    channelwise_cosine,
    hidden_estimate,
    latent_cosine,
    latent_l2,
    prediction_flips,
    softmax,
    softmax_kl,
)
from .network import Network, Observation, observe_orbit


@dataclass(frozen=True)
class Audit:
    """Rows (images, n) by measure name, or by layer; measures of logits only where there are any.

    Attributes:
        rows: latent.l2, latent.cosine, softmax.kl, prediction.flip_rate.
        channelwise: channelwise.cosine by layer.
        dead: dead fractions by layer.
        apart: mean distance between two copies of an image, shape (images,).
        embeddings: f1(ex), shape (images, k).
        probabilities: p(ex), shape (images, classes), or None.
    """

    rows: dict[str, Array]
    channelwise: dict[str, Array]
    dead: dict[str, Array]
    apart: Array
    embeddings: Array
    probabilities: Array | None


@dataclass(frozen=True)
class ImageRows:
    """The same for one image, without the leading axis."""

    rows: dict[str, Array]
    channelwise: dict[str, Array]
    dead: dict[str, Array]
    apart: float
    embedding: Array
    probabilities: Array | None


def measure_image(orbit: list[Observation], group: list[Element], boundary: str) -> ImageRows:
    """Every measure of one orbit, the identity first."""
    features = [seen["features"] for seen in orbit]
    logits = [seen["logits"] for seen in orbit if seen["logits"] is not None]
    rows = {"latent.l2": latent_l2(features), "latent.cosine": latent_cosine(features)}
    if logits:
        rows |= {"softmax.kl": softmax_kl(logits), "prediction.flip_rate": prediction_flips(logits)}
    channelwise, dead = {}, {}
    for name in orbit[0]["layers"]:
        maps = [seen["layers"][name] for seen in orbit]
        channelwise[name], dead[name] = channelwise_cosine(
            maps, hidden_estimate(maps, group), group, boundary
        )
    return ImageRows(
        rows, channelwise, dead, apart(features), features[0], softmax(logits[0]) if logits else None
    )


def stack(by_image: list[dict[str, Array]]) -> dict[str, Array]:
    """Dictionaries of rows to a dictionary of stacked rows."""
    return {name: np.stack([rows[name] for rows in by_image]) for name in by_image[0]}


def audit(
    network: Network,
    images: Sequence[NDArray[np.float64]],
    group: list[Element],
    boundary: str = "disc",
    mean: Sequence[float] = (0.0, 0.0, 0.0),
    std: Sequence[float] = (1.0, 1.0, 1.0),
) -> Audit:
    """Every measure of a network over images (3, S, S) in [0, 1], one image and one element at a time."""
    seen = [
        measure_image(observe_orbit(network, image, group, boundary, mean, std), group, boundary)
        for image in images
    ]
    probabilities = [s.probabilities for s in seen if s.probabilities is not None]
    return Audit(
        rows=stack([s.rows for s in seen]),
        channelwise=stack([s.channelwise for s in seen]),
        dead=stack([s.dead for s in seen]),
        apart=np.array([s.apart for s in seen]),
        embeddings=np.stack([s.embedding for s in seen]),
        probabilities=np.stack(probabilities) if probabilities else None,
    )
