"""What is handed to ``wrap`` in place of a module, and modules of which no number could be said."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from geed_cli.errors import InputError
from geed_cli.models.code.lazy import lazy_tensors
from geed_cli.models.network import Network
from geed_cli.models.sources.from_python import require_readable

EXPECTED = "a torch.nn.Module with its weights"
SHARDED = {"FullyShardedDataParallel", "FSDPModule", "DeepSpeedEngine"}
"""By name: modules of which a process holds a part."""


def refuse_other(model: object) -> None:
    """Refuse what is no module.

    Raises:
        InputError: what it seems to be, and how a module is made of it.
    """
    # what torch.export makes is no module, and holds one
    if isinstance(model, nn.Module) or type(model).__name__ == "ExportedProgram":
        return
    found, remedy = next(filter(None, (mistake(model) for mistake in MISTAKES)))
    raise InputError(found, expected=EXPECTED, remedy=remedy)


Mistake = tuple[str, str] | None
"""What was found, and what to try."""


def _wrapped(model: object) -> Mistake:
    if isinstance(model, Network):
        return "a Network, which is wrapped already", "hand it to audit() as it is"
    return None


def _class(model: object) -> Mistake:
    if isinstance(model, type):
        return f"the class {model.__name__} in place of a network", f"wrap({model.__name__}(…))"
    return None


def _name_or_path(model: object) -> Mistake:
    if isinstance(model, str | Path):
        text = repr(str(model))
        return (
            f"{text}, which is text and no module",
            f"load_model({text}), or with arch=NAME for a weights file",
        )
    return None


def _optimizer(model: object) -> Mistake:
    if isinstance(model, torch.optim.Optimizer):
        return f"an optimizer ({type(model).__name__})", "wrap() the module whose parameters it has"
    return None


def _state(model: object) -> Mistake:
    if not isinstance(model, Mapping):
        return None
    held = sum(isinstance(each, torch.Tensor) for each in model.values())
    what = f"a state dict of {held} tensors" if held else f"a mapping with the keys {_keys(model)}"
    return what, "build the network, network.load_state_dict(…), and wrap(network)"


def _several(model: object) -> Mistake:
    if isinstance(model, tuple | list):
        place = next((place for place, each in enumerate(model) if isinstance(each, nn.Module)), None)
        if place is not None:
            return (
                f"a {type(model).__name__} of {len(model)}, with a module at {place}",
                f"wrap(THAT[{place}])",
            )
    return None


def _holder(model: object) -> Mistake:
    if isinstance(getattr(model, "model", None), nn.Module):
        return f"a {type(model).__name__}, which holds a module", "wrap() its .model"
    return None


def _tensor(model: object) -> Mistake:
    if isinstance(model, torch.Tensor):
        return f"a tensor of shape {tuple(model.shape)}", "wrap() the network; pictures go to audit()"
    return None


def _function(model: object) -> Mistake:
    if callable(model):
        name = getattr(model, "__name__", type(model).__name__)
        return (
            f"the function {name}, which is no module",
            "a class Net(torch.nn.Module) whose forward calls it",
        )
    return None


def _anything(model: object) -> Mistake:
    return f"{type(model).__name__}, which is no module", "wrap(network)"


MISTAKES = (
    *(_wrapped, _class, _name_or_path, _optimizer, _state),
    *(_several, _holder, _tensor, _function, _anything),
)
"""What is handed over in place of a module, the first that fits."""


def _keys(model: Mapping[object, object]) -> str:
    names = [str(key) for key in model]
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")


def require_auditable(module: nn.Module, called: str) -> None:
    """Refuse modules without numbers, in parts, on several devices, or of several types.

    Raises:
        InputError: naming them.
    """
    if {each.__name__ for each in type(module).__mro__} & SHARDED:
        raise InputError(
            f"{called} is sharded over processes ({type(module).__name__})",
            expected="a module whose parameters are all in this process",
            remedy="gather its state dict, load it into a plain module, and wrap() that",
        )
    lazy = lazy_tensors(module)
    if lazy:
        raise InputError(
            f"{called} has lazy modules: {lazy[0]} has no shape yet",
            expected="weights",
            remedy="show it a batch of pictures first: module(pictures)",
        )
    require_readable(module, f"{called} is")
    tensors = [*module.parameters(), *module.buffers()]
    if not tensors:
        raise InputError(
            f"{called} has neither parameters nor buffers, so that nothing was learnt in it",
            expected=EXPECTED,
            remedy="wrap() the whole network, not one of its operations",
        )
    devices = Counter(str(each.device) for each in module.parameters())
    if len(devices) > 1:
        raise InputError(
            f"{called} lies on several devices: {_counted(devices)}",
            expected="all parameters on one device",
            remedy=f'module.to("{devices.most_common(1)[0][0]}") first',
        )
    types = Counter(
        str(each.dtype).removeprefix("torch.") for each in module.parameters() if each.is_floating_point()
    )
    if len(types) > 1:
        widest = max(types, key=lambda name: torch.finfo(getattr(torch, name)).bits)
        raise InputError(
            f"{called} has parameters of several types: {_counted(types)}",
            expected="one floating type, in which the whole network runs",
            remedy=f"wrap(copy.deepcopy(module).to(torch.{widest}))",
        )


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in counts.most_common())
