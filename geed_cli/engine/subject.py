"""An image of a run and what is measured on it; it goes with the image's task, slots, observation and row."""

from dataclasses import dataclass

from geed_cli.images.source import ImageRecord


@dataclass(frozen=True)
class Subject:
    """One image of a run.

    Attributes:
        record: which image.
        audited: False where the image serves the normaliser only and is shown under the views of e.
        control: whether it is a control image, on which null and floor are measured.
        fit: whether a hidden action is fitted on it; on the others it is scored.
        first: whether the run's rounding is measured on it.
        partner: the control image before it, which its null is measured against.
        padded: the part of its surroundings that the picture does not reach; None where no boundary reads them.
    """

    record: ImageRecord
    audited: bool = True
    control: bool = False
    fit: bool = False
    first: bool = False
    partner: ImageRecord | None = None
    padded: float | None = None

    @property
    def path(self) -> str:
        """Which tells the images of a run apart."""
        return self.record.path
