"""What a batch's hooks computed on the device, fetched at once when its forward pass is through.

Whoever fetches a number from a GPU waits for all that is queued there, so that a fetch at every layer would keep the
GPU from ever having work ahead of it. For the same reason sums of layers are compared then, many layers at once: what
a measure makes of them are some twenty short operations, whose start takes longer than they do. A network has hundreds
of layers, but few pairs of a number of channels and a number of pixels.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from geed_cli.engine.row import Control
from geed_cli.measures.maps.stack import Sums
from geed_cli.measures.measure import ChannelMeasure, LayerDeviation
from geed_cli.measures.moments import Sizes, together

AT_ONCE = 2**16
"""Numbers of a sum that are compared at once: these, half a MiB, and what is made of them stay in a CPU's cache."""
Quantity = tuple[str, Control | None]
"""A layer's measure, and which of its controls; None is the deviation itself."""
Numbers = dict[Quantity, float]
Take = Callable[[Tensor], None]
"""Called with the numbers on the CPU, in float64."""
Put = Callable[[Tensor, Take], None]
"""Has numbers fetched and taken; see ``Outbox.put``."""


def send(
    deviations: Mapping[str, LayerDeviation],
    rows: Sequence[Numbers],
    put: Put,
    control: Control | None = None,
) -> None:
    """Have the numbers of R comparisons, given by measure, delivered into R dictionaries.

    ``control`` is which control they are; None where they are the deviations, which bring their dead parts along.
    """
    for metric, each in deviations.items():
        put(each.value, partial(_fill, rows, (metric, control)))
        if control is None and each.dead is not None:
            put(each.dead, partial(_fill, rows, (metric, "dead")))


def _fill(rows: Sequence[Numbers], quantity: Quantity, column: Tensor) -> None:
    for row, number in zip(rows, column.tolist(), strict=True):
        row[quantity] = number


Rows = Callable[[], Sequence[Numbers]]
"""The dictionaries of so many comparisons, made when there is something to put into them."""
_Alike = tuple[tuple[str, ...], Control | None, int, int]
"""Measures, control, channels and compared pixels of comparisons that are made together."""


@dataclass(frozen=True)
class _Waiting:
    """The comparisons of one layer: their sums, where their numbers go, and who takes the flags of those finite."""

    sums: Sums
    measures: Sequence[ChannelMeasure]
    rows: Rows
    finite: Take | None


def _parts(every: Sequence[_Waiting]) -> Iterator[Sequence[_Waiting]]:
    """Parts of at most so many numbers, or of one layer; one part on a GPU, where fewer operations are better."""
    part: list[_Waiting] = []
    size = 0
    for each in every:
        own = math.prod(each.sums.shape)
        if part and size + own > AT_ONCE and each.sums.products.device.type == "cpu":
            yield part
            part, size = [], 0
        part.append(each)
        size += own
    if part:
        yield part


class LayerSums:
    """Sums of a batch's layers that wait to be compared."""

    def __init__(self) -> None:
        self._waiting: dict[_Alike, list[_Waiting]] = {}

    def add(
        self,
        sums: Sums,
        measures: Sequence[ChannelMeasure],
        rows: Rows,
        control: Control | None = None,
        finite: Take | None = None,
    ) -> None:
        """Have ``compare`` compare them by each measure.

        Args:
            sums: of R comparisons.
            measures: at least one.
            rows: of R comparisons, which get the numbers.
            control: see ``send``.
            finite: called with the flags of the comparisons whose maps are finite, shape (R,).
        """
        key = tuple([each.name for each in measures]), control, sums.shape[1], sums.pixels
        self._waiting.setdefault(key, []).append(_Waiting(sums, measures, rows, finite))

    def compare(self, put: Put) -> None:
        """Compare all that waits, and have the numbers delivered."""
        for (_, control, _, _), every in self._waiting.items():
            for waiting in _parts(every):
                _compare(waiting, control, put)
        self._waiting.clear()


def _compare(waiting: Sequence[_Waiting], control: Control | None, put: Put) -> None:
    """Compare layers by the same measures whose sums have one shape but for the number of rows."""
    own = Sizes.together([each.sums.own for each in waiting])
    expected = Sizes.together([each.sums.expected for each in waiting])
    products = together([each.sums.products for each in waiting])
    deviations = {each.name: each.compare(own, expected, products) for each in waiting[0].measures}
    send(deviations, [row for each in waiting for row in each.rows()], put, control)
    flags = torch.stack([each.finite for each in deviations.values()]).all(dim=0)
    for each, finite in zip(
        waiting, torch.split(flags, [each.sums.shape[0] for each in waiting]), strict=True
    ):
        if each.finite is not None:
            put(finite, each.finite)


class Outbox:
    """Numbers of one batch on their way to the CPU.

    Attributes:
        sums: of layers, compared when they are delivered.
    """

    def __init__(self) -> None:
        self.sums = LayerSums()
        self._waiting: list[tuple[Tensor, Take]] = []

    def put(self, numbers: Tensor, take: Take) -> None:
        """Have ``deliver`` call ``take`` with the numbers, or flags, to which nobody writes any more."""
        self._waiting.append((numbers, take))

    def deliver(self) -> None:
        """Fetch everything and hand it out, once."""
        self.sums.compare(self.put)
        on_gpu = [numbers.double().flatten() for numbers, _ in self._waiting if numbers.is_cuda]
        together = torch.cat(on_gpu).cpu() if on_gpu else torch.empty(0)
        fetched = iter(torch.split(together, [len(each) for each in on_gpu]))
        for numbers, take in self._waiting:
            take(next(fetched).view(numbers.shape) if numbers.is_cuda else numbers.cpu().double())
