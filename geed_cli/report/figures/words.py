"""What figures say of a series, and beside the axes in their caption."""

from collections.abc import Iterable

from geed_cli.measures.catalogue import measure_named
from geed_cli.report.html.drawing import name

LONGEST = 60
"""Characters of a series' name; the end is kept, in which names of one kind differ."""


def named(label: str, models: int) -> str:
    """A series' name, of a population with its size."""
    return f"{name(label, LONGEST)} ({models} models)" if models > 1 else name(label, LONGEST)


def nearer(metrics: Iterable[str]) -> str:
    """What lower values mean, where they mean it of all measures."""
    return "lower is nearer to invariance" * all(measure_named(metric).of_invariance for metric in metrics)


def caption_of(*parts: str) -> str:
    """Sentences of parts, empty ones left out."""
    return " ".join(f"{part[0].upper()}{part[1:]}." for part in parts if part)
