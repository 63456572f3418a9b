"""Which modules of a timm network make its logits.

Beside the weights timm describes the classifier by its name. Some heads are a normalisation and a linear layer in one
module: timm's "pooled pre-logits" are what goes into both, so that the classifier is then the whole head.
"""

from torch import nn

NORMALISED_HEAD = (nn.BatchNorm1d, nn.Dropout, nn.Identity, nn.Linear)


def timm_classifiers(module: nn.Module) -> tuple[str, ...]:
    """The names of a timm network's classifiers; distilled networks have two.

    Args:
        module: a network from timm's factory.

    Returns:
        dotted names; () where the network ends in its features.
    """
    if getattr(module, "num_classes", None) == 0:
        return ()
    modules = dict(module.named_modules())
    named = _described(module) or _returned(module)
    present = (name for name in named if not isinstance(modules.get(name, nn.Identity()), nn.Identity))
    return tuple(_whole_head(modules, name) for name in present)


def _described(module: nn.Module) -> tuple[str, ...]:
    described = (getattr(module, "pretrained_cfg", None) or {}).get("classifier") or ()
    return (described,) if isinstance(described, str) else tuple(described)


def _returned(module: nn.Module) -> tuple[str, ...]:
    """For networks whose description names none, such as some from the hub."""
    if not hasattr(module, "get_classifier"):
        return ()
    returned = module.get_classifier()  # type: ignore[operator]
    parts = list(returned) if isinstance(returned, tuple | list | nn.ModuleList) else [returned]
    return tuple(name for name, part in module.named_modules() if any(part is other for other in parts))


def _whole_head(modules: dict[str, nn.Module], name: str) -> str:
    """The name, or its parent's where that is a normalisation followed by this layer."""
    parent = name.rpartition(".")[0]
    children = list(modules[parent].children()) if parent else []
    if children and isinstance(children[0], nn.BatchNorm1d):
        return parent if all(isinstance(child, NORMALISED_HEAD) for child in children) else name
    return name
