"""Grid alignment: whether strides, kernel sizes and paddings let a layer be equivariant at all at this input size.

No picture and no weight is looked at. Mirrors and rotations need every sampling grid upstream to lie about its input's
middle (δ = 0, see ``grids.step``); cyclic shifts need whole pixels on all of them. A grid that is off centre anywhere
upstream breaks the layer, even where a later one moves it back: borders differ.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from geed_cli.errors import is_out_of_memory
from geed_cli.grids.grid import SamplingGrid
from geed_cli.grids.step import Pair, Step
from geed_cli.grids.trace import GridFollower, data_free
from geed_cli.groups.group import FiniteGroup
from geed_cli.groups.transform import Transform
from geed_cli.models.network import Network
from geed_cli.result.schema import GridFault
from geed_cli.sets.transformation_set import TransformationSet

Group = FiniteGroup | TransformationSet
LARGER_SIZES = 64
"""How many larger input sizes are tried: strides of common networks multiply to 32 at most, and sizes of each parity
recur within that."""


@dataclass(frozen=True)
class Needs:
    """What a group asks of a sampling grid.

    Attributes:
        centred: the axes along which it must lie about the middle: 0 is down, 1 is right.
        exchanged: whether both axes must be alike.
        shifts: axis and part of the map's size, for every cyclic shift.
    """

    centred: frozenset[int] = frozenset()
    exchanged: bool = False
    shifts: frozenset[tuple[int, Fraction]] = frozenset()


@dataclass(frozen=True)
class Obstacle:
    """Why a layer cannot be equivariant.

    Attributes:
        kind: what the group lacks: a grid about the middle (mirrors and rotations), whole pixels on a grid with a
            cycle (shifts), or rows and columns that are treated alike (quarter turns).
        reason: which module breaks the grid, and how, as a clause.
    """

    kind: GridFault
    reason: str


@dataclass(frozen=True)
class GridAlignment:
    """Where the pixels of a layer's maps sit in the picture.

    Attributes:
        jump: pixels of the picture from one of its pixels to the next, down and right.
        offset: of the middle of its grid from the picture's middle, down and right, in its own pixels; None along
            an axis where branches disagree.
        steps: everything upstream that samples anew, in the order of execution.
    """

    jump: Pair
    offset: tuple[Fraction | None, Fraction | None]
    steps: tuple[Step, ...]

    def breaks(self, group: Group) -> bool:
        """Whether the layer cannot be equivariant under the group at this input size."""
        return self.obstacle(group) is not None

    def obstacle(self, group: Group) -> Obstacle | None:
        """What breaks the grid first; None where nothing does."""
        return self.lacks(needs_of(group))

    def lacks(self, needs: Needs) -> Obstacle | None:
        """What the grid lacks first of a group's needs; None where it has them all."""
        return next((obstacle for step in self.steps for obstacle in _obstacles(step, needs)), None)

    @property
    def known_offset(self) -> tuple[float, float] | None:
        """The offset as numbers; None where branches disagree."""
        down, right = self.offset
        return None if down is None or right is None else (float(down), float(right))


def trace_alignments(network: Network, layers: Sequence[str]) -> dict[str, GridAlignment]:
    """The alignment of each layer's grid at the network's input size, by name in the order given.

    A layer whose pixels cannot be followed is left out. The network is left as it is: a copy without data is run.

    Raises:
        Exception: memory ran out, which says nothing about the network.
    """
    # a network may look at its numbers, which the copy without data has none of, or refuse a single black picture
    for copied in (True, False):
        try:
            module = data_free(network.module) if copied else network.module
            with GridFollower(module, network.input.channels) as follower:
                return _alignments(follower, network.input.size, layers)
        except Exception as error:
            if is_out_of_memory(error):
                raise
    return {}


def clean_sizes(
    network: Network, layers: Sequence[str], groups: Sequence[Group], limit: int = LARGER_SIZES
) -> dict[str, int | None]:
    """The next larger input size at which no layer is broken, for each group by its name.

    None where there is no such size among the next ``limit`` ones, or none that the network takes. The network is left
    as it is: a copy without data is run once for each size.
    """
    needs = {group.name: needs_of(group) for group in groups}
    sizes: dict[str, int | None] = dict.fromkeys(needs)
    try:
        module = data_free(network.module)
    except Exception:  # what cannot be copied cannot be tried
        return sizes
    with GridFollower(module, network.input.channels) as follower:
        for size in range(network.input.size + 1, network.input.size + limit + 1):
            missing = [name for name, clean in sizes.items() if clean is None]
            if not missing:
                break
            alignments = _try_size(follower, size, layers, [needs[name] for name in missing])
            if len(alignments) < len(set(layers)):
                continue
            for name in missing:
                if not any(alignment.lacks(needs[name]) for alignment in alignments.values()):
                    sizes[name] = size
    return sizes


def needs_of(group: Group) -> Needs:
    """What the group's elements ask of a sampling grid; colours ask nothing, and sets do not act on maps."""
    centred: set[int] = set()
    shifts: set[tuple[int, Fraction]] = set()
    exchanged = False
    for transform in group.transforms:
        if not isinstance(transform, Transform):
            continue
        planar = transform.planar
        exchanged |= planar.swaps_axes
        if planar.swaps_axes or (planar.turn and not planar.mirror):
            centred |= {0, 1}
        elif planar.mirror:
            centred.add(0 if planar.turn else 1)  # half a turn after the left-right mirror: up-down
        shifts |= {(0, transform.shift.down), (1, transform.shift.right)}
    return Needs(frozenset(centred), exchanged, frozenset((axis, part) for axis, part in shifts if part))


def _obstacles(step: Step, needs: Needs) -> Iterator[Obstacle]:
    """Why the step's grid does not give the group what it needs."""
    for axis in sorted(needs.centred, reverse=True):
        delta = step.delta(axis)
        if delta:
            text = f"samples {float(abs(delta)):g} pixels off its input's middle"
            yield Obstacle("off centre", f"{_described(step, axis)} {text}")
    if needs.exchanged and not step.even_handed:
        yield Obstacle("axes", f"{_described(step, 0)} treats rows and columns differently")
    for axis, part in sorted(needs.shifts):
        text = f"{_described(step, axis)} puts out {step.n_out[axis]} pixels"
        if not step.cyclic(axis):
            yield Obstacle("shift", f"{text}: shifts do not go round alike")
        elif (step.n_out[axis] * part).denominator != 1:
            yield Obstacle("shift", f"{text}, of which {part} is no whole number")


def _described(step: Step, axis: int) -> str:
    window = step.window
    text = (
        f"kernel {window.kernel[axis]}, stride {window.stride[axis]}, padding {window.padding[axis]} in front"
    )
    return f"{step.module or 'the network'} ({text}, on {step.n_in[axis]} pixels)"


def _try_size(
    follower: GridFollower, size: int, layers: Sequence[str], groups: Sequence[Needs]
) -> dict[str, GridAlignment]:
    """The alignments at another size; not all of them where the network does not take it, or every group is broken.

    A step that breaks every group ends the run. It may lie on a side branch that no layer reads: then a size is
    passed over, but never is one named at which a layer is broken.
    """

    def hopeless(step: Step) -> bool:
        return all(any(True for _ in _obstacles(step, needs)) for needs in groups)

    try:
        return _alignments(follower, size, layers, hopeless)
    except Exception:  # many networks are built for one size, or for multiples of their patch
        return {}


def _alignments(
    follower: GridFollower,
    size: int,
    layers: Sequence[str],
    hopeless: Callable[[Step], bool] | None = None,
) -> dict[str, GridAlignment]:
    grids = follower.trace(size, layers, hopeless)
    return {layer: _alignment(grids[layer]) for layer in layers if layer in grids}


def _alignment(grid: SamplingGrid) -> GridAlignment:
    (down, right), jump = grid.offset, grid.jump
    offset = (None if down is None else down / jump[0], None if right is None else right / jump[1])
    steps = tuple(sorted(grid.steps, key=lambda step: step.number))
    return GridAlignment(jump, offset, steps)
