"""Saved files of every kind, told by what they hold: JSON names its kind in ``schema``."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from geed_cli.comparison.schema import Comparison
from geed_cli.documents.document import printable
from geed_cli.errors import InputError
from geed_cli.forecast.planned import Plan
from geed_cli.gate.outcome import GateReport
from geed_cli.gate.policy import Policy, read_policy
from geed_cli.report.selftest_report import SelftestReport
from geed_cli.result.embedded import is_page, page_files, read_page
from geed_cli.result.file import first_fault, read_strict_json
from geed_cli.result.schema import Result, Schema
from geed_cli.rows.shard_part import ShardPart
from geed_cli.sweeps.manifest import Sweep
from geed_cli.tracking.record import Track

YAML_SUFFIXES = (".yaml", ".yml")
Saved = Result | Track | Sweep | Comparison | Plan | GateReport | SelftestReport | ShardPart


@dataclass(frozen=True)
class Kind:
    """A kind of saved JSON: what messages call it, and what reads it."""

    name: str
    model: type[Saved]


KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(get_args(Schema), Kind("result", Result)),
    "geed.track/1": Kind("track", Track),
    "geed.sweep/1": Kind("sweep", Sweep),
    "geed.comparison/1": Kind("comparison", Comparison),
    "geed.plan/1": Kind("plan", Plan),
    "geed.gate/1": Kind("gate report", GateReport),
    "geed.selftest/1": Kind("self-test", SelftestReport),
    "geed.part/1": Kind("part of an audit", ShardPart),
}
"""By what stands in ``schema``."""


def load(path: str | os.PathLike[str]) -> Saved | Policy | dict[str, Result]:
    """Whatever a file holds that geed wrote, and policies.

    Args:
        path: of JSON: a result, comparison, gate's report, track, plan or self-test. Of a report page (.html): its
            result, track or comparison, or of several results a dict of them by name, as ``compare`` takes it. Of YAML
            (.yaml, .yml): a policy.

    Raises:
        InputError: no such file, of no such kind, or not right as the kind that it is.
    """
    file = Path(path)
    if is_page(file):
        contents = page_files(file)
        return saved_of(next(iter(contents.values())), file) if len(contents) == 1 else read_page(file)
    return read_policy(file) if file.suffix in YAML_SUFFIXES else saved_in(file)


def saved_in(file: Path) -> Saved:
    """What a file of JSON holds.

    Raises:
        InputError: of no kind that geed writes, or not right as the kind that it is.
    """
    return saved_of(read_strict_json(file), file)


def saved_of(content: object, file: Path) -> Saved:
    """What the content of a file, or of a part of a page, is.

    Raises:
        InputError: as ``saved_in``.
    """
    schema = content.get("schema") if isinstance(content, dict) else None
    kind = KINDS.get(schema) if isinstance(schema, str) else None
    if kind is None:
        why = "it has no schema" if schema is None else f"its schema is {printable(str(schema))}"
        raise InputError(
            f"{file} is of no kind that geed checks: {why}",
            expected=", ".join(f"{kind.name} ({name})" for name, kind in KINDS.items()),
            remedy="geed validate --help",
        )
    try:
        return kind.model.model_validate(content)
    except ValidationError as error:
        raise InputError(
            f"{file} is no valid {kind.name} ({schema}): {first_fault(error)}",
            expected="the file as geed wrote it",
            remedy="write it again with the command that made it",
        ) from error
