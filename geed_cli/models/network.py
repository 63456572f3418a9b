"""A network that is ready to be audited: module, sites, preprocessing, and where its weights come from.

Layers and sites are dotted module names as in ``named_modules()``; "" is the whole network. Of a module that runs
several times in one forward pass, ``relu#2`` is the second call.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from torch import nn

from geed_cli.errors import InputError, nearest, nearest_are
from geed_cli.globs import fits_by_parts
from geed_cli.input_settings import InputSettings
from geed_cli.models.code.adapter import PLAIN, Adapter
from geed_cli.models.output import Output
from geed_cli.models.spec import OWN_CODE, ModelSpec
from geed_cli.phrases import shell_joined

T = TypeVar("T")
CALL = re.compile(r"(.*)#([1-9]\d*)")


def module_of(name: str) -> str:
    """The module of a layer or site: ``relu`` for ``relu#2``."""
    match = CALL.fullmatch(name)
    return match[1] if match else name


def call_of(name: str) -> int | None:
    """Which call of its module a layer or site is, from 1; None where the name says nothing of calls."""
    match = CALL.fullmatch(name)
    return int(match[2]) if match else None


@dataclass(frozen=True)
class Site:
    """Where an activation is read.

    Attributes:
        module: dotted name, "" is the whole network; ``fc#2`` is the second call of fc.
        side: the one tensor that the module is given, by position or by name, or its output.
    """

    module: str
    side: Literal["input", "output"]


OUTPUT = Site("", "output")
"""What the whole network puts out: its logits, where it has a classifier."""


@dataclass(frozen=True)
class WeightsOrigin:
    """Where the weights come from, as printed and recorded.

    Attributes:
        origin: ``pretrained`` | ``file`` | ``package`` | ``random``.
        detail: the URL, hub repository and file, file, package and path, or seed.
        sha256: of the file's bytes, where there is a file.
        state_sha256: of the loaded tensors themselves.
        notes: every choice made on the way, one sentence each.
        declared: of random weights, whether the spec asks for them, and not the caller alone; None of others.
    """

    origin: str
    detail: str
    sha256: str | None
    state_sha256: str
    notes: tuple[str, ...]
    declared: bool | None = None


@dataclass(frozen=True, repr=False)
class Network:
    """A network with known weights and a known split f = f2 ∘ f1.

    Attributes:
        id: canonical name, such as ``timm/resnet50.a1_in1k``.
        source: ``timm`` | ``torchvision`` | ``transformers`` | ``python``.
        arch: the source's name of the architecture.
        module: in evaluation mode, without gradients, float32, on the CPU.
        features: where f1(x) is read; flattened to k features per image.
        output: what the network puts out, as predictions are read of it.
        classifier: the module that makes the predictions, None where none is known.
        layers: names of the layers for channelwise measures, in network order.
        input: preprocessing.
        weights: where the weights come from.
        parameters: how many parameters came from there.
        spec: the spec behind it, for writing a starting spec.
        channels_last: whether the layers' 4-D outputs are B×H×W×C instead of B×C×H×W.
        reference: what the user called it; empty where it was not loaded by name.
        typed: the words that name it on a command line, options included; empty where there was none.
        borrowed: whether the module is the user's, to be left as it is: in any mode, on its own device, in its own
            type. It is lent for a run (``lend``).
        cache_key: what the user calls the code of a borrowed module, or of a spec, so that its rows may be kept.
        rounding: whether a copy in float64 may be made of it, against which its rounding is measured.
        adapter: what stands between pictures and one tensor, and what a borrowed module takes and returns.
        preprocess: a function of the user's that is applied to each picture before anything else.
        prefix_tokens: how many tokens precede the H·W grid tokens in a layer's B×tokens×C output.
        batch: how many images it has to be given at once; None for any number.
        classes: what the classes are called, in the order of the outputs; () where its source does not say.
    """

    id: str
    source: str
    arch: str
    module: nn.Module
    features: Site
    output: Output
    classifier: str | None
    layers: tuple[str, ...]
    input: InputSettings
    weights: WeightsOrigin
    parameters: int
    spec: ModelSpec | None = None
    channels_last: bool = False
    prefix_tokens: int = 0
    reference: str = ""
    batch: int | None = None
    typed: tuple[str, ...] = ()
    borrowed: bool = False
    cache_key: str | None = None
    rounding: bool = True
    adapter: Adapter = PLAIN
    preprocess: Callable[[Any], Any] | None = None
    classes: tuple[str, ...] = ()

    @property
    def called(self) -> str:
        """What messages call it."""
        return self.reference or self.id

    @property
    def logits(self) -> bool:
        """Whether measures of predictions, whose site is ``logits``, apply."""
        return self.output.kind != "none"

    def __repr__(self) -> str:
        """What it is, in one line, without its module's."""
        size, count = self.input.size, len(self.layers)
        layers = f"{count} layer{'s' * (count != 1)}"
        return f"<Network {self.called}: {size} × {size}, {self.parameters:,} parameters, {self.output.kind}, {layers}>"

    @property
    def inspect_command(self) -> str:
        """What lists the network's layers, as it is typed."""
        if self.borrowed:
            return "print(*dict(module.named_modules()))"
        return self.command("inspect", "--layers")

    def command(self, name: str, *options: str) -> str:
        """A command about this network, as it is typed: its options follow the model's name, if that has one."""
        code = ("--allow-code",) if self.source in OWN_CODE else ()
        words = self.typed or (self.called, *code)
        place = 0 if words[0].startswith("-") else 1
        return shell_joined(["geed", name, *words[:place], *options, *words[place:]])


def resolve_layers(
    module: nn.Module,
    patterns: Iterable[str],
    model: str = "the network",
    remedy: str = "",
) -> tuple[str, ...]:
    """The layers that names and globs select.

    A glob is matched part by part between the dots: ``layer*`` is layer1 to layer4 but not layer1.0, and
    ``blocks.*`` is every block but nothing inside them. ``relu#2`` is the second call of relu, whether or not there
    is one; ``relu#*`` is relu.

    Args:
        module: the network.
        patterns: dotted names, or globs with ``*``, ``?`` or ``[...]`` in any part.
        model: what messages call the network.
        remedy: what lists its modules, where that is not ``geed inspect MODEL --layers``.

    Returns:
        the names without repetition, in network order (that of ``named_modules()``).

    Raises:
        InputError: a name or glob that selects nothing.
    """
    names = [name for name, _ in module.named_modules() if name and call_of(name) is None]
    chosen: set[tuple[int, int]] = set()
    for pattern in patterns:
        glob, call = module_of(pattern).removesuffix("#*"), call_of(pattern) or 0
        selected = {(place, call) for place, name in enumerate(names) if fits_by_parts(name, glob)}
        if not selected:
            raise _unknown_layer(pattern, names, model, remedy)
        chosen |= selected
    return tuple(f"{names[place]}#{call}" if call else names[place] for place, call in sorted(chosen))


def declared_for(network: Network, entries: Mapping[str, T], layer: str) -> T | None:
    """What a section of a spec says of a layer: the first entry that selects it, or the module that it is a call of.

    Raises:
        InputError: an entry that selects no layer at all.
    """
    called, command = network.called, network.inspect_command
    selected = [
        (set(resolve_layers(network.module, [pattern], called, command)), pattern) for pattern in entries
    ]
    return next((entries[pattern] for names, pattern in selected if {layer, module_of(layer)} & names), None)


def _unknown_layer(pattern: str, names: list[str], model: str, remedy: str) -> InputError:
    siblings = [name for name in names if name.count(".") == pattern.count(".")]
    close = nearest(pattern, siblings) or nearest(pattern, names)
    return InputError(
        f"layer '{pattern}' is not in {model}",
        expected=f"a module of the network{nearest_are(close)}",
        remedy=remedy or f"geed inspect {model} --layers",
    )
