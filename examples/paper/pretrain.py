"""Train a narrow network on upright pictures, as a stand-in for ImageNet: the ten classes of Fashion-MNIST.

Clothes stand upright there, as most things do in ImageNet. They are enlarged from 28 × 28 pixels and never turned.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, interpolate

from examples.paper.data import idx
from examples.paper.descent import descend
from examples.paper.finetune_nets import ARCHITECTURES, network
from examples.paper.settings import SCALES

SEED = 1000  # not one of the copies'


def clothes(folder: Path, part: str) -> tuple[Tensor, Tensor]:
    """Grey levels N×1×28×28 as bytes and classes 0 to 9, of ``train`` or ``t10k``."""
    images, labels = (
        idx(folder / "fashion-mnist", f"{part}-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1")
    )
    return torch.from_numpy(images.copy())[:, None], torch.from_numpy(labels.astype(np.int64))


def enlarged(pictures: Tensor, size: int) -> Tensor:
    """Bytes B×1×28×28 as bytes B×3×S×S, bilinear."""
    larger = interpolate(pictures.float(), size=(size, size), mode="bilinear")
    return larger.round().byte().repeat(1, 3, 1, 1)


def pretrain(name: str, scale: str, data: Path, out: Path) -> None:
    """Write the network's tensors to ``out``, and print its accuracy on 1,000 upright test pictures."""
    settings = SCALES[scale].overhead
    x, y = clothes(data, "train")
    torch.manual_seed(SEED)
    net, architecture = network(name, 10), ARCHITECTURES[name]
    optimizer = torch.optim.Adam(net.parameters(), settings.rate)
    generator = torch.Generator().manual_seed(SEED)
    for step in range(settings.upright_steps):
        drawn = torch.randint(len(y), (settings.upright_batch,), generator=generator)
        loss = cross_entropy(net(architecture.normalised(enlarged(x[drawn], settings.size))), y[drawn])
        descend(optimizer, loss, settings.rate * (1 - step / settings.upright_steps))
    x, y = (each[:1000] for each in clothes(data, "t10k"))
    with torch.inference_mode():
        found = net.eval()(architecture.normalised(enlarged(x, settings.size))).argmax(1)
    print(f"{name}: accuracy {(found == y).double().mean().item():.3f} on upright pictures", flush=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    torch.save(net.state_dict(), out)


def main() -> None:
    """``python -m examples.paper.pretrain resnet_narrow --data DIR --out FILE``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "name", choices=[name for name, each in ARCHITECTURES.items() if each.weights is None]
    )
    parser.add_argument("--scale", choices=SCALES, default="small")
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with Fashion-MNIST in fashion-mnist/"
    )
    parser.add_argument("--out", type=Path, required=True, help="file for the weights")
    given = parser.parse_args()
    pretrain(given.name, given.scale, given.data, given.out)


if __name__ == "__main__":
    main()
