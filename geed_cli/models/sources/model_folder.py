"""Where the files of a published model are: a folder on this machine, or a repository of the Hugging Face hub.

A repository's files all come from one commit, the one that its name or revision meant when the first was asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from geed_cli.documents.document import path_of, path_text, printable
from geed_cli.documents.json_object import NotReadError, json_object
from geed_cli.errors import InputError
from geed_cli.models.sources.download import PublishedFile, hub_file, hub_file_if_there

HUB_PREFIX, LOCAL_PREFIX = "hf-hub:", "local-dir:"
CONFIG = "config.json"


@dataclass(frozen=True)
class ModelFolder:
    """The files of one model.

    Attributes:
        name: as a message calls it: ``local-dir:PATH``, or ``hf-hub:org/name@revision``.
        local: the folder on this machine; None for a repository.
        repository: ``org/name``, or ``org/name@revision``; None for a folder.
    """

    name: str
    local: Path | None = None
    repository: str | None = None

    def file(self, names: Sequence[str]) -> PublishedFile:
        """The first of ``names`` that is there.

        Raises:
            InputError: none of them is in the folder.
            RunError: none of them can be had from the hub.
        """
        if self.repository is not None:
            return hub_file(self.repository, names, self.name)
        found = next(filter(None, map(self.file_if_there, names)), None)
        if found is None:
            raise InputError(
                f"the folder {path_text(self.path)} has no {' and no '.join(names)}",
                expected="a folder as timm or Hugging Face's save_pretrained writes it",
                remedy="check the path; for a single weights file, geed audit --checkpoint FILE --arch NAME",
            )
        return found

    def file_if_there(self, name: str) -> PublishedFile | None:
        """The file of that name; None where there is none.

        Raises:
            RunError: the hub cannot be asked.
        """
        if self.repository is not None:
            return hub_file_if_there(self.repository, name, self.name)
        path = self.path / name
        return PublishedFile(path, str(path)) if path.is_file() else None

    @property
    def path(self) -> Path:
        """The folder on this machine."""
        assert self.local is not None, "a repository has no folder of its own"
        return self.local

    def pinned(self, file: PublishedFile) -> "ModelFolder":
        """The same repository at the commit that one of its files is of."""
        if self.repository is None or file.commit is None:
            return self
        return replace(self, repository=f"{self.repository.partition('@')[0]}@{file.commit}")


def local_folder(name: str, beside: Path) -> ModelFolder:
    """The folder that ``local-dir:PATH`` names.

    Args:
        name: the path behind the prefix.
        beside: a relative path is looked up here first, then in the current folder.

    Raises:
        InputError: there is no such folder.
    """
    path = path_of(name).expanduser()
    for candidate in (beside / path, path):
        if candidate.is_dir():
            return ModelFolder(f"{LOCAL_PREFIX}{name}", local=candidate)
    looked = "it is a file" if path.exists() else "there is none of that name"
    raise InputError(
        f"{LOCAL_PREFIX}{printable(name, 300)} is no folder: {looked}",
        expected="a folder with config.json and weights",
        remedy="check the path; for a single weights file, geed audit --checkpoint FILE --arch NAME",
    )


Saver = Literal["timm", "transformers"]


def library_of(folder: ModelFolder) -> Saver:
    """Whose folder it is, by its ``config.json``: timm's names an architecture, Hugging Face's a ``model_type``.

    Raises:
        InputError: there is no such file, or it names neither.
        RunError: it cannot be had from the hub.
    """
    config = described(folder, folder.file([CONFIG]))
    # timm's networks that Hugging Face's library wraps have both
    if isinstance(config.get("architecture"), str):
        return "timm"
    if isinstance(config.get("model_type"), str):
        return "transformers"
    raise InputError(
        f"{CONFIG} of {folder.name} names no architecture (timm) and no model_type (Hugging Face)",
        expected="a folder as timm or Hugging Face's save_pretrained writes it",
        remedy="for a single weights file, geed audit --checkpoint FILE --arch NAME",
    )


def described(folder: ModelFolder, file: PublishedFile) -> Mapping[str, Any]:
    """What a JSON file of a model says.

    Raises:
        InputError: it is no JSON object of usual size.
    """
    try:
        return json_object(file.path)
    except NotReadError as why:
        raise InputError(
            f"{file.path.name} of {folder.name} was not read: {why}",
            expected="a JSON object of at most 1 MB",
            remedy="save the model again, or take another",
        ) from why
