"""Networks from timm: the module, its own preprocessing, its stages, its classifiers, and its published weights.

timm's factory loads published files through key filters of its own. It leaves a tensor at its random initial
value, with no more than a log line, where the file does not fit; that is checked afterwards. Some heads are a
normalisation and a linear layer in one module: timm's "pooled pre-logits" are what goes into both, so that the
classifier is then the whole head.
"""

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from torch import nn

from geed_cli.checkpoints.file_hash import file_sha256
from geed_cli.checkpoints.kept import KeptWeights
from geed_cli.checkpoints.read import as_safetensors
from geed_cli.checkpoints.reader.messages import Choice
from geed_cli.errors import InputError
from geed_cli.input_settings import InputSettings
from geed_cli.models.sources.architecture import Architecture, Loaded, seeded
from geed_cli.models.sources.initial_values import require_from_file
from geed_cli.models.sources.timm_names import TimmName, resolve_timm_name, timm_weights
from geed_cli.models.spec import Argument
from geed_cli.models.stages import default_stages, spread
from geed_cli.runtime.libraries import timm

TIMM_ENTRIES = ("state_dict_ema", "model_ema", "state_dict", "model")
"""What timm takes from a published file with several entries, in its own order."""

ABOUT_WEIGHTS = {"checkpoint_path", "cache_dir", "scriptable", "exportable", "no_jit"}
"""Arguments of timm's factory that are none of the network's."""


CLASSES_OF_IMAGENET = re.compile(r"in(1|12|21|22)k")
"""In the name of weights: that the network was tuned to classify."""
NORMALISED_HEAD = (nn.BatchNorm1d, nn.Dropout, nn.Identity, nn.Linear)
"""All that a head holds which is a classifier as a whole: a normalisation before its linear layer."""


def build_timm(
    name: str, arguments: Mapping[str, Argument], size: int | None, seed: int | None, beside: Path = Path()
) -> Architecture:
    """Build a timm network with random weights; the same seed gives the same ones, and no global state is changed.

    Args:
        name: as ``resolve_timm_name`` takes it.
        arguments: for timm's factory.
        size: input size; None for the network's own.
        seed: of the random weights; None leaves them undrawn, for a file to fill.
        beside: where the path of a ``local-dir:`` is looked up first.

    Raises:
        InputError: an unknown name, or arguments or a size that the network does not take.
        RunError: the description of a hub repository cannot be downloaded.
    """
    resolved = resolve_timm_name(name, beside)
    return describe_timm(resolved, _create(resolved, arguments, size, seed, None), size)


def build_pretrained_timm(
    name: str,
    arguments: Mapping[str, Argument],
    size: int | None,
    kept: KeptWeights | None = None,
    beside: Path = Path(),
) -> tuple[Architecture, Loaded]:
    """Build a timm network with its published weights; arguments as for ``build_timm``.

    Raises:
        InputError: as ``build_timm``; or the file leaves a part of the network at its random initial values.
        RunError: the weights cannot be downloaded.
    """
    resolved = resolve_timm_name(name, beside)
    published = timm_weights(resolved)
    with _readable(published.path, kept) as file:
        module = _create(resolved, arguments, size, 0, file)
        initial = _create(resolved, arguments, size, 0, None)
        require_from_file(module, initial, file, resolved.id, published.path.name)
    loaded = Loaded(published.origin, file_sha256(published.path))
    return describe_timm(resolved, module, size), loaded


def _readable(path: Path, kept: KeptWeights | None) -> AbstractContextManager[Path]:
    """The published file as timm may read it: safetensors, or the arrays (.npz) that a few of its URLs lead to."""
    if path.suffix == ".npz":
        return nullcontext(path)
    return as_safetensors(path, Choice(usual=TIMM_ENTRIES), kept)


def _create(
    name: TimmName, arguments: Mapping[str, Argument], size: int | None, seed: int | None, file: Path | None
) -> nn.Module:
    about_weights = [key for key in arguments if key.startswith("pretrained") or key in ABOUT_WEIGHTS]
    if about_weights:
        raise InputError(
            f"model.arguments has {about_weights[0]}, which is about weights",
            expected="arguments of the network itself, such as num_classes",
            remedy="say in the section weights where they come from",
        )
    settings: dict[str, Any] = dict(arguments)
    if size is not None and name.fixed_size:
        settings["img_size"] = size
    if file is not None:
        # Files from the hub are native; only some URLs lead to another framework's arrays (.npz).
        foreign = file.suffix == ".npz"
        settings["pretrained_cfg_overlay"] = {"file": str(file), "source": "", "custom_load": foreign}
    try:
        with seeded(seed):
            return timm.create_model(name.factory, pretrained=file is not None, **settings)
    except Exception as error:  # arguments reach all kinds of code
        given = [f"{key}={value}" for key, value in arguments.items()] + ([f"size {size}"] if size else [])
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"timm cannot build {name.id}{' with ' + ', '.join(given) if given else ''}: {reason[:200]}",
            expected="arguments, a size and weights that the network takes",
            remedy="leave out --img-size and model.arguments, or correct them",
        ) from error


def describe_timm(name: TimmName, module: nn.Module, size: int | None) -> Architecture:
    """What timm knows of a network that it has built, for pictures of that size; None for the network's own.

    Raises:
        InputError: it takes other than square pictures of 1 or 3 channels.
    """
    classifiers = timm_classifiers(module)
    classifier = classifiers[0] if classifiers else None
    notes = []
    if len(classifiers) > 1:
        notes.append(
            f"the output combines {len(classifiers)} classifiers; f1(x) is what the first of them reads"
        )
    if projects(module):
        notes.append(
            "the head is CLIP's projection into the space of text: no classifier, and f1(x) is its output"
        )
    return Architecture(
        source="timm",
        name=name.arch,
        tag=name.tag,
        module=module,
        input=_input(name, module, size),
        classifier=classifier,
        layers=_stages(module) or default_stages(module, classifier),
        channels_last=getattr(module, "output_fmt", "NCHW") == "NHWC",
        prefix_tokens=int(getattr(module, "num_prefix_tokens", 0) or 0),
        notes=tuple(notes),
    )


def _input(name: TimmName, module: nn.Module, size: int | None) -> InputSettings:
    config = timm.data.config.resolve_model_data_config(module)  # type: ignore[no-untyped-call]
    channels, height, width = config["input_size"]
    if channels not in {1, 3} or height != width:
        raise InputError(
            f"{name.id} takes {channels}×{height}×{width} inputs",
            expected="a network for square images of 3 channels, or of 1",
            remedy="choose another network: the groups act on square RGB images or their luminance",
        )
    side = size or int(height)
    return InputSettings(
        size=side,
        resize=InputSettings.resize_for(side, config["crop_pct"]),
        # "random" is for training; timm's own evaluation then uses bilinear.
        interpolation="bilinear" if config["interpolation"] == "random" else config["interpolation"],
        mean=tuple(config["mean"]),
        std=tuple(config["std"]),
        crop_mode=config["crop_mode"],
    )


def _stages(module: nn.Module) -> tuple[str, ...]:
    """The source's own list of stages, as far as they are modules of the network."""
    listed = getattr(module, "feature_info", None) or []
    names = {name for name, _ in module.named_modules() if name}
    stages = [stage["module"] for stage in getattr(listed, "info", listed)]
    return spread(module, tuple(name for name in stages if name in names))


def timm_classifiers(module: nn.Module) -> tuple[str, ...]:
    """The dotted names of a timm network's classifiers: distilled networks have two, headless and image towers none."""
    if getattr(module, "num_classes", None) == 0 or projects(module):
        return ()
    modules = dict(module.named_modules())
    named = _described(module) or _returned(module)
    present = (name for name in named if not isinstance(modules.get(name, nn.Identity()), nn.Identity))
    return tuple(_whole_head(modules, name) for name in present)


def projects(module: nn.Module) -> bool:
    """Whether what timm calls the head is CLIP's projection into the space of text, whose numbers are no classes."""
    config = getattr(module, "pretrained_cfg", None) or {}
    name = f"{config.get('architecture')}.{config.get('tag')}"
    published = getattr(module, "num_classes", None) == config.get("num_classes")
    return "clip" in name and published and not CLASSES_OF_IMAGENET.search(name)


def _described(module: nn.Module) -> tuple[str, ...]:
    described = (getattr(module, "pretrained_cfg", None) or {}).get("classifier") or ()
    return (described,) if isinstance(described, str) else tuple(described)


def _returned(module: nn.Module) -> tuple[str, ...]:
    """For networks whose description names none, such as some from the hub."""
    if not hasattr(module, "get_classifier"):
        return ()
    returned = module.get_classifier()  # type: ignore[operator]
    parts = list(returned) if isinstance(returned, tuple | list | nn.ModuleList) else [returned]
    return tuple(name for name, part in module.named_modules() if any(part is other for other in parts))


def _whole_head(modules: dict[str, nn.Module], name: str) -> str:
    """The name, or its parent's where that is a normalisation followed by this layer."""
    parent = name.rpartition(".")[0]
    children = list(modules[parent].children()) if parent else []
    if children and isinstance(children[0], nn.BatchNorm1d):
        return parent if all(isinstance(child, NORMALISED_HEAD) for child in children) else name
    return name
