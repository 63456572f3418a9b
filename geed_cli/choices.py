"""Words that a user chooses among, each list once: options, help texts, schemas and checks all read it here.

Lists that one room alone knows stay in that room. Needs neither numpy nor torch, so that ``--help`` stays light.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from geed_cli.errors import InputError, nearest

IntervalMethod = Literal["percentile", "bca", "studentized", "corrected-t", "cautious-t"]
"""``statistics.methods`` has what each of them computes."""
DRAWING_METHODS: frozenset[IntervalMethod] = frozenset({"percentile", "bca", "studentized"})
"""Those that draw resamples; the others need none."""
DEFAULT_METHOD: IntervalMethod = "corrected-t"
Decode = Literal["exact", "fast"]
"""``exact`` decodes every pixel; ``fast`` lets libjpeg reduce JPEGs that are resized to much less anyway."""
OnBadImage = Literal["error", "skip"]
OnNonFinite = OnBadImage
OnUnsteady = Literal["error", "report"]
"""``report`` goes on with a network that is no function of one image, and says how far its values move."""
Discover = Literal["permutation", "linear"]
"""The kinds of hidden action that are looked for."""
WeightsFrom = Literal["spec", "random"]
"""``spec`` takes the weights that the reference means; ``random`` draws the architecture's initial ones."""
OutputKind = Literal["logits", "probabilities", "sigmoid", "dense", "none"]
"""What a network puts out, as predictions are read of it; docs/measures.md has what is made of each."""
OnUndecided = Literal["fail", "pass"]
GateFormat = Literal["text", "github"]


def check_choice(what: str, value: str, words: Sequence[str], usual: str | None = None) -> None:
    """Refuse a word that is none of the list, and propose the one most like it, else ``usual`` or the first.

    Raises:
        InputError: naming ``what``, the word and the list.
    """
    if value not in words:
        near = nearest(value, words, 1) or [usual or words[0]]
        raise InputError(f"{what} {value!r}", expected=f"one of {', '.join(words)}", remedy=f"use {near[0]}")


@dataclass(frozen=True)
class IntervalOptions:
    """How intervals are made.

    Attributes:
        confidence: nominal coverage in (0, 1).
        resamples: bootstrap resamples, where the method draws any (the default does not).
        method: see docs/statistics.md, which has the measured coverage of each.
        seed: of the resamples.
        simultaneous: whether all intervals of the table hold together with that confidence.
    """

    confidence: float = 0.95
    resamples: int = 2000
    method: IntervalMethod = DEFAULT_METHOD
    seed: int = 0
    simultaneous: bool = False

    def __post_init__(self) -> None:
        check_choice("--ci", self.method, get_args(IntervalMethod), DEFAULT_METHOD)


@dataclass(frozen=True)
class View:
    """How a result is shown.

    Attributes:
        verbose: with every number and note.
        quiet: as one line of ``key=value``, without progress.
        linear: one statement a line, for screen readers.
    """

    verbose: bool = False
    quiet: bool = False
    linear: bool = False
