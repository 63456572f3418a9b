"""From a model spec to a module with weights: one path for each origin of weights.

Random weights come from here only when the spec says ``random``. Otherwise every weight comes out of a file, or
is declared as missing and set to NaN. Where a file was named without a spec, it says itself what it needs
(``fitting``), and the spec that comes back declares it.
"""

import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from geed_cli.checkpoints.fitting import RGB, Candidate, Fit, can_be_declared, fit_file
from geed_cli.checkpoints.formats import about, shown_list
from geed_cli.checkpoints.layouts import Recognised, recognise
from geed_cli.checkpoints.loading import load_tensors, tensors_of
from geed_cli.checkpoints.match import match_state
from geed_cli.checkpoints.prefixes import common_prefixes
from geed_cli.checkpoints.read import WeightsFile, read_tensors
from geed_cli.checkpoints.reader.messages import Choice
from geed_cli.checkpoints.renaming import network_names
from geed_cli.checkpoints.rules import KeyRules
from geed_cli.checkpoints.unfilled import blank, require_filled
from geed_cli.errors import InputError
from geed_cli.models.architecture import Architecture, Loaded
from geed_cli.models.from_python import build_python
from geed_cli.models.from_timm import build_pretrained_timm, build_timm
from geed_cli.models.from_torchvision import build_pretrained_torchvision, build_torchvision
from geed_cli.models.requested import NOTHING_SAID, FileOptions, Requested, with_argument, with_classes
from geed_cli.models.spec import ModelSpec, SplitPart
from geed_cli.models.spec_files import weights_path
from geed_cli.runtime.libraries import timm


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
    match spec.weights.origin, spec.model.source:
        case "pretrained", "timm":
            return Built(spec, *build_pretrained_timm(spec.model.name, spec.model.arguments, size, file.kept))
        case "pretrained", "torchvision":
            return Built(
                spec, *build_pretrained_torchvision(spec.model.name, spec.model.arguments, size, file.kept)
            )
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


def _bare(requested: Requested, seed: int, size: int | None, *, allow_code: bool) -> Architecture:
    model = requested.spec.model
    if model.source == "timm":
        return build_timm(model.name, model.arguments, size, seed)
    if model.source == "torchvision":
        return build_torchvision(model.name, model.arguments, size, seed)
    return build_python(
        model.name,
        model.arguments,
        requested.folder,
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
    expected, rules = tensors_of(architecture.module), _rules(requested.spec, architecture)
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
        raise _other_channels(path, fit, requested.spec.model.name)
    return fit if file.num_classes is None else replace(fit, classes=None)


def _other_channels(path: Path, fit: Fit, name: str) -> InputError:
    """The refusal of a file whose first convolution torchvision cannot build; of ResNets timm has the same names."""
    arch = name.partition("/")[0]
    alike = arch.startswith(("resnet", "resnext", "wide_resnet")) and timm.is_model(arch)
    code = "a spec with source: python, whose code builds the network for the file (geed explain spec)"
    return InputError(
        f"{path}: {fit.notes[-1]}, and torchvision's {arch} is for {RGB}",
        expected=f"a file for pictures of {RGB} channels, or an architecture that is built for those of the file",
        remedy=f"geed inspect --checkpoint {shlex.quote(str(path))} --arch {arch}: timm's has the same names"
        if alike
        else code,
    )


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


def _rules(spec: ModelSpec, architecture: Architecture) -> KeyRules:
    """The spec's rules, and those that the source's own files need."""
    rules, own = spec.weights.rules, architecture.rules
    return replace(rules, rename=rules.rename + own.rename, unexpected=rules.unexpected + own.unexpected)


def _filled(architecture: Architecture, requested: Requested, path: Path, read: WeightsFile) -> Loaded:
    """Fill the architecture from a file."""
    weights = requested.spec.weights
    blank(architecture.module)
    # modules that keep what they made of their weights when they enter evaluation, as e2cnn's do, make it anew
    architecture.module.train()
    try:
        record = load_tensors(architecture.module, path, read, _rules(requested.spec, architecture))
    except InputError as error:
        raise _helpful(error, architecture, requested, path, read) from error
    absent = require_filled(architecture.module, path, weights.missing)
    notes = record.notes
    if absent:
        notes += (f"not in the file and set to NaN: {shown_list(absent)}",)
    detail = f"{weights.package}:{weights.path}" if weights.origin == "package" else str(path)
    return Loaded(detail, record.sha256, notes, absent)


def _helpful(
    error: InputError, architecture: Architecture, requested: Requested, path: Path, read: WeightsFile
) -> InputError:
    """The refusal with a way out that knows the file and the network; none leads to a projection head."""
    found = recognise(read.state)
    if (found is None and not requested.undeclared) or _names_fit(architecture, requested, read):
        return error
    command = _declaring(architecture, requested, path, read)
    if found is None:
        ways = (
            error.remedy
            if command is None
            else f"{error.remedy}; {command} writes a spec that declares the rest"
        )
        return InputError(error.found, expected=error.expected, remedy=ways)
    if command is not None:
        ways = f"{command} writes a spec that loads the encoder of that file"
    elif requested.spec.model.source == "python":
        ways = (
            f"in the spec, under weights, {_encoder_alone(found, read)}; what the network has besides, such as a "
            "classifier, under missing; and split: {classifier: null}"
        )
    else:
        ways = "another architecture: the encoder of that file does not fit this one"
    problem = f"{error.found}; names are laid out as by {found.layout.name}"
    return InputError(problem, expected=error.expected, remedy=ways)


def _names_fit(architecture: Architecture, requested: Requested, read: WeightsFile) -> bool:
    """Whether names and shapes are right, so that it is values that were refused, which no spec changes."""
    rules = _rules(requested.spec, architecture)
    try:
        names = network_names(read.state, rules)
        match_state(tensors_of(architecture.module), names, rules, ordered=read.ordered)
    except InputError:
        return False
    return True


def _declaring(architecture: Architecture, requested: Requested, path: Path, read: WeightsFile) -> str | None:
    """The command that writes a spec for the file; None where no spec would load it into this network."""
    model, weights = requested.spec.model, requested.spec.weights
    if model.source == "python" or set(model.arguments) - {"num_classes"}:
        return None
    found = recognise(read.state)
    # a recognised layout says itself what comes off its names
    rules = replace(architecture.rules, strip_prefix=weights.strip_prefix if found is None else ())
    expected = tensors_of(architecture.module)
    if not can_be_declared(Candidate(expected, architecture.classifier, read.state, rules, read.entries)):
        return None
    arch = model.name if model.source == "timm" else f"torchvision:{model.name}"
    words = ["geed", "inspect", "--checkpoint", str(path), "--arch", arch]
    words += [word for prefix in rules.strip_prefix for word in ("--strip-prefix", prefix)]
    words += ["--key", weights.key] if weights.key != "auto" else []
    return shlex.join([*words, "--write-spec", "my_model.yaml"])


def _encoder_alone(found: Recognised, read: WeightsFile) -> str:
    """The lines of a spec that take the encoder of a recognised layout, and leave out the rest."""
    encoder = [name for name in read.state if found.is_encoder(name)]
    left = common_prefixes((name for name in read.state if not found.is_encoder(name)), encoder)
    rename = ", ".join(f"'{old}': '{new}'" for old, new in found.rename)
    return f"strip_prefix: [], rename: {{{rename}}}, unexpected: [{', '.join(left)}]"
