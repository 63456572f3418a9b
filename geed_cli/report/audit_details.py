"""Everything else of an audit, which ``-v`` prints: input and weights in full, every number to three digits, notes."""

from collections.abc import Iterator, Sequence

from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.measure import LayerMeasure
from geed_cli.phrases import some
from geed_cli.report.header import header_lines
from geed_cli.report.layer_table import layer_table
from geed_cli.report.measure_table import measure_table, remarks
from geed_cli.report.numbers import about, number
from geed_cli.report.page import BLANK, Block, Line, Paragraph, facts
from geed_cli.result.samples import confidence_of, sample_of
from geed_cli.result.schema import Entry, GridPhase, Result
from geed_cli.result.schema import Group as AuditedGroup
from geed_cli.statistics.enough import images_to_halve
from geed_cli.statistics.interval import interval
from geed_cli.verdict.grids import FAULTS


def details(result: Result, width: int) -> Iterator[Block]:
    """The blocks, from what was audited to the signature; tables are as wide as said."""
    yield BLANK
    yield Line(strong="What was audited, in full")
    yield from facts(header_lines(result))
    for group in result.groups:
        entries = [entry for entry in result.results if entry.group == group.name]
        yield BLANK
        yield Line(strong=_group_line(group))
        for place, section in enumerate(_sections(result, group, entries, width)):
            yield from [BLANK, *section] if place else section
        yield from (Paragraph("note:", line) for line in _notes(entries))
        phases = [phase for phase in result.grid_phase if phase.group == group.name]
        yield from (Paragraph("note:", line) for line in grid_sentences(phases))
    yield BLANK
    yield from map(Line, _enough(result))
    yield Line(f"signature  {result.signature}", style="dim")


def _sections(
    result: Result, group: AuditedGroup, entries: Sequence[Entry], width: int
) -> Iterator[list[Block]]:
    """The table of the measures with what is said below it, then those of the layers; any may be missing."""
    kind = "simultaneous" if result.settings.simultaneous else "interval"
    level = f"{100 * confidence_of(result):.4g}% {kind}"
    whole = [entry for entry in entries if not _layerwise(entry)]
    layers: dict[str, list[Entry]] = {}
    for entry in filter(_layerwise, entries):
        layers.setdefault(measure_named(entry.metric).primary.name, []).append(entry)
    if whole:
        yield [measure_table(whole, level, width), *map(Line, remarks(whole, group, result))]
    for of_one in layers.values():
        yield [layer_table(of_one, level, width)]


def _layerwise(entry: Entry) -> bool:
    return isinstance(measure_named(entry.metric), LayerMeasure)


def _group_line(group: AuditedGroup) -> str:
    shown = ", ".join(group.elements[:8]) + (", …" if group.order > 8 else "")
    if group.kind == "set":
        how = "not a group: f̂ is the set's mean"
    elif group.exact:
        how = "exact (nothing is resampled)"
    else:
        how = f"resampled: {group.interpolation}, boundary {group.boundary or 'cyclic'}"
    member = "member" if group.kind == "set" else "element"
    count = f"{group.order} {member}{'s' * (group.order != 1)}"
    return f"{group.name} · {count}: {shown} · {how}"


def _notes(entries: Sequence[Entry]) -> list[str]:
    """Each note once, with the measures or layers that it is about."""
    notes = about((note, entry.layer or entry.metric) for entry in entries for note in entry.notes)
    return [f"{some(names)}: {note}" for note, names in notes.items()]


def grid_sentences(phases: Sequence[GridPhase]) -> Iterator[str]:
    """What one group does to the layers' sampling grids, kinds in the order in which they occur.

    It is about the architecture at one input size: trained filters can have learnt to live with it, so nothing here
    says that a layer is not equivariant.
    """
    for kind in dict.fromkeys(phase.kind for phase in phases):
        alike = [phase for phase in phases if phase.kind == kind]
        fault = FAULTS[kind]
        size = alike[0].clean_size
        way = f"no larger size nearby {fault.cure}" if size is None else f"--img-size {size} {fault.cure}"
        layers = some([phase.layer for phase in alike])
        yield f"{layers}: {fault.full.format(reason=alike[0].reason)}; {way}"


def _bounded_width(result: Result, entry: Entry) -> float | None:
    """The width of an entry's interval with a guarantee; None where it has none."""
    sample = sample_of(result, entry)
    if sample is None or result.settings.ci == "bounded":
        return None
    return interval(sample, method="bounded", confidence=confidence_of(result)).width


def _enough(result: Result) -> Iterator[str]:
    """The width reached, and how many images would halve it; the looks of a growing run."""
    widest: dict[str, tuple[float, Entry]] = {}
    groups = {group.name for group in result.groups}
    for entry in result.results:
        if entry.ci is not None and entry.group in groups:
            width = entry.ci[1] - entry.ci[0]
            if entry.metric not in widest or width > widest[entry.metric][0]:
                widest[entry.metric] = (width, entry)
    if widest:
        shown = ", ".join(f"{metric} {number(width)}" for metric, (width, _) in widest.items())
        count = result.data.count
        yield f"Enough images? With {count} the widest intervals are: {shown}."
        yield f"About {images_to_halve(count)} would halve them."
        bounded = {metric: _bounded_width(result, entry) for metric, (_, entry) in widest.items()}
        if shown := ", ".join(f"{metric} {number(width)}" for metric, width in bounded.items() if width):
            yield f"By --ci bounded, which holds for rare kinds of images too, they would be: {shown}."
    looks = result.settings.looks
    if looks is not None:
        planned = ", ".join(map(str, looks.sizes))
        yield (
            f"Looks: {looks.used} of {len(looks.sizes)} ({planned} images), at {100 * looks.confidence:.2f}% each, "
            "so that looking again costs no coverage."
        )
