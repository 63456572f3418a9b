"""What was audited: model, weights, split, input, data, run, as names and texts above the tables."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from geed_cli.choices import NAMED
from geed_cli.documents.document import printable
from geed_cli.phrases import counted
from geed_cli.report.numbers import number
from geed_cli.report.page import WIDEST, Line
from geed_cli.result.samples import BALANCED, entry_noun, folder_of, weighting_of
from geed_cli.result.schema import Clusters, Data, Group, Model, Result
from geed_cli.verdict.inspection import output_text

REFUSED_SHOWN = 5


def headline(command: str, model: Model, width: int) -> Line:
    """The first of the lines on what was done: the command, the network, where its weights came from."""
    what = f"· {model.arch}, {_parameters(model.parameters)} parameters"
    room = min(width, WIDEST) - len(f"geed {command} ") - len(what)
    weights = next((text for text in _weights(model) if len(text) + 3 <= room), "")
    return Line(what + (f" · {weights}" if weights else ""), strong=f"geed {command}")


def _weights(model: Model) -> Iterator[str]:
    """Where the weights came from, the longest first."""
    if model.weights.origin == "random":
        yield "random weights"
    else:
        yield f"weights {last(model.weights.detail)}"
        yield f"weights from {model.weights.origin}"


def source_of(data: Data) -> str:
    """Where the pictures were: of what was named by a path, its end; a data set by its name; and the split."""
    if data.bundled_sample:
        return "the bundled sample"
    by_path = data.source in NAMED.difference(("torch", "hfds"))
    return _with_split(last(data.root) if by_path else data.root, data)


def _with_split(named: str, data: Data) -> str:
    """A source with the split that was taken of it."""
    return named if data.split is None else f"{named} ({data.split})"


def last(path: str) -> str:
    """The end of a path, of any system, or of a reference."""
    return re.split(r"[/\\:]", path.rstrip("/\\"))[-1]


def _parameters(count: int) -> str:
    return f"{count / 1e6:.1f} M" if count >= 100_000 else f"{count:,}"


def preprocessing(model: Model) -> str:
    """How a picture becomes the network's input, in one line."""
    used = model.input
    return (
        f"{used.size}×{used.size}{' luminance (ITU-R BT.601)' if len(used.mean) == 1 else ''} from {used.resize} "
        f"({used.crop_mode}, {used.interpolation}), mean {_triple(used.mean)}, std {_triple(used.std)}"
    )


def how_acted(group: Group) -> str:
    """Whether its action is exact, which of a set need not be asked: empty there."""
    if group.kind == "set":
        return ""
    return "exact" if group.exact else f"resampled, {group.interpolation}, {group.boundary or 'cyclic'}"


def in_clusters(data: Data) -> str:
    """How many clusters the images are in, and by which rule; empty where every image is drawn by itself."""
    clusters = data.clusters
    if clusters is None:
        return ""
    return f" in {counted(len(clusters.names), 'cluster')} ({printable(clusters.how, 30)})"


def header_lines(result: Result) -> Iterator[tuple[str, str]]:
    """Everything that stands above the tables of an audit."""
    yield from model_lines(result.model)
    yield from _data_lines(result.data)
    settings, timing = result.settings, result.timing
    yield (
        "run",
        f"{settings.device}, {settings.precision}{', compiled' * settings.compiled}, batch {settings.batch_size}"
        f"{'' if settings.channels_last else ', contiguous'}; "
        f"{timing.total_s:.1f} s in all, "
        + (
            f"{timing.cached} of {result.data.count} images from the cache"
            if timing.cached
            else f"{timing.images_per_s:.1f} images/s once loaded"
        ),
    )
    yield from _precision_lines(result)


def _precision_lines(result: Result) -> Iterator[tuple[str, str]]:
    """How far a reduced precision moved each measure, at most over groups and layers."""
    largest: dict[str, float] = {}
    for entry in result.results:
        if "precision_shift" in entry.controls:
            largest[entry.metric] = max(largest.get(entry.metric, 0.0), entry.controls["precision_shift"])
    if largest:
        count = result.settings.precision_probes
        moved = ", ".join(f"{metric} {number(shift)}" for metric, shift in largest.items())
        images = f"{count} image{'s' * (count != 1)}"
        yield "", f"{result.settings.precision} against fp32 on {images}: values moved by up to {moved}"


def model_lines(model: Model) -> Iterator[tuple[str, str]]:
    """What the model was resolved to."""
    weights = model.weights
    sha = f", file sha256 {weights.sha256[:12]}…" if weights.sha256 else ""
    yield "model", f"{model.arch} ({model.source}), {model.parameters / 1e6:.2f} M parameters"
    yield "weights", f"{weights.origin}: {weights.detail}{sha}"
    for note in weights.notes:
        yield "", note
    classifier = model.classifier or "none"
    output = "" if model.output is None else f"; output: {output_text(model.output)}"
    yield "split", f"features: {model.features}; classifier: {classifier}{output}"
    if model.output is not None and model.output.reason is not None:
        yield "", f"softmax and prediction do not apply: {model.output.reason}"
    yield "input", preprocessing(model)


def data_line(data: Data) -> str:
    """How many images of which folder, and what became of its other files."""
    parts = [
        f"{data.count} image{'s' * (data.count != 1)} of {_with_split(data.root, data)}",
        f"{counted(data.found, entry_noun(data))} found",
    ]
    if data.normaliser_images:
        parts.append(f"{len(data.normaliser_images)} more for M")
    if data.not_drawn:
        parts.append(f"{data.not_drawn} not drawn (seed {data.seed})")
    if data.duplicates:
        parts.append(f"{len(data.duplicates)} copies of these")
    parts.append(f"{len(data.refused)} refused")
    return ", ".join(parts)


def _data_lines(data: Data) -> Iterator[tuple[str, str]]:
    yield "data", data_line(data)
    yield from _weight_lines(data)
    yield from _corrected_lines(data)
    yield from _cluster_lines(data.clusters)
    if data.bundled_sample:
        yield "", "only a sample of a few pictures, for a first look: --data DIR audits your own images"
    if data.made_up is not None:
        yield "", f"{100 * data.made_up:.1f}% of the surroundings that boundary context reads were mirrored"
    for note in data.notes:
        yield "", note
    for refused in data.refused[:REFUSED_SHOWN]:
        yield "", f"refused {refused.path}: {refused.reason}"
    if len(data.refused) > REFUSED_SHOWN:
        yield "", f"… and {len(data.refused) - REFUSED_SHOWN} more refused; --json lists them all"


def _weight_lines(data: Data) -> Iterator[tuple[str, str]]:
    """How much the images count, where they do not count alike."""
    weighting = weighting_of(data)
    if weighting is None:
        return
    how = f"by {data.weighted_by}"
    if data.weighted_by == BALANCED:
        how = f"so that {len({folder_of(image.path) for image in data.images})} classes count alike"
    worth = f"{weighting.effective_count:.1f} that count alike would tell as much"
    yield "", f"images are weighted {how}; {worth}"


def _cluster_lines(clusters: Clusters | None) -> Iterator[tuple[str, str]]:
    """What is drawn where images belong together."""
    if clusters is not None:
        sizes = Counter(clusters.of).values()
        yield (
            "",
            f"{counted(len(clusters.names), 'cluster')} ({printable(clusters.how, 60)}) of {min(sizes)} to "
            f"{counted(max(sizes), 'image')}: intervals are over clusters, values over images",
        )


def _corrected_lines(data: Data) -> Iterator[tuple[str, str]]:
    """That copies count once, and which images stand in the place of others."""
    by_bytes = sum(item.same == "bytes" for item in data.duplicates)
    by_pixels = len(data.duplicates) - by_bytes
    kinds = [f"{by_bytes} with the same bytes"] * bool(by_bytes)
    kinds += [f"{by_pixels} that decode to the same pixels"] * bool(by_pixels)
    if kinds:
        yield (
            "",
            f"a picture counts once: copies ({', '.join(kinds)}) are left out, and n counts different pictures",
        )
    if data.redrawn:
        yield (
            "",
            f"{data.redrawn} of the images were drawn in place of copies and of files that cannot be read",
        )


def _triple(values: Sequence[float]) -> str:
    return "(" + ", ".join(f"{value:g}" for value in values) + ")"
