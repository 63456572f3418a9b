"""From a model spec to a module with weights: one path for each origin of weights.

Random weights come from here only when the spec says ``random``. Otherwise every weight comes out of a file, or
is declared as missing and set to NaN.
"""

from dataclasses import replace

from geed_cli.checkpoints.formats import shown_list
from geed_cli.checkpoints.kept import KeptWeights
from geed_cli.checkpoints.loading import load_checkpoint
from geed_cli.checkpoints.unfilled import blank, require_filled
from geed_cli.models.architecture import Architecture, Loaded
from geed_cli.models.from_python import build_python
from geed_cli.models.from_timm import build_pretrained_timm, build_timm
from geed_cli.models.from_torchvision import build_pretrained_torchvision, build_torchvision
from geed_cli.models.requested import Requested
from geed_cli.models.spec_files import weights_path


def build(
    requested: Requested,
    *,
    seed: int,
    size: int | None,
    allow_code: bool,
    allow_pickle: bool,
    kept: KeptWeights | None = None,
) -> tuple[Architecture, Loaded]:
    """Build the network of a spec on the CPU, and give it the spec's weights.

    Args:
        requested: the spec and its folder.
        seed: of random weights.
        size: input size; None for the network's own.
        allow_code: whether a spec may import the user's code.
        allow_pickle: whether a checkpoint file may run its code.
        kept: where converted weights are kept between runs; None keeps and finds none.

    Raises:
        InputError: the architecture, its arguments or the weights file do not fit.
        RunError: the weights cannot be had.
    """
    spec = requested.spec
    match spec.weights.origin, spec.model.source:
        case "pretrained", "timm":
            return build_pretrained_timm(spec.model.name, spec.model.arguments, size, kept)
        case "pretrained", "torchvision":
            return build_pretrained_torchvision(spec.model.name, spec.model.arguments, size, kept)
    architecture = _bare(requested, seed, size, allow_code=allow_code)
    if spec.weights.origin == "random":
        return architecture, Loaded(f"seed {seed}")
    if spec.weights.origin == "pretrained":
        note = "the weights are as the code returned them; geed cannot tell where they are from"
        return architecture, Loaded(spec.model.name, None, (note,))
    return architecture, _filled(architecture, requested, kept, allow_pickle=allow_pickle)


def _bare(requested: Requested, seed: int, size: int | None, *, allow_code: bool) -> Architecture:
    model = requested.spec.model
    if model.source == "timm":
        return build_timm(model.name, model.arguments, size, seed)
    if model.source == "torchvision":
        return build_torchvision(model.name, model.arguments, size, seed)
    return build_python(model.name, model.arguments, requested.folder, seed=seed, allow_code=allow_code)


def _filled(
    architecture: Architecture, requested: Requested, kept: KeptWeights | None, *, allow_pickle: bool
) -> Loaded:
    """Fill the architecture from a file, by the spec's rules and those that the source's own files need."""
    weights, own = requested.spec.weights, architecture.rules
    path = weights_path(weights, requested.folder)
    blank(architecture.module)
    # modules that keep what they made of their weights when they enter evaluation, as e2cnn's do, make it anew
    architecture.module.train()
    rules = weights.rules
    rules = replace(rules, rename=rules.rename + own.rename, unexpected=rules.unexpected + own.unexpected)
    record = load_checkpoint(architecture.module, path, rules, allow_pickle=allow_pickle, kept=kept)
    absent = require_filled(architecture.module, path, weights.missing)
    notes = record.notes
    if absent:
        notes += (f"not in the file and set to NaN: {shown_list(absent)}",)
    detail = f"{weights.package}:{weights.path}" if weights.origin == "package" else str(path)
    return Loaded(detail, record.sha256, notes, absent)
