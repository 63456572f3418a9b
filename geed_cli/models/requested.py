"""What the user asked for, as one model spec: every form of naming a model ends in the same few fields.

A MODEL argument is a spec, a network of a library, a hub repository, or a checkpoint file; a bare name is a spec where
there is one, otherwise a timm name. Nothing is loaded or downloaded here.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from geed_cli.checkpoints.kept import KeptWeights
from geed_cli.documents.document import path_of, printable, unicode_text
from geed_cli.errors import InputError, did_you_mean, files_near, nearest, nearest_are, no_such_file
from geed_cli.models.sources.model_folder import LOCAL_PREFIX, library_of, local_folder
from geed_cli.models.spec import OWN_CODE, ModelPart, ModelSpec, SourceName, WeightsPart
from geed_cli.models.spec_files import SPEC_SUFFIXES, read_spec, spec_paths
from geed_cli.phrases import shell_joined
from geed_cli.runtime.libraries import timm

CHECKPOINT_SUFFIXES = (".pt", ".pth", ".bin", ".safetensors", ".ckpt", ".tar")
Library = Literal["timm", "torchvision"]
Kind = Literal["spec", "timm", "torchvision", "transformers", "open_clip", "torchhub", "checkpoint"]
FORMS = {
    "timm": "timm:NAME",
    "torchvision": "torchvision:NAME",
    "hf-hub": "hf-hub:org/name",
    "transformers": "transformers:org/name",
    "open_clip": "open_clip:NAME/TAG",
    "local-dir": "local-dir:PATH",
    "torchhub": "torchhub:owner/name:entry",
}
"""How a model of each place is named."""
REPOSITORY = re.compile(r"[^/@\s]+/[^/@\s]+(@\S+)?")
"""Of the Hugging Face hub, with or without a revision."""


@dataclass(frozen=True)
class Reference:
    """A parsed MODEL argument.

    Attributes:
        kind: what it leads to; ``hf-hub:`` names are of kind ``timm``.
        name: the spec's name, or the library's name for the network.
        path: the spec or checkpoint file; None for names of a library.
    """

    kind: Kind
    name: str
    path: Path | None = None


def parse_reference(text: str, spec_dir: Path | None = None) -> Reference:
    """Parse a MODEL argument. Names of a library are not looked up yet, bare names are.

    Args:
        text: ``NAME``, ``timm:NAME[.tag]``, ``torchvision:NAME[/WEIGHTS]``, ``hf-hub:org/name[@revision]``,
            ``transformers:org/name[@revision]``, ``local-dir:PATH``, a path to a spec, or a path to a checkpoint
            file; also an id as it is printed, such as ``timm/NAME.tag``.
        spec_dir: the user's folder of specs.

    Raises:
        InputError: no such file, or a bare name that is neither a spec nor known to timm, with the nearest names.
    """
    source, colon, name = text.partition(":")
    is_drive = len(source) == 1  # C:\models\net.yaml
    if colon and not is_drive and not Path(text).exists():
        return _of_source(text, source, name)
    library, _, network = text.partition("/")
    is_id = library in ("timm", "torchvision", "open_clip") and bool(network)  # as it is printed
    if is_id and not Path(text).exists():
        return _of_source(text, library, network)
    path = Path(text)
    if path.suffix in (*SPEC_SUFFIXES, *CHECKPOINT_SUFFIXES):
        return _of_file(path)
    specs = spec_paths(spec_dir)
    if text in specs:
        return Reference("spec", text, specs[text])
    if timm.is_model(text.partition(".")[0]) and "/" not in text:
        return Reference("timm", text)
    if path.is_file():
        return Reference("spec", path.stem, path)
    if path.is_dir():
        raise InputError(
            f"'{printable(text, 300)}' is a folder",
            expected="a model; a folder that timm or Hugging Face's library saved is named with local-dir:",
            remedy=shell_joined(["geed", "inspect", f"{LOCAL_PREFIX}{text}"]),
        )
    raise _unknown(text, list(specs))


def parse_arch(text: str) -> Reference:
    """Parse an ``--arch`` argument: a timm name, or ``timm:`` or ``torchvision:`` and a name.

    Raises:
        InputError: another form.
    """
    source, colon, name = text.partition(":")
    if not colon:
        return Reference("timm", text)
    if source in ("timm", "torchvision") and name:
        return _of_source(text, source, name)
    raise InputError(
        f"'{text}' is not an architecture",
        expected="a timm name, or torchvision:NAME",
        remedy="geed ls models PATTERN",
    )


def _of_source(text: str, source: str, name: str) -> Reference:
    if source == "timm" and name:
        return Reference("timm", name)
    if source == "torchvision" and name:
        return Reference("torchvision", name)
    if source == "hf-hub" and REPOSITORY.fullmatch(name):
        return Reference("timm", text)
    if source == "transformers" and REPOSITORY.fullmatch(name):
        return Reference("transformers", name)
    if source in ("open_clip", "torchhub") and name:
        return Reference("open_clip" if source == "open_clip" else "torchhub", name)
    if source == "local-dir" and name:
        path = _text_of(path_of(name).expanduser())
        return Reference(library_of(local_folder(path, Path())), f"{LOCAL_PREFIX}{path}")
    close = nearest(source, FORMS)
    raise InputError(
        f"'{text}' names no model",
        expected=f"{did_you_mean([FORMS[each] for each in close])}one of {', '.join(FORMS.values())}, "
        "a spec's name or a path",
        remedy=FORMS[close[0]] if close else "geed ls models PATTERN",
    )


def _of_file(path: Path) -> Reference:
    if path.is_file():
        kind: Kind = "spec" if path.suffix in SPEC_SUFFIXES else "checkpoint"
        return Reference(kind, path.stem, path)
    raise no_such_file(path, str(path))


def _unknown(text: str, specs: list[str]) -> InputError:
    files = files_near(Path(text), (*SPEC_SUFFIXES, *CHECKPOINT_SUFFIXES, ".json"))
    if "/" in text:
        return InputError(
            f"no model '{text}', and no file of that name",
            expected=f"a spec's name, a timm name, or an existing file{nearest_are(files)}",
            remedy=f"hf-hub:{text} (timm) or transformers:{text} for a Hugging Face repository, or check the path",
        )
    close = nearest(text, [*files, *specs, *timm.list_models()])
    return InputError(
        f"no model '{text}'",
        expected=f"a spec's name, a timm name or an existing file{nearest_are(close)}",
        remedy="geed ls specs, or geed ls models PATTERN",
    )


@dataclass(frozen=True)
class FileOptions:
    """What a command line says about a weights file that needs no spec.

    Attributes:
        strip_prefix: taken off the names in the file where present, besides those that the spec declares.
        key: the entry of the file that holds the weights, instead of the spec's.
        num_classes: the network is built for so many classes.
        classes: a file of class names for a model of OpenCLIP.
        propose: declare whatever lets the file be loaded, for a spec that is to be read and edited.
        kept: where weights that had to be converted are kept between runs; None keeps and finds none.
    """

    strip_prefix: tuple[str, ...] = ()
    key: str | None = None
    num_classes: int | None = None
    propose: bool = False
    kept: KeptWeights | None = None
    classes: Path | None = None


NOTHING_SAID = FileOptions()


@dataclass(frozen=True)
class Requested:
    """What was asked for, as a spec.

    Attributes:
        spec: the spec.
        folder: relative paths in the spec are looked up here first.
        undeclared: whether the weights file has no declarations of a spec, so that it may say itself what it needs.
    """

    spec: ModelSpec
    folder: Path
    undeclared: bool = False


def requested_spec(
    reference: str, arch: str | None, checkpoint: Path | None, spec_dir: Path | None
) -> Requested:
    """The spec behind a MODEL argument with its --checkpoint and --arch.

    Args:
        reference: see ``parse_reference``.
        arch: the architecture of a checkpoint file that has no spec.
        checkpoint: a file that replaces the weights.
        spec_dir: the user's folder of specs.

    Raises:
        InputError: options that do not go together, or anything that ``parse_reference`` or ``read_spec`` refuses.
    """
    target = parse_reference(reference, spec_dir)
    if target.kind == "checkpoint":
        if checkpoint is not None:
            raise _contradiction(f"two checkpoint files, {target.path} and {checkpoint}", "give one of them")
        return Requested(_spec_of_file(target, arch), Path(), undeclared=True)
    if arch is not None:
        raise _contradiction(
            f"--arch {arch} beside the model {reference}",
            "leave out --arch: the model has its own architecture",
        )
    if target.path is not None:
        spec, folder = read_spec(target.path), target.path.parent
    else:
        spec, folder = _spec_of_name(target, WeightsPart(origin="pretrained")), Path()
    if checkpoint is None:
        return Requested(spec, folder)
    if not checkpoint.exists():
        raise no_such_file(checkpoint, printable(unicode_text(str(checkpoint)), 300))
    undeclared = spec.weights.origin != "file" and not spec.split.without_classifier
    return Requested(_with_checkpoint(spec, checkpoint), folder, undeclared)


def _with_checkpoint(spec: ModelSpec, checkpoint: Path) -> ModelSpec:
    """The spec with its weights taken from a file; declarations about names stay where they are about files."""
    kept = spec.weights.model_dump() if spec.weights.origin == "file" else {}
    weights = WeightsPart(**{**kept, "origin": "file", "path": _text_of(checkpoint)})
    return spec.model_copy(update={"weights": weights})


def with_options(spec: ModelSpec, options: FileOptions) -> ModelSpec:
    """The spec with what the command line says about its weights file and its classes.

    Raises:
        InputError: an option that cannot act on these weights.
    """
    if options.classes is not None:
        spec = _with_classes_of(spec, options.classes)
    weights = spec.weights
    flags = {"--strip-prefix": options.strip_prefix, "--key": options.key}
    given = [flag for flag, value in flags.items() if value]
    if given and weights.origin not in {"file", "package"}:
        raise InputError(
            f"{given[0]} without a weights file of yours",
            expected="--checkpoint FILE, or a spec with weights.origin file or package",
            remedy=f"leave out {given[0]}",
        )
    if (
        options.num_classes is not None
        and weights.origin == "pretrained"
        and spec.model.source not in OWN_CODE
    ):
        raise InputError(
            f"--num-classes {options.num_classes} beside published weights, which have their own classes",
            expected="weights for that number of classes",
            remedy="leave out --num-classes",
        )
    changed = weights.model_copy(
        update={
            "strip_prefix": weights.strip_prefix + options.strip_prefix,
            "key": options.key or weights.key,
        }
    )
    spec = spec.model_copy(update={"weights": changed})
    return spec if options.num_classes is None else with_classes(spec, options.num_classes)


def _with_classes_of(spec: ModelSpec, file: Path) -> ModelSpec:
    """The spec with a file of class names."""
    if spec.model.source != "open_clip":
        raise InputError(
            f"--classes {printable(unicode_text(str(file)), 300)} for a model of {spec.model.source}",
            expected="a model of OpenCLIP: open_clip:NAME/TAG, or a spec with source: open_clip",
            remedy="leave out --classes",
        )
    model = spec.model.model_copy(update={"classes": _text_of(file)})
    return spec.model_copy(update={"model": model})


def with_classes(spec: ModelSpec, classes: int) -> ModelSpec:
    """The spec for another number of classes."""
    return with_argument(spec, "num_classes", classes)


def with_argument(spec: ModelSpec, name: str, value: int) -> ModelSpec:
    """The spec with an argument of the network's factory."""
    arguments = {**spec.model.arguments, name: value}
    return spec.model_copy(update={"model": spec.model.model_copy(update={"arguments": arguments})})


def with_random_weights(spec: ModelSpec) -> ModelSpec:
    """The spec with random weights; what its file lacks still says where its features end."""
    weights = WeightsPart(origin="random", missing=spec.weights.missing)
    return spec.model_copy(update={"weights": weights})


def _spec_of_file(target: Reference, arch: str | None) -> ModelSpec:
    if arch is None:
        raise InputError(
            f"{target.path} is a checkpoint file, which does not say its architecture",
            expected="a spec, or the architecture beside the file",
            remedy="--arch NAME (a timm name, or torchvision:NAME)",
        )
    path = _text_of(target.path or Path())
    return _spec_of_name(parse_arch(arch), WeightsPart(origin="file", path=path))


def _text_of(checkpoint: Path) -> str:
    """The absolute path, so that the spec's folder is not searched for what the user named from here."""
    path = checkpoint.absolute()
    text = unicode_text(str(path))
    if path_of(text) != path:
        raise InputError(
            f"the checkpoint's path {printable(text, 300)} has bytes that are no UTF-8",
            expected="a path in UTF-8, as results write it down",
            remedy="rename what is not, or name a link to the file: ln -s FILE link-to-weights",
        )
    return text


def _spec_of_name(target: Reference, weights: WeightsPart) -> ModelSpec:
    if unicode_text(target.name) != target.name:
        raise InputError(
            f"no network is called '{unicode_text(target.name)}'",
            expected="a name of timm or torchvision",
            remedy="geed ls models PATTERN",
        )
    source: SourceName = "timm" if target.kind in {"spec", "checkpoint"} else target.kind  # type: ignore[assignment]
    return ModelSpec(model=ModelPart(source=source, name=target.name), weights=weights)


def _contradiction(found: str, remedy: str) -> InputError:
    return InputError(found, expected="one model and one source of weights", remedy=remedy)
