"""What is said of one group: a verdict, the reasons for it, and what changes its reading."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Said:
    """What the numbers of one group amount to.

    Attributes:
        group: its name.
        word: the verdict as a word: ``mostly invariant``, ``undecided``, ``no verdict``. Logs join it with hyphens.
        verdict: the verdict as a sentence.
        reasons: the sentences after it, each complete.
        warnings: what changes the reading, without the group's name; no full stop.
    """

    group: str
    word: str
    verdict: str
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The word for logs: ``mostly-invariant``."""
        return self.word.replace(" ", "-")


@dataclass(frozen=True)
class Claim:
    """A verdict on the features, before the sentences on outputs and layers.

    Attributes:
        word: see ``Said``.
        verdict: see ``Said``.
        reasons: see ``Said``.
        stands: whether the numbers say something: there is an interval, and it is not resampling or rounding alone.
        decided: whether the interval lies in one class.
    """

    word: str
    verdict: str
    reasons: list[str] = field(default_factory=list)
    stands: bool = True
    decided: bool = True
