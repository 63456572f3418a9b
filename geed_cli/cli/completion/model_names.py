"""Every name of timm and torchvision, kept beside the cache: asking both libraries for them takes seconds.

The list is one file. It says of which versions it is, and another version's is made anew, as is one that is damaged.
"""

import json
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from geed_cli import __version__
from geed_cli.cache.location import cache_folder

FILE_NAME = "model-names.json"
LIBRARIES = ("timm", "torchvision")


@dataclass(frozen=True)
class ModelNames:
    """The names.

    Attributes:
        pretrained: with published weights: ``timm:NAME.tag``, then ``torchvision:NAME/WEIGHTS``.
        architectures: ``NAME`` of timm, then ``torchvision:NAME``, with weights or without.
    """

    pretrained: tuple[str, ...]
    architectures: tuple[str, ...]


def model_names() -> ModelNames:
    """Every name, from the list where it is of the installed versions, else from the libraries."""
    path = cache_folder(None) / FILE_NAME
    versions = {"geed": __version__, **{name: metadata.version(name) for name in LIBRARIES}}
    kept = _read(path, versions)
    if kept is not None:
        return kept
    from geed_cli.models.load import known_architectures, known_models  # noqa: PLC0415 - torch and timm

    names = ModelNames(known_models(), known_architectures())
    _keep(path, json.dumps({"versions": versions, **asdict(names)}))
    return names


def _read(path: Path, versions: dict[str, str]) -> ModelNames | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or content.get("versions") != versions:
        return None
    pretrained, architectures = _texts(content.get("pretrained")), _texts(content.get("architectures"))
    return ModelNames(pretrained, architectures) if pretrained and architectures else None


def _texts(names: object) -> tuple[str, ...]:
    """A list of texts; nothing where it is anything else."""
    listed = names if isinstance(names, list) else []
    return tuple(listed) if all(isinstance(name, str) for name in listed) else ()


def _keep(path: Path, text: str) -> None:
    """Write the list; where that cannot be, it is made again the next time."""
    from geed_cli.errors import RunError  # noqa: PLC0415
    from geed_cli.result.file import write_atomically  # noqa: PLC0415 - pydantic

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(text, path)
    except (OSError, RunError):
        return
