"""What the user asked of ``geed track``, and the part of it that a saved track remembers."""

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from geed_cli.choices import View
from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.cli.audit_request import audit_options, groups_of
from geed_cli.errors import InputError
from geed_cli.groups.named import GROUP_SUFFIXES, group_named
from geed_cli.measures.catalogue import audited_for
from geed_cli.pipeline.options import AuditOptions
from geed_cli.result.clusters import read_clustering
from geed_cli.result.schema import Data
from geed_cli.tracking.record import Recipe, Track
from geed_cli.tracking.resume import other_settings


@dataclass(frozen=True)
class TrackRequest:
    """The command line; see ``geed_cli.cli.track``."""

    files: tuple[str, ...]
    asked: AuditArguments
    model: str | None = None
    step_regex: str | None = None
    pair_runs: str | None = None
    json: Path | None = None
    csv: Path | None = None
    figure: Path | None = None
    pages: tuple[Path, ...] = ()
    fresh: bool = False
    view: View = field(default_factory=View)

    @cached_property
    def options(self) -> AuditOptions:
        """Of the audits; refused as ``audit_options`` refuses them."""
        options = audit_options(self.asked)
        return replace(options, metrics=audited_for(options.metrics))

    @property
    def shown(self) -> tuple[str, ...]:
        """The measures that are shown, raw and M among them; empty is the usual ones."""
        return tuple(self.asked.metric or ())

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of the groups."""
        return groups_of(self.asked)


def recipe_of(request: TrackRequest) -> Recipe:
    """What checkpoints are to be audited with.

    Raises:
        InputError: no network or two, or an unknown group.
    """
    options = request.options
    return Recipe(
        model=_model(request),
        spec_sha256=_spec_sha256(request),
        img_size=request.asked.img_size,
        groups=tuple(dict.fromkeys([*map(_canonical, request.groups), *options.sets])),
        boundary=options.action.boundary,
        interpolation=options.action.interpolation,
        metrics=options.metrics,
        layers=options.layers,
        samples=options.data.samples,
        norm_samples=options.data.norm_samples,
        image_weights=options.data.image_weights,
        on_bad_image=options.data.on_bad_image,
        draw_seed=options.data.seed,
        seed=options.interval.seed,
        confidence=options.interval.confidence,
        resamples=options.interval.resamples,
        ci=options.interval.method,
        precision=options.run.precision,
    )


def _canonical(name: str) -> str:
    """The group's name, or the text itself where a file is part of it: its name alone would not find it again."""
    group = group_named(name)
    factors = [factor.strip() for factor in name.lower().split("*")]
    return name if any(factor.endswith(GROUP_SUFFIXES) for factor in factors) else group.name


def _model(request: TrackRequest) -> str:
    arch = request.asked.arch
    if (request.model is None) == (arch is None):
        neither = "checkpoint files do not say which network they belong to"
        raise InputError(
            neither if arch is None else f"--model {request.model} and --arch {arch}",
            expected="one network for all checkpoints",
            remedy="--arch NAME, or --model SPEC.yaml"
            if arch is None
            else "leave out --arch, or leave out --model",
        )
    asked = request.asked
    said = [f"arch {arch}" if request.model is None else f"model {request.model}"]
    said += [f"{asked.num_classes} classes"] if asked.num_classes is not None else []
    said += [f"entry {asked.key}"] if asked.key is not None else []
    return ", ".join(said)


def _spec_sha256(request: TrackRequest) -> str | None:
    """The sha256 of the spec's text, because an edited spec is another recipe under the same name."""
    path = _spec_file(request)
    return None if path is None else hashlib.sha256(path.read_bytes()).hexdigest()


def _spec_file(request: TrackRequest) -> Path | None:
    from geed_cli.models.spec_files import spec_paths  # noqa: PLC0415 - saved results need none of it

    if request.model is None:
        return None
    path = Path(request.model)
    if not path.is_file():
        path = spec_paths(request.asked.spec_dir).get(request.model, path)
    return path if path.is_file() else None


def unnamed_code(request: TrackRequest) -> Path | None:
    """The spec, where it is of code that has no name, so that nobody can tell whether it is the same later on."""
    from geed_cli.models.spec_files import SPEC_SUFFIXES, read_spec  # noqa: PLC0415 - saved results need none of it

    path = _spec_file(request)
    is_spec = path is not None and path.suffix in SPEC_SUFFIXES
    return path if path is not None and is_spec and read_spec(path).model.is_unnamed_code else None


def require_named_code(track: Track, spec: Path | None, path: Path) -> None:
    """Refuse to go on from checkpoints that were audited by code without a name, which may have been other code.

    Args:
        track: what the file holds.
        spec: of the code without a name; None where it has one, or where there is none.
        path: the file.

    Raises:
        InputError: saying where to name it.
    """
    if spec is not None and any(record.source == "checkpoint" for record in track.records):
        raise InputError(
            f"{path} was made by the code of {spec} (source: python), which may have changed since: it has no name",
            expected="model.cache_key in the spec: a name that you change when the code does something else",
            remedy=f"add cache_key: v1 under model in {spec}, and --fresh to begin again in this file",
        )


def _rule_of(data: Data) -> str | None:
    """The rule that put the images into clusters, None where nobody asked for any."""
    return None if data.clusters is None or data.bundled_sample else data.clusters.how


def require_same_controls(track: Track, asked: AuditArguments, path: Path) -> None:
    """Refuse to go on where a setting differs that is no part of the recipe, and that only the results record."""
    audited = [record.result for record in track.records if record.source == "checkpoint"]
    if not audited:
        return
    before = audited[0].settings
    pairs = {
        "--decode": (before.decode, asked.decode),
        "--floor": (before.probes, asked.floor),
        "--simultaneous": (before.simultaneous, asked.simultaneous),
        "--cluster": (_rule_of(audited[0].data), asked.cluster and read_clustering(asked.cluster).how),
        "--twin": (before.twin is not None, asked.twin),
    }
    differing = [f"{flag} {old}, now {new}" for flag, (old, new) in pairs.items() if old != new]
    if differing:
        raise other_settings(path, differing)
