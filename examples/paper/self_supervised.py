"""Train copies of section 4.4's network by one loss, with or without mirrored views, and classify their features.

    python -m examples.paper.self_supervised contrastive_mirrored --data DIR --out DIR

A copy whose training was stopped begins again; one that is finished is left as it is. The classifier of a network that
was trained without labels is a linear probe: ridge regression of the classes on the features of training pictures. Its
accuracy shows whether the network has learned, or collapsed.
"""

import argparse
import json
from pathlib import Path

import torch
from torch import Tensor

from examples.paper.data import CLASSES, Pictures, digits
from examples.paper.descent import descend
from examples.paper.narrow_resnet import NarrowResNet, network
from examples.paper.objectives import OBJECTIVES, views
from examples.paper.settings import SCALES, SelfSupervised

UNTRAINED = "untrained"
FAMILIES = (UNTRAINED, *(f"{loss}{mirroring}" for loss in OBJECTIVES for mirroring in ("", "_mirrored")))
RIDGE = 1e-3  # beside features of variance 1


def train(family: str, seed: int, settings: SelfSupervised, seen: Pictures, net: NarrowResNet) -> None:
    """Minimise the family's loss over random batches, by Adam at a rate that falls to 0 in a line."""
    loss_name, _, mirroring = family.partition("_")
    objective = OBJECTIVES[loss_name](net)
    learned = [parameter for parameter in objective.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(learned, settings.rate)
    generator = torch.Generator().manual_seed(seed)
    for step in range(settings.steps):
        drawn = torch.randint(len(seen.y), (settings.batch,), generator=generator)
        loss = objective(seen.x[drawn], seen.y[drawn], lambda x: views(x, bool(mirroring), generator))
        descend(optimizer, loss, settings.rate * (1 - step / settings.steps))
        if step % 50 == 0 or step == settings.steps - 1:
            print(f"{family} {seed} step {step}: loss {loss.item():.3f}", flush=True)


@torch.inference_mode()
def probe(net: NarrowResNet, seen: Pictures) -> None:
    """Put into ``fc`` the ridge regression of one-hot classes on standardised features."""
    f = all_features(net, seen.x).double()
    mean, deviation = f.mean(0), f.std(0).clamp_min(1e-6)  # a feature that is dead adds nothing
    z, target = (f - mean) / deviation, torch.nn.functional.one_hot(seen.y, CLASSES).double()
    gram = z.T @ z / len(z) + RIDGE * torch.eye(len(mean), dtype=z.dtype)
    weights = torch.linalg.solve(gram, z.T @ (target - target.mean(0)) / len(z)).T / deviation
    net.fc.weight.copy_(weights)
    net.fc.bias.copy_(target.mean(0) - weights @ mean)


@torch.inference_mode()
def all_features(net: NarrowResNet, x: Tensor) -> Tensor:
    """f1 of many pictures, as the network is evaluated."""
    return torch.cat([net.eval().features(part) for part in torch.chunk(x, 1 + len(x) // 500)])


@torch.inference_mode()
def accuracies(net: NarrowResNet, test: Pictures) -> dict[str, float]:
    """Fractions of test pictures whose class is found, as they are and mirrored."""
    found = {"upright": test.x, "mirrored": test.x.flip(-1)}
    return {
        name: (net.fc(all_features(net, x)).argmax(1) == test.y).double().mean().item()
        for name, x in found.items()
    }


def make(family: str, scale: str, data: Path, out: Path) -> None:
    """A folder for each copy, by its seed."""
    settings = SCALES[scale].self_supervised
    seen, test = digits(data, settings.held_out)
    for seed in range(1, settings.seeds + 1):
        if not (out / str(seed) / "accuracy.json").exists():
            make_one(family, seed, scale, seen, test, out / str(seed))


def make_one(family: str, seed: int, scale: str, seen: Pictures, test: Pictures, out: Path) -> None:
    """``net.pt`` and, at the end, ``accuracy.json``."""
    torch.manual_seed(seed)
    net = network(scale)
    if family != UNTRAINED:
        train(family, seed, SCALES[scale].self_supervised, seen, net)
    if not family.startswith("supervised"):
        probe(net, seen)
    out.mkdir(parents=True, exist_ok=True)
    torch.save(net.state_dict(), out / "net.pt")
    found = accuracies(net, test)
    print(f"{family} {seed}: accuracy {found['upright']:.3f}, mirrored {found['mirrored']:.3f}", flush=True)
    (out / "accuracy.json").write_text(json.dumps(found))


def main() -> None:
    """``python -m examples.paper.self_supervised FAMILY --data DIR --out DIR``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("family", choices=FAMILIES)
    parser.add_argument("--scale", choices=SCALES, default="small")
    parser.add_argument("--data", type=Path, required=True, help="folder with MNIST")
    parser.add_argument("--out", type=Path, required=True, help="folder for the copies")
    given = parser.parse_args()
    make(given.family, given.scale, given.data, given.out)


if __name__ == "__main__":
    main()
