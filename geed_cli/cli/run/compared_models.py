"""Audits the models of a comparison, together where they see the same pixels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.cli.audit_request import groups_of, refuse
from geed_cli.cli.run.model_request import ModelRequest, kept_weights
from geed_cli.cli.run.terminal_progress import TerminalProgress
from geed_cli.models.network import Network
from geed_cli.models.requested import parse_reference
from geed_cli.pipeline.audit import audit_together
from geed_cli.pipeline.draw import draw
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.placement import geometry
from geed_cli.pipeline.planning import plan_groups
from geed_cli.pipeline.progress import Progress
from geed_cli.pipeline.second_runs import with_twin
from geed_cli.report.console import message_console
from geed_cli.result.schema import Result

if TYPE_CHECKING:
    from geed_cli.cli.run.comparing import CompareRequest

OF_FILES = ("arch", "strip_prefix", "allow_pickle")
"""The options that say how a checkpoint file is read."""


@dataclass(frozen=True)
class _Loaded:
    """A model, and its twin where one was asked for."""

    network: Network
    twin: Network | None


def audit_models(
    names: Sequence[str], request: "CompareRequest", options: AuditOptions
) -> tuple[Result, ...]:
    """A result for each model, in order; the cheap refusals come before any weights are loaded."""
    asked = request.asked
    requests = _requests(names, asked)
    groups = groups_of(asked)
    plan_groups(groups, options)
    draw(options.data)
    with TerminalProgress(message_console(), quiet=request.quiet) as progress:
        models = [_load(each, asked, options, progress) for each in requests]
        found: dict[int, Result] = {}
        for members in _by_geometry(models):
            results = _together([models[i] for i in members], groups, options, progress)
            found |= dict(zip(members, results, strict=True))
            if progress.stopping():
                raise KeyboardInterrupt
    return tuple(found[i] for i in range(len(names)))


def _requests(names: Sequence[str], asked: AuditArguments) -> list[ModelRequest]:
    """Each model with the options that are about it: those of files are for the checkpoint files among them."""
    files = {name for name in names if parse_reference(name, asked.spec_dir).kind == "checkpoint"}
    if not files:
        refuse(asked, OF_FILES, "models that are no checkpoint files", "leave it out, or name a file")
    requests = [ModelRequest.of(name, asked) for name in names]
    return [
        one if one.model in files else replace(one, arch=None, strip_prefix=(), allow_pickle=False)
        for one in requests
    ]


def _load(request: ModelRequest, asked: AuditArguments, options: AuditOptions, progress: Progress) -> _Loaded:
    progress.step(f"loading {request.model}")
    network = request.load(kept_weights(options.cache, progress))
    return _Loaded(network, request.twin(network).load() if asked.twin else None)


def _together(
    models: Sequence[_Loaded], groups: Sequence[str], options: AuditOptions, progress: Progress
) -> list[Result]:
    """A result for each of the models, which see the same pixels as their twins do."""
    twins = [one.twin for one in models if one.twin is not None]
    results = audit_together([*(one.network for one in models), *twins], groups, options, progress)
    own, others = results[: len(models)], results[len(models) :]
    return [with_twin(*pair) for pair in zip(own, others, strict=True)] if twins else list(own)


def _by_geometry(models: Sequence[_Loaded]) -> list[list[int]]:
    """The numbers of the networks that see the same pixels."""
    groups: dict[str, list[int]] = {}
    for number, one in enumerate(models):
        groups.setdefault(geometry(one.network.input), []).append(number)
    return list(groups.values())
