"""What is measured against what: one audit after another in processes of their own, growing in one direction.

The three directions are the number of images |D|, the order of the group |G|, and the number of hooked layers. A
point is the median over repeats, made in turns over the whole series. Imports no torch, for the sake of the memory.
"""

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed.memory import Measured, Request, measured


@dataclass(frozen=True)
class Point:
    """Medians over repeats.

    Attributes:
        x: images, elements or layers.
        seconds: from the first image to the last row.
        statistics_s: from rows to the result.
        memory: largest resident memory by the last row, less what rows hold, MiB.
        held: what rows hold, MiB.
        after: largest resident memory with statistics, MiB.
    """

    x: int
    seconds: float
    statistics_s: float
    memory: float
    held: float
    after: float


@dataclass(frozen=True)
class Series:
    """One direction of growth.

    Attributes:
        name: for files and tables.
        about: what stays the same, in words.
        axis: what grows.
        points: in its order.
    """

    name: str
    about: str
    axis: str
    points: tuple[Point, ...]

    @property
    def additive(self) -> bool:
        """Whether each step adds its own small part to what is there anyway, instead of time in proportion."""
        return self.name == "layers"


@dataclass(frozen=True)
class Amounts:
    """How far each direction goes.

    Attributes:
        images: |D|.
        cyclic: groups c2 to c16, by their order.
        dihedral: groups flip to d8, by their order.
        group_images: |D| while |G| grows.
        layers: hooked modules; more than there are means all.
        layer_images: |D| while layers grow.
        light: network for |G|.
        deep: network for layers.
        repeats: of everything.
    """

    images: tuple[int, ...] = (100, 200, 500, 1000, 2000, 5000)
    cyclic: tuple[int, ...] = (2, 4, 8, 16)
    dihedral: tuple[int, ...] = (2, 4, 8, 16)
    group_images: int = 32
    layers: tuple[int, ...] = (1, 10, 20, 40, 80, 120, 160)
    layer_images: int = 8
    light: str = "timm:tf_efficientnet_lite0"
    deep: str = "timm:resnet50"
    repeats: int = 3


QUICK = Amounts((20, 60), (2, 4), (2, 4), 4, (1, 8), 2, "timm:test_resnet", "timm:test_resnet", 1)
"""For a run of about a minute, to see that everything works."""
SMALL, SIDE = "timm:test_resnet", 64
"""Network and input side while |D| grows."""


def against_images(amounts: Amounts, folder: Path) -> Series:
    """|D| grows. The folder holds enough small pictures."""
    requests = {
        count: Request("audit", SMALL, "flip", count, str(folder), batch=8, img_size=SIDE)
        for count in amounts.images
    }
    about = f"{_name(SMALL)} at {SIDE} pixels, flip"
    return Series("images", about, "images in D", tuple(_points(requests, amounts.repeats)))


def against_elements(amounts: Amounts, *, dihedral: bool) -> Series:
    """|G| grows, without probes, so that the network is shown exactly |D|·|G| inputs."""
    orders = amounts.dihedral if dihedral else amounts.cyclic
    groups = {order: _dihedral(order) if dihedral else f"c{order}" for order in orders}
    requests = {
        order: Request("audit", amounts.light, group, amounts.group_images, batch=8, probes=0)
        for order, group in groups.items()
    }
    names = list(groups.values())
    about = f"{_name(amounts.light)}, {amounts.group_images} images, {names[0]} to {names[-1]}"
    kind = "dihedral" if dihedral else "cyclic"
    return Series(kind, about, "elements of G", tuple(_points(requests, amounts.repeats)))


def against_layers(amounts: Amounts) -> Series:
    """More and more of the network's modules are hooked."""
    requests = {
        count: Request("audit", amounts.deep, "c4", amounts.layer_images, batch=8, layers=count)
        for count in amounts.layers
    }
    about = f"{_name(amounts.deep)}, {amounts.layer_images} images, c4"
    return Series("layers", about, "hooked layers", tuple(_points(requests, amounts.repeats)))


def _dihedral(order: int) -> str:
    """The dihedral group of that order; the smallest is called flip."""
    return "flip" if order == 2 else f"d{order // 2}"


def _name(model: str) -> str:
    return model.partition(":")[2]


def _points(requests: Mapping[int, Request], repeats: int) -> Iterator[Point]:
    """One point for each request; the x of layers is how many there really were."""
    found: dict[int, list[Measured]] = {x: [] for x in requests}
    for _ in range(repeats):
        for x, request in requests.items():
            found[x].append(measured(request))
    for x, several in found.items():
        yield Point(
            several[0].layers if requests[x].layers else x,
            statistics.median(m.seconds for m in several),
            statistics.median(m.statistics_s for m in several),
            statistics.median(m.peak - m.held for m in several),
            several[0].held,
            statistics.median(m.peak_after for m in several),
        )
