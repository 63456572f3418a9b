"""Runs beside each other: whether they gave the same, and how often a network was asked."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from geed_cli.models.network import Network
from geed_cli.result.schema import Result


def numbers(result: Result) -> str:
    """Everything in a result but when it was made."""
    return result.model_dump_json(exclude={"timing"})


@contextmanager
def counting(network: Network) -> Iterator[list[int]]:
    """The batch of every forward pass of 8 rows: tracing and rounding run others."""
    passes: list[int] = []

    def count(_module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        if len(inputs[0]) == 8 and inputs[0].device.type == "cpu":
            passes.append(len(inputs[0]))

    handle = network.module.register_forward_pre_hook(count)
    try:
        yield passes
    finally:
        handle.remove()
