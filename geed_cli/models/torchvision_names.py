"""What a torchvision name means: an architecture and one entry of its published weights.

Without WEIGHTS the library's default is meant; which one that is, is resolved here, since it differs between
versions. Only classification networks count.
"""

from dataclasses import dataclass

from geed_cli.errors import InputError, nearest
from geed_cli.libraries import torchvision
from geed_cli.models.timm_names import unknown_network


@dataclass(frozen=True)
class TorchvisionName:
    """A resolved name: the architecture, one entry of its weights, and whether the name said which."""

    arch: str
    weights: torchvision.models.WeightsEnum
    explicit: bool

    @property
    def id(self) -> str:
        """``arch/WEIGHTS``."""
        return f"{self.arch}/{self.weights.name}"


def torchvision_networks() -> list[str]:
    """The names of torchvision's classification networks, sorted."""
    return list(torchvision.models.list_models(module=torchvision.models))


def resolve_torchvision_name(name: str) -> TorchvisionName:
    """What ``NAME`` or ``NAME/WEIGHTS`` stands for.

    Raises:
        InputError: torchvision has no such classification network, or no such weights for it.
    """
    arch, _, tag = name.partition("/")
    if arch not in torchvision_networks():
        raise unknown_network(name, torchvision_networks(), "a classification network of torchvision")
    known = torchvision.models.get_model_weights(arch)
    if not tag or tag == "DEFAULT":
        return TorchvisionName(arch, known.DEFAULT, explicit=False)
    if tag not in known.__members__:
        close = nearest(tag, known.__members__)
        raise InputError(
            f"torchvision has no weights '{tag}' for {arch}",
            expected=f"one of {', '.join(entry.name for entry in known)}",
            remedy=f"torchvision:{arch}/{close[0] if close else known.DEFAULT.name}",
        )
    return TorchvisionName(arch, known[tag], explicit=True)
