"""Train copies of one network of section 4.3, from random or pretrained weights, and keep them at the scale's steps.

Pictures are not turned on the way: they have no upright as they are. Copies of one seed see the same pictures in the
same order, whatever they start from. A copy that was stopped begins again; one that ended is left as it is.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from examples.paper.class_folders import read
from examples.paper.descent import descend
from examples.paper.finetune_nets import ARCHITECTURES, Architecture, network, take
from examples.paper.settings import SCALES, Overhead

STARTS = ("scratch", "pretrained")


@dataclass(frozen=True)
class Pictures:
    """Training and test pictures: bytes N×3×S×S, and classes N."""

    train: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]


def start(name: str, pretrained: bool, seed: int, upright: Path | None) -> nn.Module:
    """The network as it is at step 0; its last layer is random in any case."""
    torch.manual_seed(seed)
    net = network(name)
    if pretrained:
        take(net, name, upright)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    on_device: nn.Module = net.to(device).to(memory_format=torch.channels_last)
    return on_device  # on a CPU a step takes two thirds of the time


def finetune(
    net: nn.Module, architecture: Architecture, seed: int, settings: Overhead, pictures: Pictures, out: Path
) -> None:
    """Checkpoints ``step_N.safetensors`` and, at the end, ``accuracy.json``: by step, over all test pictures."""
    x, y = pictures.train
    device = next(net.parameters()).device
    optimizer = torch.optim.Adam(net.parameters(), settings.rate)
    generator = torch.Generator().manual_seed(seed)
    accuracies = {}
    out.mkdir(parents=True, exist_ok=True)
    for step in range(settings.steps + 1):
        if step in settings.checkpoints:
            tensors = {key: value.cpu().contiguous() for key, value in net.state_dict().items()}
            save_file(tensors, out / f"step_{step}.safetensors")
            accuracies[step] = accuracy(net, architecture, pictures.test)
            print(f"step {step}: accuracy {accuracies[step]:.3f}", flush=True)
        drawn = torch.randint(len(y), (settings.batch,), generator=generator)
        loss = cross_entropy(net(architecture.normalised(x[drawn].to(device))), y[drawn].to(device))
        descend(optimizer, loss, settings.rate * (1 - step / (settings.steps + 1)))
    (out / "accuracy.json").write_text(json.dumps(accuracies))


@torch.inference_mode()
def accuracy(net: nn.Module, architecture: Architecture, test: tuple[Tensor, Tensor]) -> float:
    """Fraction of test pictures whose class is found."""
    device = next(net.parameters()).device
    net.eval()
    found = torch.cat(
        [
            net(architecture.normalised(part.to(device))).argmax(1)
            for part in torch.chunk(test[0], 1 + len(test[0]) // 100)
        ]
    )
    net.train()
    return (found.cpu() == test[1]).double().mean().item()


def main() -> None:
    """``python -m examples.paper.finetune resnet_narrow scratch 0 1 2 --data DIR --out DIR``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=ARCHITECTURES)
    parser.add_argument("start", choices=STARTS)
    parser.add_argument("seeds", type=int, nargs="+", metavar="SEED")
    parser.add_argument("--scale", choices=SCALES, default="small")
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with the classes in train/ and test/"
    )
    parser.add_argument("--upright", type=Path, help="weights that examples.paper.pretrain wrote")
    parser.add_argument("--out", type=Path, required=True, help="folder for a folder seed_N of each copy")
    given = parser.parse_args()
    pictures = Pictures(read(given.data, "train"), read(given.data, "test"))
    upright = given.upright if given.start == "pretrained" else None
    for seed in given.seeds:
        out = given.out / f"seed_{seed}"
        if not (out / "accuracy.json").exists():
            print(f"{given.name}, {given.start}, seed {seed}", flush=True)
            net = start(given.name, given.start == "pretrained", seed, upright)
            finetune(net, ARCHITECTURES[given.name], seed, SCALES[given.scale].overhead, pictures, out)


if __name__ == "__main__":
    main()
