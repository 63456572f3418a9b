"""From a model spec to a module with weights: one path for each origin of weights.

Random weights come from here only when the spec says ``random``. Otherwise every weight comes out of a file, or
is declared as missing and set to NaN. Where a file was named without a spec, it says itself what it needs
(``fitting``), and the spec that comes back declares it.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from geed_cli.checkpoints.fitting import Candidate, Fit, fit_file
from geed_cli.checkpoints.formats import about, shown_list
from geed_cli.checkpoints.loading import load_tensors, tensors_of
from geed_cli.checkpoints.read import WeightsFile, read_tensors
from geed_cli.checkpoints.reader.messages import Choice
from geed_cli.checkpoints.unfilled import blank, require_filled
from geed_cli.errors import InputError
from geed_cli.models.misfit import Misfit, other_channels, with_way_out
from geed_cli.models.requested import NOTHING_SAID, FileOptions, Requested, with_argument, with_classes
from geed_cli.models.sources.architecture import Architecture, Loaded
from geed_cli.models.sources.from_open_clip import build_open_clip, build_pretrained_open_clip
from geed_cli.models.sources.from_python import build_python
from geed_cli.models.sources.from_timm import build_pretrained_timm, build_timm
from geed_cli.models.sources.from_torchhub import build_torchhub
from geed_cli.models.sources.from_torchvision import build_pretrained_torchvision, build_torchvision
from geed_cli.models.sources.from_transformers import build_pretrained_transformers, build_transformers
from geed_cli.models.spec import OWN_CODE, ModelSpec, SplitPart
from geed_cli.models.spec_files import classes_path, weights_path


@dataclass(frozen=True)
class Built:
    """A module with weights.

    Attributes:
        spec: what it was built by; with what its file needed beyond what was asked for.
        architecture: the module and what its source knows of it.
        loaded: where the weights come from.
    """

    spec: ModelSpec
    architecture: Architecture
    loaded: Loaded


def build(
    requested: Requested,
    file: FileOptions = NOTHING_SAID,
    *,
    seed: int,
    size: int | None,
    allow_code: bool,
    allow_pickle: bool,
) -> Built:
    """Build the network of a spec on the CPU, and give it the spec's weights.

    Args:
        requested: the spec and its folder.
        file: what the command line says about the weights file.
        seed: of random weights.
        size: input size; None for the network's own.
        allow_code: whether a spec may import the user's code.
        allow_pickle: whether a checkpoint file may run its code.

    Raises:
        InputError: the architecture, its arguments or the weights file do not fit.
        RunError: the weights cannot be had.
    """
    spec = requested.spec
    if spec.weights.origin == "pretrained" and spec.model.source not in OWN_CODE:
        return Built(spec, *_published(requested, size, file))
    architecture = _bare(requested, seed, size, allow_code=allow_code)
    if spec.weights.origin == "random":
        return Built(spec, architecture, Loaded(f"seed {seed}"))
    if spec.weights.origin == "pretrained":
        note = "the weights are as the code returned them; geed cannot tell where they are from"
        return Built(spec, architecture, Loaded(spec.model.name, None, (note,)))
    path = weights_path(spec.weights, requested.folder)
    read = read_tensors(path, Choice(spec.weights.key, allow_pickle=allow_pickle), kept=file.kept)
    notes: tuple[str, ...] = ()
    if requested.undeclared:
        fit = _fit(architecture, path, read, requested, file)
        requested, notes = replace(requested, spec=_declared(spec, fit, architecture)), fit.notes
        if requested.spec.model != spec.model:
            architecture = _bare(requested, seed, size, allow_code=allow_code)
    loaded = _filled(architecture, requested, path, read)
    return Built(requested.spec, architecture, replace(loaded, notes=notes + loaded.notes))


def _published(requested: Requested, size: int | None, file: FileOptions) -> tuple[Architecture, Loaded]:
    """A network of a library with the weights that its name means."""
    model, folder = requested.spec.model, requested.folder
    name, arguments = model.name, model.arguments
    match model.source:
        case "torchvision":
            return build_pretrained_torchvision(name, arguments, size, file.kept)
        case "transformers":
            return build_pretrained_transformers(name, arguments, size, folder, file.kept)
        case "open_clip":
            classes = classes_path(model, folder)
            return build_pretrained_open_clip(name, arguments, size, classes, file.kept)
        case _:
            return build_pretrained_timm(name, arguments, size, file.kept, folder)


def _bare(requested: Requested, seed: int, size: int | None, *, allow_code: bool) -> Architecture:
    """A network without weights of its own; of the user's code also with them."""
    model, folder = requested.spec.model, requested.folder
    name, arguments = model.name, model.arguments
    drawn = seed if requested.spec.weights.origin == "random" else None
    match model.source:
        case "timm":
            return build_timm(name, arguments, size, drawn, folder)
        case "torchvision":
            return build_torchvision(name, arguments, size, drawn)
        case "transformers":
            return build_transformers(name, arguments, size, seed, folder)
        case "open_clip":
            return build_open_clip(name, arguments, size, seed, classes_path(model, folder))
        case "torchhub":
            return build_torchhub(name, arguments, folder, seed=seed, allow_code=allow_code)
    return build_python(
        name,
        arguments,
        folder,
        seed=seed,
        size=size,
        channels=requested.spec.input.channels or 3,
        with_weights=requested.spec.weights.origin == "pretrained",
        allow_code=allow_code,
    )


def _fit(
    architecture: Architecture, path: Path, read: WeightsFile, requested: Requested, file: FileOptions
) -> Fit:
    """What the file needs in order to fit.

    Raises:
        InputError: a number of classes was asked for that the file's layout has no classifier for, or torchvision has
            no such network for the file's number of channels.
    """
    expected, rules = tensors_of(architecture.module), architecture.rules_beside(requested.spec.weights.rules)
    candidate = Candidate(expected, architecture.classifier, read.state, rules, read.entries)
    with about(path):
        fit = fit_file(candidate, propose=file.propose)
        if file.num_classes is not None and fit.headless:
            raise InputError(
                f"--num-classes {file.num_classes}, but {fit.notes[-1]}",
                expected="a file with a classifier",
                remedy="leave out --num-classes",
            )
    if fit.channels is not None and requested.spec.model.source != "timm":
        raise other_channels(path, fit, requested.spec.model.name)
    return fit if file.num_classes is None else replace(fit, classes=None)


def _declared(spec: ModelSpec, fit: Fit, architecture: Architecture) -> ModelSpec:
    """The spec with what was found about its file."""
    weights = spec.weights
    found: dict[str, object] = {
        "strip_prefix": weights.strip_prefix + fit.strip_prefix,
        "rename": {**dict(fit.rename), **weights.rename},
        "unexpected": weights.unexpected + fit.unexpected,
    }
    if fit.headless and spec.model.source == "timm":
        spec = with_classes(spec, 0)  # timm then leaves the classifier out
    elif fit.headless and architecture.classifier is not None:
        # a head of another kind may bear the classifier's name: it is neither expected nor used
        head = (f"{architecture.classifier}.*",)
        found |= {
            "missing": weights.missing + head,
            "unexpected": (*weights.unexpected, *fit.unexpected, *head),
        }
    if fit.headless:
        split = {**spec.split.model_dump(exclude_unset=True), "classifier": None}
        spec = spec.model_copy(update={"split": SplitPart.model_validate(split)})
    if fit.classes is not None:
        spec = with_classes(spec, fit.classes)
    if fit.channels is not None and spec.model.source == "timm":
        spec = with_argument(spec, "in_chans", fit.channels)
    return spec.model_copy(update={"weights": weights.model_copy(update=found)})


def _filled(architecture: Architecture, requested: Requested, path: Path, read: WeightsFile) -> Loaded:
    """Fill the architecture from a file."""
    weights = requested.spec.weights
    blank(architecture.module)
    # modules that keep what they made of their weights when they enter evaluation, as e2cnn's do, make it anew
    architecture.module.train()
    try:
        record = load_tensors(
            architecture.module, path, read, architecture.rules_beside(requested.spec.weights.rules)
        )
    except InputError as error:
        raise with_way_out(error, Misfit(architecture, requested, path, read)) from error
    absent = require_filled(architecture.module, path, weights.missing)
    notes = record.notes
    if absent:
        notes += (f"not in the file and set to NaN: {shown_list(absent)}",)
    detail = f"{weights.package}:{weights.path}" if weights.origin == "package" else str(path)
    return Loaded(detail, record.sha256, notes, absent)
