"""Pairing the tensors of a file with those of a network, where every gap has to be declared.

A tensor that the file lacks would keep its random initial value, and an audit of it would look like any
other. So nothing may be absent or left over but what the rules list, and each thing left out is noted by
name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from geed_cli.checkpoints.formats import shown, shown_list
from geed_cli.checkpoints.layouts import why_projection
from geed_cli.checkpoints.match_by_order import pair_by_order, require_equal_shapes
from geed_cli.checkpoints.prefixes import common_prefixes, counted_prefixes
from geed_cli.checkpoints.renaming import foreign_prefixes, is_batch_counter
from geed_cli.checkpoints.rules import KeyRules
from geed_cli.errors import InputError, nearest
from geed_cli.globs import listed
from geed_cli.phrases import counted

MOST_CANDIDATES = 1000  # names compared for "did you mean"; comparing takes a while for each

MOST_OF_A_HEAD = 2
"""Globs that a classifier takes, such as two of a distilled one; it stands at the end of a network."""


@dataclass(frozen=True)
class Matched:
    """Tensors of a file under the names of the network.

    Attributes:
        pairs: the file's tensors by the network's names; what is not in it keeps its initial value.
        notes: what was left out on either side, and that order was used where it was.
    """

    pairs: dict[str, Tensor]
    notes: tuple[str, ...]


def match_state(
    expected: Mapping[str, Tensor], found: Mapping[str, Tensor], rules: KeyRules, *, ordered: bool
) -> Matched:
    """Pair the file's tensors with the network's, by name or by order.

    BatchNorm's ``num_batches_tracked`` may always be absent: old files lack it and evaluation does not read it.

    Args:
        expected: the network's tensors by name, in the order of ``state_dict()``.
        found: the file's tensors by name, prefixes stripped and renamed.
        rules: how to pair, and what may be absent on either side.
        ordered: whether the file keeps the order in which its tensors were saved.

    Raises:
        InputError: undeclared missing or unexpected tensors, other shapes, nothing to load, or pairing by order
            where the file has none.
    """
    usable = {name: value for name, value in found.items() if not _odd_counter(name, value)}
    if rules.match == "order":
        if not ordered:
            raise InputError(
                "match: order was asked for with a safetensors file, which sorts its tensors",
                expected="a .pt/.pth file, which keeps the order in which tensors were saved",
                remedy="use match: name with strip_prefix and rename",
            )
        pairs = pair_by_order(expected, usable, rules)
        notes: tuple[str, ...] = (f"{counted(len(pairs), 'tensor')} paired by order, not by name",)
    else:
        pairs, notes = _pair_by_name(expected, usable, rules), ()
    if not pairs:
        raise InputError(
            "no tensor of the file is used: the whole network would keep random initial values",
            expected="weights for the network",
            remedy="narrow the globs under missing and unexpected in the spec",
        )
    return Matched(pairs, notes + _left_out(expected, pairs))


def _odd_counter(name: str, value: Tensor) -> bool:
    """A counter that somebody's conversion to half precision or reshaping has spoilt."""
    return is_batch_counter(name) and (value.dtype != torch.int64 or value.ndim != 0)


def _pair_by_name(
    expected: Mapping[str, Tensor], found: Mapping[str, Tensor], rules: KeyRules
) -> dict[str, Tensor]:
    absent = [name for name in expected if name not in found]
    missing = [name for name in absent if not listed(name, rules.missing) and not is_batch_counter(name)]
    unexpected = [name for name in found if name not in expected and not listed(name, rules.unexpected)]
    if missing or unexpected:
        raise _gaps(missing, unexpected, expected, found)
    pairs = {name: _shaped(found[name], expected[name]) for name in expected if name in found}
    # Listed on both sides, as for the head of another task: left out where it does not fit.
    optional = {name for name in pairs if listed(name, rules.missing) and listed(name, rules.unexpected)}
    pairs = {
        name: tensor
        for name, tensor in pairs.items()
        if name not in optional or tensor.shape == expected[name].shape
    }
    projection = why_projection(pairs, (name for name in found if name not in expected))
    require_equal_shapes(expected, pairs, may_be_projection=projection is not None)
    return pairs


def fits(found: Tensor, expected: Tensor) -> bool:
    """Whether a tensor of the file has the network's shape, but for leading axes of length 1."""
    return _shaped(found, expected).shape == expected.shape


def _shaped(found: Tensor, expected: Tensor) -> Tensor:
    """With the leading axes of length 1 that some frameworks leave off, such as those of a class token."""
    ones = expected.ndim - found.ndim
    return found[(None,) * ones] if ones > 0 and expected.shape == (1,) * ones + found.shape else found


def _left_out(expected: Mapping[str, Tensor], pairs: Mapping[str, Tensor]) -> tuple[str, ...]:
    absent = [name for name in expected if name not in pairs]
    counters = [name for name in absent if is_batch_counter(name)]
    random = [name for name in absent if not is_batch_counter(name)]
    notes: tuple[str, ...] = ()
    if random:
        notes += (f"{counted(len(random), 'tensor')} not loaded: {shown_list(random)}",)
    if counters:
        notes += (f"{counted(len(counters), 'batch counter')} not loaded; evaluation does not read them",)
    return notes


def _gaps(
    missing: list[str], unexpected: list[str], expected: Mapping[str, Tensor], found: Mapping[str, Tensor]
) -> InputError:
    parts = []
    if missing:
        parts.append(
            f"{counted(len(missing), 'tensor')} of the network not in the file: {shown_list(missing)}"
        )
    left = common_prefixes(unexpected, (name for name in found if name in expected))
    if unexpected:
        parts.append(
            f"{counted(len(unexpected), 'tensor')} of the file not in the network: {counted_prefixes(left)}"
        )
    return InputError(
        "; ".join(parts),
        expected="the same names on both sides, but for those listed under missing and unexpected",
        remedy=_remedy(missing, unexpected, expected, found),
    )


def _remedy(
    missing: list[str], unexpected: list[str], expected: Mapping[str, Tensor], found: Mapping[str, Tensor]
) -> str:
    prefixes = [shown(prefix) for prefix in foreign_prefixes(missing, unexpected)] if missing else []
    if prefixes:
        begin = " or ".join(f"'{text}'" for text in prefixes)
        options = " or ".join(f"--strip-prefix {text}" for text in prefixes)
        return f"names in the file begin with {begin}: {options}, or in a spec strip_prefix: [{prefixes[0]}]"
    left = list(common_prefixes(unexpected, (name for name in found if name in expected)))
    if not missing:
        return f"check the architecture; what it does not need is listed in a spec: unexpected: [{', '.join(left)}]"
    same = [name for name in unexpected[:MOST_CANDIDATES] if found[name].shape == expected[missing[0]].shape]
    close = nearest(missing[0], same, limit=1)
    if close:
        return (
            f"the file's nearest to '{shown(missing[0])}' is '{shown(close[0])}', of the same shape: check the names, "
            f"or in a spec rename: {{'^{re.escape(close[0])}$': '{missing[0]}'}}"
        )
    if len(missing) == sum(not is_batch_counter(name) for name in expected):
        return "check the architecture; where only the names differ, use strip_prefix, rename or match: order"
    globs = list(common_prefixes(missing, (name for name in expected if name in found)))
    needed = [name for name in expected if not is_batch_counter(name)]
    if len(globs) > MOST_OF_A_HEAD or needed[-len(missing) :] != missing:
        return "check the architecture: the file has not the whole of this one"
    besides = f", unexpected: [{', '.join(left)}]" if left else ""
    return (
        "check the architecture; a classifier that the file lacks is listed in the spec: "
        f"missing: [{', '.join(globs)}]{besides} and split.classifier: null"
    )
