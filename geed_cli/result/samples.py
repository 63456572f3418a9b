"""From saved entries back to what statistics work on: rows of images on the measure's natural scale."""

import math

import numpy as np

from geed_cli.errors import InputError
from geed_cli.measures.catalogue import BY_NAME
from geed_cli.result.schema import Entry, Result
from geed_cli.statistics.sample import MeanSample, RatioSample, Sample
from geed_cli.statistics.scale import Scale


def scale_of(metric: str, order: int, *, moves_logits: bool = False) -> Scale:
    """The natural scale of a measure for a group of that order; see docs/statistics.md.

    Args:
        metric: its name.
        order: n = |G|.
        moves_logits: whether a spec declares how G acts on the classes; softmax.kl then has no bound.
    """
    if metric == "softmax.kl" and order > 1 and not moves_logits:
        return Scale.bounded(0.0, math.log(order))
    return {
        "latent.l2": Scale.log(),
        "latent.cosine": Scale.identity(),
        "softmax.kl": Scale.log(),
        "channelwise.cosine": Scale.bounded(-1.0, 1.0),
        "channelwise.correlation": Scale.bounded(-1.0, 1.0),
        "prediction.flip_rate": Scale.rate(),
    }[metric]


def scale_in(result: Result, metric: str, group: str) -> Scale:
    """The natural scale of a measure for a group of the result."""
    order = next((each.order for each in result.groups if each.name == group), None)
    if order is None:
        raise InputError(
            f"the result of {result.model.id} has entries of {group}, which is not among its groups",
            expected="a result as geed wrote it",
            remedy="audit again with --json",
        )
    return scale_of(metric, order, moves_logits="logits" in result.model.actions)


def sample_of(result: Result, entry: Entry) -> Sample | None:
    """The rows of an entry; None where it has none: not applicable, or a ratio without pairs for its M."""
    if entry.per_image is None:
        return None
    scale = scale_in(result, entry.metric, entry.group)
    values = np.array([math.nan if v is None else v for v in entry.per_image.value])
    if entry.per_image.normaliser is None:
        return None if BY_NAME[entry.metric].normalised else MeanSample(values, scale)
    shared = not result.data.normaliser_images
    return RatioSample(values, np.array(entry.per_image.normaliser), shared, scale)
