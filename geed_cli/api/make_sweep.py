"""``sweep``: models × data sets, one saved result a cell, resumable. The command ``geed sweep`` calls it, too.

Torch is imported only where cells are left to be audited.
"""

import fnmatch
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geed_cli.api.named_results import Say
from geed_cli.api.parameters import Names, several
from geed_cli.api.python_words import called_in_python
from geed_cli.api.sweep_values import SHOWN, values_on
from geed_cli.api.swept_models import data_in, models_in, named_in, text_hash
from geed_cli.api.track import Interrupted
from geed_cli.choices import IntervalOptions
from geed_cli.errors import InputError, RunError
from geed_cli.measures.catalogue import audited_for, require_guaranteed, select_measures
from geed_cli.measures.label_metrics import LABEL_METRICS
from geed_cli.phrases import counted, shell_joined
from geed_cli.pipeline.options import AuditOptions
from geed_cli.report.console import message_console
from geed_cli.report.terminal_progress import TerminalProgress
from geed_cli.result.file import json_text, read_result, write_atomically, write_result
from geed_cli.result.schema import Result
from geed_cli.sweeps.cell_names import cell_file
from geed_cli.sweeps.manifest import MANIFEST, RESOLVED, Cell, Member, Sweep, SweptData, SweptModel
from geed_cli.sweeps.sweep_folder import inside, read_sweep
from geed_cli.verdict.python_names import FIELDS, fields_of

if TYPE_CHECKING:
    from geed_cli.api.checkpoint_recipe import Loaded
    from geed_cli.api.sweep_cells import Job, Outcome

OPTIONS = {
    **FIELDS,
    **fields_of("data", "DataOptions", samples="samples"),
    **fields_of("run", "RunOptions", device="device", batch_size="batch_size"),
    **fields_of("interval", "IntervalOptions", seed="seed"),
    "--layer": "options=AuditOptions(layers=…)",
    "--set": "options=AuditOptions(sets=…)",
    "--allow-code": "allow_code=True",
    "--data": "data={LABEL: SOURCE}",
    "--group": "groups=…",
    "--metric": "metrics=…",
    "--out": "out=…",
    "--fresh": "fresh=True",
    "LABEL=": '{"label": …}',
}
"""What the command's options are called here."""
LOCK = ".sweep.lock"


@dataclass(frozen=True)
class SweepAudit:
    """How each cell is audited.

    Attributes:
        load: a network, and its twin where one was asked for.
        groups: names of the groups.
        options: everything else; the images are the cell's own.
        shown: the measures of the table.
        of_models: the options that say which networks are meant, as far as they differ from their defaults.
        typed: the command line.
        elsewhere: audits the cells in place of this process.
    """

    load: "Callable[[Member], Loaded]"
    groups: tuple[str, ...]
    options: AuditOptions
    shown: tuple[str, ...] = SHOWN
    of_models: Mapping[str, object] | None = None
    typed: tuple[str, ...] = ()
    elsewhere: "Callable[[Sequence[Job], Sequence[SweptData], TerminalProgress], Iterator[Outcome]] | None" = None

    def settings(self) -> dict[str, Any]:
        """What can change a value, as plain values; device and batch size change the last bits alone."""
        plain = asdict(replace(self.options, data=replace(self.options.data, root=None), cache=None))
        for name in ("cache", "unreadable"):
            del plain[name]
        for name in ("device", "devices", "batch_size", "compile"):
            del plain["run"][name]
        del plain["data"]["root"]
        for name in ("image_weights", "cluster", "labels"):
            if plain["data"][name] is not None:
                plain["data"][name] = text_hash(plain["data"][name])
        plain["sets"] = [text_hash(name) for name in self.options.sets]
        plain["groups"] = [text_hash(name) for name in self.groups]
        plain["models"] = dict(self.of_models or {})
        settings: dict[str, Any] = json.loads(json.dumps(plain, default=str))
        return settings


@called_in_python(OPTIONS)
def sweep(
    models: Mapping[str, Names] | Sequence[str],
    data: Mapping[str, str | Path] | Sequence[str | Path] = (),
    groups: Names = ("flip",),
    *,
    out: str | Path,
    metrics: Names = (),
    options: AuditOptions | None = None,
    fresh: bool = False,
    allow_code: bool = False,
) -> Sweep:
    """Audit every model on every data set: one saved result for each, which a later run does not make again.

    Args:
        models: by label: a name as ``load_model`` takes it, ``CHECKPOINT:SPEC``, a glob of either, or several of these,
            which are a population. A list has the names as labels. The first is what others are compared with.
        data: by label: a folder or archive; a list has their names as labels, none is the bundled sample.
        groups: names of groups.
        out: the folder of the results, which is made where it is missing.
        metrics: what is audited and shown; empty audits everything and shows ``latent.l2``.
        options: everything else about the audits.
        fresh: whether what the folder holds of these cells is to go.
        allow_code: let specs with ``source: python`` import their modules.

    Returns:
        the sweep; partial where a cell failed, which its ``failed`` names.

    Raises:
        InputError: models or data that cannot be used, or a folder that holds another sweep.
        RunError: a file that cannot be written.
        KeyboardInterrupt: what was finished is in the folder.
    """
    options = AuditOptions() if options is None else options
    options = replace(options, metrics=audited_for(several(metrics) or options.metrics))
    require_guaranteed(options.interval.method, select_measures(options.metrics))

    def load(member: Member) -> "Loaded":
        from geed_cli.models.load import load_model  # noqa: PLC0415 - torch
        from geed_cli.models.requested import FileOptions  # noqa: PLC0415
        from geed_cli.pipeline.reuse.converted_weights import kept_weights  # noqa: PLC0415

        named = named_in(member.text)
        reference = named.reference if named.reference is not None else str(named.checkpoint)
        checkpoint = named.checkpoint if named.reference is not None else None
        file = FileOptions(kept=kept_weights(options.cache, progress))
        return load_model(reference, checkpoint=checkpoint, allow_code=allow_code, file=file), None

    progress = TerminalProgress(message_console(), handles_interrupts=False)
    audit = SweepAudit(load, several(groups), options, several(metrics) or SHOWN)
    return run_sweep(
        models_in(_words(models)), data_in(_words(data)), audit, Path(out), fresh=fresh, progress=progress
    )


def run_sweep(  # noqa: PLR0913 - by keyword
    models: Sequence[SweptModel],
    data: Sequence[SweptData],
    audit: SweepAudit,
    out: Path,
    *,
    fresh: bool,
    progress: TerminalProgress,
    say: Say | None = None,
    importing: Callable[[], AbstractContextManager[None]] = nullcontext,
    resolved: str | None = None,
) -> Sweep:
    """The sweep of these models and data; what its folder holds already is not made again.

    Args:
        models: the first is what others are compared with.
        data: at least one.
        audit: how.
        out: the folder.
        fresh: whether what it holds of these cells is to go.
        progress: of the audits.
        say: is told what is kept and what failed; by default it is printed on stderr.
        importing: is entered while torch is imported.
        resolved: the sweep as a file of its own, which is written beside the results.

    Raises:
        Interrupted: what was finished is in the folder.
        InputError: as ``sweep``.
        RunError: a file that cannot be written.
    """
    say = say or message_console().print
    with importing():
        from geed_cli.api import sweep_cells as auditing  # noqa: PLC0415 - torch

        auditing.check(audit, data)
    with _locked(out):
        cells = _cells(models, data, audit)
        made = _begun(models, data, audit, cells, out, fresh=fresh)
        if not fresh:
            _require_same_images(made, audit, out)
        if resolved is not None:
            write_atomically(resolved, out / RESOLVED)
        _write(made, out)
        members = {(model.label, member.name): member for model in models for member in model.members}
        left = [cell for cell in made.cells if cell.status != "done"]
        if len(left) < len(made.cells):
            kept = f"{len(made.cells) - len(left)} of {counted(len(made.cells), 'cell')}"
            say(f"{kept} are in {out} and were not audited again")
        jobs = [
            auditing.Job(member, own)
            for key, member in members.items()
            if (own := tuple(cell for cell in left if (cell.model, cell.member) == key))
        ]
        with progress:
            outcomes = (
                auditing.audits(jobs, data, audit, progress)
                if audit.elsewhere is None
                else audit.elsewhere(jobs, data, progress)
            )
            made = _carried_out(made, outcomes, len(left), out, progress, say)
        made = _with_values(made, audit.shown, audit.options.interval, out, say)
        _write(made, out)
    return made


def _carried_out(
    made: Sweep,
    outcomes: "Iterable[Outcome]",
    total: int,
    out: Path,
    progress: TerminalProgress,
    say: Say,
) -> Sweep:
    """The sweep with every outcome, each written as soon as it is there."""
    from geed_cli.api.sweep_cells import told  # noqa: PLC0415 - torch

    done = failed = 0
    try:
        for cell, outcome in outcomes:
            if isinstance(outcome, Result):
                path = out / cell.file
                path.parent.mkdir(parents=True, exist_ok=True)
                write_result(outcome, path)
                made = _replaced(
                    made, cell.model_copy(update={"status": "done", "error": (), "wrong_input": False})
                )
                done += 1
                progress.finished(f"{done + failed}/{total} done: {cell.member} on {cell.data}")
            else:
                error = told(outcome)
                wrong = isinstance(outcome, InputError)
                update = {"status": "failed", "error": error, "wrong_input": wrong}
                made = _replaced(made, cell.model_copy(update=update))
                failed += 1
                say(f"{done + failed}/{total} failed: {cell.member} on {cell.data}: {error[0]}")
            _write(made, out)
    except KeyboardInterrupt:
        say(f"interrupted after {done + failed} of {total} cells: the same again goes on from {out}")
        raise Interrupted from None
    return made


def _replaced(made: Sweep, cell: Cell) -> Sweep:
    cells = tuple(cell if each.file == cell.file else each for each in made.cells)
    return made.model_copy(update={"cells": cells})


def _cells(models: Sequence[SweptModel], data: Sequence[SweptData], audit: SweepAudit) -> tuple[Cell, ...]:
    """Every cell, by model and data set, still to be audited."""
    settings = audit.settings()
    return tuple(
        Cell(
            model=model.label,
            member=member.name,
            data=each.label,
            file=cell_file(model.label, each.label, member.name if len(model.members) > 1 else None),
            recipe=_recipe(member, each, settings),
        )
        for model in models
        for member in model.members
        for each in data
    )


def _recipe(member: Member, data: SweptData, settings: Mapping[str, object]) -> str:
    parts = [sorted(member.sha256.values()), named_in(member.text).reference, data.source, settings]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _begun(
    models: Sequence[SweptModel],
    data: Sequence[SweptData],
    audit: SweepAudit,
    cells: Sequence[Cell],
    out: Path,
    *,
    fresh: bool,
) -> Sweep:
    """The sweep before any audit, with the cells that its folder holds already.

    Raises:
        InputError: the folder holds results of another recipe.
    """
    path = out / MANIFEST
    before = _before(path, fresh=fresh)
    known = {cell.file: cell for cell in (*before.cells, *before.earlier)} if before is not None else {}
    unnamed = {(of.label, each.name) for of in models for each in of.members if each.unnamed_code}
    begun = []
    for cell in cells:
        file, earlier = inside(out, cell.file), known.get(cell.file)
        if not file.exists():
            begun.append(cell)
        elif fresh:
            # before the new sweep is written: results of another recipe are never taken for its own
            file.unlink()
            begun.append(cell)
        elif earlier is None or earlier.recipe != cell.recipe:
            raise _another_recipe(file, cell, before, audit)
        elif (cell.model, cell.member) in unnamed:
            raise InputError(
                f"{file} was made by code of {cell.member} without a name, which may have changed since",
                expected="model.cache_key in the spec: a name that you change when the code does something else",
                remedy="add cache_key: v1 under model in the spec, and --fresh to begin again in this folder",
            )
        else:
            begun.append(cell.model_copy(update={"status": "done"}))
    named = {cell.file for cell in cells}
    return Sweep(
        status="partial",
        settings=audit.settings(),
        models=tuple(models),
        data=tuple(data),
        cells=tuple(begun),
        earlier=tuple(cell for file, cell in known.items() if file not in named and (out / file).exists()),
        confidence=audit.options.interval.confidence,
    )


def _before(manifest: Path, *, fresh: bool) -> Sweep | None:
    """What the folder's manifest says; one that cannot be read does not stand in the way of beginning again."""
    if not manifest.exists():
        return None
    try:
        return read_sweep(manifest)
    except InputError:
        if fresh:
            return None
        raise


def _another_recipe(file: Path, cell: Cell, before: Sweep | None, audit: SweepAudit) -> InputError:
    """The refusal of a result that was made otherwise, naming what differs."""
    why = "nothing says how it was made"
    if before is not None:
        differing = sorted(_differing(before.settings, audit.settings()))
        why = f"settings that differ: {', '.join(differing)}" if differing else (
            f"the files of {cell.member}, or the source of {cell.data}, are others"
        )  # fmt: skip
    return InputError(
        f"{file} is there, and was made otherwise: {why}",
        expected="results of these models, data and settings, or none yet",
        remedy="the options of before, another --out folder, or --fresh to replace what is there",
    )


def _differing(one: Mapping[str, Any], other: Mapping[str, Any], prefix: str = "") -> Iterable[str]:
    for name in {*one, *other}:
        mine, theirs = one.get(name), other.get(name)
        if isinstance(mine, dict) and isinstance(theirs, dict):
            yield from _differing(mine, theirs, f"{prefix}{name}.")
        elif mine != theirs:
            yield f"{prefix}{name} {mine}, now {theirs}"


def _require_same_images(made: Sweep, audit: SweepAudit, out: Path) -> None:
    """Refuse to go on where the pictures of a data set are no longer those of its results."""
    from geed_cli.api.sweep_cells import holds_images  # noqa: PLC0415 - torch

    for data in made.data:
        done = next((cell for cell in made.cells if cell.data == data.label and cell.status == "done"), None)
        if done is not None and not holds_images(audit.options, data.source, read_result(out / done.file)):
            raise InputError(
                f"the images of {data.source or 'the bundled sample'} are not those of {out / done.file}",
                expected="the same pictures for all cells of a data set",
                remedy="another --out folder, or --fresh to replace what is there",
            )


def finished(folder: Path, metrics: Sequence[str], say: Say) -> Sweep:
    """A sweep as its folder holds it; nothing is audited, and torch is not imported.

    Args:
        folder: of the sweep.
        metrics: whose values are made from the results in it; empty takes the values as they were saved.
        say: is told which results are copies.

    Raises:
        InputError: a folder that cannot be read, or a measure that no result has.
    """
    made = read_sweep(folder / MANIFEST)
    if not metrics:
        return made
    audited_for(metrics)
    try:
        interval = IntervalOptions(**made.settings["interval"])
    except (KeyError, TypeError):
        raise InputError(
            f"{folder / MANIFEST} does not say how intervals are made",
            expected="the file as geed sweep wrote it",
            remedy=shell_joined(["geed", "sweep", str(folder)]),
        ) from None
    made = _with_values(made, metrics, interval, folder, say)
    there = [
        each.metric for each in made.values if each.value is not None and each.metric not in LABEL_METRICS
    ]
    if missing := [name for name in metrics if not fnmatch.filter(there, name)]:
        again = [
            "geed",
            "sweep",
            str(folder / RESOLVED),
            *(word for name in metrics for word in ("--metric", name)),
        ]
        raise InputError(
            f"no result in {folder} has a value of {', '.join(missing)}",
            expected="a measure that was audited",
            remedy=f"{shell_joined([*again, '--fresh'])}, which audits all cells anew",
        )
    return made


def _with_values(made: Sweep, shown: Sequence[str], interval: IntervalOptions, out: Path, say: Say) -> Sweep:
    values, warnings = [], []
    for data in made.data:
        files: dict[str, list[Path]] = {}
        for cell in made.cells:
            if cell.data == data.label and cell.status == "done":
                files.setdefault(cell.model, []).append(inside(out, cell.file))
        if files:
            own, told = values_on(data.label, files, made.models[0].label, shown, interval, say)
            values += own
            warnings += told
    complete = all(cell.status == "done" for cell in made.cells)
    return made.model_copy(
        update={
            "values": tuple(values),
            "warnings": tuple(warnings),
            "status": "complete" if complete else "partial",
        }
    )


def _write(made: Sweep, out: Path) -> None:
    write_atomically(json_text(made, indent=1), out / MANIFEST)


@contextmanager
def _locked(out: Path) -> Any:  # noqa: ANN401 - a generator
    """The folder, made where it is missing, for this run alone.

    Raises:
        InputError: it is a file.
        RunError: it cannot be made, or another run has it.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - only here

    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out} is a file", expected="a folder", remedy=f"--out {out}_results")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with FileLock(out / LOCK, timeout=0):
            yield
    except Timeout:
        raise RunError(
            f"another run writes to {out}",
            expected="one sweep for a folder at a time",
            remedy="wait until it is done, or another --out folder",
        ) from None


def _words(named: object) -> list[tuple[str | None, str]]:
    """Labels and texts of a mapping, whose values may be several, or of a list."""
    if isinstance(named, Mapping):
        return [
            (str(label), str(each))
            for label, own in named.items()
            for each in (own if isinstance(own, list | tuple) else [own])
        ]
    if isinstance(named, str | Path):
        named = [named]
    if not isinstance(named, list | tuple):
        raise InputError(
            f"an object of type {type(named).__name__} in the place of models or data",
            expected="names, by their labels",
            remedy='geed.sweep({"cnn": "cnn.yaml"}, {"photos": "photos/"}, out="sweep")',
        )
    return [(None, str(each)) for each in named]
