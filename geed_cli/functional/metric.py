"""A measure over batches: ``update`` with orbits, ``compute`` the value over all images so far, ``reset``.

The value is made of all rows at once, as an audit makes it, so that it does not depend on how images were batched.
"""

from typing import Self, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from geed_cli.actions.conditions import Boundary, Resampling
from geed_cli.choices import OutputKind, check_choice
from geed_cli.errors import InputError
from geed_cli.functional.checked_orbit import action_on, checked
from geed_cli.functional.normaliser import normaliser, pairs_between, whole_measure
from geed_cli.functional.rows import rows_of, rows_of_all
from geed_cli.groups.group import FiniteGroup
from geed_cli.groups.named import group_named
from geed_cli.measures.catalogue import BY_NAME
from geed_cli.measures.measure import LayerMeasure, RetrievalMeasure
from geed_cli.statistics.sample import MeanSample, RatioSample, finite_rows
from geed_cli.statistics.validity import point_value, undefined_reason

KINDS: tuple[OutputKind, ...] = ("logits", "probabilities", "sigmoid")
"""Outputs with one row of numbers for an image."""
Array = NDArray[np.float64]


class Metric:
    """One measure of one group, over batches of images.

    It keeps one float64 number for each image and, of a normalised measure (latent.l2, latent.cosine), the features
    f1(x) of the plain images on the CPU in their own type: N·k numbers; of ``retrieval.rank`` and
    ``retrieval.mutual_knn``, which compare all images, the whole orbits f1(gx) in place of both: n·N·k numbers.
    ``compute`` takes time in proportion to N²·k for M of latent.l2, and no memory that grows with N².

    Args:
        name: of the measure, such as ``latent.l2`` (``geed ls metrics``).
        group: G, by name or itself; needed for maps, and otherwise only checks that orbits have its order.
        kind: what a network puts out, for ``softmax.kl`` and ``prediction.flip_rate``: ``logits`` before a softmax,
            ``probabilities`` after it, ``sigmoid`` for logits of independent labels.
        boundary: for maps, what a rotation reads outside the frame, as in audits.
        interpolation: for maps, how rotations and shifts resample.

    Raises:
        InputError: no such measure, group, or choice.
    """

    def __init__(
        self,
        name: str,
        group: str | FiniteGroup | None = None,
        *,
        kind: OutputKind = "logits",
        boundary: Boundary = "disc",
        interpolation: Resampling = "bilinear",
    ) -> None:
        self._measure = whole_measure(name)
        if self._measure.of_flows:
            raise InputError(
                f"{name} is a derivative, and no function of an orbit of a group",
                expected=f"one of {', '.join(each for each in BY_NAME if not BY_NAME[each].of_flows)}",
                remedy=f"geed audit MODEL --set lie:rotation --metric {name}",
            )
        check_choice("kind", kind, KINDS)
        check_choice("boundary", boundary, get_args(Boundary))
        check_choice("interpolation", interpolation, get_args(Resampling))
        self.name = name
        self.group = group_named(group) if isinstance(group, str) else group
        if self.group is None and isinstance(self._measure, LayerMeasure):
            raise InputError(
                f"{name} without a group",
                expected="the group that moves maps, by name or as a Group",
                remedy=f"Metric({name!r}, 'flip')",
            )
        self._kind, self._boundary, self._interpolation = kind, boundary, interpolation
        self.reset()

    def reset(self) -> None:
        """Forget all images."""
        self._values: list[Array] = []
        self._plain: list[Tensor] = []
        self._orbits: list[Tensor] = []
        self._shape: tuple[int, ...] | None = None

    @torch.no_grad()
    def update(self, orbit: Tensor) -> Self:
        """Add the images of one batch.

        Args:
            orbit: f(gx), shape (n, B, k) of features or outputs, (n, B, C, H, W) of maps; element 0 is the identity,
                the others are in the order of the group's ``elements``.

        Returns:
            Itself.

        Raises:
            InputError: see ``checked``; another shape than before; outputs that are not of the ``kind``; maps on which
                the group does not act. Nothing is then added.
        """
        orbit = checked(self._measure, orbit, self.group)
        shape = (len(orbit), *orbit.shape[2:])
        if self._shape not in (None, shape):
            raise InputError(
                f"{self.name} of an orbit (n, …) of {shape} after one of {self._shape}",
                expected="batches that differ in B alone",
                remedy="reset(), or a Metric of its own for each layer",
            )
        if isinstance(self._measure, RetrievalMeasure):
            self._shape = shape
            self._orbits.append(orbit.cpu())
            return self
        action = action_on(self._measure, orbit, self.group, self._boundary, self._interpolation)
        values = rows_of(self._measure, orbit, action, self._kind)
        self._shape = shape
        self._values.append(values)
        if self._measure.normalised:
            self._plain.append(orbit[0].cpu())
        return self

    @property
    def rows(self) -> Tensor:
        """v_i of all images so far, shape (N,), float64 on the CPU: the mean over G of m(f(gx), ρ(g)f̂(x)), eq. (4).

        NaN of an image without a live channel. Their mean is the raw value.

        Raises:
            InputError: fewer images than a measure of retrieval needs.
        """
        if isinstance(self._measure, RetrievalMeasure):
            return rows_of_all(self._measure, self._orbits)
        return torch.from_numpy(np.concatenate([np.zeros(0), *self._values]))

    def normaliser(self) -> Tensor:
        """M of eq. (6) over all images so far, a float64 number.

        Raises:
            InputError: a measure without M, or fewer than two images.
        """
        return normaliser(torch.cat(self._plain) if self._plain else torch.zeros(0, 1), self.name)

    def compute(self) -> Tensor:
        """The G-EED value over all images so far, a float64 number on the CPU: mean(v_i), over M where there is one.

        Raises:
            InputError: no image, or none with a value; M of fewer than two images, or not clearly above 0.
        """
        rows = finite_rows(self._sample())
        value, reason = point_value(rows), undefined_reason(rows)
        if value is None or reason is not None:
            count = len(self.rows)
            raise InputError(
                f"{self.name} of {count} image{'s' * (count != 1)} is {reason}",
                expected="images with finite rows, and M clearly above 0 where the measure has one",
                remedy="more images; rows of a Metric, or reduction='none' of a function, need no M",
            )
        return torch.tensor(value, dtype=torch.float64)

    def _sample(self) -> MeanSample | RatioSample:
        values = self.rows.numpy()
        if not self._measure.normalised or not self._plain:
            return MeanSample(values, self._measure.scale)
        pairs = pairs_between(self._measure, torch.cat(self._plain))
        return RatioSample(
            values, pairs.row_means, shared=True, scale=self._measure.scale, distances=pairs.distances
        )

    def __repr__(self) -> str:
        """The measure, its group and how many images it has."""
        group = f", {self.group.name}" if self.group is not None else ""
        images = sum(map(len, self._values)) + sum(orbit.shape[1] for orbit in self._orbits)
        return f"<Metric {self.name}{group}; {images} images>"
