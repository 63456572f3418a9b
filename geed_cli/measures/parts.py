"""The two parts of a normalised measure, raw and M, as measures of their own: ``latent.cosine.raw``, ``latent.l2.M``.

A value raw / M moves with either. Audits measure the whole; a comparison or a track takes its parts from the same rows,
where they are asked for by name.
"""

from collections.abc import Iterator
from dataclasses import replace

from geed_cli.explanation import Explanation
from geed_cli.measures.measure import VectorMeasure
from geed_cli.statistics.scale import Scale

RAW, M = ".raw", ".M"


def parts_of(measure: VectorMeasure) -> Iterator[VectorMeasure]:
    """Raw and M of a normalised measure."""
    bare = replace(
        measure,
        pairs=None,
        sums=None,
        apart=None,
        unrelated=None,
        profile=False,
        usual=False,
        positive_tail=False,
        scale=Scale.bounded(-1.0, 1.0) if measure.best else Scale.log(),
        range="-1 to 1" if measure.best else "≥ 0",
    )
    raw, _, normaliser = measure.definition.partition(" / M, M = ")
    name = measure.name
    yield replace(
        bare,
        name=name + RAW,
        definition=raw,
        told="The raw mean is {value}.",
        explained=Explanation(
            what=f"{name} before it is divided by M, in the features' own unit or as a cosine.",
            reading="It does not move with how far other images are; of two networks whose features have other sizes, "
            "latent.l2.raw says nothing. 'geed compare' and 'geed track' have it where --metric names it.",
            see=("raw", name, name + M),
        ),
    )
    yield replace(
        bare,
        name=name + M,
        best=0.0,
        rounding_order=None,
        of_invariance=False,
        definition=normaliser,
        told="M is {value}.",
        explained=Explanation(
            what=f"the normaliser of {name}: how far, or how alike, different images are.",
            reading="A change of it changes the value without any change of invariance: larger and smaller, not "
            "further and nearer. 'geed compare' and 'geed track' have it where --metric names it.",
            see=("M", name, name + RAW),
        ),
    )


def whole_of(part: str) -> str:
    """The measure that a part belongs to."""
    return part.removesuffix(RAW).removesuffix(M)
