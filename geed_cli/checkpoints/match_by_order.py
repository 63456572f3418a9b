"""Pairing tensors by position, for files whose names have nothing in common with the network's.

Allowed only where nothing contradicts it: as many tensors on both sides, every shape equal, and no weight
opposite a bias. BatchNorm's counters stay out where the file has none.
"""

from collections.abc import Mapping

from torch import Tensor

from geed_cli.checkpoints.renaming import is_batch_counter
from geed_cli.checkpoints.rules import KeyRules, listed
from geed_cli.checkpoints.shapes import require_equal_shapes
from geed_cli.checkpoints.text import shown
from geed_cli.errors import InputError

# The last part of a name says what a tensor is for; two such parts must agree even where shapes do.
ROLES = frozenset({"weight", "bias", "running_mean", "running_var", "num_batches_tracked"})
BY_NAME = "use match: name with strip_prefix and rename, or an architecture that is laid out like the file"


def pair_by_order(
    expected: Mapping[str, Tensor], found: Mapping[str, Tensor], rules: KeyRules
) -> dict[str, Tensor]:
    """The i-th tensor of the file for the i-th of the network, without those listed as missing or unexpected.

    Args:
        expected: the network's tensors by name, in its order.
        found: the file's tensors by name, in its order.
        rules: the globs of what is left out on either side.

    Returns:
        The file's tensors by the network's names.

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
    for one, other in zip(ours, theirs, strict=True):
        _require_one_role(one, other, expected[one], found[other])
    pairs = {one: found[other] for one, other in zip(ours, theirs, strict=True)}
    require_equal_shapes(expected, pairs)
    return pairs


def _require_one_role(ours: str, theirs: str, expected: Tensor, found: Tensor) -> None:
    roles = {ours.rpartition(".")[2], theirs.rpartition(".")[2]}
    if len(roles) == 2 and roles <= ROLES:
        raise _contradiction(
            f"by order, {shown(theirs)} {tuple(found.shape)} of the file would become {shown(ours)} "
            f"{tuple(expected.shape)}",
            "a weight for every weight and a bias for every bias",
        )


def _contradiction(found: str, expected: str) -> InputError:
    return InputError(f"tensors cannot be paired by order: {found}", expected=expected, remedy=BY_NAME)
