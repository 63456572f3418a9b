"""What a module and the process look like, to be compared before and after something that should change nothing."""

import gc
import os
import random
import signal
import sys
import warnings

import numpy as np
import torch
from torch import Tensor, nn

HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_state_dict_hooks",
)


def module_state(module: nn.Module) -> dict[str, object]:
    """Everything that can be seen of a module's parts: modes, hooks, tensors and their memory, plain attributes."""
    seen: dict[str, object] = {}
    for name, part in module.named_modules():
        seen[f"{name} is"] = id(part), part.training
        for kind in HOOKS:
            seen[f"{name} {kind}"] = [(key, id(hook)) for key, hook in getattr(part, kind).items()]
        for key, value in vars(part).items():
            if not key.startswith("_parameters"):
                seen[f"{name}.{key}"] = _plain(value)
        for key, parameter in part._parameters.items():
            if parameter is not None:
                grad = parameter.grad
                seen[f"{name}.{key} grad"] = None if grad is None else (id(grad), _numbers(grad))
                seen[f"{name}.{key}"] = (
                    id(parameter),
                    parameter.requires_grad,
                    parameter._version,
                    _tensor(parameter),
                )
    return seen


def _tensor(value: Tensor) -> tuple[object, ...]:
    return value.data_ptr(), value.stride(), value.dtype, str(value.device), _numbers(value)


def _numbers(value: Tensor) -> bytes:
    return (
        value.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes()
        if value.dim()
        else repr(value.item()).encode()
    )


def _plain(value: object) -> object:
    if isinstance(value, Tensor):
        return id(value), _tensor(value)
    if isinstance(value, dict):
        return id(value), [(key, _plain(each)) for key, each in value.items()]
    if isinstance(value, list | tuple | set):
        return id(value), [_plain(each) for each in value]
    return id(value), repr(value) if isinstance(value, int | float | str) else None


def process_state() -> dict[str, object]:
    """The settings of the process that nobody who calls a function expects to be changed."""
    cuda, cudnn, mkldnn = torch.backends.cuda.matmul, torch.backends.cudnn, torch.backends.mkldnn
    return {
        "threads": (torch.get_num_threads(), torch.get_num_interop_threads()),
        "grad": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
        "dtype": torch.get_default_dtype(),
        "device": str(torch.get_default_device()),
        "deterministic": (torch.are_deterministic_algorithms_enabled(), torch.get_float32_matmul_precision()),
        "backends": (cuda.allow_tf32, cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic, mkldnn.enabled),
        "collector": (gc.isenabled(), gc.get_threshold()),
        "warnings": list(warnings.filters),
        "environment": dict(os.environ),
        "path": list(sys.path),
        "signals": [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)],
        "streams": (id(sys.stdout), id(sys.stderr)),
        "recursion": sys.getrecursionlimit(),
        "torch": torch.get_rng_state().tolist(),
        "numpy": repr(np.random.get_state()),
        "python": random.getstate(),
        "folder": os.getcwd(),
    }
