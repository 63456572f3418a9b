"""What a MODEL argument means: a spec, a network of a library, a hub repository, or a checkpoint file.

A bare name is a spec where there is one, otherwise a timm name. Nothing is loaded or downloaded here.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from geed_cli.errors import InputError, nearest
from geed_cli.libraries import timm
from geed_cli.models.spec_files import SPEC_SUFFIXES, spec_paths

CHECKPOINT_SUFFIXES = (".pt", ".pth", ".bin", ".safetensors", ".ckpt", ".tar")
Kind = Literal["spec", "timm", "torchvision", "checkpoint"]


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
    """Parse a MODEL argument.

    Args:
        text: ``NAME``, ``timm:NAME[.tag]``, ``torchvision:NAME[/WEIGHTS]``, ``hf-hub:org/name``, a path to a
            spec, or a path to a checkpoint file; also an id as it is printed, such as ``timm/NAME.tag``.
        spec_dir: the user's folder of specs.

    Returns:
        what it leads to. Names of a library are not looked up yet, bare names are.

    Raises:
        InputError: no such file, or a bare name that is neither a spec nor known to timm, with the nearest names.
    """
    source, colon, name = text.partition(":")
    if colon and not Path(text).exists():
        return _of_source(text, source, name)
    library, _, network = text.partition("/")
    if (
        library in ("timm", "torchvision") and network and not Path(text).exists()
    ):  # the form of a network's id
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
    if source == "hf-hub" and name.count("/") == 1 and all(name.split("/")):
        return Reference("timm", text)
    known = ("timm", "torchvision", "hf-hub")
    close = nearest(source, known)
    form = {"timm": "timm:NAME", "torchvision": "torchvision:NAME", "hf-hub": "hf-hub:org/name"}
    raise InputError(
        f"'{text}' names no model",
        expected=f"one of {', '.join(form.values())}, a spec's name or a path",
        remedy=form[close[0]] if close else "geed ls models PATTERN",
    )


def _of_file(path: Path) -> Reference:
    if path.is_file():
        kind: Kind = "spec" if path.suffix in SPEC_SUFFIXES else "checkpoint"
        return Reference(kind, path.stem, path)
    beside = [str(other) for other in path.parent.glob("*" + path.suffix)] if path.parent.is_dir() else []
    close = nearest(str(path), beside)
    raise InputError(
        f"there is no file {path}",
        expected=f"an existing file{'; nearest are ' + ', '.join(close) if close else ''}",
        remedy="check the path",
    )


def _unknown(text: str, specs: list[str]) -> InputError:
    if "/" in text:
        return InputError(
            f"no model '{text}', and no file of that name",
            expected="a spec's name, a timm name, or an existing file",
            remedy=f"hf-hub:{text} for a Hugging Face repository, or check the path",
        )
    close = nearest(text, [*specs, *timm.list_models()])
    return InputError(
        f"no model '{text}'",
        expected=f"a spec's name or a timm name{'; nearest are ' + ', '.join(close) if close else ''}",
        remedy="geed ls specs, or geed ls models PATTERN",
    )
