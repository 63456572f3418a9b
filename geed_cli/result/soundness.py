"""Whether a saved result is what it says: rows for every image, known measures, every entry once, plain text.

The schema checks types; a gate reads files of others and must not guess what an entry without its group, or
with rows for some of the images, was meant to say.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from geed_cli.documents.document import printable
from geed_cli.errors import InputError
from geed_cli.measures.catalogue import BY_NAME
from geed_cli.result.schema import Data, Entry, Result


def check_sound(result: Result, label: str) -> None:
    """Refuse a result that contradicts itself, naming the first contradiction."""
    for problem in _problems(result):
        raise InputError(
            f"{printable(label, 200)} contradicts itself: {problem}",
            expected="a result as `geed audit … --json FILE` wrote it",
            remedy="run the audit again",
        )


def _problems(result: Result) -> Iterator[str]:
    images = result.data.images
    if result.data.count != len(images):
        yield f"data.count is {result.data.count}, and {len(images)} images are listed"
    yield from _weight_problems(result.data)
    yield from _cluster_problems(result.data)
    yield from _top_problems(result)
    yield from _label_problems(result)
    yield from _class_problems(result)
    names = [group.name for group in result.groups]
    texts = [result.model.id, result.data.root, result.signature, *names]
    texts += [entry.layer or "" for entry in result.results]
    texts += [*result.command, *result.model.typed, *result.class_names.values()]
    for text in texts:
        # a lone surrogate is legal in JSON, and can be written nowhere
        if any("\ud800" <= character <= "\udfff" for character in text):
            yield f"the text {printable(text)} is not Unicode"
    keys = Counter((entry.metric, entry.group, entry.layer) for entry in result.results)
    for entry in result.results:
        where = printable("/".join(filter(None, (entry.metric, entry.group, entry.layer))), 200)
        if keys[entry.metric, entry.group, entry.layer] > 1:
            yield f"the entry {where} is listed more than once"
        if names.count(entry.group) != 1:
            yield f"the entry {where} belongs to no audited group"
            continue
        yield from (f"the entry {where} {problem}" for problem in _entry_problems(result, entry))


def _weight_problems(data: Data) -> Iterator[str]:
    if data.weights and len(data.weights) != len(data.images):
        yield f"data.weights has {len(data.weights)} weights, and {len(data.images)} images are listed"
    if not all(math.isfinite(weight) and weight > 0 for weight in data.weights):
        yield "data.weights has a weight that is not above 0"


def _cluster_problems(data: Data) -> Iterator[str]:
    clusters = data.clusters
    if clusters is None:
        return
    if len(clusters.of) != len(data.images):
        yield f"clusters are given for {len(clusters.of)} of {len(data.images)} images"
    if set(clusters.of) != set(range(len(clusters.names))):
        yield "the clusters of its images are not those that it names"
    if data.normaliser_images:
        yield "its images are in clusters, and its normaliser is over others"


def _top_problems(result: Result) -> Iterator[str]:
    """What is wrong with the classes that come first."""
    elements = {group.name: list(group.elements) for group in result.groups}
    for tops in result.top_classes:
        where = f"top_classes of {printable(tops.group, 200)}"
        columns: tuple[Mapping[str, Sequence[float]], ...] = (tops.classes, tops.probabilities)
        for named in columns:
            if sorted(named) != sorted(elements.get(tops.group, [])):
                yield f"{where} are not of the elements of an audited group"
            for column in named.values():
                if len(column) != result.data.count:
                    yield f"{where} are of {len(column)} of {result.data.count} images"
        if any(place < 0 for column in tops.classes.values() for place in column):
            yield f"{where} have a class below 0"


def _label_problems(result: Result) -> Iterator[str]:
    """What is wrong with the labels of images, and with what is said of them."""
    labels = result.data.labels
    if labels is not None and len(labels.of) != result.data.count:
        yield f"data.labels are of {len(labels.of)} of {result.data.count} images"
    if labels is not None and any(place < 0 for place in labels.of):
        yield "data.labels have a class below 0"
    if result.accuracy and labels is None:
        yield "it has accuracies, and its images have no labels"
    elements = {group.name: list(group.elements) for group in result.groups}
    for each in result.accuracy:
        known = elements.get(each.group)
        named = {*each.per_element, *each.per_element_ci, *each.change, *each.change_ci}
        if known is None or not named <= set(known):
            yield f"{each.metric} of {printable(each.group, 200)} is not of the elements of an audited group"


def _class_problems(result: Result) -> Iterator[str]:
    """What is wrong with entries of classes."""
    there = set(() if result.data.labels is None else result.data.labels.of)
    groups = {group.name for group in result.groups}
    for entry in result.by_class:
        if entry.label not in there:
            yield f"it has entries of class {entry.label}, which none of its images has"
        if entry.group not in groups:
            yield f"an entry of class {entry.label} belongs to no audited group"


def _entry_problems(result: Result, entry: Entry) -> Iterator[str]:
    if entry.metric not in BY_NAME:
        yield "is of an unknown measure"
    rows = entry.per_image
    if rows is None:
        if entry.status == "ok":
            yield "has a value and no rows"
        return
    yield from _way_problems(result, entry)
    if len(rows.value) != result.data.count:
        yield f"has rows for {len(rows.value)} of {result.data.count} images"
    wanted = len(result.data.normaliser_images) or result.data.count
    if rows.normaliser is not None and len(rows.normaliser) != wanted:
        yield f"has normaliser rows for {len(rows.normaliser)} of {wanted} images"


def _way_problems(result: Result, entry: Entry) -> Iterator[str]:
    """What is wrong with the rows behind the scale to another image."""
    way, count = entry.to_another, result.data.count
    if way is None:
        return
    if way.per_image is not None and len(way.per_image) != count:
        yield f"has rows on the scale to another image for {len(way.per_image)} of {count} images"
    if any(not (0 <= one < count and 0 <= other < count and one != other) for one, other, _ in way.null):
        yield "compares images with others that are not listed"
