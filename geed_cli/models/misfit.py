"""The refusal of a weights file that does not fit its network, with a way out that knows both.

Where a spec would load the file, the command that writes one is printed; where the names are laid out as by a
self-supervised method, the way leads to the encoder, and never to a projection head.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from geed_cli.checkpoints.fitting import RGB, Candidate, Fit, can_be_declared
from geed_cli.checkpoints.layouts import Recognised, recognise
from geed_cli.checkpoints.loading import tensors_of
from geed_cli.checkpoints.match import match_state
from geed_cli.checkpoints.prefixes import common_prefixes
from geed_cli.checkpoints.read import WeightsFile
from geed_cli.checkpoints.renaming import network_names
from geed_cli.errors import InputError
from geed_cli.models.requested import Requested
from geed_cli.models.sources.architecture import Architecture
from geed_cli.models.spec import OWN_CODE
from geed_cli.phrases import shell_joined, shell_quoted
from geed_cli.runtime.libraries import timm


@dataclass(frozen=True)
class Misfit:
    """A file and the network that it did not fit.

    Attributes:
        architecture: the network as its source builds it.
        requested: its spec, and whether that was written for the file.
        path: of the file.
        read: what is in it.
    """

    architecture: Architecture
    requested: Requested
    path: Path
    read: WeightsFile


def with_way_out(error: InputError, misfit: Misfit) -> InputError:
    """The refusal with a way out that knows the file and the network; none leads to a projection head."""
    requested, read = misfit.requested, misfit.read
    found = recognise(read.state)
    if (found is None and not requested.undeclared) or _names_fit(misfit):
        return error
    command = _declaring(misfit)
    if found is None:
        ways = (
            error.remedy
            if command is None
            else f"{error.remedy}; {command} writes a spec that declares the rest"
        )
        return InputError(error.found, expected=error.expected, remedy=ways)
    if command is not None:
        ways = f"{command} writes a spec that loads the encoder of that file"
    elif requested.spec.model.source in OWN_CODE:
        ways = (
            f"in the spec, under weights, {_encoder_alone(found, read)}; what the network has besides, such as a "
            "classifier, under missing; and split: {classifier: null}"
        )
    else:
        ways = "another architecture: the encoder of that file does not fit this one"
    problem = f"{error.found}; names are laid out as by {found.layout.name}"
    return InputError(problem, expected=error.expected, remedy=ways)


def _names_fit(misfit: Misfit) -> bool:
    """Whether names and shapes are right, so that it is values that were refused, which no spec changes."""
    read = misfit.read
    rules = misfit.architecture.rules_beside(misfit.requested.spec.weights.rules)
    try:
        names = network_names(read.state, rules)
        match_state(tensors_of(misfit.architecture.module), names, rules, ordered=read.ordered)
    except InputError:
        return False
    return True


def _declaring(misfit: Misfit) -> str | None:
    """The command that writes a spec for the file; None where no spec would load it into this network."""
    architecture, read = misfit.architecture, misfit.read
    model, weights = misfit.requested.spec.model, misfit.requested.spec.weights
    if model.source not in {"timm", "torchvision"} or set(model.arguments) - {"num_classes"}:
        return None
    found = recognise(read.state)
    # a recognised layout says itself what comes off its names
    rules = replace(architecture.rules, strip_prefix=weights.strip_prefix if found is None else ())
    expected = tensors_of(architecture.module)
    if not can_be_declared(Candidate(expected, architecture.classifier, read.state, rules, read.entries)):
        return None
    arch = model.name if model.source == "timm" else f"torchvision:{model.name}"
    words = ["geed", "inspect", "--checkpoint", str(misfit.path), "--arch", arch]
    words += [word for prefix in rules.strip_prefix for word in ("--strip-prefix", prefix)]
    words += ["--key", weights.key] if weights.key != "auto" else []
    return shell_joined([*words, "--write-spec", "my_model.yaml"])


def _encoder_alone(found: Recognised, read: WeightsFile) -> str:
    """The lines of a spec that take the encoder of a recognised layout, and leave out the rest."""
    encoder = [name for name in read.state if found.is_encoder(name)]
    left = common_prefixes((name for name in read.state if not found.is_encoder(name)), encoder)
    rename = ", ".join(f"'{old}': '{new}'" for old, new in found.rename)
    return f"strip_prefix: [], rename: {{{rename}}}, unexpected: [{', '.join(left)}]"


def other_channels(path: Path, fit: Fit, name: str) -> InputError:
    """The refusal of a file whose first convolution torchvision cannot build; of ResNets timm has the same names."""
    arch = name.partition("/")[0]
    alike = arch.startswith(("resnet", "resnext", "wide_resnet")) and timm.is_model(arch)
    code = "a spec with source: python, whose code builds the network for the file (geed explain spec)"
    return InputError(
        f"{path}: {fit.notes[-1]}, and torchvision's {arch} is for {RGB}",
        expected=f"a file for pictures of {RGB} channels, or an architecture that is built for those of the file",
        remedy=f"geed inspect --checkpoint {shell_quoted(str(path))} --arch {arch}: timm's has the same names"
        if alike
        else code,
    )
