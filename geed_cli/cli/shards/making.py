"""The work of ``geed audit --shard``: make the rows of one part, and say in a file which rows these are."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from geed_cli.cli.run.model_request import ModelRequest
from geed_cli.cli.run.outputs import STDOUT, check_outputs, save
from geed_cli.documents.document import unicode_text
from geed_cli.errors import INTERRUPTED, InputError
from geed_cli.measures.catalogue import require_guaranteed, select_measures
from geed_cli.models.network import Network
from geed_cli.phrases import counted
from geed_cli.pipeline.describe import describe_environment
from geed_cli.pipeline.draw import listed, require_enough, shown_to
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.planning import plan_groups
from geed_cli.pipeline.reuse.converted_weights import kept_weights
from geed_cli.pipeline.shards.shard import Done, Shard, check_shardable, run_shard
from geed_cli.report.console import message_console
from geed_cli.report.terminal_progress import TerminalProgress
from geed_cli.result.file import json_text, require_distinct
from geed_cli.rows.row_file import SUFFIX
from geed_cli.rows.shard_part import ShardPart
from geed_cli.statistics.methods import check_options


@dataclass(frozen=True)
class ShardRequest:
    """One part of an audit.

    Attributes:
        request: the model, and the command line.
        groups: as they were typed.
        options: of the audit.
        shard: which part.
        json: where it is to be described.
        rows: the folder of the row files; None is beside ``json``.
        twin: whether the network's random twin is audited as well.
    """

    request: ModelRequest
    groups: tuple[str, ...]
    options: AuditOptions
    shard: Shard
    json: Path | None
    rows: Path | None
    twin: bool

    def refuse(self) -> Path:
        """Refuse what can be refused before weights are loaded; the file that is to be written.

        Raises:
            InputError: naming the option.
        """
        if self.json is None or self.json == STDOUT:
            raise InputError(
                "--shard without a file for the part",
                expected="--json FILE, which geed merge reads",
                remedy=f"--json part{self.shard.number}.json",
            )
        options, interval = self.options, self.options.interval
        check_shardable(options)
        check_outputs(self.json)
        require_distinct([self.json], [self.request.options.checkpoint, self.rows or _beside(self.json)])
        plan_groups(self.groups, options)
        require_guaranteed(interval.method, select_measures(options.metrics))
        check_options(interval.method, interval.confidence, interval.resamples)
        return self.json


def run_part(asked: ShardRequest, *, quiet: bool) -> None:
    """Make a part and write what it is; its rows are kept as they are made.

    Raises:
        typer.Exit: 130 where the run was interrupted.
    """
    target = asked.refuse()
    folder = asked.rows or _beside(target)
    options = replace(asked.options, data=listed(asked.options.data))
    require_enough(options.data)
    with TerminalProgress(message_console(), quiet=quiet) as progress:
        networks = loaded(asked.request, options, progress, twin=asked.twin)
        options = replace(options, data=shown_to(options.data, networks[0].input))
        done = run_shard(networks, asked.groups, options, asked.shard, folder, progress)
    save(json_text(part_of(asked, done, target), indent=1), target)
    if not quiet:
        what = counted(done.made, "image")
        message_console().print(f"shard {asked.shard}: rows of {what} made now, all of them in {folder}")
    if not done.complete:
        raise typer.Exit(INTERRUPTED)


def _beside(part: Path) -> Path:
    """The folder of a part's row files, where no other is named."""
    return part.with_suffix(SUFFIX)


def loaded(
    request: ModelRequest, options: AuditOptions, progress: TerminalProgress, *, twin: bool
) -> list[Network]:
    """The network, and its random twin where that is asked for."""
    progress.step(f"loading {request.model or request.options.checkpoint}")
    network = request.load(kept_weights(options.cache, progress))
    return [network, request.twin(network).load()] if twin else [network]


def part_of(asked: ShardRequest, done: Done, target: Path) -> ShardPart:
    """What is said of a part."""
    return ShardPart(
        status="complete" if done.complete else "partial",
        number=asked.shard.number,
        count=asked.shard.count,
        command=asked.request.options.typed,
        recipe=done.recipe,
        asked=asked_beside(asked.options, asked.groups, twin=asked.twin),
        rows=tuple(Path(os.path.relpath(file.path, target.parent)).as_posix() for file in done.files),
        device=done.devices,
        batch_size=done.placement.batch_size,
        threads=done.threads,
        environment=describe_environment(done.placement),
    )


def asked_beside(options: AuditOptions, groups: tuple[str, ...], *, twin: bool) -> dict[str, str]:
    """What a result depends on beside its rows."""
    data = options.data
    asked = {
        "interval": repr(options.interval),
        "labels": f"{data.labels} {data.label_key} {data.by}",
        "cluster": str(data.cluster),
        "image_weights": str(data.image_weights),
        "groups": " ".join(groups),
        "twin": str(twin),
    }
    return {name: unicode_text(text) for name, text in asked.items()}  # as a file has it
