"""Comparing the shapes of paired tensors.

A difference in one module's first axis alone is a classifier for other classes; any other is another
architecture.
"""

from collections.abc import Mapping

from torch import Tensor

from geed_cli.checkpoints.text import counted, shown
from geed_cli.errors import InputError


def require_equal_shapes(expected: Mapping[str, Tensor], pairs: Mapping[str, Tensor]) -> None:
    """Refuse pairs whose shapes differ.

    Args:
        expected: the network's tensors by name.
        pairs: the file's tensors by the network's names.

    Raises:
        InputError: some shapes differ.
    """
    different = [name for name, tensor in pairs.items() if tensor.shape != expected[name].shape]
    if not different:
        return
    head = _classifier(different, expected, pairs)
    if head is not None:
        raise _other_classes(head, pairs[different[0]].shape[0], expected[different[0]].shape[0])
    first = different[0]
    raise InputError(
        f"{counted(len(different), 'tensor')} of other shape than the network's, first {shown(first)}: "
        f"{_sizes(pairs[first])} in the file, {_sizes(expected[first])} in the network",
        expected="the same shape under every name",
        remedy="check that the architecture (and its input size) is the one that was trained",
    )


def _classifier(names: list[str], expected: Mapping[str, Tensor], pairs: Mapping[str, Tensor]) -> str | None:
    modules = {name.rpartition(".")[0] for name in names}
    only_classes = all(
        pairs[name].ndim == expected[name].ndim >= 1 and pairs[name].shape[1:] == expected[name].shape[1:]
        for name in names
    )
    return modules.pop() if len(modules) == 1 and only_classes else None


def _other_classes(head: str, in_file: int, in_network: int) -> InputError:
    return InputError(
        f"the classifier '{shown(head)}' has {in_file} classes in the file and {in_network} in the network; "
        "a head that does not match cannot be loaded",
        expected="a network with as many classes as the checkpoint",
        remedy=f"in a spec, 'arguments: {{num_classes: {in_file}}}' under model (geed inspect ARCH --write-spec FILE "
        "writes one to begin with); or leave the head out there: "
        f"missing: [{shown(head)}.*], unexpected: [{shown(head)}.*] and split.classifier: null",
    )


def _sizes(tensor: Tensor) -> str:
    return "×".join(str(size) for size in tensor.shape) or "a single number"
