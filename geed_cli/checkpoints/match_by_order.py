"""Pairing tensors by position, for files whose names have nothing in common with the network's.

Allowed only where nothing contradicts it: as many tensors on both sides, every shape equal, and no weight
opposite a bias. BatchNorm's counters stay out where the file has none. Shapes are compared here for pairs by name too:
where one module differs in its first axis alone, it is a classifier for other classes.
"""

from collections.abc import Mapping

from torch import Tensor

from geed_cli.checkpoints.formats import shown
from geed_cli.checkpoints.renaming import is_batch_counter
from geed_cli.checkpoints.rules import KeyRules
from geed_cli.errors import InputError
from geed_cli.globs import listed
from geed_cli.phrases import counted

# The last part of a name says what a tensor is for; two such parts must agree even where shapes do.
TENSOR_ROLES = frozenset({"weight", "bias", "running_mean", "running_var", "num_batches_tracked"})
BY_NAME_REMEDY = (
    "use match: name with strip_prefix and rename, or an architecture that is laid out like the file"
)


def pair_by_order(
    expected: Mapping[str, Tensor], found: Mapping[str, Tensor], rules: KeyRules
) -> dict[str, Tensor]:
    """The i-th tensor of the file for the i-th of the network, without those listed as missing or unexpected.

    Raises:
        InputError: counts, shapes or roles (weight, bias, ...) disagree.
    """
    ours = [name for name in expected if not listed(name, rules.missing)]
    theirs = [name for name in found if not listed(name, rules.unexpected)]
    if len(ours) != len(theirs) and not any(is_batch_counter(name) for name in theirs):
        ours = [name for name in ours if not is_batch_counter(name)]
    if len(ours) != len(theirs):
        raise _contradiction(
            f"the file has {len(theirs)} tensors and the network {len(ours)}", "as many on both sides"
        )
    for our, their in zip(ours, theirs, strict=True):
        _require_one_role(our, their, expected[our], found[their])
    pairs = {our: found[their] for our, their in zip(ours, theirs, strict=True)}
    require_equal_shapes(expected, pairs)
    return pairs


def _require_one_role(ours: str, theirs: str, expected: Tensor, found: Tensor) -> None:
    roles = {ours.rpartition(".")[2], theirs.rpartition(".")[2]}
    if len(roles) == 2 and roles <= TENSOR_ROLES:
        raise _contradiction(
            f"by order, {shown(theirs)} {tuple(found.shape)} of the file would become {shown(ours)} "
            f"{tuple(expected.shape)}",
            "a weight for every weight and a bias for every bias",
        )


def _contradiction(found: str, expected: str) -> InputError:
    return InputError(f"tensors cannot be paired by order: {found}", expected=expected, remedy=BY_NAME_REMEDY)


def require_equal_shapes(
    expected: Mapping[str, Tensor], pairs: Mapping[str, Tensor], *, may_be_projection: bool = False
) -> None:
    """Refuse pairs, by the network's names, whose shapes differ from ``expected`` with an ``InputError``.

    A head that ``may_be_projection`` is not suggested as a classifier.
    """
    different = [name for name, tensor in pairs.items() if tensor.shape != expected[name].shape]
    if not different:
        return
    head = _classifier(different, expected, pairs)
    if head is not None:
        in_file, in_network = pairs[different[0]].shape[0], expected[different[0]].shape[0]
        raise _other_classes(shown(head), in_file, in_network, may_be_one=not may_be_projection)
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
    if len(modules) != 1 or not only_classes or len({pairs[name].shape[0] for name in names}) != 1:
        return None
    return modules.pop()


def _other_classes(head: str, in_file: int, in_network: int, *, may_be_one: bool) -> InputError:
    classes = f"--num-classes {in_file}, in a spec 'arguments: {{num_classes: {in_file}}}' under model; or "
    return InputError(
        f"the classifier '{head}' has {in_file} classes in the file and {in_network} in the network; "
        "a head that does not match cannot be loaded",
        expected="a network with as many classes as the checkpoint",
        remedy=f"{classes if may_be_one else ''}leave the head out in a spec: missing: [{head}.*], "
        f"unexpected: [{head}.*] and split.classifier: null",
    )


def _sizes(tensor: Tensor) -> str:
    return "×".join(str(size) for size in tensor.shape) or "a single number"
