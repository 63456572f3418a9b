"""``wrap``: a module that is in memory as a network to audit, without changing it."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Unpack

import torch
from PIL import Image
from torch import nn

from geed_cli.api.python_words import called_in_python, in_python_words
from geed_cli.api.wrapping.not_a_module import refuse_other, require_auditable
from geed_cli.api.wrapping.sections import Declared, at_size, said, spec_of
from geed_cli.errors import InputError, meant
from geed_cli.images.memory.items import OfSequence
from geed_cli.images.picture import ImageRefused
from geed_cli.models.build import Built
from geed_cli.models.code.adapter import Adapter, field_of, takes_geometric
from geed_cli.models.code.as_it_was import as_it_was
from geed_cli.models.code.lending import lent
from geed_cli.models.code.own_type import black
from geed_cli.models.code.unwrapped import unwrapped
from geed_cli.models.load import assemble, load_model
from geed_cli.models.network import Network
from geed_cli.models.requested import Library
from geed_cli.models.sources.architecture import Architecture, Loaded
from geed_cli.models.sources.in_memory import in_memory, stated_input, stated_size, torchvision_preset
from geed_cli.models.sources.preprocess_of import Understood, understood
from geed_cli.models.spec import ModelSpec

Preprocess = Library | Callable[[Any], Any]
BY_FUNCTION = ("crop_pct", "interpolation", "crop_mode")
"""What a function says that is applied to each picture before anything else."""
WHERE_FROM = "of the module"
LIST_NAMES = "print(*dict(module.named_modules())) lists the names"


def wrap(
    module: nn.Module,
    *,
    preprocess: Preprocess | None = None,
    name: str | None = None,
    cache_key: str | None = None,
    rounding: bool = True,
    **declared: Unpack[Declared],
) -> Network:
    """A module that is in memory as a network to audit; the module is left as it is.

    Everything but the module may be left out where it can be told. timm's networks say all of it; of torchvision's the
    preprocessing is taken to be its preset for ImageNet; any other has to be given ``size``, ``mean`` and ``std``, or
    a ``preprocess`` of which they can be read.

    Args:
        module: any ``torch.nn.Module``, in any mode, on one device, in one floating type; also compiled by
            ``torch.compile``, inside of ``DataParallel``, or as TorchScript.
        preprocess: what evaluation does to a picture: ``timm`` or ``torchvision`` for that library's own, or a
            function such as ``weights.transforms()``.
        name: what results call it; else its architecture or class.
        cache_key: names the code of the module: with it rows are kept between runs, under it and the weights. Equal
            weights do not tell: two ``forward`` may share them.
        rounding: whether the rounding of a run is measured against float64, for which the module is copied once.
        declared: what cannot be told, see ``Declared``.

    Returns:
        A network for ``audit``, which refers to the module: what is audited are its weights at that time.

    Raises:
        InputError: what is no module, cannot be told, or does not fit the module.
    """
    refuse_other(module)
    if not isinstance(rounding, bool):
        raise InputError(
            f"rounding={rounding!r}, of type {type(rounding).__name__}",
            expected="True or False",
            remedy="rounding=False where there is no memory for a copy, else leave it out",
        )
    own = unwrapped(module)
    assert isinstance(own, nn.Module), "what is no module was refused"
    wanted = said(declared)
    require_auditable(own, name or type(own).__name__)
    with called_in_python(words=in_python_words), lent(own):
        told = _told(own, name, preprocess, wanted)
        with told.adapter.at(own):
            built = Built(told.spec, told.architecture, Loaded(WHERE_FROM))
            network = assemble(built, told.spec.input.size or told.size, "", (), lambda _: LIST_NAMES)
    weights = network.weights
    notes = tuple(map(in_python_words, weights.notes))
    return replace(
        network,
        weights=replace(weights, origin="memory", notes=notes),
        borrowed=True,
        cache_key=cache_key,
        rounding=rounding,
        adapter=told.adapter,
        preprocess=told.first,
    )


def network_of(model: str | Network | nn.Module) -> Network:
    """The network that is meant: itself, a module wrapped, or what ``load_model`` makes of a name."""
    if isinstance(model, Network):
        return model
    return load_model(model) if isinstance(model, str) else wrap(model)


@dataclass(frozen=True)
class _Told:
    """A module with everything that was said or can be told of it."""

    spec: ModelSpec
    architecture: Architecture
    size: int | None
    adapter: Adapter
    first: Callable[[Any], Any] | None


def _told(
    module: nn.Module, name: str | None, preprocess: Preprocess | None, wanted: dict[str, Any]
) -> _Told:
    size = wanted.get("size")
    architecture = in_memory(module, name, size if isinstance(size, int) else None)
    # which weights these are does not show, whatever the architecture is published with
    architecture = replace(architecture, name=name or architecture.name, tag=None)
    function = _function(module, preprocess, size)
    if function.input is not None:
        architecture = replace(architecture, input=at_size(function.input, size), notes=())
    if function.first is not None and (beside := sorted(wanted.keys() & set(BY_FUNCTION))):
        raise InputError(
            f"{beside[0]}= beside a preprocess that resizes and crops by itself",
            expected="one of them",
            remedy=f"leave out {beside[0]}=",
        )
    if function.mean is not None:
        wanted = {"mean": list(function.mean), "std": list(function.std or ())} | wanted
    if architecture.input is None:
        wanted = {"size": _size_of(function) or stated_size(module)} | wanted
        _require_input(module, architecture.name, wanted)
    spec = spec_of(architecture, wanted)
    if (
        function.first is not None and architecture.input is not None
    ):  # its pictures are of the network's size
        side = spec.input.size or _size_of(function) or architecture.input.size
        architecture = replace(architecture, input=replace(architecture.input, size=side, resize=side))
    shown = architecture.input.size if architecture.input is not None else spec.input.size
    adapter = _adapter(module, spec, shown or 0)
    if adapter.field == "last_hidden_state":  # as of models of that library that are loaded by name
        adapter = replace(adapter, pooled="first" if architecture.prefix_tokens else "mean")
    return _Told(spec, architecture, shown, adapter, function.first)


def _function(module: nn.Module, preprocess: Preprocess | None, size: int | None) -> Understood:
    """What is known of the preprocessing that was asked for."""
    if preprocess is None:
        return Understood()
    if preprocess == "torchvision":
        return Understood(torchvision_preset(module, size))
    if preprocess == "timm":
        stated = stated_input(module, size)
        if stated is None:
            raise InputError(
                f"preprocess='timm', and {type(module).__name__} has no pretrained_cfg",
                expected="a network of timm, which describes its preprocessing",
                remedy="preprocess='torchvision', or size=, mean= and std=",
            )
        return Understood(stated)
    if isinstance(preprocess, str):
        raise InputError(
            f"preprocess={preprocess!r}",
            expected=f"{meant(preprocess, ('timm', 'torchvision'))}'timm', 'torchvision', or a function",
            remedy="preprocess=weights.transforms()",
        )
    return understood(preprocess)


def _size_of(function: Understood) -> int | None:
    """The side of what a function makes of a picture, if it is square; None where there is no function or it fails.

    Raises:
        InputError: it makes something else than a picture.
    """
    made = function.first
    if made is None:
        return None
    with suppress(ImageRefused):  # it may not fail on pictures of the run
        # of all shades, so that numbers that are normalised show
        shades = Image.linear_gradient("L").resize((320, 288)).convert("RGB")
        items = OfSequence("what preprocess makes", range(1), lambda _: made(shades), one_thread=True)
        wide, high = items.picture(0)[0].size
        return wide if wide == high else None
    return None


def _require_input(module: nn.Module, called: str, wanted: Mapping[str, Any]) -> None:
    """Refuse a module of which nobody says what it is shown."""
    missing = [key for key in ("size", "mean", "std") if wanted.get(key) is None]
    if not missing:
        return
    values = {"size": 224, "mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
    part = next(
        ((name, stated) for name, each in module.named_modules() if (stated := stated_input(each, None))),
        None,
    )
    if part is not None:
        values = {"size": part[1].size, "mean": part[1].mean, "std": part[1].std}
    given = ", ".join(f"{key}={values[key]}" for key in missing)
    raise InputError(
        f"what {called} is shown cannot be told: without {', '.join(missing)}",
        expected="the preprocessing that it was trained for"
        + (f"; its part '{part[0]}' is of timm and states the values below" if part else "")
        + "; mean=0, std=1 where the network normalises its pictures itself",
        remedy=f"wrap(module, {given}), or preprocess=weights.transforms()",
    )


def _adapter(module: nn.Module, spec: ModelSpec, size: int) -> Adapter:
    """What stands between plain pictures and one tensor; whether the module runs at all is for others to say."""
    adapter = Adapter(geometric=takes_geometric(module))
    channels = [spec.input.channels] if spec.input.channels else [3, 1]
    for each in channels:
        with suppress(Exception), as_it_was(module), torch.no_grad(), adapter.at(module):
            return replace(adapter, field=field_of(module(black(module, 2, each, size))))
    return adapter
