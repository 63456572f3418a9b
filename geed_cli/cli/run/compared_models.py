"""Audits the models of a comparison, together where they see the same pixels."""

from collections.abc import Sequence
from dataclasses import replace

from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.cli.audit_request import groups_of, on_ray, refuse
from geed_cli.cli.clusters.on_cluster import audits_on_cluster, cluster_of
from geed_cli.cli.run.model_request import NO_FILE, ModelRequest
from geed_cli.models.network import Network
from geed_cli.models.requested import parse_reference
from geed_cli.pipeline.audit import audit_together
from geed_cli.pipeline.draw import listed, require_enough
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.placement import geometry
from geed_cli.pipeline.planning import plan_groups
from geed_cli.pipeline.progress import Progress
from geed_cli.pipeline.reuse.converted_weights import kept_weights
from geed_cli.pipeline.second_runs import flat, paired
from geed_cli.report.console import message_console
from geed_cli.report.terminal_progress import TerminalProgress
from geed_cli.result.schema import Result

OPTIONS_OF_FILES = ("arch", "num_classes", "key", "strip_prefix", "allow_pickle")
"""The options that say how a checkpoint file is read."""

NAMED_CLASSES = ("open_clip", "spec")
"""The kinds of models that --classes may be about."""
Pair = tuple[Network, Network | None]
"""A model, and its twin where one was asked for."""


def audit_models(
    names: Sequence[str], asked: AuditArguments, options: AuditOptions, *, quiet: bool
) -> tuple[Result, ...]:
    """A result for each model, in order; the cheap refusals come before any weights are loaded."""
    requests = _requests(names, asked)
    groups = groups_of(asked)
    plan_groups(groups, options)
    cluster = cluster_of(asked, options) if on_ray(asked) else None
    options = replace(options, data=listed(options.data))
    require_enough(options.data)
    with TerminalProgress(message_console(), quiet=quiet) as progress:
        pairs = [_load(each, options, progress) for each in requests]
        alike = _by_geometry(pairs)
        cells = [([requests[i] for i in numbers], [pairs[i] for i in numbers]) for numbers in alike]
        made = (
            _one_after_the_other([own for _, own in cells], groups, options, progress)
            if cluster is None
            else audits_on_cluster(cells, groups, options, cluster, progress)
        )
        results = {i: each for own in zip(alike, made, strict=True) for i, each in zip(*own, strict=True)}
    return tuple(results[i].model_copy(update={"command": asked.typed}) for i in range(len(names)))


def _requests(names: Sequence[str], asked: AuditArguments) -> list[ModelRequest]:
    """Each model with the options that are about it: those of files are for the checkpoint files among them.

    Classes are for the models of OpenCLIP among them, and for specs, which may be of one.
    """
    kinds = {name: parse_reference(name, asked.spec_dir).kind for name in names}
    if "checkpoint" not in kinds.values():
        refuse(asked, OPTIONS_OF_FILES, "models that are no checkpoint files", "name a file")
    without = [NO_FILE if kinds[name] != "checkpoint" else {} for name in names]
    if any(kind in NAMED_CLASSES for kind in kinds.values()):
        without = [
            words | ({} if kinds[name] in NAMED_CLASSES else {"classes": None})
            for name, words in zip(names, without, strict=True)
        ]
    return [ModelRequest(name, replace(asked, **words)) for name, words in zip(names, without, strict=True)]


def _load(request: ModelRequest, options: AuditOptions, progress: Progress) -> Pair:
    progress.step(f"loading {request.model}")
    network = request.load(kept_weights(options.cache, progress))
    return network, request.twin(network).load() if request.options.twin else None


def _one_after_the_other(
    together: Sequence[Sequence[Pair]], groups: Sequence[str], options: AuditOptions, progress: Progress
) -> list[list[Result]]:
    """A result for each of the models, of those together that see the same pixels as their twins do."""
    results = []
    for pairs in together:
        results.append(paired(audit_together(flat(pairs), groups, options, progress), len(pairs)))
        if progress.stopping():
            raise KeyboardInterrupt
    return results


def _by_geometry(pairs: Sequence[Pair]) -> list[list[int]]:
    """The numbers of the networks that see the same pixels."""
    groups: dict[str, list[int]] = {}
    for number, (network, _) in enumerate(pairs):
        groups.setdefault(geometry(network.input), []).append(number)
    return list(groups.values())
