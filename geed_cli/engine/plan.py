"""What one run measures: groups with their views, layers, measures.

Elements that several groups share under the same conditions are one view and are evaluated once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from geed_cli.algebra.conditions import Boundary, Resampling
from geed_cli.algebra.group import FiniteGroup
from geed_cli.algebra.view import View, views_of
from geed_cli.measures.catalogue import Measure, Site


@dataclass(frozen=True)
class GroupPlan:
    """A group and the view of each of its elements, identity first."""

    group: FiniteGroup
    views: tuple[View, ...]

    @classmethod
    def of(cls, group: FiniteGroup, boundary: Boundary, interpolation: Resampling) -> "GroupPlan":
        """The group under one boundary and interpolation."""
        return cls(group, views_of(group, boundary, interpolation))

    @property
    def identity(self) -> View:
        """The view of e: the plain image, or the image inside the disc."""
        return self.views[0]


@dataclass(frozen=True)
class Plan:
    """What one run measures.

    Attributes:
        groups: in the order asked for.
        layers: names of modules whose maps are measured, in network order.
        measures: which measures.
    """

    groups: tuple[GroupPlan, ...]
    layers: tuple[str, ...]
    measures: tuple[Measure, ...]

    @cached_property
    def views(self) -> tuple[View, ...]:
        """Every view once, identities first, so that what others are compared with comes early."""
        identities = unique(plan.identity for plan in self.groups)
        return unique([*identities, *(view for plan in self.groups for view in plan.views)])

    @cached_property
    def identities(self) -> tuple[View, ...]:
        """The different views of e: one, or two where some groups mask to the disc."""
        return unique(plan.identity for plan in self.groups)

    def wants(self, site: Site) -> bool:
        """Whether any measure at that site is asked for."""
        return any(measure.site == site for measure in self.measures)


def unique(views: Iterable[View]) -> tuple[View, ...]:
    """The views without repeats, in order of first appearance."""
    return tuple(dict.fromkeys(views))
