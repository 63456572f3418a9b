"""How each value of an image is told apart from others.

The text of a value holds everything that can change it beside the network, the image and, for a null, the partner. So
another group, layer, measure or image adds values and leaves the others as they are.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from geed_cli.actions.round_trip import RoundTrip
from geed_cli.cache.row_bytes import NAME_BYTES, Names, names_in
from geed_cli.engine.layerwise.layer_numbers import AlikeLayers
from geed_cli.engine.plan import Plan, Variant
from geed_cli.engine.row import Control, Subject
from geed_cli.engine.shared_action import Family
from geed_cli.measures.measure import VectorSite
from geed_cli.pipeline.reuse.blocks import (
    Block,
    Need,
    OfLayers,
    Padded,
    Rounding,
    Scheduled,
    Slopes,
    VectorAddress,
)


def value_key(shared: bytes, text: str) -> bytes:
    """What tells a value apart, from a digest of what it depends on beside its text."""
    return hashlib.sha256(shared + text.encode("utf-8", "surrogatepass")).digest()


def names_of(texts: Sequence[str]) -> Names:
    """The names of numbers with these texts."""
    return names_in(b"".join([value_key(b"", text)[:NAME_BYTES] for text in texts]))


@dataclass(frozen=True)
class Schedule:
    """What the images of a run have, for one network.

    Attributes:
        plan: what is measured.
        alike: its layers that are compared.
        sites: module of each vector that is read.
    """

    plan: Plan
    alike: Sequence[AlikeLayers]
    sites: Mapping[VectorSite, str]

    def vectors(self, subject: Subject) -> Iterator[VectorAddress]:
        """The vectors of such an image."""
        variants = self.plan.variants_of(subject)
        for site, module in self.sites.items():
            for variant in variants:
                yield VectorAddress(f"vector {module} {variant!r}", variant, site)

    def numbers(self, subject: Subject) -> Scheduled:
        """The numbers of such an image."""
        blocks: list[Block] = []
        if subject.audited:
            trips = self.plan.round_trips if subject.control else ()
            null = subject.partner is not None
            blocks += [self._of_layers(at, trips, null=null) for at in range(len(self.alike))]
            blocks.append(self._of_flows())
        if subject.first:
            blocks.append(self._of_rounding())
        if self.plan.surroundings is not None:
            need = Need(self.plan.identities[0])
            blocks.append(Padded(names_of([f"padded {self.plan.surroundings}"]), [need]))
        return Scheduled(blocks, self.alike)

    def _of_layers(self, table: int, trips: Sequence[RoundTrip], *, null: bool) -> Block:
        alike = self.alike[table]
        columns: list[int] = []
        compared: list[str] = []
        needs: list[Need] = []
        for (family, variant, control), start in alike.columns.items():
            if (isinstance(variant, RoundTrip) and variant not in trips) or (control == "null" and not null):
                continue
            need, text = Need(variant, family.kernel, control == "null"), _text(family, variant, control)
            for at, (metric, of) in enumerate(alike.quantities[control]):
                columns.append(start + at)
                compared.append(f"{metric} {of} {text}")
                needs.append(need)
        texts = [f"{self._layer_text(layer)} {text}" for layer in alike.layers for text in compared]
        return OfLayers(names_of(texts), needs * len(alike.layers), table, columns)

    def _of_flows(self) -> Block:
        every = [
            (self._layer_text(layer), (layer, measure.name, flow.views[1]), flow.views[2])
            for flow in self.plan.flows
            for measure in self.plan.of_derivatives
            for layer in self.plan.layers
        ]
        texts = [f"{text} {metric} {ahead!r} {behind!r}" for text, (_, metric, ahead), behind in every]
        needs = [Need(ahead, (behind,)) for _, (_, _, ahead), behind in every]
        return Slopes(names_of(texts), needs, [key for _, key, _ in every])

    def _of_rounding(self) -> Block:
        e = self.plan.identities[0]
        keys: list[tuple[str, str | None]] = [
            (vector.name, None) for vector in self.plan.of_vectors if vector.site in self.sites
        ]
        keys += [(measure.name, layer) for measure in self.plan.of_layers for layer in self.plan.layers]
        where = ["" if layer is None else f"{self._layer_text(layer)} " for _, layer in keys]
        texts = [f"rounding {metric} {text}{e!r}" for (metric, _), text in zip(keys, where, strict=True)]
        return Rounding(names_of(texts), [Need(e, rounding=True)] * len(keys), keys)

    def _layer_text(self, layer: str) -> str:
        """A layer, and how its output is read: another grid of the same tokens makes other maps."""
        read = self.plan.layers[layer]
        return f"layer {layer} {read.shape} {read.layout!r}"


def _text(family: Family, variant: Variant, control: Control | None) -> str:
    """Everything about a comparison that its quantity does not say: view, action, kernel, centre of a corrected one."""
    view = variant.there if isinstance(variant, RoundTrip) else variant
    parts = [repr(variant), str(family.moves[view][0].key), family.kernel_text]
    if control == "phase_corrected":
        parts.append(str(family.corrected[view][0].key))
    return " ".join(parts)
