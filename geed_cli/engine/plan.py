"""What one run measures: groups with their views, layers with their representations, measures, controls.

Elements that several groups share under the same conditions are one view and are evaluated once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from geed_cli.actions.conditions import Boundary, Resampling
from geed_cli.actions.representation import Representation
from geed_cli.actions.round_trip import RoundTrip, round_trips
from geed_cli.actions.view import View, views_of
from geed_cli.choices import Discover
from geed_cli.engine.map_layout import Layout
from geed_cli.engine.row import Subject
from geed_cli.groups.group import FiniteGroup
from geed_cli.measures.measure import (
    DerivativeMeasure,
    LayerMeasure,
    Measure,
    RetrievalMeasure,
    VectorMeasure,
    VectorSite,
)
from geed_cli.models.output import LOGITS, Output
from geed_cli.sets.transformation_set import TransformationSet

Variant = View | RoundTrip
"""An input variant: what a network can be shown of an image."""


@dataclass(frozen=True)
class GroupPlan:
    """A group, or a set of transformations that is none, and the view of each element, identity first."""

    group: FiniteGroup | TransformationSet
    views: tuple[View, ...]

    @classmethod
    def of(
        cls, group: FiniteGroup | TransformationSet, boundary: Boundary, interpolation: Resampling
    ) -> "GroupPlan":
        """The group under one boundary and interpolation."""
        return cls(group, views_of(group, boundary, interpolation))

    @property
    def name(self) -> str:
        """The group's name."""
        return self.group.name

    @property
    def identity(self) -> View:
        """The view of e: the plain image, or the image inside the disc."""
        return self.views[0]

    @property
    def needs_colour(self) -> bool:
        """Whether an element is not defined on luminance."""
        return any(view.transform.needs_colour for view in self.views)

    @property
    def is_flow(self) -> bool:
        """Whether these are e and the two ends of a flow."""
        return isinstance(self.group, TransformationSet) and self.group.is_flow

    def trips_at(self, size: int) -> dict[View, RoundTrip]:
        """The round trips of the elements that resample pictures of that side; none for a set, without inverses."""
        return round_trips(self.views, size) if isinstance(self.group, FiniteGroup) else {}


@dataclass(frozen=True)
class LayerPlan:
    """How one layer is read and compared.

    Attributes:
        layout: how its output becomes maps.
        shape: of these maps, (C, H, W).
        representations: how G acts on them, by the group's name; only groups that act on maps of this shape.
        corrected: the same about the centre of the layer's own sampling grid, where that was asked for and is known.
        repeats: another layer of the plan that puts out the very same maps and is compared alike; it speaks for both.
    """

    layout: Layout
    shape: tuple[int, int, int]
    representations: Mapping[str, Representation]
    corrected: Mapping[str, Representation] = field(default_factory=dict)
    repeats: str | None = None

    def compared_like(self, other: "LayerPlan") -> bool:
        """Whether equal activations would give both layers equal numbers."""
        keys, others = (
            {name: rho.key for name, rho in each.representations.items()} for each in (self, other)
        )
        return (self.layout, self.shape, keys) == (other.layout, other.shape, others)


@dataclass(frozen=True)
class Plan:
    """What one run measures.

    Attributes:
        groups: in the order asked for.
        layers: by module name, in network order.
        measures: which measures.
        vectors: how G acts on the features and on the class probabilities, by site and the group's name.
        size: side of the network's input in pixels.
        floor: whether control images are shown under round trips too.
        discover: the hidden action that is looked for, if any.
        channels: of the network's input; 1 is luminance, on which groups of colours are not shown.
        output: how predictions are read of what the network puts out.
    """

    groups: tuple[GroupPlan, ...]
    layers: Mapping[str, LayerPlan]
    measures: tuple[Measure, ...]
    vectors: Mapping[tuple[VectorSite, str], Representation]
    size: int
    floor: bool = True
    discover: Discover | None = None
    channels: int = 3
    output: Output = LOGITS

    @cached_property
    def shown(self) -> tuple[GroupPlan, ...]:
        """The groups whose elements the network is shown."""
        return tuple(plan for plan in self.groups if self.channels == 3 or not plan.needs_colour)

    @cached_property
    def views(self) -> tuple[View, ...]:
        """Every view once, identities first, so that what others are compared with comes early."""
        return unique([*self.identities, *(view for plan in self.shown for view in plan.views)])

    @cached_property
    def identities(self) -> tuple[View, ...]:
        """The different views of e: one, or two where some groups mask to the disc."""
        return unique(plan.identity for plan in self.groups)

    @cached_property
    def trips(self) -> Mapping[str, Mapping[View, RoundTrip]]:
        """The round trips of each group by the view of g; empty where no floor is wanted."""
        return {
            plan.name: plan.trips_at(self.size) if self.floor and plan in self.shown else {}
            for plan in self.groups
        }

    @cached_property
    def round_trips(self) -> tuple[RoundTrip, ...]:
        """Every round trip once."""
        return tuple(dict.fromkeys(trip for trips in self.trips.values() for trip in trips.values()))

    @cached_property
    def surroundings(self) -> int | None:
        """The side of the larger crop that is decoded where a view reads what lies around the input; or None."""
        reach = max((view.reach(self.size) for view in self.views), default=0)
        return self.size + 2 * reach if reach else None

    def variants_of(self, subject: Subject) -> tuple[Variant, ...]:
        """Everything that the network is shown of an image; the round trips of a control image come last."""
        if not subject.audited:
            return self.identities
        return (*self.views, *self.round_trips) if subject.control else self.views

    @cached_property
    def of_vectors(self) -> tuple[VectorMeasure, ...]:
        """The measures of features or logits."""
        return tuple(measure for measure in self.measures if isinstance(measure, VectorMeasure))

    @cached_property
    def of_layers(self) -> tuple[LayerMeasure, ...]:
        """The measures of every layer that compare its maps with those of the plain image."""
        layerwise = (measure for measure in self.measures if isinstance(measure, LayerMeasure))
        return tuple(measure for measure in layerwise if not isinstance(measure, DerivativeMeasure))

    @cached_property
    def of_derivatives(self) -> tuple[DerivativeMeasure, ...]:
        """The measures of every layer along flows."""
        return tuple(measure for measure in self.measures if isinstance(measure, DerivativeMeasure))

    @cached_property
    def flows(self) -> tuple[GroupPlan, ...]:
        """The flows, where a layer's derivative along them is measured."""
        return tuple(plan for plan in self.shown if plan.is_flow) if self.of_derivatives else ()

    @cached_property
    def of_retrieval(self) -> tuple[RetrievalMeasure, ...]:
        """The measures that compare the features of all images."""
        return tuple(measure for measure in self.measures if isinstance(measure, RetrievalMeasure))

    @property
    def kept_features(self) -> tuple[View, ...]:
        """The views under which a row keeps f1(gx): those of e, and all where images are looked for among others."""
        return self.views if self.of_retrieval else self.identities

    def wants(self, site: VectorSite) -> bool:
        """Whether any measure is read there."""
        return any(each.site == site for each in self.of_vectors) or any(
            each.site == site for each in self.of_retrieval
        )


def unique(views: Iterable[View]) -> tuple[View, ...]:
    """The views without repeats, in order of first appearance."""
    return tuple(dict.fromkeys(views))
