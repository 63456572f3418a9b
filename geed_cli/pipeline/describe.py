"""What a result records beside its numbers: model, data, groups, environment, and the signature."""

import hashlib
import platform
from collections.abc import Sequence

import torch

from geed_cli import __version__
from geed_cli.choices import DECODED_AS
from geed_cli.documents.command_line import recorded
from geed_cli.documents.document import unicode_text
from geed_cli.engine.batches import Placement
from geed_cli.engine.plan import GroupPlan, Plan
from geed_cli.engine.row import Subject
from geed_cli.engine.steady.finding import Unsteady
from geed_cli.errors import InputError
from geed_cli.groups.group import FiniteGroup
from geed_cli.groups.named import group_named
from geed_cli.images.picture import RefusedFile
from geed_cli.images.source import ImageRecord
from geed_cli.measures.maps.compared import sums_by
from geed_cli.models.network import Network
from geed_cli.pipeline.draw import Drawn
from geed_cli.pipeline.image_weights import weights_asked
from geed_cli.pipeline.options import AuditOptions, DataOptions
from geed_cli.result.clusters import Clustering
from geed_cli.result.samples import weights_fingerprint
from geed_cli.result.schema import (
    Data,
    Entry,
    Environment,
    Group,
    Image,
    Looks,
    Model,
    NotOneFunction,
    Output,
    Preprocessing,
    Refused,
    Settings,
    Weights,
)
from geed_cli.runtime.versions import version

MEASURE_VERSION = 1
"""Raised whenever a definition changes so that values are no longer comparable."""

UNSTEADY_NOTE = "the network is no function of one image; what is below its repeat means nothing"


def describe_model(network: Network) -> Model:
    """The network as it was resolved."""
    settings, weights = network.input, network.weights
    return Model(
        id=network.id,
        source=network.source,
        arch=network.arch,
        weights=Weights(
            origin=weights.origin,
            detail=weights.detail,
            sha256=weights.sha256,
            state_sha256=weights.state_sha256,
            notes=weights.notes,
            declared=weights.declared,
        ),
        input=Preprocessing(
            size=settings.size,
            resize=settings.resize,
            crop_pct=settings.crop_pct,
            crop_mode=settings.crop_mode,
            interpolation=settings.interpolation,
            mean=settings.mean,
            std=settings.std,
        ),
        parameters=network.parameters,
        features=f"{network.features.side} of {network.features.module or 'the network'}",
        classifier=network.classifier,
        output=Output(
            kind=network.output.kind,
            shape=network.output.shape,
            probable=network.output.probable,
            declared=network.output.declared,
            reason=network.output.reason or None,
        ),
        actions=network.spec.model_dump(mode="json", exclude_unset=True).get("actions", {})
        if network.spec
        else {},
        layouts=dict(network.spec.layouts) if network.spec else {},
        typed=recorded(network.typed or (network.reference,) * bool(network.reference)),
    )


def describe_data(
    drawn: Drawn,
    audited: Sequence[Subject],
    normaliser: Sequence[Subject],
    broken: Sequence[RefusedFile],
    options: DataOptions,
    clustering: Clustering | None,
) -> Data:
    """Every file of the folder, accounted for."""
    everything = drawn.audited
    refused = (*everything.refused, *drawn.refused, *broken)
    used = len(audited) + len(normaliser) + len(drawn.copies) + len(refused)
    weights = weights_asked(options, everything)
    padded = [subject.padded for subject in audited if subject.padded is not None]
    return Data(
        root=unicode_text(everything.root),
        source=everything.reader.source,
        revision=everything.revision,
        split=everything.split,
        image_key=options.image_key,
        label_key=options.label_key,
        bundled_sample=everything.is_sample,
        found=everything.found,
        count=len(audited),
        not_drawn=everything.found - used,
        sha256=data_sha256([subject.record for subject in audited]),
        seed=options.seed,
        images=_images(audited),
        normaliser_images=_images(normaliser),
        refused=tuple(Refused(path=item.path, reason=item.reason) for item in refused),
        duplicates=drawn.copies,
        redrawn=drawn.redrawn,
        clusters=clustering and clustering.of([subject.path for subject in audited]),
        notes=everything.reader.notes([subject.record.path for subject in audited]),
        made_up=sum(padded) / len(audited) if padded else None,
        weighted_by=weights and weights.how,
        weights=weights.of([subject.record.path for subject in audited]) if weights else (),
    )


def _images(subjects: Sequence[Subject]) -> tuple[Image, ...]:
    given = {"path", "sha256"}  # one set for all, which is most of what an image would take
    return tuple(
        Image.model_construct(given, path=subject.record.path, sha256=subject.record.sha256)
        for subject in subjects
    )


def data_sha256(records: Sequence[ImageRecord]) -> str:
    """Hash of the images' own hashes in order: the same pictures in another folder hash the same."""
    return hashlib.sha256("\n".join(record.sha256 for record in records).encode()).hexdigest()


def describe_group(plan: GroupPlan, size: int) -> Group:
    """A group or set and its conditions for pictures of that side."""
    group = plan.group
    if not isinstance(group, FiniteGroup):
        return Group(
            name=group.name,
            kind="set",
            order=group.order,
            elements=group.elements,
            calls=group.calls,
            exact=False,
            boundary=None,
            interpolation=None,
        )
    resampled = [view for view in plan.views if view in plan.trips_at(size)]
    return Group(
        name=group.name,
        order=group.order,
        elements=group.elements,
        exact=not resampled,
        boundary=resampled[0].boundary if resampled else None,
        interpolation=resampled[0].interpolation if resampled else None,
    )


def sign(model: Model, data: Data, groups: Sequence[Group], options: AuditOptions) -> str:
    """One line that names everything two results must share to be compared."""
    settings = model.input
    norm = "audited"
    if data.normaliser_images:
        hashes = "\n".join(image.sha256 for image in data.normaliser_images)
        norm = hashlib.sha256(hashes.encode()).hexdigest()[:12]
    conditions = ",".join(_conditions(group) for group in groups)
    decode = "" if options.data.decode == "exact" else f" decode={DECODED_AS[options.data.decode]}"
    kind = "" if model.output is None else model.output.kind
    output = "" if kind in ("", "logits", "none") else f" output={kind}"
    weights = f" weights={weights_fingerprint(data)}" if data.weights else ""
    return (
        f"measure={MEASURE_VERSION} data={data.sha256[:12]} n={data.count}{weights} norm={norm} group={conditions} "
        f"input={settings.size}:{settings.resize}:{settings.crop_mode}:{settings.interpolation}"
        f"{':luminance' if len(settings.mean) == 1 else ''} "
        f"precision={options.run.precision}{decode}{output}"
    )


def _conditions(group: Group) -> str:
    """A group's name, how it resamples, and what is in it where the name does not tell: in a set or a file's group."""
    members = group.calls or (() if named_alike(group) else group.elements)
    short_hash = hashlib.sha256("\n".join(members).encode()).hexdigest()[:8] if members else None
    return ":".join(filter(None, (group.name, group.boundary, group.interpolation, short_hash)))


def named_alike(group: Group) -> bool:
    """Whether the catalogue has a group of that name with these elements."""
    try:
        return group_named(group.name).elements == group.elements
    except InputError:
        return False


def describe_environment(placement: Placement) -> Environment:
    """Versions and the machine."""
    return Environment(
        geed=__version__,
        python=platform.python_version(),
        torch=torch.__version__,
        timm=version("timm"),
        torchvision=version("torchvision"),
        platform=platform.platform(),
        device=device_name(placement.device),
        map_sums=sums_by(placement.device, placement.dtype),
    )


def describe_unsteady(finding: Unsteady | None) -> NotOneFunction | None:
    """What was found of a network that is no function of one image."""
    if finding is None:
        return None
    return NotOneFunction(
        site=finding.where, movement=finding.movement, reasons=finding.reasons, sentence=finding.sentence
    )


def with_unsteady(entries: Sequence[Entry], finding: NotOneFunction | None) -> tuple[Entry, ...]:
    """The entries, each with a note where the network is no function of one image."""
    if finding is None:
        return tuple(entries)
    return tuple(
        entry.model_copy(update={"notes": (*entry.notes, UNSTEADY_NOTE)}) if entry.status == "ok" else entry
        for entry in entries
    )


def device_name(device: torch.device) -> str:
    """The kind of device and, where the system says it, which one."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or "cpu"
    return f"{device.type} ({name})"


def describe_settings(
    options: AuditOptions,
    placements: Sequence[Placement],
    plan: Plan,
    layers: Sequence[str],
    looks: Looks | None,
) -> Settings:
    """How the run was made."""
    return Settings(
        samples=options.data.samples,
        norm_samples=options.data.norm_samples,
        confidence=options.interval.confidence,
        resamples=options.interval.resamples,
        ci=options.interval.method,
        simultaneous=options.interval.simultaneous,
        looks=looks,
        seed=options.interval.seed,
        decode=DECODED_AS[options.data.decode],
        precision=options.run.precision,
        compiled=options.run.compile,
        batch_size=placements[0].batch_size,
        channels_last=placements[0].channels_last,
        device=", ".join(str(placement.device) for placement in placements),
        threads=torch.get_num_threads(),
        measures=tuple(measure.name for measure in plan.measures),
        layers=tuple(layers),
        probes=options.controls.probes,
        phase_correct=options.controls.phase_correct,
        discover=options.controls.discover,
    )
