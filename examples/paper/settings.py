"""What was fixed before the first run: seeds, steps, checkpoints and numbers of images, by scale.

``paper`` has the numbers that the paper states. ``small`` runs on two cores in three hours, ``tiny`` in a few minutes,
for tests: its conclusions mean nothing.
"""

from dataclasses import dataclass

SPLITS = ("hidden", "pooled")  # f1(x): the hidden layer before the classifier, or the pooled maps
BOUNDARIES = ("zero", "disc")  # what stands in the corners of a turned picture; zero is the paper's


@dataclass(frozen=True)
class Digits:
    """Sections 4.1 and 4.2: copies, steps and checkpoints of the two networks; pictures of each data set.

    ``cnn`` and ``c8`` are channels and fields of eight channels of the six blocks.
    """

    seeds: int
    steps: int
    checkpoints: tuple[int, ...]
    cnn: tuple[int, ...]
    c8: tuple[int, ...]
    pictures: int = 250
    batch: int = 64
    held_out: int = 1000


@dataclass(frozen=True)
class Overhead:
    """Section 4.3: architectures, copies and iterations of training on nine classes without an upright.

    ``training`` pictures of each class, ``held_out`` test pictures of all; ``rate`` is Adam's, the same from random
    and from pretrained weights. ``upright_steps`` are those of the training that makes a narrow network's weights.
    """

    architectures: tuple[str, ...]
    seeds: int
    steps: int
    checkpoints: tuple[int, ...]
    size: int
    batch: int = 16
    training: int = 200
    held_out: int = 252
    rate: float = 1e-3
    upright_steps: int = 400
    upright_batch: int = 32


@dataclass(frozen=True)
class SelfSupervised:
    """Section 4.4: copies and steps of one architecture under each loss; ``pictures`` are mirrored, the paper's number.

    ``widths`` are the channels of its three blocks, ``batch`` pictures of which a loss without labels takes two views,
    ``rate`` Adam's. ``held_out`` pictures are for the test.
    """

    seeds: int
    steps: int
    widths: tuple[int, ...]
    batch: int = 64
    rate: float = 2e-3
    pictures: int = 100
    held_out: int = 1000


@dataclass(frozen=True)
class Scale:
    """All that a scale fixes. ``samples`` pictures are moved, ``norm_samples`` give M (section 4 of the paper)."""

    digits: Digits
    overhead: Overhead
    self_supervised: SelfSupervised
    samples: int = 50
    norm_samples: int = 200


NARROW = ("resnet_narrow", "densenet_narrow", "levit_narrow", "efficientnet_lite0")
PAPER_NETS = ("resnet50", "alexnet", "densenet121", "levit_192")

SCALES = {
    "tiny": Scale(
        Digits(2, 4, (0, 4), (4, 4, 6, 6, 8, 8), (3, 3, 3, 3, 3, 4), pictures=40, batch=16, held_out=100),
        Overhead(
            ("resnet_narrow",),
            2,
            2,
            (0, 1, 2),
            64,
            batch=8,
            training=4,
            held_out=45,
            upright_steps=2,
            upright_batch=8,
        ),
        SelfSupervised(2, 4, (4, 6, 8), batch=16, pictures=24, held_out=100),
        samples=20,
        norm_samples=20,
    ),
    "small": Scale(
        Digits(5, 800, (0, 25, 50, 100, 200, 400, 800), (20, 28, 28, 40, 40, 56), (6, 8, 10, 12, 12, 20)),
        Overhead(NARROW, 5, 240, (0, 30, 60, 120, 240), 64),
        SelfSupervised(3, 300, (16, 32, 64)),
    ),
    "paper": Scale(
        Digits(10, 2000, tuple(range(0, 2001, 100)), (56, 72, 96, 96, 112, 112), (16, 24, 32, 32, 48, 64)),
        Overhead(
            PAPER_NETS,
            5,
            10_000,
            tuple(range(0, 10_001, 200)),
            224,
            batch=32,
            training=2000,
            held_out=1800,
            rate=1e-4,
        ),
        SelfSupervised(3, 300, (16, 32, 64)),
    ),
}
