"""The work of ``geed validate``: which kind a file is, told by its contents, and whether it is right as that.

JSON names its kind in ``schema``. A YAML file is of the kind that most of its keys belong to, so that one misspelt key
is an error of that kind and not another kind. A network is built, and torch imported, for a spec alone.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from geed_cli.api.saved_files import KINDS, YAML_SUFFIXES, saved_in
from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.comparison.schema import Comparison
from geed_cli.documents.document import Document, printable
from geed_cli.documents.strict_yaml import read_yaml
from geed_cli.documents.validation import validate
from geed_cli.errors import InputError, no_such_file
from geed_cli.forecast.planned import Plan
from geed_cli.gate.outcome import GateReport
from geed_cli.gate.policy import read_policy
from geed_cli.gate.policy_file import PolicyFile
from geed_cli.phrases import counted
from geed_cli.report.console import plain
from geed_cli.report.selftest_report import SelftestReport
from geed_cli.result.part import Part
from geed_cli.result.schema import Result
from geed_cli.result.soundness import check_sound
from geed_cli.rows.shard_part import ShardPart
from geed_cli.sweeps.manifest import Sweep
from geed_cli.tracking.record import Track


class _CardMetric(BaseModel):
    model_config = ConfigDict(extra="allow")
    type: str
    value: float


class _CardResult(BaseModel):
    model_config = ConfigDict(extra="allow")
    task: dict[str, Any]
    dataset: dict[str, Any]
    metrics: list[_CardMetric]


class _CardModel(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    results: list[_CardResult]


class _CardFile(BaseModel):
    """The metadata of a model card, as ``geed check -o card.yaml`` writes it."""

    model_config = ConfigDict(extra="forbid")
    index: list[_CardModel] = Field(alias="model-index")


def describe(file: Path, asked: AuditArguments, *, schema_only: bool) -> str:
    """Which kind the file is, and what is in it, in a few words.

    Raises:
        InputError: of no kind that geed reads or writes, or not right as the kind that it is.
    """
    if not file.exists():
        raise no_such_file(file, str(file))
    if file.suffix not in YAML_SUFFIXES and _is_json(file):
        return read_saved(file)[1]
    document = _document(file)
    keys = set(document.data) if isinstance(document.data, dict) else set()
    kinds = _yaml_kinds()
    best = max(kinds, key=lambda kind: len(keys & kinds[kind][0]))
    if not keys & kinds[best][0]:
        found = ", ".join(map(printable, sorted(keys)[:8])) or "none"
        raise _unknown(file, f"its keys are {found}" if keys else "it is no mapping with keys")
    return kinds[best][1](document, asked, schema_only)


def _is_json(file: Path) -> bool:
    """Whether the first sign in it is that of a JSON object or list; what cannot be opened is left to its reader."""
    if file.suffix == ".json":
        return True
    try:
        with file.open("rb") as stream:
            return (
                stream.read(1000).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["}
                if file.is_file()
                else False
            )
    except OSError:
        return False


def _document(file: Path) -> Document:
    """The file as YAML; what does not even say that it is, and cannot be read so, is of no kind."""
    try:
        return read_yaml(file)
    except InputError as error:
        if file.suffix in YAML_SUFFIXES:
            raise
        raise _unknown(file, f"it is no JSON, and as YAML {error.found}") from error


def read_saved(file: Path) -> tuple[Part, str]:
    """A saved JSON file of any kind, and what is in it, in a few words.

    Raises:
        InputError: of no kind that geed writes, or not right as the kind that it is.
    """
    saved = saved_in(file)
    return saved, _TOLD[type(saved)](saved, str(file))


def _unknown(file: Path, why: str) -> InputError:
    kinds = [*_yaml_kinds(), *(f"{kind.name} ({schema})" for schema, kind in KINDS.items())]
    return InputError(
        f"{file} is of no kind that geed checks: {why}",
        expected=", ".join(kinds),
        remedy="geed validate --help",
    )


def _result(result: Result, name: str) -> str:
    check_sound(result, name)
    what = f"a {result.status} result of {plain(result.model.id)}, {len(result.results)} entries"
    return f"{what}, digest {result.digest}"


def _track(track: Track, name: str) -> str:
    for record in track.records:
        check_sound(record.result, f"{name}, {record.file}")
    return f"a {track.status} track of {len(track.records)} checkpoints, {len(track.rows)} values"


def _sweep(sweep: Sweep, _name: str) -> str:
    done = sum(cell.status == "done" for cell in sweep.cells)
    return f"a {sweep.status} sweep, {done} of {len(sweep.cells)} cells done, {len(sweep.values)} values"


def _comparison(comparison: Comparison, _name: str) -> str:
    labels = ", ".join(plain(subject.label) for subject in comparison.subjects)
    return f"a comparison of {labels}, {len(comparison.lines)} lines"


def _plan(plan: Plan, _name: str) -> str:
    return f"a plan from {plan.pilot} images of {plain(plan.model)}, {len(plan.lines)} entries"


def _gate(report: GateReport, _name: str) -> str:
    return f"a gate's report, verdict {report.verdict}, {len(report.outcomes)} checks"


def _selftest(report: SelftestReport, _name: str) -> str:
    return f"a self-test, {'all as expected' if report.ok else 'not as expected'}, {len(report.cases)} checks"


def _part(part: ShardPart, _name: str) -> str:
    model, files = plain(part.recipe.get("model", "")), counted(len(part.rows), "row file")
    return f"a {part.status} part, shard {part.shard}, of an audit of {model}, with rows in {files}"


_TOLD: dict[type[Part], Callable[[Any, str], str]] = {
    Result: _result,
    Track: _track,
    Sweep: _sweep,
    Comparison: _comparison,
    Plan: _plan,
    GateReport: _gate,
    SelftestReport: _selftest,
    ShardPart: _part,
}
"""What is in a file of each kind; one that is read may still raise an ``InputError``."""

_Told = Callable[[Document, AuditArguments, bool], str]


def _yaml_kinds() -> dict[str, tuple[set[str], _Told]]:
    """Each kind's keys, without those that several have, and what says that a document is right as it."""
    from geed_cli.models.spec import ModelSpec  # noqa: PLC0415 - a quarter of a second

    return {
        "spec": (set(ModelSpec.model_fields), _spec),
        "policy": (set(PolicyFile.model_fields), _policy),
        "group": ({"generators"}, _group),
        "set": ({"members"}, _set),
        "model card": ({"model-index"}, _card),
    }


def _policy(document: Document, _asked: AuditArguments, _schema_only: bool) -> str:
    return f"a policy with {len(read_policy(Path(document.name)).rules)} rules"


def _group(document: Document, _asked: AuditArguments, _schema_only: bool) -> str:
    from geed_cli.groups.named import group_in  # noqa: PLC0415 - only here

    group = group_in(Path(document.name))
    return f"the group {group.name} of order {group.order}"


def _set(document: Document, _asked: AuditArguments, _schema_only: bool) -> str:
    from geed_cli.sets.set_file import read_set  # noqa: PLC0415 - torchvision

    made = read_set(Path(document.name))
    return f"the set {made.name} with {len(made.elements)} members"


def _card(document: Document, _asked: AuditArguments, _schema_only: bool) -> str:
    card = validate(document, _CardFile)
    return f"a model card's model-index of {len(card.index)} models"


def _spec(document: Document, asked: AuditArguments, schema_only: bool) -> str:
    from geed_cli.models.spec import OWN_CODE  # noqa: PLC0415 - as above
    from geed_cli.models.spec_files import read_spec  # noqa: PLC0415

    spec = read_spec(Path(document.name))
    if schema_only:
        return "a spec whose keys are right; its network was not built"
    from geed_cli.cli.run.model_request import ModelRequest  # noqa: PLC0415 - imports torch

    by_code = spec.model.source in OWN_CODE and spec.weights.origin == "pretrained"
    # random weights: a spec can be checked on a machine that has none, unless its own code makes them
    asked = asked if by_code else replace(asked, weights="random")
    network = ModelRequest(document.name, asked).load()
    return (
        f"a spec of {spec.model.source}:{spec.model.name}; {len(network.layers)} layers and the split are in the "
        f"network; weights were {'made by its code' if by_code else 'not read'}"
    )
