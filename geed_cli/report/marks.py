"""Marks of a few characters that show a number, and the ASCII that stands for them where stdout has nothing else.

A mark never stands alone: the number that it shows is beside it.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console

ASCII = str.maketrans(
    {
        "●": "o", "━": "=", "╌": ".", "╎": "|", "▶": ">", "│": "|", "─": "-", "█": "#",
        "·": "-", "…": "...", "–": "-", "—": "-", "“": '"', "”": '"', "’": "'",
        "×": "x", "−": "-", "±": "+/-", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "→": "->", "°": " deg",
        "√": "sqrt", "Σ": "sum", "‖": "||", "⟨": "<", "⟩": ">", "⁻": "^-", "¹": "1", "²": "^2", "′": "'",
        "₁": "1", "₂": "2", "₄": "4", "₆": "6", "Δ": "diff", "⌊": "floor(", "⌋": ")", "∈": "in", "∞": "inf",
        "\u0302": "^", "ρ": "rho", "κ": "kappa", "τ": "tau", "λ": "lambda", "π": "pi", "ω": "omega",
        "ν": "nu",
        "α": "alpha", "δ": "delta", "θ": "theta", "ψ": "psi", "Φ": "Phi", "∘": "o", "₀": "0", "₃": "3", "⁶": "6",
        "▏": " ", "▎": " ", "▍": " ", "▌": "=", "▋": "=", "▊": "=", "▉": "=",
    }
)  # fmt: skip
"""What stands for each character beyond ASCII that the program prints; names in a result may have others."""
BARS = "▁▂▃▄▅▆▇█"
BEYOND = 1.0
"""The end of the scale: what lies further is drawn as an arrow there."""


def plain_characters(console: Console) -> bool:
    """Whether the reader may have nothing but ASCII: stdout is not UTF-8, or the terminal is dumb."""
    return not console.encoding.lower().startswith("utf") or os.environ.get("TERM") == "dumb"


def ascii_text(text: str) -> str:
    """The text in ASCII, as far as its characters are those that the program prints by itself."""
    return text.translate(ASCII)


@dataclass(frozen=True)
class Mark:
    """A value with its interval between two ends, 0 and 1, drawn as wide as there is room.

    Attributes:
        low: of the interval; None where there is none.
        tick: another place that matters: the floor, or no difference.
        behind: what stands behind it: the number in words, as ``19%``.
        spoken: the same where nothing is drawn, as ``19% of another image``; empty says nothing.
    """

    value: float
    low: float | None = None
    high: float | None = None
    tick: float | None = None
    tick_sign: str = "╎"
    behind: str = ""
    spoken: str = ""

    def drawn(self, width: int) -> str:
        """The mark alone, in so many characters."""
        signs = ["╌"] * width
        if self.low is not None and self.high is not None:
            for at in range(_cell(self.low, width), _cell(self.high, width) + 1):
                signs[at] = "━"
        if self.tick is not None:
            signs[_cell(self.tick, width)] = self.tick_sign
        signs[_cell(self.value, width)] = "▶" if self.value > BEYOND + 0.5 / width else "●"
        return "".join(signs)


def _cell(part: float, width: int) -> int:
    return min(max(round(part * (width - 1)), 0), width - 1)


def profile(parts: Sequence[float], *, plain: bool) -> str:
    """Parts of 1 as a row of bars, or of tenths, ``7 6 4``, where bars cannot be shown."""
    if plain:
        return " ".join(str(min(9, max(0, int(part * 10)))) for part in parts)
    return "".join(BARS[min(7, max(0, int(part * 8)))] for part in parts)
