"""The work of ``geed merge``: parts that fit together, the audit that they are of, and the result of their rows.

Parts may be a stranger's: of what their command allows, running code and reading pickles are left to the one at hand.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from geed_cli.choices import View
from geed_cli.cli.audit_request import audit_options, groups_of
from geed_cli.cli.run.model_request import ModelRequest
from geed_cli.cli.run.outputs import check_outputs, hand_over
from geed_cli.cli.shards.making import asked_beside, loaded
from geed_cli.cli.shards.recorded import as_typed, audit_in, without_part
from geed_cli.cli.shards.together import Read, lacking, notes_on, require_one_audit, stored_rows
from geed_cli.errors import InputError
from geed_cli.phrases import shell_joined
from geed_cli.pipeline.draw import listed, shown_to
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.second_runs import paired
from geed_cli.pipeline.shards.from_rows import LackingTilesError, assemble
from geed_cli.report.audit_page import print_result
from geed_cli.report.console import message_console, result_console
from geed_cli.report.terminal_progress import TerminalProgress
from geed_cli.result.file import json_pieces, require_distinct
from geed_cli.result.schema import Result
from geed_cli.rows.row_folder import union_of
from geed_cli.rows.shard_part import ShardPart, read_part
from geed_cli.rows.union import Union
from geed_cli.runtime.collector import collector_paused


@dataclass(frozen=True)
class MergeRequest:
    """The command line; see ``geed_cli.cli.shards.merge``."""

    files: tuple[Path, ...]
    json: Path | None
    allow_code: bool = False
    allow_pickle: bool = False


def run_merge(asked: MergeRequest, view: View) -> None:
    """Merge, save and show.

    Raises:
        InputError: parts that are none, are of another audit, or whose rows contradict each other.
        RunError: parts that lack, each with its command.
    """
    check_outputs(asked.json)
    require_distinct([asked.json], list(asked.files))
    parts = [(path, read_part(path)) for path in asked.files]
    require_one_audit(parts)
    with collector_paused(), TerminalProgress(message_console(), quiet=view.quiet) as progress:
        result = _result(
            asked, parts, _union(parts, progress), progress
        )  # rows are let go of before it is written
    hand_over(
        [(asked.json, lambda: json_pieces(result))], lambda: print_result(result, result_console(), view)
    )


def _union(parts: Sequence[Read], progress: TerminalProgress) -> Union:
    """The rows of all parts."""
    progress.step("reading rows")
    stored = stored_rows(parts)
    union = union_of(stored, parts[0][1].recipe.get("precision", "fp32"))
    for note in notes_on(parts, stored, union):
        progress.note(note)
    return union


def _result(asked: MergeRequest, parts: Sequence[Read], union: Union, progress: TerminalProgress) -> Result:
    """The result of the audit that the parts are of."""
    part = parts[0][1]
    words = without_part(part.command)
    model, arguments = audit_in(as_typed(words))
    arguments = replace(arguments, allow_code=asked.allow_code, allow_pickle=asked.allow_pickle)
    groups, options = groups_of(arguments), _here(audit_options(arguments), part)
    if asked_beside(options, groups, twin=arguments.twin) != part.asked:
        raise InputError(
            f"the command of {asked.files[0]} is not what it is a part of: {shell_joined(words)}",
            expected="a part as geed audit --shard wrote it",
            remedy="run that shard again",
        )
    networks = loaded(ModelRequest(model, arguments), options, progress, twin=arguments.twin)
    options = replace(options, data=shown_to(options.data, networks[0].input))
    try:
        made = assemble(networks, groups, options, part.recipe, union, progress)
    except LackingTilesError as error:
        raise lacking(error, parts) from None
    result = paired(made, 1)[0]
    return _as_executed(result, [each for _, each in parts]).model_copy(update={"command": words})


def _here(options: AuditOptions, part: ShardPart) -> AuditOptions:
    """The options for this machine, which shows the networks nothing, or a few images in fp32."""
    run = replace(
        options.run,
        device="auto" if options.run.reduced else "cpu",
        devices=(),
        batch_size=part.batch_size,
    )
    return replace(options, run=run, data=listed(options.data))


def _as_executed(result: Result, parts: Sequence[ShardPart]) -> Result:
    """The result with where its parts ran in place of where they were merged."""
    devices = dict.fromkeys(part.device for part in parts)
    kinds = dict.fromkeys(part.environment.device for part in parts)
    settings = {"device": "; ".join(devices), "threads": parts[0].threads}
    environment = parts[0].environment.model_copy(update={"device": "; ".join(kinds)})
    return result.model_copy(
        update={"settings": result.settings.model_copy(update=settings), "environment": environment}
    )
