"""The table of one audit: what was audited, one block for each group, how to read it, the signature.

A person should understand it without the paper; every number in it stands in the JSON result as well. In a narrow
terminal whole columns are left out, never parts of numbers.
"""

from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from geed_cli.report.cells import furthest, interval_text, plain_table, value_text
from geed_cli.report.console import emit
from geed_cli.report.header import facts, header_lines
from geed_cli.report.hidden_actions import hidden_table
from geed_cli.report.layer_table import CORRELATION, COSINE, layer_table
from geed_cli.report.numbers import number, percent
from geed_cli.report.reading import enough, legend
from geed_cli.report.verdict import some, verdicts
from geed_cli.result.schema import Entry, Result
from geed_cli.result.schema import Group as AuditedGroup

NARROW = 78
"""Below so many columns the tables keep value and interval alone."""
LAYERWISE = (COSINE, CORRELATION)


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
    yield facts(header_lines(result))
    for group in result.groups:
        yield _block(result, group, width)
    yield from map(Text, enough(result))
    yield from (Text(line, style="dim") for line in legend(result))
    yield Text(f"signature  {result.signature}", style="dim")


def _block(result: Result, group: AuditedGroup, width: int) -> RenderableType:
    entries = [entry for entry in result.results if entry.group == group.name]
    plain = [entry for entry in entries if entry.metric not in LAYERWISE]
    layers = [entry for entry in entries if entry.metric in LAYERWISE]
    settings, narrow = result.settings, width < NARROW
    level = f"{100 * settings.confidence:g}% {'simultaneous' if settings.simultaneous else 'interval'}"
    parts: list[RenderableType] = [Text(_group_line(group), style="bold")]
    if plain:
        parts.append(_measures(plain, level, narrow=narrow))
        parts += [Text(line) for line in _sensitivity(plain)]
        parts.append(Text())
    if layers:
        parts.append(layer_table(layers, level, width, narrow=narrow))
    hidden = [action for action in result.hidden_actions if action.group == group.name]
    if hidden:
        parts += [Text(), hidden_table(hidden)]
    parts += [_remark("verdict", line, "cyan") for line in verdicts(result, group.name)]
    parts += [_remark("note", line, "yellow") for line in _notes(entries)]
    return Padding(Group(*parts), (1, 0, 0, 0))


def _remark(kind: str, line: str, style: str) -> RenderableType:
    """One indented sentence under the tables."""
    return Padding(Text(f"{kind}: {line}", style=style), (0, 0, 0, 2))


def _group_line(group: AuditedGroup) -> str:
    shown = ", ".join(group.elements[:8]) + (", …" if group.order > 8 else "")
    if group.kind == "set":
        how = "not a group: f̂ is the set's mean"
    elif group.exact:
        how = "exact (pixels are moved, not resampled)"
    else:
        how = f"resampled: {group.interpolation}, boundary {group.boundary or 'cyclic'}"
    count = f"{group.order} element{'s' * (group.order != 1)}"
    return f"{group.name} · {count}: {shown} · {how}"


def _measures(entries: Sequence[Entry], level: str, *, narrow: bool) -> Table:
    controls = [name for name in ("floor", "twin") if any(name in entry.controls for entry in entries)]
    more = () if narrow else ("raw", "M", *controls, "furthest, raw")
    table = plain_table("measure", "value", level, *more)
    for entry in entries:
        unit = ", nats" if entry.metric == "softmax.kl" else ""
        cells = [
            number(entry.raw),
            "" if entry.normaliser is None else number(entry.normaliser),
            *(_control(entry, name) for name in controls),
            furthest(entry),
        ]
        table.add_row(
            entry.metric + unit, value_text(entry), interval_text(entry), *([] if narrow else cells)
        )
    return table


def _control(entry: Entry, name: str) -> str:
    if name not in entry.controls:
        return ""
    value = entry.controls[name]
    return percent(value) if entry.metric == "prediction.flip_rate" else number(value)


def _sensitivity(entries: Sequence[Entry]) -> Iterator[str]:
    """What softmax.kl has to be compared with."""
    for entry in entries:
        if "sensitivity" in entry.controls:
            shown = number(entry.controls["sensitivity"])
            twin = entry.controls.get("twin_sensitivity")
            beside = "" if twin is None else f" (twin: {number(twin)})"
            yield f"sensitivity: between different images the softmax differs by {shown} nats{beside}"


def _notes(entries: Sequence[Entry]) -> list[str]:
    """Each note once, with the measures or layers that it is about."""
    about: dict[str, list[str]] = {}
    for entry in entries:
        for note in entry.notes:
            names = about.setdefault(note, [])
            if (entry.layer or entry.metric) not in names:
                names.append(entry.layer or entry.metric)
    return [f"{some(names)}: {note}" for note, names in about.items()]
