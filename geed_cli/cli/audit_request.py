"""From the options that were typed to the options of an audit; what could not act is refused, never ignored."""

from collections.abc import Collection
from dataclasses import fields
from pathlib import Path

from geed_cli.cache.location import cache_folder
from geed_cli.choices import DEFAULT_METHOD, DRAWING_METHODS, IntervalOptions
from geed_cli.cli.audit_arguments import OF_CLUSTERS, AuditArguments
from geed_cli.errors import InputError, meant
from geed_cli.pipeline.options import (
    ActionOptions,
    AuditOptions,
    BatchSize,
    ControlOptions,
    DataOptions,
    RunOptions,
    UntilOptions,
)


def audit_options(asked: AuditArguments) -> AuditOptions:
    """Everything that an audit can be told, apart from the model and the groups.

    Raises:
        InputError: a value that cannot be used, or an option that cannot act beside the others.
    """
    _check_resamples(asked)
    return AuditOptions(
        data=DataOptions(
            asked.data,
            asked.samples,
            asked.norm_samples,
            asked.draw_seed,
            asked.on_bad_image,
            asked.follow_links,
            asked.decode,
            asked.image_weights,
            asked.cluster,
            asked.labels,
            asked.by,
            asked.split,
            asked.image_key,
            asked.label_key,
        ),
        action=ActionOptions(asked.boundary, asked.interpolation),
        interval=IntervalOptions(asked.confidence, asked.resamples, asked.ci, asked.seed, asked.simultaneous),
        run=RunOptions(
            asked.device,
            batch_size_in(asked.batch_size),
            asked.precision,
            asked.on_nonfinite,
            asked.compile_,
            devices_in(asked.devices),
            asked.on_unsteady,
        ),
        until=until_options(asked),
        metrics=tuple(asked.metric or ()),
        layers=tuple(asked.layer or ()),
        sets=tuple(asked.set_ or ()),
        controls=ControlOptions(asked.floor, asked.phase_correct, asked.discover),
        cache=cache_of(asked),
    )


def on_ray(asked: AuditArguments) -> bool:
    """Whether the workers of a cluster are to do it.

    Raises:
        InputError: options of workers where there are none, or jobs of Slurm, which audits alone have.
    """
    if asked.engine == "slurm":
        raise InputError(
            "--engine slurm on a command other than geed audit",
            expected="one audit, which jobs share",
            remedy="--engine ray; or geed audit with --engine slurm for each model",
        )
    refuse(asked, {"slurm"}, "anything but Slurm", "add --engine slurm to geed audit")
    if asked.engine == "ray":
        return True
    refuse(asked, set(OF_CLUSTERS) - {"engine"}, "this process alone", "add --engine ray")
    return False


def groups_of(asked: AuditArguments) -> tuple[str, ...]:
    """The groups: flip where neither a group nor a set was named."""
    return tuple(asked.group or (() if asked.set_ else ("flip",)))


def refuse(asked: AuditArguments, names: Collection[str], where: str, otherwise: str) -> None:
    """Refuse those of the named options that were typed: they cannot act ``where``, such as on "saved results"."""
    meant_here = (asked.given & set(names)) - asked.ambient
    idle = [flag_of(field.name) for field in fields(asked) if field.name in meant_here]
    if idle:
        raise InputError(
            f"{', '.join(idle)} cannot act on {where}",
            expected="options that change what is done",
            remedy=f"leave out {' and '.join(idle)}, or {otherwise}",
        )


def flag_of(name: str) -> str:
    """An option as it is typed."""
    return "--" + name.rstrip("_").replace("_", "-")


def until_options(asked: AuditArguments) -> UntilOptions | None:
    """The growing run that the options ask for, if any; both of its options are needed.

    Raises:
        InputError: one without the other, or what to watch without a run that watches.
    """
    width, most = asked.until_width, asked.max_samples
    if asked.stop_early and (width is not None or most is not None):
        raise InputError(
            f"--stop-early together with {'--until-width' if width is not None else '--max-samples'}",
            expected="one of them: with --stop-early --samples says at how many images the run ends anyway",
            remedy="leave out --until-width and --max-samples, or --stop-early",
        )
    if width is not None and most is not None:
        return UntilOptions(width, most, asked.width_of)
    growing = {"until_width": width, "max_samples": most, "width_of": "width_of" in asked.given or None}
    given = [flag_of(name) for name, value in growing.items() if value is not None]
    if given:
        missing = [flag_of(name) for name in ("until_width", "max_samples") if growing[name] is None]
        raise InputError(
            f"{given[0]} without {' and '.join(missing)}",
            expected="both --until-width and --max-samples",
            remedy="--until-width 0.02 --max-samples 1600",
        )
    return None


def devices_in(text: str | None) -> tuple[str, ...]:
    """The value of --devices as names, which ``RunOptions`` checks."""
    return () if text is None else tuple(name.strip() for name in text.split(","))


def batch_size_in(text: str | None) -> BatchSize | None:
    """The value of --batch-size.

    Raises:
        InputError: neither a whole number nor ``auto``.
    """
    if text is None:
        return None
    if text == "auto":
        return "auto"
    try:
        return int(text)
    except ValueError:
        raise InputError(
            f"a batch size of {text!r}",
            expected=f"{meant(text, ('auto',))}a whole number, or auto",
            remedy="--batch-size 8",
        ) from None


def cache_of(asked: AuditArguments) -> Path | None:
    """The folder of the cache; None where none is wanted.

    Raises:
        InputError: a folder together with ``--no-cache``, or a limit in the environment that is none.
    """
    if asked.no_cache and asked.cache_dir is not None:
        raise InputError(
            "--cache-dir together with --no-cache", expected="one of them", remedy="leave out --cache-dir"
        )
    if asked.no_cache:
        return None
    from geed_cli.cache.limit import cache_limit  # noqa: PLC0415 - sqlite, which --help can do without

    cache_limit()
    return cache_folder(asked.cache_dir)


def _check_resamples(asked: AuditArguments) -> None:
    if "resamples" in asked.given and asked.ci not in DRAWING_METHODS and not asked.simultaneous:
        raise InputError(
            f"--resamples with --ci {asked.ci}, which draws none",
            expected="a method that draws resamples, or --simultaneous",
            remedy=f"--ci {DEFAULT_METHOD}, or leave out --resamples",
        )
