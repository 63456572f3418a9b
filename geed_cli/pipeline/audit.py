"""Audits from end to end: models + images + groups → results."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from geed_cli.engine.batches import Placement, batches
from geed_cli.engine.local import LocalEngine
from geed_cli.engine.row import Row
from geed_cli.errors import RunError
from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.pipeline.describe import (
    describe_data,
    describe_environment,
    describe_group,
    describe_model,
    sign,
)
from geed_cli.pipeline.images import TaskStream, draw
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.placement import move, place, require_equal_geometry
from geed_cli.pipeline.planning import Planned, make_plan
from geed_cli.pipeline.progress import Progress, Silent
from geed_cli.pipeline.tabulate import Rows, tabulate
from geed_cli.result.schema import Data, Entry, Result, Settings, Timing

DEFAULTS = AuditOptions()


@dataclass(frozen=True)
class _Prepared:
    """One network with everything that a run needs before its first image is decoded."""

    network: Network
    planned: Planned
    layers: tuple[str, ...]
    engine: LocalEngine


def audit(
    model: str | Network,
    groups: Sequence[str] = ("flip",),
    options: AuditOptions = DEFAULTS,
    progress: Progress | None = None,
) -> Result:
    """Measure G-EED (eq. 4) of one network for one or more groups on one set of images.

    Args:
        model: a name as on the command line, or a network from ``load_model``; it is moved to the device.
        groups: names of groups, such as ``flip`` and ``d4``.
        options: everything else.
        progress: told about every stage and image.

    Returns:
        The result, with one entry for each group, measure and layer.

    Raises:
        InputError: a model, group, layer, metric or folder that cannot be used.
        RunError: weights, an image or the device could not be had, memory ran out, or numbers are not finite.
    """
    network = load_model(model) if isinstance(model, str) else model
    return audit_together([network], groups, options, progress)[0]


def audit_together(
    networks: Sequence[Network],
    groups: Sequence[str],
    options: AuditOptions = DEFAULTS,
    progress: Progress | None = None,
) -> tuple[Result, ...]:
    """Audit several networks that see the same pixels: every image is decoded and transformed once.

    Args:
        networks: with equal input geometry (size, resize, crop, interpolation); mean and std may differ.
        groups: as for ``audit``.
        options: as for ``audit``.
        progress: as for ``audit``.

    Returns:
        A result for each network, the same as if it had been audited alone, timings apart.

    Raises:
        InputError: as for ``audit``, or networks whose preprocessing differs.
        RunError: as for ``audit``.
    """
    progress = progress or Silent()
    started = time.perf_counter()
    require_equal_geometry(networks)
    drawn = draw(options.data)
    progress.step("preparing")
    placement = place(options.run)
    prepared = [_prepare(network, groups, options, placement) for network in networks]
    stream = TaskStream(drawn, networks[0].input, prepared[0].planned.plan, options.data.on_bad_image)
    run = _run(prepared, stream, placement, drawn.count, progress)
    progress.step("statistics")
    data = describe_data(drawn, stream, options.data)
    results = []
    for one, rows in zip(prepared, run, strict=True):
        before = time.perf_counter()
        entries = tabulate(rows, one.planned, options.interval, one.layers)
        now = time.perf_counter()
        timing = _timing(one.engine, stream, now - before, now - started)
        results.append(_result(one, data, entries, timing, options, placement))
    return tuple(results)


def _prepare(
    network: Network, groups: Sequence[str], options: AuditOptions, placement: Placement
) -> _Prepared:
    """Resolve everything that can be wrong before time is spent on images."""
    network = move(network, placement)
    planned = make_plan(network, groups, options)
    blocked = [cell.layer for cell in planned.not_applicable if cell.layer is not None]
    layers = tuple(dict.fromkeys([*planned.plan.layers, *blocked]))
    return _Prepared(network, planned, layers, LocalEngine(network, planned.plan, planned.maps, placement))


def _run(
    prepared: Sequence[_Prepared], stream: TaskStream, placement: Placement, total: int, progress: Progress
) -> tuple[Rows, ...]:
    """Feed every batch to every engine; the rows of each."""
    found: list[list[Row]] = [[] for _ in prepared]
    progress.images(0, total)
    for batch in batches(stream, placement):
        for one, rows in zip(prepared, found, strict=True):
            rows.extend(one.engine.feed(batch, stream.name_of))
        progress.images(len(found[0]), total)
    count = len(stream.audited)
    if not count:
        raise RunError(
            f"none of the {total} images could be used",
            expected="at least one readable image",
            remedy="--on-bad-image error names the first of them with its reason",
        )
    separate = bool(stream.normaliser)
    return tuple(Rows(tuple(r[:count]), tuple(r[count:]) if separate else None) for r in found)


def _timing(engine: LocalEngine, stream: TaskStream, statistics_s: float, total_s: float) -> Timing:
    return Timing(
        decode_s=stream.waited_s,
        forward_s=engine.total_s - engine.measure_s,
        measure_s=engine.measure_s,
        statistics_s=statistics_s,
        total_s=total_s,
        images_per_s=len(stream.audited) / max(engine.total_s + stream.waited_s, 1e-9),
    )


def _result(
    one: _Prepared,
    data: Data,
    entries: tuple[Entry, ...],
    timing: Timing,
    options: AuditOptions,
    placement: Placement,
) -> Result:
    model = describe_model(one.network)
    groups = tuple(describe_group(plan) for plan in one.planned.plan.groups)
    return Result(
        status="complete",
        signature=sign(model, data, groups, options.run.precision),
        model=model,
        data=data,
        groups=groups,
        settings=_settings(one, options, placement),
        results=entries,
        environment=describe_environment(placement.device),
        timing=timing,
    )


def _settings(one: _Prepared, options: AuditOptions, placement: Placement) -> Settings:
    return Settings(
        samples=options.data.samples,
        norm_samples=options.data.norm_samples,
        confidence=options.interval.confidence,
        resamples=options.interval.resamples,
        ci=options.interval.method,
        seed=options.interval.seed,
        precision=options.run.precision,
        batch_size=placement.batch_size,
        device=str(placement.device),
        threads=torch.get_num_threads(),
        measures=tuple(measure.name for measure in one.planned.plan.measures),
        layers=one.layers,
    )
