"""One result as the page shows it: with a label, a place among the others, and how it is drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup

from geed_cli.report.html.colours import SERIES, UNTRAINED
from geed_cli.report.html.drawing import SWATCH, Paint, decoration, definitions, name, reference
from geed_cli.result.schema import Entry, Group, Result
from geed_cli.verdict.depth import layer_entries
from geed_cli.verdict.way import Way, way_of

SHAPES = ("circle", "square", "diamond", "triangle")


@dataclass(frozen=True)
class Subject:
    """Whatever has a line of its own on the page: a result, a population, a run.

    Attributes:
        label: harmless, as it is shown.
        paint: colour and shape.
    """

    label: str
    paint: Paint

    @property
    def definition(self) -> Markup:
        """Its marks, to be referred to."""
        return Markup(definitions(self.paint))

    @property
    def swatch(self) -> Markup:
        """Its mark, to stand before its label."""
        return decoration(reference(f"k{self.paint.key}", SWATCH / 2, SWATCH / 2), SWATCH, SWATCH)


@dataclass(frozen=True)
class ShownModel(Subject):
    """A result on the page."""

    result: Result

    @property
    def untrained(self) -> bool:
        """Whether its weights are random."""
        return self.result.model.weights.origin == "random"

    @cached_property
    def groups(self) -> dict[str, Group]:
        """The groups by name."""
        return {group.name: group for group in self.result.groups}

    @cached_property
    def _entries(self) -> dict[tuple[str, str, str | None], Entry]:
        return {
            (e.group, e.metric, e.layer): e
            for e in self.result.results
            if e.value is not None and e.status == "ok"
        }

    def entry(self, group: str, metric: str, layer: str | None = None) -> Entry | None:
        """An entry that has a value; None where there is none."""
        return self._entries.get((group, metric, layer))

    def layers(self, group: str) -> list[Entry]:
        """The entries of the layers' own measure that have a value, in the order of the network."""
        if group not in self.groups:
            return []
        return [e for e in layer_entries(self.result, self.groups[group]) if e.value is not None]

    def way(self, entry: Entry) -> Way | None:
        """Its place between unchanged and another image."""
        return way_of(entry, self.groups[entry.group].order)


def shown_models(results: Mapping[str, Result]) -> list[ShownModel]:
    """The results in their order: trained models in colour, untrained ones grey, hollow and dashed."""
    untrained = [result.model.weights.origin == "random" for result in results.values()]
    paints = iter(paints_of(len(untrained) - sum(untrained)))
    grey = Paint(UNTRAINED, "u", "circle", hollow=True)
    return [
        ShownModel(name(label, 60), grey if random else next(paints), result)
        for (label, result), random in zip(results.items(), untrained, strict=True)
    ]


def subjects_of(labels: Sequence[str]) -> list[Subject]:
    """Populations and runs, each in a colour."""
    return [
        Subject(name(label, 60), paint) for label, paint in zip(labels, paints_of(len(labels)), strict=True)
    ]


def paints_of(count: int) -> list[Paint]:
    """Colours and shapes in their order; a fifth has a colour again, and another shape."""
    paints = []
    for number in range(count):
        at = number % len(SERIES)
        paints.append(Paint(SERIES[at], f"m{at}", SHAPES[(number + number // len(SERIES)) % len(SHAPES)]))
    return paints
