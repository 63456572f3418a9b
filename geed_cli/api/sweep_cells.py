"""The audits of a sweep: networks are loaded a few at a time, and see each data set's decoded pictures together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from geed_cli.errors import GeedError, described, is_out_of_memory
from geed_cli.pipeline.audit import audit_together
from geed_cli.pipeline.draw import holds_same_draw, require_enough
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.placement import geometry
from geed_cli.pipeline.planning import plan_groups
from geed_cli.pipeline.second_runs import with_twin
from geed_cli.report.terminal_progress import TerminalProgress
from geed_cli.result.schema import Result
from geed_cli.sweeps.manifest import Cell, Member, SweptData

if TYPE_CHECKING:
    from geed_cli.api.checkpoint_recipe import Loaded
    from geed_cli.api.make_sweep import SweepAudit

TOGETHER = 4
"""Networks that are in memory at once, with their twins, and share the decoded pictures."""
Outcome = tuple[Cell, Result | BaseException]


@dataclass(frozen=True)
class Job:
    """A network and the cells that it still has to be audited for."""

    member: Member
    cells: tuple[Cell, ...]


def check(audit: "SweepAudit", data: Sequence[SweptData]) -> None:
    """Refuse groups and data that cannot be used, before any weights are loaded.

    Raises:
        InputError: naming what is wrong.
    """
    plan_groups(audit.groups, audit.options)
    for each in data:
        require_enough(options_on(audit.options, each.source).data)


def options_on(options: AuditOptions, source: str | None) -> AuditOptions:
    """The options with that source of pictures."""
    return replace(options, data=replace(options.data, root=source))


def holds_images(options: AuditOptions, source: str | None, earlier: Result) -> bool:
    """Whether an audit now would take the pictures of an earlier one, which are still as they were."""
    return holds_same_draw(options_on(options, source).data, earlier.data)


def audits(
    jobs: Sequence[Job], data: Sequence[SweptData], audit: "SweepAudit", progress: TerminalProgress
) -> Iterator[Outcome]:
    """What became of every cell: its result, or why there is none.

    Raises:
        KeyboardInterrupt: the run was asked to stop; audits that this cut short make no result.
    """
    total = sum(len(job.cells) for job in jobs)
    started = 0
    for at in range(0, len(jobs), TOGETHER):
        loaded: dict[Cell, Loaded] = {}
        batch = jobs[at : at + TOGETHER]
        for job in batch:
            progress.step(f"loading {job.member.text}")
            try:
                loaded[job.cells[0]] = audit.load(job.member)
            except Exception as error:  # whatever a network's code raises fails its own cells alone
                if is_out_of_memory(error):
                    raise
                yield from ((cell, error) for cell in job.cells)
                started += len(job.cells)
            _stop_if_asked(progress)
        for each in data:
            here = [
                (cell, loaded[job.cells[0]])
                for job in batch
                for cell in job.cells
                if cell.data == each.label and job.cells[0] in loaded
            ]
            for together in _by_geometry(here):
                cells = f"cell {started + 1}"
                cells = cells if len(together) == 1 else f"cells {started + 1} to {started + len(together)}"
                progress.part(f"{cells} of {total}")
                yield from _audited(together, options_on(audit.options, each.source), audit, progress)
                started += len(together)


def _by_geometry(pairs: Sequence[tuple[Cell, "Loaded"]]) -> list[list[tuple[Cell, "Loaded"]]]:
    """The cells whose networks see the same pixels."""
    groups: dict[str, list[tuple[Cell, Loaded]]] = {}
    for pair in pairs:
        groups.setdefault(geometry(pair[1][0].input), []).append(pair)
    return list(groups.values())


def _audited(
    pairs: Sequence[tuple[Cell, "Loaded"]],
    options: AuditOptions,
    audit: "SweepAudit",
    progress: TerminalProgress,
) -> Iterator[Outcome]:
    """The results of cells on the same pixels; where these cannot be had together, of each by itself."""
    try:
        results = _together([loaded for _, loaded in pairs], options, audit, progress)
    except Exception as error:  # whatever a network's code raises fails its own cell alone
        _stop_if_asked(progress)
        if len(pairs) > 1:
            for pair in pairs:
                yield from _audited([pair], options, audit, progress)
        else:
            yield pairs[0][0], error
        return
    for (cell, _), result in zip(pairs, results, strict=True):
        if result.status == "partial" and progress.stopping():
            raise KeyboardInterrupt
        yield cell, result.model_copy(update={"command": audit.typed})
    _stop_if_asked(progress)


def _together(
    loaded: Sequence["Loaded"], options: AuditOptions, audit: "SweepAudit", progress: TerminalProgress
) -> list[Result]:
    twins = [twin for _, twin in loaded if twin is not None]
    networks = [*(network for network, _ in loaded), *twins]
    results = audit_together(networks, audit.groups, options, progress)
    own, others = results[: len(loaded)], results[len(loaded) :]
    return [with_twin(*pair) for pair in zip(own, others, strict=True)] if twins else list(own)


def _stop_if_asked(progress: TerminalProgress) -> None:
    if progress.stopping():
        raise KeyboardInterrupt


def told(error: BaseException) -> tuple[str, ...]:
    """An error as a manifest keeps it: what was found, expected and to try."""
    if isinstance(error, GeedError):
        return error.found, error.expected, error.remedy
    return (
        f"code that was run, such as the network's, raised {described(error)}",
        "code that returns",
        "geed audit of this model alone with --debug",
    )
