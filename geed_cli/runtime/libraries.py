"""timm and torchvision, imported without torch's compiler; every module of geed takes them from here.

Both reach for ``torch._dynamo`` while they are imported, which takes as long as torch itself and is needed only where
something is compiled. Where they would, they get a stand-in, which fetches the real thing when it is first used.
"""

import functools
import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import torch.compiler

import geed_cli.runtime.progress_bars  # noqa: F401 - before timm imports huggingface_hub
from geed_cli.runtime.versions import require_matching_torchvision

COMPILER = "torch._dynamo"
ASKED_FOR = f"{COMPILER}.utils"
"""The part of the compiler that torchvision names at its top, for one function that asks about the device."""

Function = Callable[..., Any]


class _Deferred(ModuleType):
    """Stands where ``torch._dynamo.utils`` will be, and makes way at the first question that it cannot put off."""

    @staticmethod
    def is_compile_supported(device_type: str) -> Any:  # noqa: ANN401 - as the real one
        """What the real one says, fetched when this is called."""
        return importlib.import_module(ASKED_FOR).is_compile_supported(device_type)

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):  # the import system's own questions
            raise AttributeError(name)
        _make_way(self)
        return getattr(importlib.import_module(ASKED_FOR), name)


@contextmanager
def compiler_deferred() -> Iterator[None]:
    """Import libraries in this block without the compiler, where it is not there already.

    Whatever else they ask of it than the two things known here makes them import it as usual.
    """
    if COMPILER in sys.modules:
        yield
        return
    stand_in, disable = _Deferred(ASKED_FOR), torch.compiler.disable
    sys.modules[ASKED_FOR] = stand_in
    torch.compiler.disable = _disabled_later(disable)
    try:
        yield
    finally:
        torch.compiler.disable = disable
        _make_way(stand_in)


class _Absent(ModuleType):
    """Stands where ``torch._dynamo`` will be: leaves functions as they are, and makes way at any other question."""

    def __init__(self) -> None:
        super().__init__(COMPILER)
        self._asked: list[Function] = []

    def disable(self, function: Function, *_rest: object, **_named: object) -> Function:
        """The function itself: there is no compiler to keep out of it."""
        self._asked.append(function)
        return function

    def forget(self) -> None:
        """Have the functions ask again, which keep what they were given."""
        for function in self._asked:
            vars(function).pop("__dynamo_disable", None)

    def __getattr__(self, name: str) -> object:
        if (
            name.startswith("__") and name != "__path__"
        ):  # of the import system's own questions, that of a part
            raise AttributeError(name)
        _make_way(self)
        return getattr(importlib.import_module(COMPILER), name)


@contextmanager
def compiler_absent() -> Iterator[None]:
    """Run networks without data in this block without the compiler, where it is not there already.

    Operations that torch has in Python, as many are on the meta device, fetch it when they are first called, only to
    keep it out of themselves.
    """
    if COMPILER in sys.modules:
        yield
        return
    stand_in = _Absent()
    sys.modules[COMPILER] = stand_in
    try:
        yield
    finally:
        _make_way(stand_in)
        stand_in.forget()


def _make_way(stand_in: ModuleType) -> None:
    if sys.modules.get(stand_in.__name__) is stand_in:
        del sys.modules[stand_in.__name__]


def _disabled_later(disable: Function) -> Function:
    """``torch.compiler.disable`` as a bare decorator, without the import that it makes at once.

    Args:
        disable: the real one; it is used once there is a compiler, and before that there is nothing to disable.
    """

    def decorator(function: Function | None = None, *rest: object, **named: object) -> Any:  # noqa: ANN401
        if function is None or rest or named:
            return disable(function, *rest, **named)

        @functools.wraps(function)
        def called(*args: object, **kwargs: object) -> object:
            if COMPILER in sys.modules:
                return disable(function)(*args, **kwargs)
            return function(*args, **kwargs)

        called._torchdynamo_disable = True  # type: ignore[attr-defined] # the compiler's own mark
        return called

    return decorator


require_matching_torchvision()
with compiler_deferred():
    import timm as timm  # noqa: PLC0414 - given on
    import timm.data.config
    import timm.models
    import torchvision as torchvision  # noqa: PLC0414
    import torchvision.models
    import torchvision.transforms.v2.functional

__all__ = ["compiler_absent", "compiler_deferred", "timm", "torchvision"]
