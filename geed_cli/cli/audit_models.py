"""Audits the models of a comparison, together where they see the same pixels."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from geed_cli.cli.model_request import ModelRequest, kept_weights
from geed_cli.cli.progress import TerminalProgress
from geed_cli.models.network import Network
from geed_cli.pipeline.audit import audit_together
from geed_cli.pipeline.draw import draw
from geed_cli.pipeline.placement import geometry
from geed_cli.pipeline.planning import plan_groups
from geed_cli.pipeline.progress import Progress
from geed_cli.report.console import message_console
from geed_cli.result.schema import Result

if TYPE_CHECKING:
    from geed_cli.cli.run_compare import CompareRequest


def audit_models(names: Sequence[str], request: "CompareRequest") -> tuple[Result, ...]:
    """A result for each model, in order; the cheap refusals come before any weights are loaded."""
    plan_groups(request.groups, request.options)
    draw(request.options.data)
    with TerminalProgress(message_console(), quiet=request.quiet) as progress:
        networks = [_load(name, request, progress) for name in names]
        found: dict[int, Result] = {}
        for members in _by_geometry(networks):
            together = [networks[i] for i in members]
            results = audit_together(together, request.groups, request.options, progress)
            found |= dict(zip(members, results, strict=True))
            if progress.stopping():
                raise KeyboardInterrupt
    return tuple(found[i] for i in range(len(names)))


def _load(name: str, request: "CompareRequest", progress: Progress) -> Network:
    progress.step(f"loading {name}")
    return ModelRequest(
        name,
        weights=request.weights,
        seed=request.options.interval.seed,
        spec_dir=request.spec_dir,
        allow_code=request.allow_code,
        img_size=request.img_size,
    ).load(kept_weights(request.options.cache, progress))


def _by_geometry(networks: Sequence[Network]) -> list[list[int]]:
    """The numbers of the networks that see the same pixels."""
    groups: dict[str, list[int]] = {}
    for number, network in enumerate(networks):
        groups.setdefault(geometry(network.input), []).append(number)
    return list(groups.values())
