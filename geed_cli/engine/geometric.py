"""Geometric tensors of e2cnn and escnn: their plain tensor, and the action that their field type states.

Neither package is imported here: objects are known by the package of their class. Both rotate counter-clockwise and
call a fibre's action ρ(g), so [ρ(g)y](u) = ρ(g) y(g⁻¹u) there as here; only the names of elements differ.
"""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from geed_cli.groups.planar import Planar
from geed_cli.groups.transform import Transform

GEOMETRIC_PACKAGES = ("e2cnn", "escnn")
LARGEST_ORDER = 1024
"""Largest n of a rotation by 1/n that is recognised in a matrix."""


def from_geometric_package(value: object) -> bool:
    """Whether the value's class is one of e2cnn or escnn."""
    return type(value).__module__.partition(".")[0] in GEOMETRIC_PACKAGES


@dataclass(frozen=True, eq=False)
class FieldType:
    """The fields of a layer, and how the elements of their group act on its channels.

    Attributes:
        space: the package's object for the symmetries of the plane.
        fields: the representation of each field; called with an element it gives a matrix.
    """

    space: Any
    fields: tuple[Any, ...]

    @property
    def key(self) -> Hashable:
        """Equal for equal actions."""
        return ("fields", str(self.space.name), tuple(str(field.name) for field in self.fields))

    def matrices(self, transforms: Sequence[Transform]) -> NDArray[np.float64] | str:
        """ρ(g) for each transform, shape (n, C, C); or the name of the first one that is not in the fields' group."""
        elements = []
        for transform in transforms:
            element = self._element(transform)
            if element is None:
                return transform.name
            elements.append(element)
        return np.stack([self._matrix(element) for element in elements])

    def _element(self, transform: Transform) -> Any:  # noqa: ANN401 - the package's own
        """The package's element; None where it has no such one."""
        return self._find(transform.planar) if transform == Transform(transform.planar) else None

    @cached_property
    def _find(self) -> Callable[[Planar], Any]:
        elements = getattr(self.space.fibergroup, "elements", None)
        if elements is None:
            return _continuous(self.space)
        return {_planar(self.space, element): element for element in elements}.get

    def _matrix(self, element: Any) -> NDArray[np.float64]:  # noqa: ANN401 - the package's own
        """The block diagonal of the fields' matrices, shape (C, C)."""
        distinct = {id(field): field for field in self.fields}
        blocks = {name: np.asarray(field(element), dtype=np.float64) for name, field in distinct.items()}
        return np.asarray(block_diag(*(blocks[id(field)] for field in self.fields)))


def _planar(space: Any, element: Any) -> Planar | None:  # noqa: ANN401 - the package's own
    """The symmetry of the plane that an element of a finite fibre group stands for; None where it is not known."""
    base = getattr(space, "basespace_action", None)
    if base is not None:  # escnn states it as a 2×2 matrix
        return _of_matrix(np.asarray(base(element), dtype=np.float64))
    match type(space).__name__:
        case "TrivialOnR2":
            return Planar()
        case "Rot2dOnR2":
            return Planar(Fraction(element, space.fibergroup.order()))
        case "Flip2dOnR2":
            return _reflection(space.axis) if element else Planar()
        case "FlipRot2dOnR2":
            flip, turns = element
            turned = Planar(Fraction(turns, space.fibergroup.rotation_order))
            return turned @ _reflection(space.axis) if flip else turned
    return None


def _continuous(space: Any) -> Callable[[Planar], Any]:  # noqa: ANN401 - the package's own
    """Elements of e2cnn's SO(2) and O(2): an angle, or whether to reflect first and an angle."""

    def find(planar: Planar) -> Any:  # noqa: ANN401 - the package's own
        match type(space).__name__:
            case "Rot2dOnR2" if not planar.mirror:
                return _angle(planar)
            case "FlipRot2dOnR2":
                rest = planar @ _reflection(space.axis) if planar.mirror else planar
                return int(planar.mirror), _angle(rest)
        return None

    return find


def _angle(planar: Planar) -> float:
    return float(planar.turn) * 2 * math.pi


def _reflection(axis: float) -> Planar:
    """The reflection across the line at ``axis`` radians to the horizontal: left-right at π/2."""
    # reflecting at α, then left-right, is a rotation by π − 2α; so it is the mirror turned by 2α − π
    return Planar(_turn(2 * axis - math.pi), mirror=True)


def _of_matrix(matrix: NDArray[np.float64]) -> Planar | None:
    """An orthogonal 2×2 matrix on (x, y), y upwards: a rotation, or a rotation after x → −x."""
    if matrix.shape != (2, 2):
        return None
    # the second column is (−sin θ, cos θ) in both cases
    turn = _turn(math.atan2(-matrix[0, 1], matrix[1, 1]))
    return Planar(turn, mirror=bool(np.linalg.det(matrix) < 0))


def _turn(angle: float) -> Fraction:
    """An angle in radians as a part of a turn in [0, 1)."""
    return Fraction(angle / (2 * math.pi)).limit_denominator(LARGEST_ORDER) % 1
