"""How the checkpoints of a track are audited, and the part of it that the saved track remembers."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from geed_cli.choices import DECODED_AS
from geed_cli.errors import GeedError, InputError
from geed_cli.groups.named import GROUP_SUFFIXES, group_named
from geed_cli.phrases import counted
from geed_cli.pipeline.options import AuditOptions
from geed_cli.result.clusters import read_clustering
from geed_cli.result.schema import Data
from geed_cli.tracking.record import Recipe, Track
from geed_cli.tracking.resume import other_settings

if TYPE_CHECKING:  # with torch, which saved results can do without
    from geed_cli.models.network import Network

    Loaded = tuple[Network, Network | None]
    """A network, and its twin where one was asked for."""


Audits = Mapping[str | None, "CheckpointAudit"]
"""By what each checkpoint was named with: its own network, or None for that of all others."""


@dataclass(frozen=True)
class Unaudited:
    """A checkpoint of which there is no record, and why.

    Attributes:
        unread: whether its file could not be read as a whole, rather than its network be audited.
    """

    path: Path
    error: GeedError
    unread: bool = False

    @property
    def why(self) -> str:
        """In a line."""
        path = str(self.path)
        return self.error.found if path in self.error.found else f"{path}: {self.error.found}"


def unaudited(failed: Sequence[Unaudited]) -> InputError:
    """The refusal of checkpoints that were left out."""
    unread = [str(each.path) for each in failed if each.unread]
    unsteady = [str(each.path) for each in failed if not each.unread]
    if unread:
        also = f"; {len(unsteady)} more could not be audited, {', '.join(unsteady)}" if unsteady else ""
        return InputError(
            f"{counted(len(unread), 'checkpoint')} could not be read: {', '.join(unread)}{also}",
            expected="files that are whole and no longer written to",
            remedy="write them anew, or leave them out; run the same again, which goes on from --json FILE",
        )
    return InputError(
        f"{counted(len(unsteady), 'checkpoint')} could not be audited, being no function of one image: "
        f"{', '.join(unsteady)}",
        expected="the same numbers for a picture, whatever stands beside it and whatever came before",
        remedy="leave them out, or --on-unsteady report, which says how far values move by themselves",
    )


@dataclass(frozen=True)
class CheckpointAudit:
    """How each checkpoint is audited.

    Attributes:
        network: what the checkpoints belong to, as the track records it: ``arch NAME`` or ``model REFERENCE``.
        load: the network with a checkpoint's weights, and its twin.
        groups: names of the groups.
        options: everything else.
        spec: the file of the network's spec, where it has one.
        img_size: an input size that is not the network's own.
        twin: whether a random twin is audited beside each.
        typed: the command line.
        ready: whether pictures in memory are cropped already, as ``audit`` takes it.
    """

    network: str
    load: "Callable[[Path], Loaded]"
    groups: tuple[str, ...]
    options: AuditOptions
    spec: Path | None = None
    img_size: int | None = None
    twin: bool = False
    typed: tuple[str, ...] = ()
    ready: bool | None = None

    def recipe(self) -> Recipe:
        """What the track remembers.

        Raises:
            InputError: an unknown group.
        """
        # an edited spec is another recipe under the same name
        spec = None if self.spec is None else hashlib.sha256(self.spec.read_bytes()).hexdigest()
        made = recipe_of(self.network, self.groups, self.options, spec_sha256=spec, img_size=self.img_size)
        return made.model_copy(update={"ready": self.ready})

    def unnamed_code(self) -> Path | None:
        """The spec, where it is of code that has no name, so that nobody can tell whether it is the same later on."""
        from geed_cli.models.spec_files import SPEC_SUFFIXES, read_spec  # noqa: PLC0415 - saved results need none of it

        if self.spec is None or self.spec.suffix not in SPEC_SUFFIXES:
            return None
        return self.spec if read_spec(self.spec).model.is_unnamed_code else None


def recipe_of(
    network: str,
    groups: Sequence[str],
    options: AuditOptions,
    *,
    spec_sha256: str | None,
    img_size: int | None = None,
) -> Recipe:
    """What a track remembers of how its networks are audited.

    Raises:
        InputError: an unknown group.
    """
    return Recipe(
        model=network,
        spec_sha256=spec_sha256,
        img_size=img_size,
        groups=tuple(dict.fromkeys([*map(_canonical, groups), *options.sets])),
        boundary=options.action.boundary,
        interpolation=options.action.interpolation,
        metrics=options.metrics,
        layers=options.layers,
        samples=options.data.samples,
        norm_samples=options.data.norm_samples,
        image_weights=options.data.image_weights,
        labels=options.data.labels,
        on_bad_image=options.data.on_bad_image,
        draw_seed=options.data.seed,
        seed=options.interval.seed,
        confidence=options.interval.confidence,
        resamples=options.interval.resamples,
        ci=options.interval.method,
        precision=options.run.precision,
    )


def spec_file(model: str, spec_dir: Path | None = None) -> Path | None:
    """The file that a model's reference names, or the spec of that name; None of other models."""
    from geed_cli.models.spec_files import spec_paths  # noqa: PLC0415 - saved results need none of it

    path = Path(model)
    if not path.is_file():
        path = spec_paths(spec_dir).get(model, path)
    return path if path.is_file() else None


def _canonical(name: str) -> str:
    """The group's name, or the text itself where a file is part of it: its name alone would not find it again."""
    group = group_named(name)
    factors = [factor.strip() for factor in name.lower().split("*")]
    return name if any(factor.endswith(GROUP_SUFFIXES) for factor in factors) else group.name


def require_one_set_of_images(options: AuditOptions) -> None:
    """Refuse what the command has no option for, since all steps stand on the same images.

    Raises:
        InputError: naming it.
    """
    idle = {
        "until": options.until is not None,
        "run.on_nonfinite": options.run.on_nonfinite != "error",
        "controls.phase_correct": options.controls.phase_correct,
        "controls.discover": options.controls.discover is not None,
    }
    named = [name for name, there in idle.items() if there]
    if named:
        raise InputError(
            f"options.{named[0]} on a track",
            expected="audits of all steps on the same images, whose values stand beside each other",
            remedy=f"leave out {named[0]}",
        )


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


def require_same_controls(track: Track, options: AuditOptions, path: Path, *, twin: bool) -> None:
    """Refuse to go on where a setting differs that is no part of the recipe, and that only the results record."""
    audited = [record.result for record in track.records if record.source == "checkpoint"]
    if not audited:
        return
    before = audited[0].settings
    cluster = options.data.cluster
    pairs = {
        "decoding": (before.decode, DECODED_AS[options.data.decode]),
        "--floor": (before.probes, options.controls.probes),
        "--simultaneous": (before.simultaneous, options.interval.simultaneous),
        "--cluster": (_rule_of(audited[0].data), cluster and read_clustering(cluster).how),
        "--twin": (before.twin is not None, twin),
    }
    differing = [f"{flag} {old}, now {new}" for flag, (old, new) in pairs.items() if old != new]
    if differing:
        raise other_settings(path, differing)


def _rule_of(data: Data) -> str | None:
    """The rule that put the images into clusters, None where nobody asked for any but the images' own list."""
    if data.clusters is None or data.bundled_sample:
        return None
    listed = data.source == "list" and data.clusters.how == Path(data.root).name
    return None if listed else data.clusters.how
