"""``load_model``: from what the user wrote to a network to audit; ``known_models``: the names that need no file."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from torch import nn

from geed_cli.checkpoints.fingerprint import state_sha256
from geed_cli.choices import WeightsFrom
from geed_cli.documents.document import unicode_text
from geed_cli.errors import InputError
from geed_cli.models.build import Built, build
from geed_cli.models.code.as_it_was import as_it_was
from geed_cli.models.code.images_at_once import images_at_once
from geed_cli.models.config_beside import Beside, preprocessing_beside
from geed_cli.models.network import Network, WeightsOrigin, resolve_layers
from geed_cli.models.preprocessing import input_settings, with_channels
from geed_cli.models.requested import (
    NOTHING_SAID,
    FileOptions,
    Requested,
    requested_spec,
    with_options,
    with_random_weights,
)
from geed_cli.models.resolve import leave_out, require_one_tensor, split_network
from geed_cli.models.sources.architecture import Architecture
from geed_cli.models.sources.from_torchvision import torchvision_networks
from geed_cli.models.sources.from_transformers import PREFIX
from geed_cli.models.sources.model_folder import HUB_PREFIX, LOCAL_PREFIX
from geed_cli.models.spec import OWN_CODE, ModelSpec, SplitPart
from geed_cli.models.spec_files import weights_path
from geed_cli.models.stages import default_stages
from geed_cli.runtime.libraries import timm, torchvision
from geed_cli.runtime.own_process import prints_aside


def load_model(  # noqa: PLR0913 - every way of naming a model, by keyword
    reference: str,
    *,
    checkpoint: Path | None = None,
    arch: str | None = None,
    weights: WeightsFrom = "spec",
    seed: int = 0,
    spec_dir: Path | None = None,
    allow_code: bool = False,
    allow_pickle: bool = False,
    img_size: int | None = None,
    file: FileOptions = NOTHING_SAID,
    like: Network | None = None,
) -> Network:
    """Load a model with its weights, its preprocessing and its split.

    Args:
        reference: ``NAME`` (a spec, else a timm name), ``timm:NAME[.tag]``, ``torchvision:NAME[/WEIGHTS]``,
            ``hf-hub:org/name[@revision]``, ``transformers:org/name[@revision]``, ``local-dir:PATH``, a path to a
            spec, or a checkpoint file with ``arch``.
        checkpoint: a file that replaces the model's weights.
        arch: the architecture of a checkpoint file: a timm name, or ``torchvision:NAME``.
        weights: ``spec`` takes what the reference means; ``random`` initialises the network from ``seed``.
        seed: of random weights; the same seed gives the same weights.
        spec_dir: a folder of the user's own specs.
        allow_code: let a spec with ``source: python`` import its module.
        allow_pickle: let a checkpoint file that holds more than tensors run its code, in the process that reads
            it; noted in the weights' origin. No file can ask for this.
        img_size: another input size than the model's own.
        file: the entry, the names and the classes of a weights file, and where conversions are kept.
        like: a network of the same reference, whose arguments and split this one is to have: for its random twin.

    Returns:
        the network in evaluation mode, float32, on the CPU, without gradients.

    Raises:
        InputError: a name, spec, option, layer or weights file that cannot be used (exit code 2).
        RunError: weights that cannot be had (exit code 3).
    """
    requested = requested_spec(reference, arch, checkpoint, spec_dir)
    has_file = checkpoint is not None or arch is not None
    declared = requested.spec.weights.origin == "random"
    if weights == "random":
        if has_file:
            raise InputError(
                "random weights together with a checkpoint file",
                expected="one source of weights",
                remedy="leave out --weights random",
            )
        if requested.spec.model.source in OWN_CODE and requested.spec.weights.origin == "pretrained":
            raise InputError(
                "random weights of a network whose own code gives it its weights",
                expected="code that leaves weights to the spec: weights.origin file, or random",
                remedy="leave out --weights random and --twin",
            )
        requested = replace(requested, spec=with_random_weights((like and like.spec) or requested.spec))
    requested = replace(requested, spec=with_options(requested.spec, file))
    beside = _beside(requested)
    if beside.input is not None:
        requested = replace(requested, spec=requested.spec.model_copy(update={"input": beside.input}))
    if img_size is not None and not 1 <= img_size <= 4096:
        raise InputError(f"an input size of {img_size} pixels", expected="1 to 4096", remedy="--img-size 224")
    size = img_size if img_size is not None else requested.spec.input.size
    with prints_aside():
        built = build(requested, file, seed=seed, size=size, allow_code=allow_code, allow_pickle=allow_pickle)
        built.architecture.module.eval().requires_grad_(False).float()
        network = assemble(built, size, reference, [beside.note] if beside.note else [])
    if network.weights.origin != "random":
        return network
    return replace(network, weights=replace(network.weights, declared=declared))


def _beside(requested: Requested) -> Beside:
    """What stands beside a weights file of the user's about what the network is shown; a spec that says it goes first.

    Without a spec of the user's there is nothing that declares it.
    """
    spec = requested.spec
    if spec.weights.origin != "file" or spec.model.source in OWN_CODE:
        return Beside()
    return preprocessing_beside(weights_path(spec.weights, requested.folder), spec.model.name, spec.input)


def assemble(
    built: Built,
    size: int | None,
    reference: str,
    notes: Sequence[str],
    remedy: Callable[[str], str] | None = None,
) -> Network:
    """The network of a module with weights: its preprocessing, its split, its layers.

    Args:
        built: the module, in evaluation mode, and what is known of it.
        size: of its pictures; None for its own.
        reference: what messages call it.
        notes: on choices that were made, beside those of ``built``.
        remedy: for a name in a section of the spec that is no module; None for that of a loaded network.

    Raises:
        InputError: it does not run, or a section of the spec does not fit it.
    """
    spec, architecture, loaded = built.spec, built.architecture, built.loaded
    module = architecture.module
    detail = unicode_text(loaded.detail)
    model_id = _id(spec, architecture, detail)
    with as_it_was(module):
        shown = with_channels(
            module,
            input_settings(architecture.input, spec.input, size, architecture.why_no_input),
            spec.input.channels,
        )
        settings = shown.settings
        # the libraries' networks take any number of images
        batch = images_at_once(module, settings) if architecture.source in OWN_CODE else None
        seen = require_one_tensor(
            module, settings, model_id, batch, sized=architecture.source not in OWN_CODE
        )
    # random weights fill what the file lacks, and the features of both have to end at the same place
    absent = _lacking(module, spec) if spec.split.without_classifier else loaded.absent
    without = remedy or partial(leave_out, reference=reference, source=spec.model.source)
    split = split_network(
        module,
        architecture.classifier,
        _declared(spec.split, architecture),
        model_id,
        seen,
        absent,
        without("split"),
        known=not architecture.finds_classifier,
        layout=spec.layouts.get("logits"),
    )
    own = architecture.layers or default_stages(module, split.classifier)
    return Network(
        id=model_id,
        source=architecture.source,
        arch=architecture.name,
        module=module,
        features=split.features,
        output=split.output,
        classifier=split.classifier,
        layers=resolve_layers(module, spec.layers, reference or model_id, without("layers"))
        if spec.layers
        else own,
        input=settings,
        weights=WeightsOrigin(
            origin=spec.weights.origin,
            detail=detail,
            sha256=loaded.sha256,
            state_sha256=state_sha256(module),
            notes=(*architecture.notes, *loaded.notes, *notes, *shown.notes),
        ),
        parameters=sum(p.numel() for name, p in module.named_parameters() if name not in loaded.absent),
        spec=spec,
        channels_last=architecture.channels_last,
        prefix_tokens=architecture.prefix_tokens,
        reference=reference,
        batch=batch,
        cache_key=spec.model.cache_key,
        classes=architecture.classes,
    )


def _declared(split: SplitPart, architecture: Architecture) -> SplitPart:
    """The spec's section; what it leaves open about the output is as the source knows it."""
    if architecture.output is None or split.output is not None or split.without_classifier:
        return split
    return split.model_copy(update={"output": architecture.output})


def _lacking(module: nn.Module, spec: ModelSpec) -> tuple[str, ...]:
    """The tensors that the spec declares to be missing from its file."""
    globs = spec.weights.missing
    return tuple(name for name in module.state_dict() if any(fnmatchcase(name, glob) for glob in globs))


def _id(spec: ModelSpec, architecture: Architecture, detail: str) -> str:
    """``timm/resnet50.a1_in1k`` for published weights; otherwise the architecture and what is in it."""
    name = f"{architecture.source}/{architecture.name}"
    match spec.weights.origin:
        case "pretrained" if spec.model.name.startswith(HUB_PREFIX):
            return spec.model.name
        case "pretrained" if spec.model.name.startswith(LOCAL_PREFIX):
            return f"{name}:{Path(spec.model.name).name}"
        case "pretrained" if architecture.source == "transformers":
            return f"{PREFIX}{spec.model.name}"
        case "pretrained":
            joint = "." if architecture.source == "timm" else "/"
            return f"{name}{joint}{architecture.tag}" if architecture.tag else name
        case "random":
            return f"{name}:random-{detail.replace(' ', '-')}"
        case _:
            return f"{name}:{Path(detail).name}"


def known_architectures() -> tuple[str, ...]:
    """What ``--arch`` takes: timm's names, then ``torchvision:NAME``."""
    return (*timm.list_models(), *(f"torchvision:{arch}" for arch in torchvision_networks()))


def known_models() -> tuple[str, ...]:
    """All names with published weights: ``timm:NAME.tag``, then ``torchvision:NAME/WEIGHTS``."""
    from_timm = (f"timm:{name}" for name in timm.models.list_pretrained())
    from_torchvision = (
        f"torchvision:{arch}/{entry.name}"
        for arch in torchvision_networks()
        for entry in torchvision.models.get_model_weights(arch)
    )
    return (*from_timm, *from_torchvision)
