"""Numbers as a reader wants them: three significant digits, a real minus sign nowhere, units behind."""


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
