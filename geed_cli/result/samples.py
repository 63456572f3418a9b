"""What statistics need of a saved result: rows with their scale, the confidence, and whether to add images."""

import fnmatch
import hashlib
import math

import numpy as np

from geed_cli.choices import DEFAULT_METHOD, IntervalMethod, OutputKind
from geed_cli.errors import InputError
from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.measure import VectorMeasure
from geed_cli.result.schema import Data, Entry, Result
from geed_cli.statistics.methods import METHODS
from geed_cli.statistics.sample import MeanSample, NullRatioSample, RatioSample, Sample, Units
from geed_cli.statistics.scale import Scale
from geed_cli.statistics.weighting import Weighting

BALANCED = "balanced"
"""What makes every class count alike."""


def scale_in(result: Result, metric: str, group: str) -> Scale:
    """The natural scale of a measure for a group of the result."""
    order = next((each.order for each in result.groups if each.name == group), None)
    if order is None:
        raise InputError(
            f"the result of {result.model.id} has entries of {group}, which is not among its groups",
            expected="a result as geed wrote it",
            remedy="audit again with --json",
        )
    moved = "logits" in result.model.actions or output_kind(result) == "dense"
    return measure_named(metric).scale_for(order, moves_logits=moved)


def output_kind(result: Result) -> OutputKind:
    """What the network puts out; without a record, as versions before 0.2 read it: logits wherever they measured."""
    if result.model.output is not None:
        return result.model.output.kind
    measured = any(
        isinstance(measure, VectorMeasure) and measure.site == "logits" and entry.status != "not_applicable"
        for entry in result.results
        for measure in [measure_named(entry.metric)]
    )
    return "logits" if measured else "none"


def answers_of(result: Result, group: str) -> int:
    """How many different answers copies can have at most, by which divergences are bounded: of a label on and off."""
    order = next((each.order for each in result.groups if each.name == group), 1)
    return min(order, 2) if output_kind(result) == "sigmoid" else order


def sample_of(result: Result, entry: Entry) -> Sample | None:
    """The rows of an entry; None where it has none: not applicable, or a ratio without pairs for its M."""
    if entry.per_image is None:
        return None
    scale, units = scale_in(result, entry.metric, entry.group), units_in(result.data)
    values = np.array([math.nan if v is None else v for v in entry.per_image.value])
    weighting = weighting_of(result.data)
    if entry.per_image.normaliser is None:
        normalised = measure_named(entry.metric).normalised
        return None if normalised else MeanSample(values, scale, units, weighting)
    shared = not result.data.normaliser_images
    rows = np.array(entry.per_image.normaliser)
    return RatioSample(values, rows, shared, scale, units=units, weighting=weighting)


def weighting_of(data: Data) -> Weighting | None:
    """How much the images of a result count; None where they count alike."""
    if not data.weights:
        return None
    weights = np.array(data.weights)
    if data.weighted_by != BALANCED:
        return Weighting(weights)
    return Weighting(
        weights, np.unique([folder_of(image.path) for image in data.images], return_inverse=True)[1]
    )


def folder_of(path: str) -> str:
    """The folder that a picture lies in, below the folder of pictures; empty where it lies in that itself."""
    return path.rpartition("/")[0]


def weights_fingerprint(data: Data) -> str:
    """Eight digits that results of images with the same weights share."""
    return hashlib.sha256("\n".join(f"{weight:.12g}" for weight in data.weights).encode()).hexdigest()[:8]


def way_sample_of(result: Result, entry: Entry) -> RatioSample | NullRatioSample | None:
    """The rows behind where an entry stands on the way to another image; None where it has none."""
    way, rows = entry.to_another, entry.per_image
    if way is None or way.per_image is None or rows is None:
        return None
    values = np.array([math.nan if v is None else v for v in way.per_image])
    units, weighting = units_in(result.data), weighting_of(result.data)
    if rows.normaliser is not None:
        shared = not result.data.normaliser_images
        means = np.array(rows.normaliser)
        return RatioSample(values, means, shared, Scale.log(), units=units, weighting=weighting)
    pairs = np.array([(own, other) for own, other, _ in way.null], dtype=np.intp)
    null = np.array([d for *_, d in way.null])
    return NullRatioSample(values, pairs, null, Scale.log(), units, weighting)


def independent(data: Data) -> tuple[int, str]:
    """How many independent draws the audited images are, and what one of them is: a cluster, or an image."""
    return (data.count, "image") if data.clusters is None else (len(data.clusters.names), "cluster")


def entry_noun(data: Data) -> str:
    """What holds one picture where the pictures are: a file, or in memory the picture itself."""
    return "picture" if data.source in ("memory", "array", "torch", "hfds") else "file"


def holder_of(data: Data) -> str:
    """What holds the pictures, as sentences call it; where they were in memory what they came as."""
    if data.source == "memory":
        return data.root
    return {
        "folder": "the folder",
        "archive": "the archive",
        "array": "the array",
        "torch": "the data set",
        "hfds": "the data set",
        "bucket": "the bucket",
        "wds": "the shards",
    }.get(data.source, "the list")


def units_in(data: Data) -> Units | None:
    """The cluster of each audited image, by its place in the list of names; None where images are drawn."""
    return None if data.clusters is None else np.array(data.clusters.of, dtype=np.intp)


def confidence_of(result: Result) -> float:
    """Of the intervals of its entries: of a growing run what was left of it for the look at which it stopped."""
    looks = result.settings.looks
    return result.settings.confidence if looks is None else looks.confidence


def used_method(result: Result) -> IntervalMethod:
    """The interval method of a result, or the default where that is none any more."""
    return next((name for name in METHODS if name == result.settings.ci), DEFAULT_METHOD)


def narrow_enough(result: Result) -> bool:
    """Whether every watched interval of the result is at most as wide as asked for."""
    looks = result.settings.looks
    assert looks is not None, "only results of a growing run are asked"
    assert looks.width is not None, "of one that grew until a width"
    assert looks.metric is not None, "which is that of a measure"
    watched = [e for e in result.results if fnmatch.fnmatchcase(e.metric, looks.metric)]
    defined = [entry for entry in watched if entry.status == "ok"]
    return all(entry.ci is not None and entry.ci[1] - entry.ci[0] <= looks.width for entry in defined)
