"""What a sweep says of each data set: which models are nearer to {what} than the first, and which are not."""

from collections.abc import Iterator, Sequence

from geed_cli.sweeps.manifest import Sweep, Value
from geed_cli.verdict.comparison import (
    ABSENT,
    FURTHER,
    HIGHER_THAN_INSENSITIVE,
    IDENTICAL,
    LARGER,
    LOWER_BUT_INSENSITIVE,
    NEARER,
    NO_DIFFERENCE,
    SMALLER,
    UNDECIDED,
)
from geed_cli.verdict.names import listed
from geed_cli.verdict.said import Said

TOLD = {
    NEARER: "{} {} nearer to {what} than {first}",
    FURTHER: "{} {} further from {what} than {first}",
    SMALLER: "{} {} below {first}",
    LARGER: "{} {} above {first}",
    IDENTICAL: "{} {} identical to {first}",
    NO_DIFFERENCE: "{} {} no different from {first} but for rounding",
    LOWER_BUT_INSENSITIVE: "{} {} lower than {first} but insensitive",
    HIGHER_THAN_INSENSITIVE: "{} {} higher than {first}, which is insensitive",
    UNDECIDED: "{} {} undecided against {first}",
}
"""What is said of models by what holds of their differences from the first."""


def say_sweep(sweep: Sweep, data: str, group: str) -> Said:
    """One sentence on one data set under one group, about the first measure that is shown; of several it is named."""
    values = list(first_values(sweep, data, group))
    first = sweep.models[0].label
    if len(sweep.models) == 1 and values:
        return Said(group, "one model", f"{values[0].model}: {values[0].metric} is {_number(values[0])}.")
    at_layers = any(value.layer is not None for value in values)
    what = "equivariance at the last layer" if at_layers else "invariance"
    claims: dict[str, list[str]] = {}
    for value in values:
        if value.claim not in {"", ABSENT}:
            claims.setdefault(value.claim, []).append(value.model)
    parts = [
        text.format(listed(claims[claim]), "is" if len(claims[claim]) == 1 else "are", first=first, what=what)
        for claim, text in TOLD.items()
        if claim in claims
    ]
    missing = [model.label for model in sweep.models if model.label not in {value.model for value in values}]
    missing += [name for claim, names in claims.items() if claim not in TOLD for name in names]
    if missing:
        parts.append(f"{listed(missing)} {'is' if len(missing) == 1 else 'are'} not compared")
    word = next(iter(claims)) if len(claims) == 1 and not missing else "mixed" if claims else "not compared"
    shown = {value.metric for value in sweep.values if (value.data, value.group) == (data, group)}
    by = f"By {values[0].metric} " if parts and len(shown) > 1 else ""
    return Said(group, word, f"{by}{'; '.join(parts) or 'Nothing is compared'}.")


def first_values(sweep: Sweep, data: str, group: str) -> Iterator[Value]:
    """The models' values of the first measure that is shown, of a measure of layers at the last."""
    here = [value for value in at_last_layers(sweep.values) if (value.data, value.group) == (data, group)]
    return (value for value in here if value.metric == here[0].metric)


def at_last_layers(values: Sequence[Value]) -> tuple[Value, ...]:
    """The values without those of layers before a model's last."""
    last = {_place(value): value.layer for value in values}
    last |= {_place(value): value.layer for value in values if value.value is not None}
    return tuple(value for value in values if value.layer == last[_place(value)])


def _place(value: Value) -> tuple[str, str, str, str]:
    return value.data, value.group, value.metric, value.model


def _number(value: Value) -> str:
    if value.value is None:
        return "no value"
    limits = "" if value.ci is None else f" ({value.ci[0]:.3g} to {value.ci[1]:.3g})"
    return f"{value.value:.3g}{limits}"
