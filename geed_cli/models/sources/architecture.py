"""What a source builds: a module, and everything the source knows about using it.

Weights are another matter: ``Loaded`` says which file they were taken from.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from geed_cli.checkpoints.rules import KeyRules
from geed_cli.choices import OutputKind
from geed_cli.input_settings import InputSettings


@dataclass(frozen=True)
class Architecture:
    """A module as its source builds it.

    Attributes:
        source: ``timm`` | ``torchvision`` | ``transformers`` | ``open_clip`` | ``torchhub`` | ``python``.
        name: the source's name of the architecture.
        tag: the source's name of its pretrained weights, where the name says or implies them.
        module: the network.
        input: its default preprocessing; None where the source knows none.
        classifier: name of the module that makes the logits, where the source knows; None for a network without one.
        layers: the default layers, its stages; () where they are found when the network has run.
        channels_last: see ``Network``.
        prefix_tokens: see ``Network``.
        rules: what the source's own published files need in order to fit.
        notes: choices made while building, one sentence each.
        finds_classifier: whether a classifier is looked for where the source names none.
        output: what the network puts out, where the source knows more than that it has a classifier.
        why_no_input: of sources that state preprocessing, why there is none.
        classes: what the classes are called, in the order of the outputs, where the source knows.
    """

    source: str
    name: str
    tag: str | None
    module: nn.Module
    input: InputSettings | None
    classifier: str | None
    layers: tuple[str, ...]
    channels_last: bool = False
    prefix_tokens: int = 0
    rules: KeyRules = field(default_factory=KeyRules)
    notes: tuple[str, ...] = ()
    finds_classifier: bool = False
    output: OutputKind | None = None
    why_no_input: str = ""
    classes: tuple[str, ...] = ()

    def rules_beside(self, rules: KeyRules) -> KeyRules:
        """A spec's rules, and those that the source's own files need."""
        own = self.rules
        return replace(rules, rename=rules.rename + own.rename, unexpected=rules.unexpected + own.unexpected)


@dataclass(frozen=True)
class Loaded:
    """The weights that went into a module.

    Attributes:
        detail: where they came from.
        sha256: of the file, where there is one.
        notes: choices made while loading, one sentence each.
        absent: the tensors that were declared missing and are NaN.
    """

    detail: str
    sha256: str | None = None
    notes: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


@contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """Build a network in this block with random weights of a seed; the CPU's random generator is put back afterwards.

    Args:
        seed: None where every weight is filled afterwards: none is drawn, which takes as long as all the rest.
    """
    with torch.random.fork_rng(devices=[]), nullcontext() if seed is not None else _Undrawn():
        # Not torch.manual_seed, which would also seed every accelerator and so change global state.
        torch.default_generator.manual_seed(seed or 0)
        yield


class _Undrawn(TorchFunctionMode):
    """Leaves parameters that would be drawn as their memory was; whatever else is drawn, such as buffers, is."""

    # of torch.nn.init those that ask a mode as a whole; the others ask for each step on the tensor
    DRAWS = (
        *(nn.init.kaiming_uniform_, nn.init.normal_, nn.init.trunc_normal_, nn.init.uniform_),
        *(Tensor.erfinv_, Tensor.normal_, Tensor.uniform_),
    )

    def __torch_function__(
        self,
        function: Callable[..., Any],
        _types: Iterable[type],
        args: tuple[Any, ...] = (),
        named: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - what the function returns
        if function in self.DRAWS:
            drawn = args[0] if args else (named or {}).get("tensor")
            if isinstance(drawn, nn.Parameter):
                return drawn
        return function(*args, **(named or {}))
