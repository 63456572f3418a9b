"""Batches of one fixed shape: the views of each image in order, image after image, cut every B rows.

Images come in tiles, and every tile begins a batch, so that a row has the same place in a batch of the same shape
whoever makes it, and whatever else is made beside it. The last batch of a tile is padded, since another batch shape
would change results in the last bits: with its last row, or, in the first tile where a network is watched, with rows of
the first image (``steady/again.py``).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice

import torch
from torch import Tensor

from geed_cli.actions.view import View
from geed_cli.engine.plan import Variant
from geed_cli.engine.row import Subject
from geed_cli.input_settings import InputSettings
from geed_cli.measures.moments import channels_last


@dataclass(frozen=True)
class Task:
    """One image and what the network is shown of it.

    Attributes:
        pixels: uint8, shape (3, P, P), P ≥ S; larger where the boundary needs the picture around the crop.
        variants: the views of e first.
        tile: of the tile that the image belongs to, 0 of the first.
    """

    subject: Subject
    pixels: Tensor
    variants: tuple[Variant, ...]
    tile: int = 0


@dataclass(frozen=True)
class Slot:
    """What one row of a batch is: a variant of an image; ``last`` closes the image's orbit."""

    subject: Subject
    variant: Variant
    last: bool

    @property
    def image(self) -> str:
        """The image's path."""
        return self.subject.path


@dataclass(frozen=True)
class Line:
    """One row of a batch that is not put together yet.

    Attributes:
        pixels: shape (3, S, S), bytes or in [0, 1].
        slot: what it is; None where nothing is measured of it.
        number: which of the first image's rows in the first batch it shows, where it shows one.
    """

    pixels: Tensor
    slot: Slot | None = None
    number: int | None = None


Places = tuple[int | None, ...]
"""For each place of a batch which of the first image's rows it shows; None for any other."""


@dataclass(frozen=True)
class Batch:
    """Pixels in [0, 1], shape (B, 3, S, S), and a slot for each row of which something is measured.

    Not normalised yet, so that networks with different mean and std can share them.

    Attributes:
        measured: where the first image's rows stand that are measured; none in later batches.
        again: where they stand that are shown once more.
    """

    pixels: Tensor
    slots: tuple[Slot | None, ...]
    measured: Places
    again: Places


@dataclass(frozen=True)
class Placement:
    """Where and how the network runs: device, floating type, batch size B, and how its pictures and weights lie."""

    device: torch.device
    dtype: torch.dtype
    batch_size: int
    channels_last: bool = True

    @property
    def input_dtype(self) -> torch.dtype:
        """In what pictures are transformed and normalised: never less than float32, so that no view rounds them."""
        return torch.promote_types(self.dtype, torch.float32)

    @property
    def memory_format(self) -> torch.memory_format:
        """As torch names it."""
        return torch.channels_last if self.channels_last else torch.contiguous_format


Arrange = Callable[[int, Iterator[Line]], Iterator[Sequence[Line]]]
"""Cuts the rows of a tile into batches of B rows."""


def batches(
    tasks: Iterable[Task], size: int, placement: Placement, arrange: Arrange | None = None
) -> Iterator[Batch]:
    """All variants of the tasks in batches of exactly B rows, of side S = ``size``."""
    for rows in chain.from_iterable(
        in_order(lines, placement.batch_size) if arrange is None else arrange(tile, lines)
        for tile, lines in _tiles(tasks, size, placement)
    ):
        yield Batch(
            _stack([line.pixels for line in rows], placement),
            tuple(line.slot for line in rows),
            measured=tuple(None if line.slot is None else line.number for line in rows),
            again=tuple(line.number if line.slot is None else None for line in rows),
        )


def _tiles(tasks: Iterable[Task], size: int, placement: Placement) -> Iterator[tuple[int, Iterator[Line]]]:
    """The rows of each tile, with its number; images that serve the normaliser alone are in tiles of their own."""
    for (tile, _), members in groupby(tasks, key=tile_of):
        yield (
            tile,
            (
                Line(row, Slot(task.subject, variant, variant == task.variants[-1]))
                for task in members
                for variant, row in _rows(task, size, placement)
            ),
        )


def tile_of(task: Task) -> tuple[int, bool]:
    """What the images of a tile share."""
    return task.tile, task.subject.audited


def in_order(lines: Iterator[Line], size: int) -> Iterator[Sequence[Line]]:
    """The rows as they come, cut every B rows; the last batch is padded with its last row."""
    while rows := list(islice(lines, size)):
        yield rows + [Line(rows[-1].pixels)] * (size - len(rows))


def _rows(task: Task, size: int, placement: Placement) -> Iterator[tuple[Variant, Tensor]]:
    """The variants of an image: bytes, which are a quarter of the memory, where pixels are only rearranged."""
    pixels = _on_device(task.pixels, placement.device)
    unit: Tensor | None = None
    for variant in task.variants:
        if isinstance(variant, View) and variant.rearranges(size):
            yield variant, variant.show(pixels, size)
        else:
            unit = _in_unit(pixels, placement) if unit is None else unit
            yield variant, variant.show(unit, size)


def normalise(pixels: Tensor, settings: InputSettings) -> Tensor:
    """(x − mean) / std per colour channel; pixels in [0, 1], shape (B, 3, S, S), lie in memory as they did."""
    last = channels_last(pixels)
    pixels = pixels.permute(0, 2, 3, 1)
    rows = pixels.flatten(2)  # three colours side by side are too short a loop
    mean, std = (rows.new_tensor(each).repeat(pixels.shape[2]) for each in (settings.mean, settings.std))
    normalised = (rows - mean).div_(std).view(pixels.shape).permute(0, 3, 1, 2)
    return normalised if last else normalised.contiguous()


def _on_device(pixels: Tensor, device: torch.device) -> Tensor:
    """The bytes of a picture on the device; the copy to a GPU goes on beside what is queued there."""
    if device.type != "cuda":
        return pixels.to(device)
    return pixels.pin_memory().to(device, non_blocking=True)


def _in_unit(pixels: Tensor, placement: Placement) -> Tensor:
    """Bytes as numbers in [0, 1]."""
    return pixels.to(placement.input_dtype).div_(255)


def _stack(rows: list[Tensor], placement: Placement) -> Tensor:
    if all(row.dtype == torch.uint8 for row in rows):
        together = torch.stack(rows).contiguous(memory_format=placement.memory_format)
        return _in_unit(together, placement)
    numbers = [_in_unit(row, placement) if row.dtype == torch.uint8 else row for row in rows]
    return torch.stack(numbers).contiguous(memory_format=placement.memory_format)
