"""The table of one audit: what was audited, one block for each group, how to read it, the signature.

A person should understand it without the paper; every number in it stands in the JSON result as well.
"""

from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from geed_cli.report.numbers import bar, interval, number, percent
from geed_cli.result.schema import Data, Entry, Model, Result
from geed_cli.result.schema import Group as AuditedGroup
from geed_cli.result.widths import narrow_enough
from geed_cli.statistics.enough import images_to_halve

BAR_WIDTH = 16
CHANNELWISE = "channelwise.cosine"


def print_result(result: Result, console: Console) -> None:
    """Print the whole audit."""
    for part in render(result):
        console.print(part)


def render(result: Result) -> Iterator[RenderableType]:
    """The parts of the printed audit, top to bottom."""
    yield Text(f"geed audit · {result.model.id}", style="bold")
    if result.status == "partial":
        yield Text(
            "partial: the run was interrupted; these are the images finished by then", style="bold yellow"
        )
    yield facts([*model_lines(result.model), *_data_lines(result), ("run", _run_line(result))])
    for group in result.groups:
        yield _block(result, group)
    yield Text("\n".join(_enough(result)))
    yield Text(_legend(result), style="dim")
    yield Text(f"signature  {result.signature}", style="dim")


def facts(lines: Iterable[tuple[str, str]]) -> Table:
    """Names and texts in two columns."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in lines:
        table.add_row(name, text)
    return table


def model_lines(model: Model) -> Iterator[tuple[str, str]]:
    """What the model was resolved to, as names and texts."""
    weights, used = model.weights, model.input
    sha = f", file sha256 {weights.sha256[:12]}…" if weights.sha256 else ""
    yield "model", f"{model.arch} ({model.source}), {model.parameters / 1e6:.2f} M parameters"
    yield "weights", f"{weights.origin}: {weights.detail}{sha}"
    for note in weights.notes:
        yield "", note
    classifier = model.classifier or "none"
    yield "split", f"features: {model.features}; classifier: {classifier}"
    yield (
        "input",
        f"{used.size}×{used.size} from {used.resize} ({used.crop_mode}, {used.interpolation}), "
        f"mean {_triple(used.mean)}, std {_triple(used.std)}",
    )


def _data_lines(result: Result) -> Iterator[tuple[str, str]]:
    data = result.data
    yield "data", _data_line(data)
    if data.bundled_sample:
        yield (
            "",
            "only a sample of a few pictures, for a first look: pass --data DIR to audit on your own images",
        )
    for refused in data.refused[:5]:
        yield "", f"refused {refused.path}: {refused.reason}"
    if len(data.refused) > 5:
        yield "", f"… and {len(data.refused) - 5} more refused; --json lists them all"


def _data_line(data: Data) -> str:
    parts = [f"{data.count} images of {data.root}", f"{data.found} files found"]
    if data.normaliser_images:
        parts.append(f"{len(data.normaliser_images)} more for M")
    if data.not_drawn:
        parts.append(f"{data.not_drawn} not drawn (seed {data.seed})")
    parts.append(f"{len(data.refused)} refused")
    return ", ".join(parts)


def _run_line(result: Result) -> str:
    settings, timing = result.settings, result.timing
    return (
        f"{settings.device}, {settings.precision}, batch {settings.batch_size}; "
        f"{timing.total_s:.1f} s, {timing.images_per_s:.1f} images/s"
    )


def _block(result: Result, group: AuditedGroup) -> RenderableType:
    entries = [entry for entry in result.results if entry.group == group.name]
    plain = [entry for entry in entries if entry.metric != CHANNELWISE]
    layers = [entry for entry in entries if entry.metric == CHANNELWISE]
    settings = result.settings
    level = f"{100 * settings.confidence:g}% {'simultaneous' if settings.simultaneous else 'interval'}"
    parts: list[RenderableType] = [Text(_group_line(group), style="bold")]
    if plain:
        parts.append(_measures(plain, level))
        parts += [Text(line) for line in _sensitivity(plain)]
        parts.append(Text())
    if layers:
        parts.append(_layers(layers, level))
    parts += [Text(f"  note: {line}", style="yellow") for line in _notes(entries)]
    return Padding(Group(*parts), (1, 0, 0, 0))


def _group_line(group: AuditedGroup) -> str:
    shown = ", ".join(group.elements[:8]) + (", …" if group.order > 8 else "")
    if group.exact:
        how = "exact (pixels are moved, not resampled)"
    else:
        how = f"resampled: {group.interpolation}, boundary {group.boundary}"
    return f"{group.name} · {group.order} elements: {shown} · {how}"


def _measures(entries: Sequence[Entry], level: str) -> Table:
    table = _table("measure", "value", level, "raw", "M", "worst, raw")
    for entry in entries:
        table.add_row(
            entry.metric + (", nats" if entry.metric == "softmax.kl" else ""),
            _value(entry),
            _interval(entry),
            number(entry.raw),
            number(entry.normaliser) if entry.normaliser is not None else "",
            _worst(entry),
        )
    return table


def _sensitivity(entries: Sequence[Entry]) -> Iterator[str]:
    """What softmax.kl has to be compared with."""
    for entry in entries:
        if "sensitivity" in entry.controls:
            shown = number(entry.controls["sensitivity"])
            yield f"sensitivity: between different images the softmax differs by {shown} nats"


def _layers(entries: Sequence[Entry], level: str) -> Table:
    table = _table(f"{CHANNELWISE} at", "value", level, "worst", "dead")
    table.add_column("−1 … 0", no_wrap=True, min_width=BAR_WIDTH)
    for entry in entries:
        table.add_row(
            entry.layer or "",
            _value(entry),
            interval(entry.ci),
            _worst(entry),
            percent(entry.controls.get("dead_fraction")),
            bar(1 + entry.value, BAR_WIDTH) if entry.value is not None else "",
        )
    return table


def _table(first: str, *numeric: str) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="dim", collapse_padding=True
    )
    table.add_column(first, overflow="fold", min_width=20)
    for name in numeric:
        # in a narrow terminal a number wraps; it is never cut off
        table.add_column(name, justify="right", overflow="fold")
    return table


def _value(entry: Entry) -> str:
    if entry.status == "not_applicable":
        return "not applicable"
    if entry.value is None:
        return "undefined"
    if entry.metric == "prediction.flip_rate":
        return percent(entry.value)
    return number(entry.value)


def _interval(entry: Entry) -> str:
    if entry.metric == "prediction.flip_rate" and entry.ci is not None:
        return f"[{percent(entry.ci[0])}, {percent(entry.ci[1])}]"
    return interval(entry.ci)


def _worst(entry: Entry) -> str:
    """The element with the largest mean of its own, e left out where there are others."""
    means = {name: mean for name, mean in entry.per_element.items() if mean is not None}
    others = {name: mean for name, mean in means.items() if name != "e"} or means
    if not others:
        return ""
    name = max(others, key=others.__getitem__)
    return f"{name} {number(others[name])}"


def _notes(entries: Sequence[Entry]) -> list[str]:
    """Each note once, with the measures or layers that it is about."""
    about: dict[str, list[str]] = {}
    for entry in entries:
        for note in entry.notes:
            about.setdefault(note, []).append(entry.layer or entry.metric)
    return [f"{_some(names)}: {note}" for note, names in about.items()]


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _enough(result: Result) -> Iterator[str]:
    """The width reached, and how many images would halve it."""
    widths: dict[str, float] = {}
    for entry in result.results:
        if entry.ci is not None:
            widths[entry.metric] = max(widths.get(entry.metric, 0.0), entry.ci[1] - entry.ci[0])
    if widths:
        shown = ", ".join(f"{metric} {number(width)}" for metric, width in widths.items())
        count = result.data.count
        yield f"enough images? {count} give intervals at most so wide: {shown};"
        yield f"               about {images_to_halve(count)} would halve them."
    looks = result.settings.looks
    if looks is not None:
        planned = ", ".join(map(str, looks.sizes))
        reached = "reached" if narrow_enough(result) else "not reached"
        yield f"looks: {looks.used} of {len(looks.sizes)} ({planned} images);"
        yield f"       width {looks.width:g} of {looks.metric} {reached};"
        yield f"       intervals at {100 * looks.confidence:.2f}%, so that looking again costs no coverage"


def _legend(result: Result) -> str:
    shown = {entry.metric for entry in result.results}
    lines = ["", "Larger always means further from invariance (values, raw means and bars alike)."]
    explained = {
        "latent.l2": "latent.l2: 0 is invariant; 1 means that G moves an image as far as another image is away.",
        "latent.cosine": "latent.cosine: raw is −1 where invariant; the value is raw / M, below 0 for any M above 0.",
        "softmax.kl": "softmax.kl: 0 is invariant, at most ln|G|; compare it with the sensitivity, since a network\n"
        "            that ignores its input is invariant too.",
        CHANNELWISE: "channelwise: −1 is equivariant, channel by channel.",
    }
    return "\n".join(lines + [text for metric, text in explained.items() if metric in shown])


def _triple(values: Sequence[float]) -> str:
    return "(" + ", ".join(f"{value:g}" for value in values) + ")"
