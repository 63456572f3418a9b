"""What a sampling grid may lack at one input size, in words: short in a warning, in full under ``-v``.

It is about the architecture: trained filters can have learnt to live with it, so that it explains a part at most.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from geed_cli.result.schema import GridFault


@dataclass(frozen=True)
class Fault:
    """One kind.

    Attributes:
        short: with ``{}`` where the layers belong.
        full: with ``{reason}``, the step on the way that is at fault.
        cure: what another input size does about it.
    """

    short: str
    full: str
    cure: str


FAULTS: Mapping[GridFault, Fault] = {
    "off centre": Fault(
        "the grid of {} is off the picture's centre",
        "sampling grid off centre at this input size ({reason}), so filters symmetric about their own centres are "
        "not equivariant there",
        "centres it",
    ),
    "shift": Fault(
        "shifts are no whole pixels on the way to {}",
        "shifts are no whole pixels of a grid on the way ({reason})",
        "makes them so",
    ),
    "axes": Fault(
        "rows and columns are sampled differently on the way to {}",
        "rows and columns are sampled differently on the way ({reason}), so a quarter turn does not map the grid "
        "onto itself",
        "samples them alike",
    ),
}
