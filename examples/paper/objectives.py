"""The three losses of section 4.4 over the same views of pictures: labels, contrast (SimCLR), distillation (DINO).

Each is a module that holds the network and what the loss needs beside it, and maps a batch to its loss. Views differ in
nothing but whether half of them are mirrored, and what is drawn for a view does not depend on that: two runs of one
seed see the same crops.
"""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import affine_grid, cross_entropy, grid_sample, normalize

from examples.paper.narrow_resnet import NarrowResNet

View = Callable[[Tensor], Tensor]

SMALLEST_CROP = 0.6  # of each side
CONTRAST = 0.4  # brightness and contrast are scaled by up to 1 ± this
NOISE = 0.1  # largest standard deviation
PROJECTED = 64  # numbers behind the projection head
TEMPERATURE = 0.2  # of NT-Xent
PROTOTYPES = 32
STUDENT_TEMPERATURE, TEACHER_TEMPERATURE = 0.1, 0.04
TEACHER_MOMENTUM, CENTRE_MOMENTUM = 0.97, 0.9


def views(x: Tensor, mirrored: bool, generator: torch.Generator) -> Tensor:
    """A crop of each picture of B×C×S×S in [0, 1] at full size, with brightness, contrast and noise of its own."""

    def drawn(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(len(x), *shape, generator=generator)

    side = drawn(SMALLEST_CROP, 1, 2)
    centre = (1 - side) * drawn(-1, 1, 2)
    sign = torch.where(drawn(0, 1) < 0.5, -1.0, 1.0) if mirrored else drawn(0, 1).new_ones(len(x))
    crop = torch.zeros(len(x), 2, 3)
    crop[:, 0, 0], crop[:, 1, 1], crop[:, :, 2] = sign * side[:, 0], side[:, 1], centre
    x = grid_sample(x, affine_grid(crop, list(x.shape), align_corners=False), align_corners=False)
    mean = x.mean((1, 2, 3), keepdim=True)
    x = mean + drawn(1 - CONTRAST, 1 + CONTRAST, 1, 1, 1) * (x - mean)
    x = (drawn(1 - CONTRAST, 1 + CONTRAST, 1, 1, 1) * x).clamp(0, 1)
    return x + drawn(0, NOISE, 1, 1, 1) * torch.randn(x.shape, generator=generator)


class Supervised(nn.Module):
    """Cross-entropy of the labels, over one view."""

    def __init__(self, net: NarrowResNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor, y: Tensor, view: View) -> Tensor:
        """The mean over the batch."""
        return cross_entropy(self.net(view(x)), y)


class Contrastive(nn.Module):
    """SimCLR (Chen et al. 2020): of all views in the batch, find the other one of the same picture."""

    def __init__(self, net: NarrowResNet) -> None:
        super().__init__()
        self.net, self.head = net, projection(net.width)

    def forward(self, x: Tensor, _: Tensor, view: View) -> Tensor:
        """NT-Xent over two views of each picture; labels are not looked at."""
        z = self.head(self.net.features(torch.cat([view(x), view(x)])))
        return nt_xent(z, TEMPERATURE)


def nt_xent(z: Tensor, temperature: float) -> Tensor:
    """−log(e^{s(i,j)/τ} / Σ_{k≠i} e^{s(i,k)/τ}), meaned over i, with s the cosine and j = i ± B the other view of i.

    ``z`` has shape 2B×k, first views before second ones.
    """
    z = normalize(z, dim=1)
    near = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return cross_entropy(near, torch.arange(len(z)).roll(len(z) // 2))


class Distilled(nn.Module):
    """DINO (Caron et al. 2021), two views: match what a slow copy of the network says of the other view.

    Nothing pushes pictures apart. That all get one answer is prevented by centring the teacher's answers and making
    them sharp.
    """

    def __init__(self, net: NarrowResNet) -> None:
        super().__init__()
        self.net, self.head = net, nn.Sequential(projection(net.width), Prototypes())
        self.teacher = copy.deepcopy(net).requires_grad_(False)
        self.teacher_head = copy.deepcopy(self.head).requires_grad_(False)
        self.centre = torch.zeros(PROTOTYPES)

    def forward(self, x: Tensor, _: Tensor, view: View) -> Tensor:
        """Cross-entropy of the student's answer to one view against the teacher's to the other, both ways."""
        self.follow()
        x = torch.cat([view(x), view(x)])
        said = self.head(self.net.features(x))
        with torch.no_grad():
            expected = self.teacher_head(self.teacher.features(x))
            target = ((expected - self.centre) / TEACHER_TEMPERATURE).softmax(1)
            self.centre = torch.lerp(expected.mean(0), self.centre, CENTRE_MOMENTUM)
        return cross_entropy(said / STUDENT_TEMPERATURE, target.roll(len(x) // 2, 0))

    @torch.no_grad()
    def follow(self) -> None:
        """Move the teacher towards the student."""
        for teacher, student in ((self.teacher, self.net), (self.teacher_head, self.head)):
            for slow, fast in zip(teacher.parameters(), student.parameters(), strict=True):
                slow.lerp_(fast, 1 - TEACHER_MOMENTUM)


class Prototypes(nn.Module):
    """Cosines with learned directions: B×64 to B×32."""

    def __init__(self) -> None:
        super().__init__()
        self.directions = nn.Parameter(torch.randn(PROTOTYPES, PROJECTED))

    def forward(self, z: Tensor) -> Tensor:
        """Of rows with each direction."""
        return normalize(z, dim=1) @ normalize(self.directions, dim=1).T


def projection(width: int) -> nn.Module:
    """The two layers between the features and the loss, which are dropped afterwards."""
    return nn.Sequential(
        nn.Linear(width, 2 * PROJECTED),
        nn.BatchNorm1d(2 * PROJECTED),
        nn.ReLU(),
        nn.Linear(2 * PROJECTED, PROJECTED),
    )


OBJECTIVES: dict[str, Callable[[NarrowResNet], nn.Module]] = {
    "supervised": Supervised,
    "contrastive": Contrastive,
    "distilled": Distilled,
}
