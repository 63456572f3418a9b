"""The class that a classifier puts first for every picture under every element, and what the classes are called."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from geed_cli.choices import OutputKind
from geed_cli.engine.plan import GroupPlan
from geed_cli.models.network import Network
from geed_cli.pipeline.entries.row_table import Table
from geed_cli.result.schema import TopClasses
from geed_cli.runtime.libraries import timm

CLASSIFIERS: tuple[OutputKind, ...] = ("logits", "probabilities")
"""Outputs of which one class comes first."""
DECIMALS = 4
"""Of probabilities, which are shown in percent."""


def top_classes(groups: Sequence[GroupPlan], audited: Table) -> tuple[TopClasses, ...]:
    """The class arg max p(gx) and its probability, for each group that a classifier was shown."""
    found = (_of_group(group, audited) for group in groups)
    return tuple(each for each in found if each is not None)


def _of_group(group: GroupPlan, audited: Table) -> TopClasses | None:
    tops = {name: audited.tops(view) for name, view in zip(group.group.elements, group.views, strict=True)}
    columns = {name: column for name, column in tops.items() if column is not None}
    if len(columns) < len(tops):
        return None
    return TopClasses(
        group=group.name,
        classes={name: tuple(map(int, column[:, 0])) for name, column in columns.items()},
        probabilities={
            name: tuple(round(p, DECIMALS) for p in column[:, 1].tolist()) for name, column in columns.items()
        },
    )


def class_names(network: Network, tops: Iterable[TopClasses], labels: Iterable[int] = ()) -> dict[int, str]:
    """The names of the classes that come first anywhere, or are labels, by their place; none where they have none."""
    first = {place for each in tops for column in each.classes.values() for place in column}
    used = sorted(first | set(labels))
    names = names_of(network) if used else ()
    return {place: names[place] for place in used} if names else {}


def names_of(network: Network) -> tuple[str, ...]:
    """The names of a network's classes, in the order of its outputs; empty where nobody knows them.

    They are those that its source knows.
        ImageNet's are taken to be the classes of an architecture of timm or torchvision with trained weights and 1,000
    outputs, or as many as another of the sets has whose names timm knows.
    """
    if network.classes and network.output.kind in CLASSIFIERS:
        return network.classes if len(network.classes) == network.output.shape[0] else ()
    if network.source not in {"timm", "torchvision"} or network.weights.origin == "random":
        return ()
    return imagenet_names(network.output.shape[0]) if network.output.kind in CLASSIFIERS else ()


def imagenet_names(count: int) -> tuple[str, ...]:
    """The names of the ImageNet set of so many classes, in its order; empty where timm knows none.

    The first of a class's synonyms, or all where another class has the same first.
    """
    _, described = imagenet_set(count)
    first = Counter(text.partition(",")[0] for text in described)
    return tuple(text if first[text.partition(",")[0]] > 1 else text.partition(",")[0] for text in described)


@lru_cache
def imagenet_set(count: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The WordNet ids and all synonyms of the ImageNet set of so many classes, in its order; empty without one."""
    subset = timm.data.imagenet_info.infer_imagenet_subset({"num_classes": count})
    if subset is None:
        return (), ()
    known = timm.data.imagenet_info.ImageNetInfo(subset)
    ids = tuple(known.index_to_label_name(place) for place in range(count))
    return ids, tuple(known.label_descriptions())
