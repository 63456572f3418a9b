"""The table of one audit: what was audited, one block for each group, how to read it, the signature.

A person should understand it without the paper; every number in it stands in the JSON result as well. In a narrow
terminal whole columns are left out, never parts of numbers.
"""

from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.measure import LayerMeasure
from geed_cli.report.cells import facts
from geed_cli.report.console import emit
from geed_cli.report.group_verdict import verdicts
from geed_cli.report.header import header_lines
from geed_cli.report.hidden_actions import hidden_notes, hidden_table
from geed_cli.report.layer_table import layer_table
from geed_cli.report.measure_table import measure_table, remarks
from geed_cli.report.numbers import about, some
from geed_cli.report.reading import enough, legend
from geed_cli.result.schema import Entry, Result
from geed_cli.result.schema import Group as AuditedGroup


def print_result(result: Result, console: Console) -> None:
    """Print the whole audit."""
    emit(render(result, console.width), console)


def render(result: Result, width: int = 100) -> Iterator[RenderableType]:
    """The parts of the printed audit, top to bottom."""
    yield Text(f"geed audit · {result.model.id}", style="bold")
    if result.status == "partial":
        yield Text(
            "partial: the run was interrupted; these are the images finished by then", style="bold yellow"
        )
    if result.unsteady is not None:
        yield Text(f"no function of one image: {result.unsteady.sentence}", style="bold red")
    yield facts(header_lines(result))
    for group in result.groups:
        yield _block(result, group, width)
    yield from map(Text, enough(result))
    yield from (Text(line, style="dim") for line in legend(result))
    yield Text(f"signature  {result.signature}", style="dim")


def _block(result: Result, group: AuditedGroup, width: int) -> RenderableType:
    entries = [entry for entry in result.results if entry.group == group.name]
    hidden = [action for action in result.hidden_actions if action.group == group.name]
    parts: list[RenderableType] = [Text(_group_line(group), style="bold")]
    for number, section in enumerate(_sections(result, group, entries, width)):
        parts += [Text(), *section] if number else section
    if hidden:
        parts += [Text(), hidden_table(hidden, width)]
    parts += [_remark("verdict", line, "cyan") for line in verdicts(result, group.name)]
    parts += [_remark("note", line, "yellow") for line in (*_notes(entries), *hidden_notes(hidden))]
    return Padding(Group(*parts), (1, 0, 0, 0))


def _sections(
    result: Result, group: AuditedGroup, entries: Sequence[Entry], width: int
) -> Iterator[list[RenderableType]]:
    """The table of the measures with what is said below it, then those of the layers; any may be missing."""
    settings = result.settings
    level = f"{100 * settings.confidence:g}% {'simultaneous' if settings.simultaneous else 'interval'}"
    whole = [entry for entry in entries if not _layerwise(entry)]
    layers: dict[str, list[Entry]] = {}
    for entry in filter(_layerwise, entries):
        layers.setdefault(measure_named(entry.metric).primary.name, []).append(entry)
    if whole:
        yield [measure_table(whole, level, width), *map(Text, remarks(whole, group, result))]
    for of_one in layers.values():
        yield [layer_table(of_one, level, width)]


def _layerwise(entry: Entry) -> bool:
    return isinstance(measure_named(entry.metric), LayerMeasure)


def _remark(kind: str, line: str, style: str) -> RenderableType:
    """One indented sentence under the tables."""
    return Padding(Text(f"{kind}: {line}", style=style), (0, 0, 0, 2))


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
