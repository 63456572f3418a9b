"""The measures by name, in the order of tables. A new one is a file in this folder and a line here."""

import fnmatch
from collections.abc import Iterable, Sequence

from geed_cli.choices import IntervalMethod
from geed_cli.errors import InputError, meant
from geed_cli.measures import channelwise, consistency, latent, lie, prediction, relative, retrieval, softmax
from geed_cli.measures.measure import Measure, VectorMeasure
from geed_cli.measures.parts import parts_of, whole_of

BY_NAME: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        latent.L2,
        latent.COSINE,
        softmax.KL,
        channelwise.COSINE,
        channelwise.CORRELATION,
        prediction.FLIP_RATE,
        consistency.CONSISTENCY,
        consistency.CONSISTENCY_5,
        relative.RELATIVE,
        relative.OF_MAPS,
        retrieval.RANK,
        retrieval.MUTUAL_KNN,
        lie.OUTPUT,
        lie.DERIVATIVE,
    )
}


PARTS: dict[str, Measure] = {
    part.name: part
    for measure in BY_NAME.values()
    if isinstance(measure, VectorMeasure) and measure.normalised
    for part in parts_of(measure)
}
"""By name, in the order of the catalogue."""


def measure_named(name: str) -> Measure:
    """The measure of an entry.

    Raises:
        InputError: a name that this version does not know.
    """
    measure = BY_NAME.get(name) or PARTS.get(name)
    if measure is None:
        raise _unknown(name)
    return measure


def by_default() -> tuple[str, ...]:
    """The names of the measures that are computed where nothing is asked for."""
    return tuple(name for name, measure in BY_NAME.items() if not measure.on_request)


def on_request() -> tuple[str, ...]:
    """The names of the others."""
    return tuple(name for name, measure in BY_NAME.items() if measure.on_request)


def select_measures(patterns: Sequence[str]) -> tuple[Measure, ...]:
    """The measures that match any name or glob, in the catalogue's order; without a pattern the default ones.

    Raises:
        InputError: a pattern matches nothing.
    """
    for pattern in patterns:
        if not fnmatch.filter(BY_NAME, pattern):
            raise _unknown(pattern)
    chosen = {name for pattern in patterns or by_default() for name in fnmatch.filter(BY_NAME, pattern)}
    return tuple(measure for name, measure in BY_NAME.items() if name in chosen)


def require_bounds(asked: str, metrics: Iterable[str]) -> None:
    """Refuse a guarantee for measures without bounds; nothing to refuse where there are no such metrics.

    Args:
        asked: what was asked for, as ``--ci bounded``.
        metrics: names of what it was asked for and has no bounds.

    Raises:
        InputError: naming them, and what may be asked for.
    """
    names = tuple(dict.fromkeys(metrics))
    if names:
        bounded = [name for name in by_default() if BY_NAME[name].has_bounds() and name not in names]
        raise InputError(
            f"{asked} for {', '.join(names)}",
            expected="measures whose values lie between two known numbers",
            remedy=" ".join(f"--metric {name}" for name in bounded),
        )


def require_guaranteed(
    method: IntervalMethod, measures: Iterable[Measure], *, moves_logits: bool = False
) -> None:
    """Refuse ``--ci bounded`` for measures without bounds.

    Raises:
        InputError: naming them.
    """
    if method == "bounded":
        without = (m.name for m in measures if not m.has_bounds(moves_logits=moves_logits))
        require_bounds("--ci bounded", without)


def named_parts(patterns: Sequence[str]) -> tuple[str, ...]:
    """The parts that are written out among names and globs."""
    return tuple(name for name in PARTS if name in patterns)


def audited_for(patterns: Sequence[str]) -> tuple[str, ...]:
    """What has to be audited for the measures and parts that were asked for.

    Raises:
        InputError: a pattern matches nothing.
    """
    whole = tuple(whole_of(pattern) if pattern in PARTS else pattern for pattern in patterns)
    select_measures(whole)
    return tuple(dict.fromkeys(whole))


def _unknown(name: str) -> InputError:
    if name in PARTS:
        return InputError(
            f"{name} is a part of {whole_of(name)}",
            expected=f"one of {', '.join(BY_NAME)}",
            remedy=f"--metric {whole_of(name)}, whose results hold its parts",
        )
    expected = f"{meant(name, BY_NAME | PARTS)}one of {', '.join(BY_NAME)}"
    return InputError(f"there is no metric {name!r}", expected=expected, remedy="geed ls metrics")
