"""One function for each measure: the value over the images of a batch, or their rows.

All take f(gx) with the n elements of G first and the identity at 0, compute without gradients in float64 as audits do,
and give float64 on the CPU: values to look at, and no losses. ``reduction`` is ``mean``, the G-EED value of the batch,
or ``none``, the row v_i of each image, shape (B,), without M. Of several batches a ``Metric`` makes one value.

All raise InputError for tensors of other shapes, of integers, empty or not finite, of another n than |G|; for a value
that is not defined, as of a latent measure with one image or an M not clearly above 0; for an unknown group or word.
"""

from typing import Literal, get_args

from torch import Tensor

from geed_cli.actions.conditions import Boundary, Resampling
from geed_cli.choices import OutputKind, check_choice
from geed_cli.functional.metric import Metric
from geed_cli.groups.group import FiniteGroup
from geed_cli.measures import channelwise, consistency, latent, prediction, relative, retrieval, softmax

Reduction = Literal["mean", "none"]
GroupLike = str | FiniteGroup


def latent_l2(orbit: Tensor, group: GroupLike | None = None, *, reduction: Reduction = "mean") -> Tensor:
    """Mean ‖f1(gx) − f̂1(x)‖₂ / M, eq. (6), M the mean ‖f1(x) − f1(x')‖₂ over pairs of different images.

    0 is invariant. f̂1(x) is the mean of the orbit, eq. (2): G is taken to act trivially on features.

    Args:
        orbit: f1(gx), shape (n, B, k).
        group: only to check n.
        reduction: ``none`` gives v_i, the mean over G, in the unit of the features.
    """
    return _reduced(Metric(latent.L2.name, group), orbit, reduction)


def latent_cosine(orbit: Tensor, group: GroupLike | None = None, *, reduction: Reduction = "mean") -> Tensor:
    """Mean −cos(f1(gx), f̂1(x)) / M, eq. (6), M the mean cos(f1(x), f1(x')) over pairs of different images.

    Args:
        orbit: f1(gx), shape (n, B, k).
        group: only to check n.
        reduction: ``none`` gives v_i in [−1, 1], −1 is invariant.
    """
    return _reduced(Metric(latent.COSINE.name, group), orbit, reduction)


def latent_relative(
    orbit: Tensor, group: GroupLike | None = None, *, reduction: Reduction = "mean"
) -> Tensor:
    """Mean ‖f1(gx) − f1(x)‖₂ / ‖f1(x)‖₂ over x and g ≠ e. From 0, invariant.

    Args:
        orbit: f1(gx), shape (n, B, k).
        group: only to check n.
        reduction: ``none`` gives the mean over g ≠ e for each image, NaN where f1(x) is 0.
    """
    return _reduced(Metric(relative.RELATIVE.name, group), orbit, reduction)


def retrieval_rank(orbit: Tensor, group: GroupLike | None = None, *, reduction: Reduction = "mean") -> Tensor:
    """Mean over x and g ≠ e of 1/rank of x among the B images, by cos(f1(gx), f1(x')). From 0 to 1, the best.

    Args:
        orbit: f1(gx), shape (n, B, k), B ≥ 2.
        group: only to check n.
        reduction: ``none`` gives the mean over g ≠ e for each image.
    """
    return _reduced(Metric(retrieval.RANK.name, group), orbit, reduction)


def retrieval_mutual_knn(
    orbit: Tensor, group: GroupLike | None = None, *, reduction: Reduction = "mean"
) -> Tensor:
    """Mean over x and g ≠ e of |N_k(f1(x)) ∩ N_k(f1(gx))| / k, the k = 10 nearest of the B images. To 1, the best.

    Args:
        orbit: f1(gx), shape (n, B, k), B ≥ 12.
        group: only to check n.
        reduction: ``none`` gives rows that also count what an image adds to the lists of others (docs/measures.md).
    """
    return _reduced(Metric(retrieval.MUTUAL_KNN.name, group), orbit, reduction)


def softmax_kl(
    outputs: Tensor,
    group: GroupLike | None = None,
    *,
    kind: OutputKind = "logits",
    reduction: Reduction = "mean",
) -> Tensor:
    """Mean KL(p(gx) ‖ p̂(x)) in nats, p̂ the orbit's mean of class probabilities; section 3.1. From 0 to ln n.

    Args:
        outputs: z(gx), shape (n, B, classes).
        group: only to check n.
        kind: ``logits``, of which a softmax is taken, ``probabilities``, or ``sigmoid``: logits of independent labels,
            of which it is the mean over labels.
        reduction: ``none`` gives the mean over G for each image.
    """
    return _reduced(Metric(softmax.KL.name, group, kind=kind), outputs, reduction)


def prediction_flip_rate(
    outputs: Tensor,
    group: GroupLike | None = None,
    *,
    kind: OutputKind = "logits",
    reduction: Reduction = "mean",
) -> Tensor:
    """The part of (x, g), g ≠ e, with arg max f(gx) ≠ arg max f(x), eq. (4). From 0 to 1; ties go to the lowest class.

    Args:
        outputs: z(gx), shape (n, B, classes).
        group: only to check n.
        kind: as of ``softmax_kl``; of ``sigmoid`` the sign of any label's logit may change.
        reduction: ``none`` gives the part of G for each image.
    """
    return _reduced(Metric(prediction.FLIP_RATE.name, group, kind=kind), outputs, reduction)


def prediction_consistency(
    outputs: Tensor,
    group: GroupLike | None = None,
    *,
    kind: OutputKind = "logits",
    reduction: Reduction = "mean",
) -> Tensor:
    """The part of pairs of an image's copies with the same top class; ties go to the lowest. From 0 to 1, invariant.

    Args:
        outputs: z(gx), shape (n, B, classes).
        group: only to check n.
        kind: as of ``softmax_kl``; of ``sigmoid`` the signs of all labels have to agree.
        reduction: ``none`` gives the part of the pairs for each image.
    """
    return _reduced(Metric(consistency.CONSISTENCY.name, group, kind=kind), outputs, reduction)


def prediction_consistency5(
    outputs: Tensor,
    group: GroupLike | None = None,
    *,
    kind: OutputKind = "logits",
    reduction: Reduction = "mean",
) -> Tensor:
    """The part of pairs of copies with each one's top class among the other's five highest. From 0 to 1, invariant.

    Args:
        outputs: z(gx), shape (n, B, classes).
        group: only to check n.
        kind: as of ``softmax_kl``.
        reduction: ``none`` gives the part of the pairs for each image.
    """
    return _reduced(Metric(consistency.CONSISTENCY_5.name, group, kind=kind), outputs, reduction)


def channelwise_cosine(
    maps: Tensor,
    group: GroupLike,
    *,
    boundary: Boundary = "disc",
    interpolation: Resampling = "bilinear",
    reduction: Reduction = "mean",
) -> Tensor:
    """Mean over x, g and live channels i of −cos([f_l(gx)]_i, g·[f̂_l(x)]_i), eq. (5). From −1, equivariant, to 1.

    f̂_l(x) is the mean over the elements that act as the identity on maps of this size: f_l(x) itself, usually.

    Args:
        maps: f_l(gx), shape (n, B, C, H, W).
        group: how maps are moved; square maps where it turns them.
        boundary: what a rotation reads outside the frame (docs/groups.md); under ``disc`` and ``context`` maps are
            compared inside the disc.
        interpolation: how rotations that are no quarter turns, and shifts that are no whole pixels, resample.
        reduction: ``none`` gives the mean over G for each image, NaN where no channel is live.
    """
    metric = Metric(channelwise.COSINE.name, group, boundary=boundary, interpolation=interpolation)
    return _reduced(metric, maps, reduction)


def channelwise_correlation(
    maps: Tensor,
    group: GroupLike,
    *,
    boundary: Boundary = "disc",
    interpolation: Resampling = "bilinear",
    reduction: Reduction = "mean",
) -> Tensor:
    """``channelwise_cosine`` of maps from which each channel's own mean has been taken; all else is as there.

    Maps of which one pixel is compared are refused, since one pixel cannot vary.
    """
    metric = Metric(channelwise.CORRELATION.name, group, boundary=boundary, interpolation=interpolation)
    return _reduced(metric, maps, reduction)


def layer_relative(
    maps: Tensor,
    group: GroupLike,
    *,
    boundary: Boundary = "disc",
    interpolation: Resampling = "bilinear",
    reduction: Reduction = "mean",
) -> Tensor:
    """Mean ‖f_l(gx) − ρ(g)f_l(x)‖₂ / ‖f_l(x)‖₂ over x and g ≠ e, of all channels together. From 0, equivariant.

    Args:
        maps: as of ``channelwise_cosine``.
        group: as there.
        boundary: as there; lengths are those of the compared part.
        interpolation: as there.
        reduction: ``none`` gives the mean over g ≠ e for each image, NaN where f_l(x) is 0.
    """
    metric = Metric(relative.OF_MAPS.name, group, boundary=boundary, interpolation=interpolation)
    return _reduced(metric, maps, reduction)


def _reduced(metric: Metric, orbit: Tensor, reduction: Reduction) -> Tensor:
    check_choice("reduction", reduction, get_args(Reduction))
    metric.update(orbit)
    return metric.rows if reduction == "none" else metric.compute()
