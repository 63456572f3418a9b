"""The table of one audit: what was audited, one block for each group, how to read it, the signature.

A person should understand it without the paper; every number in it stands in the JSON result as well. In a narrow
terminal whole columns are left out, never parts of numbers.
"""

import math
from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from geed_cli.report.console import emit
from geed_cli.report.header import facts, header_lines
from geed_cli.report.numbers import bar, interval, number, percent
from geed_cli.report.reading import enough, legend
from geed_cli.result.schema import Entry, Result
from geed_cli.result.schema import Group as AuditedGroup

BAR_WIDTH = 16
NARROW = 78
"""Below so many columns the tables keep value and interval alone."""
CHANNELWISE = "channelwise.cosine"


def print_result(result: Result, console: Console) -> None:
    """Print the whole audit."""
    emit(render(result, narrow=console.width < NARROW), console)


def render(result: Result, *, narrow: bool = False) -> Iterator[RenderableType]:
    """The parts of the printed audit, top to bottom."""
    yield Text(f"geed audit · {result.model.id}", style="bold")
    if result.status == "partial":
        yield Text(
            "partial: the run was interrupted; these are the images finished by then", style="bold yellow"
        )
    yield facts(header_lines(result))
    for group in result.groups:
        yield _block(result, group, narrow=narrow)
    yield from map(Text, enough(result))
    yield from (Text(line, style="dim") for line in legend(result))
    yield Text(f"signature  {result.signature}", style="dim")


def _block(result: Result, group: AuditedGroup, *, narrow: bool) -> RenderableType:
    entries = [entry for entry in result.results if entry.group == group.name]
    plain = [entry for entry in entries if entry.metric != CHANNELWISE]
    layers = [entry for entry in entries if entry.metric == CHANNELWISE]
    settings = result.settings
    level = f"{100 * settings.confidence:g}% {'simultaneous' if settings.simultaneous else 'interval'}"
    parts: list[RenderableType] = [Text(_group_line(group), style="bold")]
    if plain:
        parts.append(_measures(plain, level, narrow=narrow))
        parts += [Text(line) for line in _sensitivity(plain)]
        parts.append(Text())
    if layers:
        parts.append(_layers(layers, level, narrow=narrow))
    parts += [Text(f"  note: {line}", style="yellow") for line in _notes(entries)]
    return Padding(Group(*parts), (1, 0, 0, 0))


def _group_line(group: AuditedGroup) -> str:
    shown = ", ".join(group.elements[:8]) + (", …" if group.order > 8 else "")
    if group.exact:
        how = "exact (pixels are moved, not resampled)"
    else:
        how = f"resampled: {group.interpolation}, boundary {group.boundary}"
    count = f"{group.order} element{'s' * (group.order != 1)}"
    return f"{group.name} · {count}: {shown} · {how}"


def _measures(entries: Sequence[Entry], level: str, *, narrow: bool) -> Table:
    table = _table("measure", "value", level, *([] if narrow else ["raw", "M", "furthest, raw"]))
    for entry in entries:
        unit = ", nats" if entry.metric == "softmax.kl" else ""
        more = [
            number(entry.raw),
            "" if entry.normaliser is None else number(entry.normaliser),
            _furthest(entry),
        ]
        table.add_row(entry.metric + unit, _value(entry), _interval(entry), *([] if narrow else more))
    return table


def _layers(entries: Sequence[Entry], level: str, *, narrow: bool) -> Table:
    table = _table(f"{CHANNELWISE} at", "value", level, *([] if narrow else ["furthest", "dead"]))
    if not narrow:
        table.add_column("−1 … 0", no_wrap=True, min_width=BAR_WIDTH)
    for entry in entries:
        more = [
            _furthest(entry),
            percent(entry.controls.get("dead_fraction")),
            bar(1 + entry.value, BAR_WIDTH) if entry.value is not None else "",
        ]
        table.add_row(entry.layer or "", _value(entry), interval(entry.ci), *([] if narrow else more))
    return table


def _table(first: str, *numeric: str) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="dim", collapse_padding=True
    )
    table.add_column(first, overflow="fold", min_width=20)
    for name in numeric:
        # in a very narrow terminal a number wraps; it is never cut off
        table.add_column(name, justify="right", overflow="fold")
    return table


def _value(entry: Entry) -> str:
    if entry.status == "not_applicable":
        return "not applicable"
    if entry.value is None:
        return "undefined"
    return percent(entry.value) if entry.metric == "prediction.flip_rate" else number(entry.value)


def _interval(entry: Entry) -> str:
    if entry.metric == "prediction.flip_rate" and entry.ci is not None:
        return f"[{percent(entry.ci[0])}, {percent(entry.ci[1])}]"
    return interval(entry.ci)


def _furthest(entry: Entry) -> str:
    """The element with the largest mean of its own; where e ties with another, as in every group of two, the other.

    Both members of an orbit of two are equally far from its mean, so that rounding alone would choose.
    """
    means = {name: mean for name, mean in entry.per_element.items() if mean is not None}
    if not means:
        return ""
    largest = max(means.values())
    # 1e-9 relative: sums of float64 rows in another order
    tied = [name for name, mean in means.items() if math.isclose(mean, largest, rel_tol=1e-9)]
    name = tied[-1] if tied[0] == "e" else tied[0]
    return f"{name} {number(means[name])}"


def _sensitivity(entries: Sequence[Entry]) -> Iterator[str]:
    """What softmax.kl has to be compared with."""
    for entry in entries:
        if "sensitivity" in entry.controls:
            shown = number(entry.controls["sensitivity"])
            yield f"sensitivity: between different images the softmax differs by {shown} nats"


def _notes(entries: Sequence[Entry]) -> list[str]:
    """Each note once, with the measures or layers that it is about."""
    about: dict[str, list[str]] = {}
    for entry in entries:
        for note in entry.notes:
            about.setdefault(note, []).append(entry.layer or entry.metric)
    return [f"{_some(names)}: {note}" for note, names in about.items()]


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
