"""Numbers as a reader wants them: three significant digits, a real minus sign nowhere, units behind.

Names in sentences: a few of many, and measures with the layers that a sentence is about.
"""

from collections.abc import Sequence

from geed_cli.result.schema import Entry


def number(value: float | None) -> str:
    """Three significant digits, without exponent between 0.001 and 99,999; an en dash for nothing."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    if not 1e-3 <= abs(value) < 1e5:
        return f"{value:.2e}"
    return f"{value:#.3g}".rstrip(".") if abs(value) < 999.5 else f"{value:.0f}"


def interval(limits: tuple[float, float] | None) -> str:
    """``[low, high]``, or an en dash where the interval is withheld."""
    return "–" if limits is None else f"[{number(limits[0])}, {number(limits[1])}]"


def percent(value: float | None) -> str:
    """A fraction as a percentage with one decimal."""
    return "–" if value is None else f"{100 * value:.1f}%"


def bar(fraction: float, width: int) -> str:
    """A bar of eighths of a character; ``fraction`` is clipped to [0, 1]."""
    eighths = round(min(max(fraction, 0.0), 1.0) * width * 8)
    return "█" * (eighths // 8) + ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")[eighths % 8]


def some(names: Sequence[str]) -> str:
    """The first few names, and how many more."""
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def named(entries: Sequence[Entry]) -> str:
    """The measures, each layerwise one with its layers."""
    layers: dict[str, list[str]] = {}
    for entry in entries:
        layers.setdefault(entry.metric, []).extend([entry.layer] if entry.layer is not None else [])
    return "; ".join(f"{metric} at {some(at)}" if at else metric for metric, at in layers.items())
