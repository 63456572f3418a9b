"""What the user asked for, as one model spec: every form of naming a model ends in the same few fields."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from geed_cli.errors import InputError
from geed_cli.models.reference import Reference, parse_arch, parse_reference
from geed_cli.models.spec import ModelPart, ModelSpec, WeightsPart
from geed_cli.models.spec_files import read_spec


@dataclass(frozen=True)
class Requested:
    """A spec, and the folder that relative paths in it are looked up in first."""

    spec: ModelSpec
    folder: Path


def requested_spec(
    reference: str, arch: str | None, checkpoint: Path | None, spec_dir: Path | None
) -> Requested:
    """The spec behind a MODEL argument with its --checkpoint and --arch.

    Args:
        reference: see ``parse_reference``.
        arch: the architecture of a checkpoint file that has no spec.
        checkpoint: a file that replaces the weights.
        spec_dir: the user's folder of specs.

    Returns:
        the spec; its weights are the checkpoint's where one is given.

    Raises:
        InputError: options that do not go together, or anything that ``parse_reference`` or ``read_spec`` refuses.
    """
    target = parse_reference(reference, spec_dir)
    if target.kind == "checkpoint":
        if checkpoint is not None:
            raise _contradiction(f"two checkpoint files, {target.path} and {checkpoint}", "give one of them")
        return Requested(_spec_of_file(target, arch), Path())
    if arch is not None:
        raise _contradiction(
            f"--arch {arch} beside the model {reference}",
            "leave out --arch: the model has its own architecture",
        )
    spec, folder = _spec_of(target)
    return Requested(spec if checkpoint is None else with_checkpoint(spec, checkpoint), folder)


def with_checkpoint(spec: ModelSpec, checkpoint: Path) -> ModelSpec:
    """The spec with its weights taken from a file; declarations about names stay where they are about files."""
    kept = spec.weights.model_dump() if spec.weights.origin == "file" else {}
    # An absolute path, so that the spec's folder is not searched for what the user named from here.
    weights = WeightsPart(**{**kept, "origin": "file", "path": str(checkpoint.absolute())})
    return spec.model_copy(update={"weights": weights})


def with_prefixes(spec: ModelSpec, prefixes: tuple[str, ...]) -> ModelSpec:
    """The spec with further prefixes to take off the names in its weights file."""
    stripped = (*spec.weights.strip_prefix, *prefixes)
    return spec.model_copy(update={"weights": spec.weights.model_copy(update={"strip_prefix": stripped})})


def with_random_weights(spec: ModelSpec) -> ModelSpec:
    """The spec with random weights."""
    return spec.model_copy(update={"weights": WeightsPart(origin="random")})


def _spec_of(target: Reference) -> tuple[ModelSpec, Path]:
    if target.kind == "spec" and target.path is not None:
        return read_spec(target.path), target.path.parent
    return _plain(target, WeightsPart(origin="pretrained")), Path()


def _spec_of_file(target: Reference, arch: str | None) -> ModelSpec:
    if arch is None:
        raise InputError(
            f"{target.path} is a checkpoint file, which does not say its architecture",
            expected="a spec, or the architecture beside the file",
            remedy=f"--checkpoint {target.path} --arch NAME (a timm name, or torchvision:NAME)",
        )
    path = str((target.path or Path()).absolute())
    return _plain(parse_arch(arch), WeightsPart(origin="file", path=path))


def _plain(target: Reference, weights: WeightsPart) -> ModelSpec:
    source: Literal["timm", "torchvision"] = "torchvision" if target.kind == "torchvision" else "timm"
    return ModelSpec(model=ModelPart(source=source, name=target.name), weights=weights)


def _contradiction(found: str, remedy: str) -> InputError:
    return InputError(found, expected="one model and one source of weights", remedy=remedy)
