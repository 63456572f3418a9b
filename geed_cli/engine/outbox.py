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

from geed_cli.engine.layerwise.layer_numbers import Compared, NumbersInFlight
from geed_cli.measures.maps.stack import Sums
from geed_cli.measures.measure import ChannelMeasure, LayerDeviation
from geed_cli.measures.moments import Sizes, together

AT_ONCE = 2**16
"""Numbers of a sum that are compared at once: these, half a MiB, and what is made of them stay in a CPU's cache."""
Take = Callable[[Tensor], None]
"""Called with the numbers on the CPU, in float64."""
Put = Callable[[Tensor, Take], None]
"""Has numbers fetched and taken; see ``Outbox.put``."""


@dataclass(frozen=True)
class Destination:
    """Where the numbers of a layer's comparisons go.

    Attributes:
        numbers: of the layers that are compared alike.
        layer: its row there.
        compared: what is compared.
    """

    numbers: NumbersInFlight
    layer: int
    compared: Compared


def send(deviations: Mapping[str, LayerDeviation], to: Sequence[Destination], put: Put) -> None:
    """Have the numbers of comparisons, given by measure, delivered; deviations bring their dead parts along.

    ``to`` are layers with the same comparisons, one behind the other.
    """
    compared = to[0].compared
    found = [each.value for each in deviations.values()]
    if compared.control is None:
        found += [each.dead for each in deviations.values() if each.dead is not None]
    first = next(iter(deviations)), compared.control
    layers = [each.layer for each in to]
    put(torch.stack(found), partial(to[0].numbers.put, compared, layers, first))


@dataclass(frozen=True)
class _Waiting:
    """The comparisons of one layer: their sums, by what, where numbers go, and who takes the flags of those finite."""

    sums: Sums
    measures: Sequence[ChannelMeasure]
    to: Destination
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
    """Sums of a batch's layers that wait to be compared, those together in which the same is compared."""

    def __init__(self) -> None:
        self._waiting: dict[Compared, list[_Waiting]] = {}

    def add(
        self,
        sums: Sums,
        measures: Sequence[ChannelMeasure],
        to: Destination,
        finite: Take | None = None,
    ) -> None:
        """Have ``compare`` compare them by each measure.

        Args:
            sums: of R comparisons.
            measures: at least one; the same at every layer.
            to: where the numbers go.
            finite: called with the flags of the comparisons whose maps are finite, shape (R,), if some are not.
        """
        self._waiting.setdefault(to.compared, []).append(_Waiting(sums, measures, to, finite))

    def compare(self, put: Put) -> None:
        """Compare all that waits, and have the numbers delivered."""
        for every in self._waiting.values():
            for waiting in _parts(every):
                _compare(waiting, put)
        self._waiting.clear()


def _compare(waiting: Sequence[_Waiting], put: Put) -> None:
    """Compare layers whose sums have one shape."""
    own = Sizes.together([each.sums.own for each in waiting])
    expected = Sizes.together([each.sums.expected for each in waiting])
    products = together([each.sums.products for each in waiting])
    deviations = {each.name: each.compare(own, expected, products) for each in waiting[0].measures}
    send(deviations, [each.to for each in waiting], put)
    # where one layer is asked for its flags, all are
    takers = [each.finite for each in waiting if each.finite is not None]
    if takers:
        flags = torch.stack([each.finite for each in deviations.values()]).all(dim=0)
        put(flags, partial(_tell, takers))


def _tell(takers: Sequence[Take], flags: Tensor) -> None:
    """Hand the flags out, if there is something to tell."""
    if not flags.all():
        for take, own in zip(takers, flags.view(len(takers), -1).unbind(), strict=True):
            take(own)


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
