"""How a network ends: the operation that makes its output, and the calls of modules whose output that is.

The network runs once under watch. From its output the way leads back through operations that keep every number in its
place (views, copies), and through one softmax or sigmoid, to the operation that computed. A module's output that lies
on the way *is* the network's output; one that was written in place afterwards is not.
"""

from collections.abc import Mapping, MutableMapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch._ops import OpOverload
from torch.utils.weak import WeakTensorKeyDictionary

from geed_cli.runtime.dispatch import OperationMode

Last = Literal["affine", "softmax", "log_softmax", "sigmoid", "other"]

KEEPING = {
    "alias", "clone", "contiguous", "detach", "flatten", "lift_fresh", "reshape", "squeeze", "to", "unsqueeze",
    "view", "_reshape_alias", "_to_copy", "_unsafe_view",
}  # fmt: skip
"""Operations that leave the numbers and their order as they are."""
LINKS: Mapping[str, Last] = {"_softmax": "softmax", "_log_softmax": "log_softmax", "sigmoid": "sigmoid"}
"""What a network may do to class scores at its very end."""
AFFINE = {"addmm", "mm", "bmm", "baddbmm", "linear", "convolution"}


@dataclass(frozen=True)
class Ending:
    """How the output of one forward pass came about.

    Attributes:
        last: what it ends in; ``affine`` is a linear layer or a convolution.
        makers: the calls whose output the network's output is, inner modules first, ``fc`` or ``fc#2``.
        calls: how often each module ran.
        of_part: the calls whose output has no row for each image, as where images are taken one by one.
    """

    last: Last = "other"
    makers: tuple[str, ...] = ()
    calls: Mapping[str, int] = field(default_factory=dict)
    of_part: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Made:
    """How a tensor was made: by which operation, of which tensor, and how often both had been written by then."""

    operation: str
    version: int
    source: Tensor | None = None
    source_version: int = 0


def run_watched(module: nn.Module, inputs: Tensor) -> tuple[Any, Ending]:
    """The network's output for these inputs, and how it ends.

    Where the network cannot be watched, as some compiled ones cannot, it is known only which modules returned the very
    tensor that the network returns.
    """
    # tensors of inference mode do not count how often they are written
    with torch.inference_mode(False), torch.no_grad():
        try:
            return _run(module, inputs, _Watch())
        except Exception:
            return _run(module, inputs, None)


def _run(module: nn.Module, inputs: Tensor, watch: "_Watch | None") -> tuple[Any, Ending]:
    calls: dict[str, int] = {}
    parts: list[tuple[str, int]] = []
    returned: MutableMapping[Tensor, list[tuple[str, int, int]]] = WeakTensorKeyDictionary()

    def leave(name: str, output: Any) -> None:  # noqa: ANN401 - whatever a module returns
        calls[name] = calls.get(name, 0) + 1
        if isinstance(output, Tensor):
            returned.setdefault(output, []).append((name, calls[name], _version(output, watch)))
            parts.extend([(name, calls[name])] * (output.shape[:1] != inputs.shape[:1]))

    with ExitStack() as stack:
        for name, part in module.named_modules():
            if name:
                hook = part.register_forward_hook(lambda _part, _in, out, name=name: leave(name, out))
                stack.callback(hook.remove)
        if watch is not None:
            stack.enter_context(watch)
        output = module(inputs)
    if not isinstance(output, Tensor):
        return output, Ending(calls=calls)
    alone: tuple[Last, list[tuple[Tensor, int]]] = "other", [(output, _version(output, watch))]
    last, tensors = alone if watch is None else watch.way_back(output)

    makers = [
        _call(name, number, calls)
        for tensor, version in reversed(tensors)
        for name, number, then in returned.get(tensor, [])
        if then == version
    ]
    return output, Ending(
        last, tuple(dict.fromkeys(makers)), calls, frozenset(_call(*part, calls) for part in parts)
    )


def _call(name: str, number: int, calls: Mapping[str, int]) -> str:
    return f"{name}#{number}" if calls[name] > 1 else name


class _Watch(OperationMode):
    """Notes how each tensor was made, for as long as it lives.

    Attributes:
        writes: how often tensors were written in place.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._made: MutableMapping[Tensor, _Made] = WeakTensorKeyDictionary()
        self.writes = 0

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever the operation returns
        """Called by torch in place of each of its operations."""
        output = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        given = [each for each in args if isinstance(each, Tensor)]
        if isinstance(output, Tensor):
            followed = bool(given) and (name in LINKS or _keeps(name, given[0], output))
            written = func._schema.is_mutable
            if written or not any(output is each for each in given):
                source = given[0] if followed and not written else None
                before = 0 if source is None else _version(source, self)
                # torch counts a write in place once the operation has returned
                self._made[output] = _Made(name, _version(output, self) + written, source, before)
            self.writes += written
        return output

    def way_back(self, output: Tensor) -> tuple[Last, list[tuple[Tensor, int]]]:
        """The last operation but for views and copies, and the tensors on the way, each with its count of writes."""
        last: Last = "other"
        tensor, version = output, _version(output, self)
        way: list[tuple[Tensor, int]] = []
        while True:
            way.append((tensor, version))
            made = self._made.get(tensor)
            if made is None or made.version != version:  # not seen, or written in place since
                return last, way
            if made.source is None:
                return _named(made.operation) if last == "other" else last, way
            if made.operation in LINKS:
                if last != "other":
                    return last, way
                last = LINKS[made.operation]
            tensor, version = made.source, made.source_version


def _version(tensor: Tensor, watch: _Watch | None) -> int:
    """How often a tensor was written in place; of inference mode, which does not count, how often any was."""
    if not tensor.is_inference():
        return tensor._version
    return 0 if watch is None else watch.writes


def _named(operation: str) -> Last:
    """What the operation that computed is called; one in place has an underscore behind."""
    return "affine" if operation in AFFINE else LINKS.get(operation.removesuffix("_"), "other")


def _keeps(name: str, source: Tensor, output: Tensor) -> bool:
    """Whether the output holds the numbers of the source in their order; a slice may be the whole."""
    if name == "slice":
        return source.shape == output.shape
    return name in KEEPING and source.numel() == output.numel()
