"""What a group does to the sampling grids of the layers, in words: one sentence for each kind of obstacle.

It is about the architecture at one input size. Trained filters can have learnt to live with their grid, so nothing
here says that a layer is not equivariant; docs/controls.md has both cases.
"""

from collections.abc import Iterator, Sequence

from geed_cli.report.naming import some
from geed_cli.result.schema import GridPhase

WORDS = {
    "off centre": (
        "sampling grid off centre at this input size ({reason}), so filters symmetric about their own centres are "
        "not equivariant there",
        "centres it",
    ),
    "shift": ("shifts are no whole pixels of a grid on the way ({reason})", "makes them so"),
    "axes": (
        "rows and columns are sampled differently on the way ({reason}), so a quarter turn does not map the grid "
        "onto itself",
        "samples them alike",
    ),
}
"""By kind: what is the matter, and what another input size does about it."""


def grid_sentences(phases: Sequence[GridPhase]) -> Iterator[str]:
    """The sentences about one group's layers, kinds in the order in which they occur."""
    for kind in dict.fromkeys(phase.kind for phase in phases):
        alike = [phase for phase in phases if phase.kind == kind]
        matter, cure = WORDS[kind]
        size = alike[0].clean_size
        way = f"no larger size nearby {cure}" if size is None else f"--img-size {size} {cure}"
        layers = some([phase.layer for phase in alike])
        yield f"{layers}: {matter.format(reason=alike[0].reason)}; {way}"
