"""What was found of a network that is no function of one image, and the error that says so."""

from dataclasses import dataclass

from geed_cli.errors import InputError
from geed_cli.models.network import Site


@dataclass(frozen=True)
class Unsteady:
    """A network that showed the same picture two things.

    Attributes:
        site: the first that moved, in order of execution.
        movement: of that site, in parts of its largest magnitude.
        kind: what made it move.
        culprit: the module at fault, as a clause; empty where it could not be seen.
        signs: what else was seen: generators advanced, buffers written, modules in training mode.
    """

    site: Site
    movement: float
    kind: str
    culprit: str
    signs: tuple[str, ...]

    @property
    def where(self) -> str:
        """The site in words."""
        return f"the {self.site.side} of {self.site.module!r}" if self.site.module else "its output"

    @property
    def reasons(self) -> tuple[str, ...]:
        """Everything that was seen of the cause, as clauses."""
        return tuple(filter(None, (self.kind, self.culprit, *self.signs)))

    @property
    def sentence(self) -> str:
        """What happened, in one sentence without a full stop."""
        reasons, percent = "; ".join(self.reasons), float(f"{100 * self.movement:.2g}")
        return f"the same picture, shown again, moved {self.where} by {percent:g}% ({reasons})"


class UnsteadyError(InputError):
    """A network that is no function of one image."""

    @classmethod
    def of(cls, name: str, finding: Unsteady) -> "UnsteadyError":
        """That a network of that name is none."""
        return cls(
            f"{name} is no function of one image: {finding.sentence}",
            expected="the same numbers for a picture, whatever stands beside it and whatever came before",
            remedy="--on-unsteady report, which says beside every value how far it moves by itself",
        )
