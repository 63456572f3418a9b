"""What the user asked of ``geed track``, and the part of it that a saved track remembers."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from geed_cli.algebra.catalogue import GROUP_SUFFIXES, group_named
from geed_cli.comparison.track_schema import Recipe
from geed_cli.errors import InputError
from geed_cli.pipeline.options import AuditOptions


@dataclass(frozen=True)
class TrackRequest:
    """The command line; see ``geed_cli.cli.track``."""

    files: tuple[str, ...]
    groups: tuple[str, ...]
    options: AuditOptions
    model: str | None = None
    arch: str | None = None
    spec_dir: Path | None = None
    img_size: int | None = None
    allow_code: bool = False
    step_regex: str | None = None
    json: Path | None = None
    csv: Path | None = None
    figure: Path | None = None
    fresh: bool = False
    quiet: bool = False


def _canonical(name: str) -> str:
    """The group's name, or the text itself where a file is part of it: its name alone would not find it again."""
    group = group_named(name)
    return (
        name
        if any(
            name.lower().rstrip().endswith(suffix) or f"{suffix}*" in name.lower()
            for suffix in GROUP_SUFFIXES
        )
        else group.name
    )


def recipe_of(request: TrackRequest) -> Recipe:
    """What checkpoints are to be audited with.

    Raises:
        InputError: no network or two, or an unknown group.
    """
    options = request.options
    return Recipe(
        model=_model(request),
        spec_sha256=_spec_sha256(request),
        img_size=request.img_size,
        groups=tuple(dict.fromkeys(_canonical(name) for name in request.groups)),
        boundary=options.action.boundary,
        interpolation=options.action.interpolation,
        metrics=options.metrics,
        layers=options.layers,
        samples=options.data.samples,
        norm_samples=options.data.norm_samples,
        on_bad_image=options.data.on_bad_image,
        draw_seed=options.data.seed,
        seed=options.interval.seed,
        confidence=options.interval.confidence,
        resamples=options.interval.resamples,
        ci=options.interval.method,
        precision=options.run.precision,
    )


def _model(request: TrackRequest) -> str:
    if (request.model is None) == (request.arch is None):
        both = request.model is not None
        raise InputError(
            f"--model {request.model} and --arch {request.arch}"
            if both
            else "checkpoint files do not say which network they belong to",
            expected="one network for all checkpoints",
            remedy="leave one of them out" if both else "--arch NAME, or --model SPEC.yaml",
        )
    return f"arch {request.arch}" if request.model is None else f"model {request.model}"


def _spec_sha256(request: TrackRequest) -> str | None:
    """The sha256 of the spec's text, because an edited spec is another recipe under the same name."""
    from geed_cli.models.spec_files import spec_paths  # noqa: PLC0415 - saved results need none of it

    if request.model is None:
        return None
    path = Path(request.model)
    if not path.is_file():
        path = spec_paths(request.spec_dir).get(request.model, path)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
