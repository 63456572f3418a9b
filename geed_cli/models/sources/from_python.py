"""Networks that the user's own Python code builds: ``module:callable``, only with --allow-code.

Importing a module runs it, so nothing is imported until the user has said so. Such a source knows no preprocessing:
the spec has to give it.
"""

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from geed_cli.checkpoints.formats import shown_list
from geed_cli.errors import InputError, described, text_of
from geed_cli.models.code.lazy import lazy_tensors, materialise
from geed_cli.models.code.unwrapped import unwrapped
from geed_cli.models.sources.architecture import Architecture, seeded
from geed_cli.models.spec import Argument
from geed_cli.phrases import shell_quoted
from geed_cli.runtime.own_process import prints_aside


def build_python(
    name: str,
    arguments: Mapping[str, Argument],
    folder: Path,
    *,
    seed: int,
    size: int | None,
    channels: int,
    with_weights: bool,
    allow_code: bool,
) -> Architecture:
    """Import a callable and build a network with it, without preprocessing.

    Args:
        name: ``module:callable``; the module is looked up beside the spec, then as installed.
        arguments: keyword arguments of the callable.
        folder: the spec's folder.
        seed: of whatever random weights the callable makes, lazy ones included.
        size: side of the pictures that lazy modules take their shapes from.
        channels: of these pictures.
        with_weights: whether the callable is to bring the weights.
        allow_code: whether the user allowed this.

    Raises:
        InputError: code is not allowed, the name does not lead to a callable, the callable fails, or it returns
            something other than a module.
    """
    module_name, _, attribute = name.partition(":")
    if not (module_name and attribute):
        raise InputError(
            f"'{name}' names no callable",
            expected="module:callable, such as my_models.resnet:build",
            remedy="correct model.name in the spec",
        )
    if not allow_code:
        raise InputError(
            f"this spec would import the Python module '{module_name}' and call '{attribute}'",
            expected="specs that run no code, unless you allow it",
            remedy="read that module; if you trust it, add --allow-code",
        )
    _require_own(module_name, folder)
    with _importable(folder), seeded(seed):
        module = _call(module_name, attribute, arguments, folder)
        lazy = lazy_tensors(module)
        if lazy and with_weights:
            raise InputError(
                f"{name} returns a network without weights for {shown_list(lazy)}; they would be random",
                expected="weights, or a spec that says where they come from",
                remedy="weights: {origin: random} or {origin: file, path: …} in the spec",
            )
        if lazy:
            materialise(module, size, channels, name)
    # which module is the classifier, and so which layers are stages, is seen when the network runs
    return Architecture("python", name, None, module, None, classifier=None, layers=(), finds_classifier=True)


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Put a folder on the import path for the block."""
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def _require_own(module_name: str, folder: Path) -> None:
    """Refuse a module beside the spec of whose name another one is imported already: that one would be taken."""
    top = module_name.partition(".")[0]
    held = getattr(sys.modules.get(top), "__file__", None)
    beside = [path for path in (folder / f"{top}.py", folder / top / "__init__.py") if path.is_file()]
    if held and beside and Path(held).resolve() != beside[0].resolve():
        raise InputError(
            f"a module '{top}' is imported already, from {held}, and another stands beside the spec: {beside[0]}",
            expected="one module of that name in a run",
            remedy="rename one of them, or audit them one at a time and compare the saved results",
        )


def _call(module_name: str, attribute: str, arguments: Mapping[str, Argument], folder: Path) -> nn.Module:
    given = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
    code = f"import {module_name}; {module_name}.{attribute}({given})"
    try:
        with prints_aside():
            network = getattr(importlib.import_module(module_name), attribute)(**arguments)
    except Exception as error:  # the user's code may raise anything
        raise InputError(
            f"{module_name}:{attribute} failed: {described(error)}",
            expected="an importable module with a callable that returns a torch.nn.Module",
            remedy=f"cd {shell_quoted(str(folder))} && python -c {shell_quoted(code)} shows where it fails",
        ) from error
    return as_network(network, f"{module_name}:{attribute}")


def as_network(returned: object, name: str) -> nn.Module:
    """What somebody's code returned, as a module in evaluation mode that can be watched, named and read.

    Raises:
        InputError: it is none; ``name`` begins what the message says.
    """
    network = unwrapped(returned)
    if not isinstance(network, nn.Module):
        raise InputError(
            f"{name} returned {type(network).__name__}",
            expected="a torch.nn.Module",
            remedy="name the callable that builds the network",
        )
    try:
        network.eval()
    except NotImplementedError as error:  # what .module() of an exported program returns
        raise InputError(
            f"{name} returned a module that has no evaluation mode: {text_of(error)}",
            expected="a torch.nn.Module, or an ExportedProgram itself",
            remedy="return the exported program without .module()",
        ) from error
    except Exception as error:  # a train() of the user's own
        raise InputError(
            f"{name} returned a module whose eval() fails: {described(error)}",
            expected="a torch.nn.Module that can be put in evaluation mode",
            remedy="let its train() and eval() return",
        ) from error
    require_readable(network, f"{name} returned")
    return network


def require_readable(network: nn.Module, found: str) -> None:
    """Refuse parts that cannot be watched, named or read; ``found`` begins what messages say.

    Raises:
        InputError: naming the part.
    """
    try:
        parts = list(network.named_modules())
    except TypeError as error:  # torch keeps modules in sets
        raise InputError(
            f"{found} a network whose modules cannot be listed: {text_of(error)}",
            expected="modules that have a hash, as those of torch have",
            remedy="let a module that defines __eq__ define __hash__ too",
        ) from error
    for part, module in parts:
        if isinstance(module, torch.jit.ScriptModule):
            raise InputError(
                f"{found} a network with TorchScript inside it, at '{part}', which cannot be watched",
                expected="TorchScript as a whole, or none",
                remedy="return torch.jit.trace(network, pictures), which is audited as one module",
            )
        if "#" in part:
            raise InputError(
                f"{found} a network with a module named '{part}'",
                expected="names without '#', which stands before the number of a call",
                remedy="rename it",
            )
    empty = [
        part for part, value in network.state_dict().items() if isinstance(value, Tensor) and value.is_meta
    ]
    if empty:
        raise InputError(
            f"{found} a network without numbers for {shown_list(empty)}, on torch's meta device",
            expected="weights",
            remedy="build it on the CPU",
        )
