"""Train one copy of one network of section 4.1 on turned digits, and keep it at the steps of the scale.

A run that was stopped begins again; one that ended is left as it is.
"""

import argparse
import json
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from examples.paper.data import Pictures, digits, turned
from examples.paper.descent import descend
from examples.paper.nets import network
from examples.paper.settings import SCALES

RATE = 2e-3  # of Adam, falling to 0 in a line


def train(kind: str, seed: int, scale: str, data: Path, out: Path) -> None:
    """Checkpoints ``step_N.pt`` and, at the end ``accuracy.json``: by step, over turned test digits."""
    settings = SCALES[scale].digits
    seen, test = digits(data, settings.held_out)
    torch.manual_seed(seed)
    net = network(kind, scale)
    optimizer = torch.optim.Adam(net.parameters(), RATE)
    generator = torch.Generator().manual_seed(seed)
    accuracies = {}
    out.mkdir(parents=True, exist_ok=True)
    for step in range(settings.steps + 1):
        if step in settings.checkpoints:
            torch.save(net.state_dict(), out / f"step_{step}.pt")
            accuracies[step] = accuracy(net, test)
            print(f"{kind} {seed} step {step}: accuracy {accuracies[step]:.3f}", flush=True)
        drawn = torch.randint(len(seen.y), (settings.batch,), generator=generator)
        loss = cross_entropy(net(turned(seen.x[drawn], generator)), seen.y[drawn])
        descend(optimizer, loss, RATE * (1 - step / (settings.steps + 1)))
    (out / "accuracy.json").write_text(json.dumps(accuracies))


@torch.inference_mode()
def accuracy(net: nn.Module, test: Pictures) -> float:
    """Fraction of test digits, each turned by an angle that is the same for all networks, whose class is found."""
    x = turned(test.x, torch.Generator().manual_seed(5))
    found: Tensor = torch.cat([net.eval()(part).argmax(1) for part in torch.chunk(x, 4)])
    net.train()
    return (found == test.y).double().mean().item()


def main() -> None:
    """``python -m examples.paper.train cnn 1 --data DIR --out DIR``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=["cnn", "c8"])
    parser.add_argument("seed", type=int)
    parser.add_argument("--scale", choices=SCALES, default="small")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    train(given.kind, given.seed, given.scale, given.data, given.out)


if __name__ == "__main__":
    main()
