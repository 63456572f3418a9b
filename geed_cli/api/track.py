"""``track``: one recipe along training, of results by step or of checkpoints. The command ``geed track`` calls it, too.

Torch is imported only where checkpoints are audited.
"""

import operator
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from geed_cli.api.checkpoint_recipe import (
    Audits,
    CheckpointAudit,
    Unaudited,
    require_named_code,
    require_one_set_of_images,
    require_same_controls,
    spec_file,
    unaudited,
)
from geed_cli.api.named_results import OneResult, Say, result_from
from geed_cli.api.parameters import Names, several
from geed_cli.api.python_words import called_in_python
from geed_cli.comparison.pairing import pair_pattern, run_of
from geed_cli.errors import GeedError, InputError
from geed_cli.measures.catalogue import audited_for, require_guaranteed, select_measures
from geed_cli.pipeline.options import AuditOptions
from geed_cli.report.console import message_console
from geed_cli.report.terminal_progress import TerminalProgress
from geed_cli.result.clusters import read_clustering, with_clusters
from geed_cli.result.file import check_writable
from geed_cli.result.schema import Result
from geed_cli.sweeps.sweep_folder import files_in, is_sweep
from geed_cli.tracking.inputs import Input, expand, lone_globs
from geed_cli.tracking.record import Recipe, Record, Track, in_memory
from geed_cli.tracking.resume import known_checkpoints, merged, require_same_recipe, two_networks
from geed_cli.tracking.shared_file import SharedTrack
from geed_cli.tracking.steps import step_pattern
from geed_cli.tracking.track import require_one_track, track_of
from geed_cli.tracking.track_file import OnTrack, on_track, saved_on_track
from geed_cli.verdict.python_names import FIELDS, fields_of

if TYPE_CHECKING:
    from geed_cli.api.checkpoint_audits import Elsewhere, Job
    from geed_cli.api.checkpoint_recipe import Loaded

Files = str | Path | Track | Sequence[str | Path | Track]
"""Checkpoints, saved results and tracks, by their paths or globs; and tracks themselves."""
Steps = Mapping[int, OneResult | Sequence[OneResult]]
"""Results by step; several of one step are a population."""
OPTIONS = {
    **FIELDS,
    **fields_of("data", "DataOptions", samples="samples"),
    **fields_of("run", "RunOptions", device="device", batch_size="batch_size"),
    **fields_of("interval", "IntervalOptions", seed="seed"),
    "--layer": "options=AuditOptions(layers=…)",
    "--set": "options=AuditOptions(sets=…)",
    **dict.fromkeys(("--cache-dir", "--no-cache"), "options=AuditOptions(cache=…)"),
    "--model": "model=…",
    "--arch": "model=…",
    "--spec-dir": "model=…",
    "--num-classes": "model.arguments in the spec",
    "--classes": "model.classes in the spec",
    "--img-size": "input.size in the spec",
    "--key": "weights.key in the spec",
    "--strip-prefix": "weights.strip_prefix in the spec",
    "--allow-pickle": "geed.load_model(…, allow_pickle=True), audited and tracked by step",
    "--twin": "geed.audit(…, twin=…), tracked by step",
    "--allow-code": "allow_code=True",
    "--data": "images=…",
    "--group": "groups=…",
    "--metric": "metrics=…",
    "--cluster": "cluster=…",
    "--json": "out=…",
    "--fresh": "Path(out).unlink()",
    "--step-regex": "step_regex=…",
    "--pair-runs": "pair_runs=…",
    **{
        f"--{name}": f"geed track … --{name} …, on the command line"
        for name in ("engine", "ray-address", "workers", "gpus-per-worker")
    },
    "LABEL=GLOB": '{"label": files}',
}
"""What the command's options are called here."""


class Interrupted(KeyboardInterrupt):
    """A run that was ended from outside, after it has said what of it is kept."""


@dataclass(frozen=True)
class TrackOptions:
    """Everything but what is on the track, and how checkpoints are audited.

    Attributes:
        out: the file that the track is kept in, and gone on from.
        fresh: whether what the file holds is to go.
        step_regex: finds the step in each path.
        pair_runs: finds the run in the names of files.
        cluster: puts the images of saved results into clusters.
        parts: names of measures, of which raw and M get rows of their own.
    """

    out: Path | None = None
    fresh: bool = False
    step_regex: str | None = None
    pair_runs: str | None = None
    cluster: str | None = None
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Followed:
    """A track, and the checkpoints that could not be audited."""

    track: Track
    failed: tuple[Unaudited, ...] = ()


@called_in_python(OPTIONS)
def track(  # noqa: PLR0913 - by keyword
    along: Files | Steps | Mapping[str, Files | Steps],
    *,
    model: str | None = None,
    images: object = None,
    groups: Names = ("flip",),
    metrics: Names = (),
    ready: bool | None = None,
    options: AuditOptions | None = None,
    out: str | Path | None = None,
    step_regex: str | None = None,
    pair_runs: str | None = None,
    cluster: str | None = None,
    allow_code: bool = False,
) -> Track:
    """Follow one recipe along training: a value with its interval for every step.

    Args:
        along: results by step; or paths or globs of checkpoints, saved results and tracks, and tracks themselves; or
            a mapping of these by the label of each run. Checkpoints may have their network behind a colon:
            ``{"cnn": "runs/cnn_*/step_*.pt:cnn.yaml", "c8": "runs/c8_*/step_*.pt:c8.yaml"}``.
        model: the network of checkpoints without one of their own, a spec or a name as ``load_model`` takes it, whose
            weights are replaced.
        images: what checkpoints are audited on, anything that ``audit`` takes; None is that of ``options``, else the
            bundled sample.
        groups: names of the groups that checkpoints are audited under.
        metrics: what of checkpoints is audited, empty is everything; ``latent.l2.raw`` and the like get rows, too.
        ready: whether pictures in memory are cropped to the network's input already, as ``audit`` takes it.
        options: everything else about audits of checkpoints.
        out: save the track to this file after every step, and go on from it: checkpoints in it are not audited again.
        step_regex: a regular expression whose one group finds the step in each path.
        pair_runs: a regular expression whose one group finds the run in the names of files; of several results of one
            step in memory, ``result (.+)`` finds their place in the list.
        cluster: which images belong together.
        allow_code: let a spec with ``source: python`` import its module.

    Returns:
        the track; partial, with a warning, where a checkpoint could not be audited.

    Raises:
        InputError: what cannot stand on one track, a checkpoint without a network, or another track in the file.
        RunError: weights or images that cannot be had, or a file that cannot be written.
    """
    inputs, given = _sorted_out(along)
    for lone in lone_globs(_words_in(along)):
        warnings.warn(lone, stacklevel=3)
    named = models_of(inputs)
    if named:
        options = _options(images, several(metrics), options, cluster)
        audits = {
            own: _audit(own or model, several(groups), options, ready, allow_code=allow_code) for own in named
        }
        require_used(model, "model", named)
    else:
        _refuse_without_checkpoints(model, images, options, ready, allow_code=allow_code)
        audits = {}
    target = None if out is None else Path(out)
    if target is not None:
        check_writable(target)
    asked = TrackOptions(target, False, step_regex, pair_runs, cluster, several(metrics))
    made = follow(inputs, asked, audits, given, progress=_drawn())
    if made.failed:
        warnings.warn(str(unaudited(made.failed)), stacklevel=3)
    return made.track


def follow(
    inputs: Sequence[Input],
    options: TrackOptions,
    audits: Audits = MappingProxyType({}),
    given: OnTrack = OnTrack(),  # noqa: B008 - it is frozen
    *,
    progress: TerminalProgress,
    say: Say | None = None,
    importing: Callable[[], AbstractContextManager[None]] = nullcontext,
    elsewhere: "Elsewhere | None" = None,
) -> Followed:
    """The track of saved results, of checkpoints that are audited now or were before, and of results in memory.

    Args:
        inputs: the files.
        options: how.
        audits: of checkpoints, by the networks that they are named with.
        given: results and tracks in memory.
        progress: of the audits.
        say: is told what is kept, reused and doubtful; by default it is printed on stderr.
        importing: is entered while torch is imported.
        elsewhere: has other processes make the audits.

    Raises:
        Interrupted: what was finished is in ``options.out``.
        InputError: as ``track``; or no checkpoint could be audited, and there is nothing else.
    """
    say = say or message_console().print
    _require_runs(
        [*(str(each.path) for each in inputs), *(each.file for each in given.records)], options.pair_runs
    )
    checkpoints = [each for each in inputs if not each.saved]
    recipe, own = _recipes(checkpoints, audits)
    plain = {each.label for each in checkpoints if each.model is None and each.label is not None}
    shared = _shared(options, audits, (recipe, plain), own, say)
    before = shared.read() if shared is not None else None
    pattern = step_pattern(options.step_regex)
    there = OnTrack.together([given, *(saved_on_track(each, pattern) for each in inputs if each.saved)])
    new, failures = [*there.records], there.failures
    if options.cluster is not None:
        clustering = read_clustering(options.cluster)
        new = [each.model_copy(update={"result": with_clusters(each.result, clustering)}) for each in new]
    if already := merged(before.records if before else (), new):
        require_one_track(already)

    def save(done: Sequence[Record]) -> None:
        if shared is not None:
            shared.add([*new, *done], recipe, complete=False, failures=failures, recipes=own)

    kept, failed = _Kept(audits, own), list[Unaudited]()
    if checkpoints:
        with importing():
            import geed_cli.api.checkpoint_audits  # noqa: F401, PLC0415 - torch

        failed = _audited(checkpoints, before, kept, options, save, progress, say, elsewhere)
    records = [*new, *kept.records]
    if failed and not records:
        raise failed[0].error if all(each.unread for each in failed) else unaudited(failed)
    complete = not failed
    made = (
        track_of(
            records,
            recipe,
            complete=complete,
            pair_runs=options.pair_runs,
            parts=options.parts,
            failures=failures,
            recipes=own,
        )
        if shared is None
        else shared.add(records, recipe, complete=complete, failures=failures, recipes=own)
    )
    return Followed(made, tuple(failed))


def _require_runs(names: Sequence[str], pair_runs: str | None) -> None:
    """Refuse a pattern that does not find the run of every file."""
    if (runs := pair_pattern(pair_runs)) is not None:
        for name in names:
            run_of(name, runs)


def _recipes(checkpoints: Sequence[Input], audits: Audits) -> tuple[Recipe | None, dict[str, Recipe]]:
    """Of checkpoints without a network of their own, and of the others by their labels, as far as they have some.

    Raises:
        InputError: an unknown group, or a label with two networks.
    """
    models: dict[str, set[str | None]] = {}
    for each in checkpoints:
        if each.label is not None:
            models.setdefault(each.label, set()).add(each.model)
    for label, own in models.items():
        if len(own) > 1:
            raise two_networks(label)
    recipes = {model: audit.recipe() for model, audit in audits.items()}
    named = {label: model for label, (model,) in models.items() if model is not None}
    return recipes.get(None), {label: recipes[model] for label, model in named.items()}


def _shared(
    options: TrackOptions,
    audits: Audits,
    plain: tuple[Recipe | None, Iterable[str]],
    own: Mapping[str, Recipe],
    say: Say,
) -> SharedTrack | None:
    """The file that the track is kept in, if there is one; ``plain`` are runs without networks of their own."""
    path = options.out
    if path is None:
        return None
    unnamed = [spec for audit in audits.values() if (spec := audit.unnamed_code()) is not None]
    for spec in unnamed:
        say(f"{spec} gives its code no name (model.cache_key), so no later run can go on from {path}")

    def check(track: Track) -> None:
        recipe, labels = plain
        require_same_recipe(track, recipe, path, own)
        for label in labels:
            if track.recipes.get(label, recipe) != recipe:
                raise two_networks(label, path)
        require_named_code(track, unnamed[0] if unnamed else None, path)
        for audit in audits.values():
            require_same_controls(track, audit.options, path, twin=audit.twin)

    return SharedTrack(path, check, fresh=options.fresh, pair_runs=options.pair_runs, parts=options.parts)


def _audited(
    checkpoints: Sequence[Input],
    before: Track | None,
    kept: "_Kept",
    options: TrackOptions,
    save: Callable[[Sequence[Record]], None],
    progress: TerminalProgress,
    say: Say,
    elsewhere: "Elsewhere | None",
) -> list[Unaudited]:
    """Keep a record for each checkpoint; reused ones first, then one audit after the other, saved at once.

    Returns:
        the checkpoints that have none.
    """
    from geed_cli.api import checkpoint_audits as auditing  # noqa: PLC0415 - torch

    out, done = options.out, kept.records
    jobs, failed = auditing.jobs_of(checkpoints, step_pattern(options.step_regex), say)
    left = _not_known(jobs, before, kept)
    if done:
        auditing.require_same_images(done[0].result, next(iter(kept.audits.values())), out)
        say(f"{len(done)} of {len(jobs)} checkpoints are in {out} and were not audited again")
    reused = len(done)
    for each in failed:
        say(each.why)
    try:
        for job, record in auditing.audits(left, kept.audits, progress, elsewhere):
            if isinstance(record, Unaudited):
                say(record.why)
                failed.append(record)
            else:
                kept.keep(job.input.model, record)
                save(done)
    except KeyboardInterrupt:
        where = f": the same again goes on from {out}" if out else ": nothing was written"
        say(f"interrupted after {len(done) - reused} of {len(left)} audits{where}")
        raise Interrupted from None
    except GeedError:
        if out is not None and len(done) > reused:
            say(f"{len(done) - reused} finished audits are in {out}")
        raise
    return failed


def _not_known(jobs: "Sequence[Job]", before: Track | None, kept: "_Kept") -> "list[Job]":
    """The jobs that the track has no audit of; of the others their records are kept."""
    from geed_cli.api.checkpoint_audits import record_of  # noqa: PLC0415 - torch

    known = {
        model: known_checkpoints(before, recipe) if before else {} for model, recipe in kept.recipes.items()
    }
    left = []
    for job in jobs:
        result = known[job.input.model].get(job.sha256)
        if result is None:
            left.append(job)
        else:
            kept.keep(job.input.model, record_of(job, result))
    return left


class _Kept:
    """The records of checkpoints, and the recipes of runs with networks of their own, by their labels.

    Args:
        audits: by the networks that checkpoints are named with.
        own: the recipes of labels that are known; those that come from networks' names are added.
    """

    def __init__(self, audits: Audits, own: dict[str, Recipe]) -> None:
        self.audits, self.own = audits, own
        self.recipes = {model: audit.recipe() for model, audit in audits.items()}
        self.records: list[Record] = []

    def keep(self, model: str | None, record: Record) -> None:
        """Add a record of that network.

        Raises:
            InputError: its label is that of another network, too.
        """
        recipe = self.recipes[model]
        if model is not None:
            self.own.setdefault(record.label, recipe)
        if self.own.get(record.label, recipe) != recipe:
            raise two_networks(record.label)
        self.records.append(record)


def models_of(inputs: Sequence[Input]) -> list[str | None]:
    """The networks that checkpoints among the files were named with, None for those without one; each once."""
    return list(dict.fromkeys(each.model for each in inputs if not each.saved))


def require_used(model: str | None, called: str, named: Sequence[str | None]) -> None:
    """Refuse a network for all checkpoints where each has one of its own.

    Args:
        model: the network.
        called: what it is called where it was given.
        named: what the checkpoints were named with.
    """
    if model is not None and None not in named:
        raise InputError(
            f"{called} {model}, and every checkpoint is named with a network of its own",
            expected="one of them",
            remedy=f"leave out {called}",
        )


def inputs_of(words: Sequence[str]) -> tuple[Input, ...]:
    """Every file that the words name; a sweep's folder names its results on one data set, by their models.

    Raises:
        InputError: as ``expand`` and ``files_in``.
    """
    inputs: dict[Input, None] = {}
    for word in words:
        if is_sweep(word):
            inputs |= {Input(label, file): None for label, files in files_in(word).items() for file in files}
        else:
            inputs |= dict.fromkeys(expand([word]))
    return tuple(inputs)


def _drawn() -> TerminalProgress:
    """Progress of Python, where Ctrl-C stays Python's own."""
    return TerminalProgress(message_console(), handles_interrupts=False)


def _sorted_out(along: object, label: str | None = None) -> tuple[list[Input], OnTrack]:
    """The files that were named, and the results and tracks in memory.

    Raises:
        InputError: what is neither.
    """
    if not isinstance(along, Mapping):
        return _listed(along if isinstance(along, list | tuple) else [along], label)
    if label is None and along and all(isinstance(key, str) for key in along):
        parts = [_sorted_out(each, str(key)) for key, each in along.items()]
        inputs, given = zip(*parts, strict=True)
        return [*chain(*inputs)], OnTrack.together(given)
    return [], OnTrack(tuple(_by_step(along, label)))


def _words_in(along: object) -> Iterator[str]:
    """The paths and globs among what was named."""
    if isinstance(along, str):
        yield along
    elif isinstance(along, Mapping):
        for each in along.values():
            yield from _words_in(each)
    elif isinstance(along, list | tuple):
        yield from (each for each in along if isinstance(each, str))


def _listed(listed: Sequence[object], label: str | None) -> tuple[list[Input], OnTrack]:
    """Paths, globs and tracks."""
    tracks = [each for each in listed if isinstance(each, Track)]
    paths = [str(each) for each in listed if isinstance(each, str | Path)]
    if not listed or len(tracks) + len(paths) < len(listed):
        raise _no_track(next((each for each in listed if not isinstance(each, str | Path | Track)), None))
    inputs = [replace(each, label=label or each.label) for each in inputs_of(paths)]
    return inputs, OnTrack.together(on_track(each, label) for each in tracks)


def _by_step(steps: Mapping[object, object], label: str | None) -> Iterator[Record]:
    """A record for each result, by its step; the run is called by its first network where nobody gave it a label.

    Raises:
        InputError: a step that is no whole number from 0, or what is no result.
    """
    if not steps:
        raise _no_track(steps)
    for key, value in steps.items():
        step = _step(key)
        population = isinstance(value, list | tuple)
        for number, each in enumerate(value if isinstance(value, list | tuple) else [value], start=1):
            result = result_from(each)
            label = label or result.model.arch
            name = in_memory(step, number if population else None)
            yield Record(
                label=label,
                step=step,
                step_from="the caller",
                file=name if isinstance(each, Result) else str(each),
                source="result",
                result=result,
            )


def _step(key: object) -> int:
    try:
        step = operator.index(key)  # type: ignore[arg-type]
    except TypeError:
        step = -1
    if step < 0 or isinstance(key, bool):
        raise InputError(
            f"{key!r} in the place of a step",
            expected="a whole number from 0, the step of each result; or text everywhere, the label of each run",
            remedy="geed.track({0: result, 100: other})",
        )
    return step


def _no_track(found: object) -> InputError:
    return InputError(
        f"{'nothing' if not found else f'an object of type {type(found).__name__}'} in the place of a track",
        expected="results by step, paths of checkpoints, saved results and tracks, or tracks",
        remedy="geed.track({0: result, 100: other})",
    )


def _options(
    images: object, metrics: tuple[str, ...], options: AuditOptions | None, cluster: str | None
) -> AuditOptions:
    """How checkpoints are audited, apart from their networks.

    Raises:
        InputError: pictures that cannot be used, or an option that no track has.
    """
    from geed_cli.images.memory.prepared import images_of  # noqa: PLC0415 - torch

    options = AuditOptions() if options is None else options
    require_one_set_of_images(options)
    data = replace(
        options.data,
        root=options.data.root if images is None else images_of(images),
        cluster=cluster or options.data.cluster,
    )
    options = replace(options, data=data, metrics=audited_for(metrics or options.metrics))
    require_guaranteed(options.interval.method, select_measures(options.metrics))
    return options


def _audit(
    model: str | None,
    groups: tuple[str, ...],
    options: AuditOptions,
    ready: bool | None,
    *,
    allow_code: bool,
) -> CheckpointAudit:
    """How checkpoints of one network are audited.

    Raises:
        InputError: no network.
    """
    if model is None:
        raise InputError(
            "checkpoint files do not say which network they belong to",
            expected="one network for all checkpoints",
            remedy='model="net.yaml", a spec, or the name of a network such as model="timm:resnet18"',
        )
    named = model

    def load(checkpoint: Path) -> "Loaded":
        from geed_cli.models.load import load_model  # noqa: PLC0415 - torch

        network = load_model(named, checkpoint=checkpoint, allow_code=allow_code)
        code = ("--allow-code",) if allow_code else ()
        return replace(network, typed=(named, "--checkpoint", str(checkpoint), *code)), None

    return CheckpointAudit(f"model {model}", load, groups, options, spec_file(model), ready=ready)


def _refuse_without_checkpoints(
    model: str | None,
    images: object,
    options: AuditOptions | None,
    ready: bool | None,
    *,
    allow_code: bool,
) -> None:
    """Refuse what acts on audits alone.

    Raises:
        InputError: naming it.
    """
    given = {
        "model": model,
        "images": images,
        "ready": ready,
        "options": options,
        "allow_code": allow_code or None,
    }
    idle = [name for name, value in given.items() if value is not None]
    if idle:
        raise InputError(
            f"{', '.join(idle)} cannot act on saved results and tracks",
            expected="checkpoints beside it",
            remedy=f"leave out {' and '.join(idle)}, or name checkpoints to audit",
        )
