"""The scalars of a result, and where they go: writers of TensorBoard, Weights & Biases, MLflow and others.

Writers are known by the method that they have, so that none of these libraries is imported.
"""

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

from geed_cli.errors import InputError
from geed_cli.result.schema import Result

Write = Callable[[Mapping[str, float], int], None]
"""Takes the scalars of one step, by name, and the step."""


def scalars_of(result: Result) -> dict[str, float]:
    """Every value that is defined, as ``geed/latent.l2/flip`` or ``geed/channelwise.cosine/c4/layer3``."""
    return {
        "/".join(filter(None, ("geed", entry.metric, entry.group, entry.layer))): entry.value
        for entry in result.results
        if entry.value is not None
    }


def writing_to(log: object) -> Write:
    """What writes scalars to a writer, or to a function of name, value and step.

    Args:
        log: what has ``add_scalar(name, value, step)``, as TensorBoard's SummaryWriter; ``log_metrics(dict, step=)``,
            as the module ``mlflow`` and loggers of Lightning; ``log_metric(name, value, step=)``, as Comet's
            experiments; ``log(dict, step=)``, as the module ``wandb`` and its runs; or a function.

    Raises:
        InputError: none of these.
    """
    writer: Any = log
    if hasattr(log, "add_scalar"):
        return lambda scalars, step: _each(writer.add_scalar, scalars, step)
    if hasattr(log, "log_metrics"):
        return lambda scalars, step: writer.log_metrics(_plain_names(scalars), step=step)
    if hasattr(log, "log_metric"):
        return lambda scalars, step: _each(
            lambda name, value, at: writer.log_metric(name, value, step=at), _plain_names(scalars), step
        )
    if hasattr(log, "log") and not isinstance(log, logging.Logger):
        return lambda scalars, step: writer.log(dict(scalars), step=step)
    if callable(log):
        return lambda scalars, step: _each(writer, scalars, step)
    raise InputError(
        f"log={type(log).__name__}, which has no place for a number of a step",
        expected="a SummaryWriter, wandb or one of its runs, mlflow, or a function of name, value and step",
        remedy="log=lambda name, value, step: print(step, name, value)",
    )


def _each(write: Callable[[str, float, int], object], scalars: Mapping[str, float], step: int) -> None:
    for name, value in scalars.items():
        write(name, value, step)


def _plain_names(scalars: Mapping[str, float]) -> dict[str, float]:
    """Names of letters, digits, ``_-./`` and spaces, which is all that MLflow takes: ``flip_xshift7``."""
    return {re.sub(r"[^\w\-./ ]", "_", name, flags=re.ASCII): value for name, value in scalars.items()}
