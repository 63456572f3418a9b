"""Which values of a track are shown: a few that say most, or those that were asked for. JSON and CSV have all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from geed_cli.errors import InputError, nearest
from geed_cli.globs import fits_by_parts
from geed_cli.measures.catalogue import PARTS, measure_named, named_parts, select_measures
from geed_cli.measures.label_metrics import in_percent, is_usual
from geed_cli.tracking.record import Row, Track


@dataclass(frozen=True)
class Column:
    """A measure, at a layer where it is layerwise."""

    metric: str
    layer: str | None

    @property
    def title(self) -> str:
        """``latent.l2``, or ``channelwise.cosine at layer4``."""
        return self.metric if self.layer is None else f"{self.metric} at {self.layer}"

    @property
    def unit(self) -> str:
        """Unit behind a value; a rate is shown in percent."""
        return "%" if in_percent(self.metric) else measure_named(self.metric).unit


def columns_of(track: Track, metrics: Sequence[str] = (), layers: Sequence[str] = ()) -> tuple[Column, ...]:
    """The columns to show.

    Args:
        track: what there is.
        metrics: names or globs; empty is the usual ones and, without layers, the last layer.
        layers: names or globs, part by part; empty is all where channelwise measures were asked for by name.

    Returns:
        columns in the order of the track's rows. Where none of the usual ones is there, all are.

    Raises:
        InputError: a metric or layer that the track does not have.
    """
    there = tuple(dict.fromkeys(Column(row.metric, row.layer) for row in track.rows))
    layered = [column for column in there if column.layer is not None]
    if not metrics:  # the correlation has to be asked for, like every measure that is not usual
        layered = [column for column in layered if measure_named(column.metric).beside is None] or layered
    chosen = _with_layers(layered, layers)
    if metrics:
        names = (
            {measure.name for measure in select_measures([name for name in metrics if name not in PARTS])}
            if set(metrics) - set(PARTS)
            else set()
        )
        names |= set(named_parts(metrics))
        wanted = {c for c in there if c.metric in names and (c.layer is None or not layers or c in chosen)}
        if not wanted:
            raise _missing(f"no value of {', '.join(sorted(names))}", {column.metric for column in there})
    else:
        wanted = {c for c in there if is_usual(c.metric)} | (chosen if layers else _of_last_layer(layered))
    return tuple(column for column in there if column in wanted) or there


def rows_of(track: Track, group: str, column: Column, label: str) -> tuple[Row, ...]:
    """One line of the track: the rows of a group, column and label, by step."""
    place = group, column.metric, column.layer, label
    return tuple(row for row in track.rows if (row.group, row.metric, row.layer, row.label) == place)


def labels_of(track: Track) -> tuple[str, ...]:
    """The runs or populations, in order."""
    return tuple(dict.fromkeys(record.label for record in track.records))


def groups_of(track: Track) -> tuple[str, ...]:
    """The groups, in order."""
    return tuple(dict.fromkeys(row.group for row in track.rows))


def _of_last_layer(layered: Sequence[Column]) -> set[Column]:
    return {column for column in layered if column.layer == layered[-1].layer}


def _with_layers(layered: Iterable[Column], patterns: Sequence[str]) -> set[Column]:
    """The columns whose layers match any pattern; every pattern has to match one."""
    chosen: set[Column] = set()
    layered = tuple(layered)
    for pattern in patterns:
        matching = {column for column in layered if fits_by_parts(column.layer or "", pattern)}
        if not matching:
            raise _missing(f"no layer {pattern!r}", {column.layer or "" for column in layered})
        chosen |= matching
    return chosen


def _missing(found: str, there: set[str]) -> InputError:
    names = sorted(there)
    close = nearest(found.rpartition(" ")[2].strip("'"), names) or names
    return InputError(
        f"{found} on this track",
        expected=", ".join(close) if close else "a measure with layers",
        remedy="leave out --metric and --layer, or audit again with it",
    )
