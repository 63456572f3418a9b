"""The layers that are measured when nobody names any: the network's stages, found by its structure.

The trunk is the container of the stages, under one of a few usual names, or else the network itself. In a chain
with several poolings (AlexNet, VGG, SqueezeNet) a stage ends before each of them; elsewhere the stages are the
children that hold modules of their own. Of a long run of equal blocks a few are chosen, spread over the depth.
"""

from itertools import pairwise

from torch import nn

TRUNKS = ("features", "trunk_output", "encoder.layers", "layers", "blocks", "stages")
POOLS = (nn.MaxPool2d, nn.AvgPool2d)
GLOBAL_POOLS = (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
BLOCKS_MEASURED = 6
"""How many of a long run of equal blocks are measured: neighbours differ little, and a table has to be read."""
VECTOR_LAYERS = (nn.Linear, nn.Flatten, nn.Dropout, nn.Softmax, nn.BatchNorm1d, nn.LayerNorm)
PREFIX_TOKENS = ("cls_token", "class_embedding", "distillation_token", "register_tokens", "reg_token")
"""Parameters of which each row is a token before those of the picture."""

Child = tuple[str, nn.Module]


def default_stages(module: nn.Module, classifier: str | None) -> tuple[str, ...]:
    """Names of the stages, in network order; () where nothing looks like one. What holds the classifier is none."""
    prefix, trunk = _trunk(module)
    known = {name for name, _ in module.named_modules()}  # TorchScript shows none of its own
    named = [(f"{prefix}{name}", child) for name, child in trunk.named_children()]
    children = [(name, child) for name, child in named if name in known]
    if sum(isinstance(child, POOLS) for _, child in children) > 1:
        return _before_pools(children, is_container=bool(prefix))
    blocks = [(name, child) for name, child in children if _is_block(child)]
    if not blocks:
        kinds = (*VECTOR_LAYERS, *GLOBAL_POOLS)
        blocks = [(name, child) for name, child in children if not isinstance(child, kinds)]
    return spread(module, tuple(name for name, _ in blocks if not _holds(name, classifier)))


def largest_run(module: nn.Module) -> tuple[str, ...]:
    """The children of the list of modules that holds most parameters; () without one.

    For libraries that keep their stages and blocks in such a list, under names that differ from class to class.
    """
    lists = {
        name: part
        for name, part in module.named_modules()
        if name and isinstance(part, nn.ModuleList | nn.Sequential) and len(part) > 1
    }
    if not lists:
        return ()
    largest = max(lists, key=lambda name: _parameters(lists[name]))  # of equals the first, the outermost
    return tuple(f"{largest}.{child}" for child, _ in lists[largest].named_children())


def prefix_tokens(module: nn.Module) -> int:
    """How many tokens of its own a transformer puts before those of the picture, by the parameters that hold them."""
    return sum(
        value.numel() // value.shape[-1]
        for name, value in module.named_parameters()
        if name.rpartition(".")[2] in PREFIX_TOKENS
    )


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def spread(module: nn.Module, names: tuple[str, ...]) -> tuple[str, ...]:
    """The names, or ``BLOCKS_MEASURED`` of them where they are a longer run of equal blocks, as in a plain transformer.

    They are spread evenly over the depth, the last among them: every second one of twelve blocks.
    """
    kinds = {type(module.get_submodule(name)) for name in names}
    count = len(names)
    if count <= BLOCKS_MEASURED or len(kinds) > 1 or nn.Sequential in kinds:  # a Sequential may hold anything
        return names
    return tuple(names[count * (i + 1) // BLOCKS_MEASURED - 1] for i in range(BLOCKS_MEASURED))


def _trunk(module: nn.Module) -> tuple[str, nn.Module]:
    """The container of the stages, and the prefix of its children's names."""
    parts = dict(module.named_modules())
    for name in TRUNKS:
        part = parts.get(name)
        if isinstance(part, nn.Sequential | nn.ModuleList) and len(part) > 1:
            return f"{name}.", part
    return "", module


def _before_pools(children: list[Child], *, is_container: bool) -> tuple[str, ...]:
    """What precedes each pooling, and the end of a container that does not end in one."""
    pools = (*POOLS, *GLOBAL_POOLS)
    ends = [
        name
        for (name, child), (_, after) in pairwise(children)
        if isinstance(after, pools) and not isinstance(child, pools)
    ]
    last_name, last = children[-1]
    return (*ends, last_name) if is_container and not isinstance(last, pools) else tuple(ends)


def _is_block(child: nn.Module) -> bool:
    """A child with modules of its own, unless it ends in a pooling: that is a transition between stages."""
    inner = list(child.children())
    return bool(inner) and not isinstance(inner[-1], POOLS)


def _holds(name: str, classifier: str | None) -> bool:
    return classifier is not None and f"{classifier}.".startswith(f"{name}.")
