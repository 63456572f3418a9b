"""A block that the rest of the process does not notice: one at a time, without autocast, and no draw of it lasts."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
import torch

from geed_cli.errors import InputError

READING = "geed-decode"
"""How the names of threads begin that read pictures ahead."""
AUTOCAST = ("cpu", "cuda", "mps")
_ONE_AT_A_TIME = threading.RLock()
"""Hooks, modes, threads, streams and generators that one audit puts back are those that another would find changed."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Whatever networks, data sets and writers draw, the random generators are after the block as before.

    They are those of torch, NumPy and Python. Autocast of the caller does not reach into the block, since numbers are
    of the type that they are said to be. Of several threads one at a time is in such a block.

    Raises:
        InputError: in a thread that reads the pictures of such a block, which would wait for itself.
    """
    if threading.current_thread().name.startswith(READING):
        raise InputError(
            "an audit within the pictures of another, which waits for them",
            expected="pictures that are made without geed",
            remedy="make a list of them first: pictures = [data_set[index] for index in range(len(data_set))]",
        )
    with _ONE_AT_A_TIME, ExitStack() as stack:
        for put_back in _states_of_generators():
            stack.callback(put_back)
        for device in AUTOCAST:
            if torch.is_autocast_enabled(device):
                stack.enter_context(torch.autocast(device, enabled=False))
        yield


def _states_of_generators() -> list[Callable[[], object]]:
    """For each random generator of the process what puts it back."""
    python, numpy, torch_ = random.getstate(), np.random.get_state(), torch.get_rng_state()
    put_back: list[Callable[[], object]] = [
        lambda: random.setstate(python),
        lambda: np.random.set_state(numpy),
        lambda: torch.set_rng_state(torch_),
    ]
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        cuda = torch.cuda.get_rng_state_all()
        put_back.append(lambda: torch.cuda.set_rng_state_all(cuda))
    if torch.backends.mps.is_available():
        mps = torch.mps.get_rng_state()
        put_back.append(lambda: torch.mps.set_rng_state(mps))
    return put_back
