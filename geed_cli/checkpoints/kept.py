"""Converted weights kept between runs, so that a checkpoint file that was read once is not unpickled again.

In ``weights-1`` of the cache's folder: KEY.safetensors, and KEY.json with its sha256, which is written after it. The
key is a hash over everything that the conversion depends on. What is damaged or does not belong to its entry is a note
and never an error. What is in a kept file is checked like any other, but an entry that somebody forged whole is used.
Imports no torch.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from geed_cli.checkpoints.file_hash import file_sha256
from geed_cli.checkpoints.reader.messages import LARGEST_ANSWER, Choice, Conversion, Taken
from geed_cli.runtime.versions import version

KEPT_FOLDER = "weights-1"
"""The number is that of the layout and of the conversion; versions that differ do not disturb one another."""
TENSORS_SUFFIX, ENTRY_SUFFIX, PARTIAL_SUFFIX = ".safetensors", ".json", ".partial"
LONGEST_PATH = 5000


class KeptEntry(BaseModel):
    """The entry that is stored beside a kept file.

    Attributes:
        made_from: the checkpoint's path when it was read, for people.
        sha256: of the safetensors file.
        taken: what the reading process said beside the tensors.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    made_from: Annotated[str, Field(max_length=LONGEST_PATH)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    taken: Taken


@dataclass(frozen=True)
class KeptWeights:
    """The converted weights of a cache.

    Attributes:
        cache: the cache's folder, which need not exist.
        note: is called with a sentence that says what is wrong with a kept file or with the folder.
    """

    cache: Path
    note: Callable[[str], None] = lambda _sentence: None

    @property
    def folder(self) -> Path:
        """The folder of the kept files."""
        return self.cache / KEPT_FOLDER

    def find(self, key: str) -> Conversion | None:
        """The file that was kept under a key; None where there is none, or none that is whole."""
        entry_path, path = self.folder / f"{key}{ENTRY_SUFFIX}", self.folder / f"{key}{TENSORS_SUFFIX}"
        if not entry_path.is_file():
            return None
        try:
            entry = read_entry(entry_path)
            if not path.is_file() or file_sha256(path) != entry.sha256:
                raise ValueError("its sha256 is another")
            os.utime(entry_path)
        except (OSError, ValueError) as error:
            self.refuse(key, str(error).partition("\n")[0])
            return None
        return Conversion(path, entry.taken)

    def refuse(self, key: str, why: str) -> None:
        """Say that a kept file does not serve."""
        self.note(
            f"the converted weights {self.folder / key}{TENSORS_SUFFIX} are not used ({why}); they are made again"
        )

    def keep(self, key: str, made_from: Path, tensors: Path, taken: Taken) -> None:
        """Keep a copy of a conversion; where that is not possible nothing is left behind."""
        name = str(made_from).encode("utf-8", "backslashreplace").decode()[-LONGEST_PATH:]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with _whole_or_nothing(self.folder / f"{key}{TENSORS_SUFFIX}") as copy:
                shutil.copyfile(tensors, copy)
                sha256 = file_sha256(copy)
            entry = KeptEntry(made_from=name, sha256=sha256, taken=taken)
            with _whole_or_nothing(self.folder / f"{key}{ENTRY_SUFFIX}") as written:
                written.write_text(json.dumps(entry.model_dump()), encoding="ascii")
        except OSError as error:
            self.note(f"converted weights are not kept in {self.folder} ({error.strerror or error})")


def key_of(source_sha256: str, container: str, choice: Choice) -> str:
    """The key of a conversion: 64 hexadecimal digits.

    They differ where the file, how it is read or the choice of the entry does, or torch, safetensors or the code.
    """
    libraries = [version(name) for name in ("torch", "safetensors")]
    fields = [_code_sha256(), libraries, source_sha256, container, choice.key, list(choice.usual)]
    return hashlib.sha256(json.dumps(fields).encode()).hexdigest()


def _code_sha256() -> str:
    """Of the modules that a conversion may go through, so that nobody has to think of raising a number."""
    digest = hashlib.sha256()
    for path in converting_code():
        digest.update(path.read_bytes())
    return digest.hexdigest()


def converting_code() -> list[Path]:
    """Every module of this room and of its reading process: more than a conversion goes through, but never less."""
    return sorted(Path(__file__).parent.rglob("*.py"))


def read_entry(path: Path) -> KeptEntry:
    """The entry beside a kept file; an ``OSError`` or ``ValueError`` where there is no usable one."""
    if not path.is_file():  # a named pipe would block for ever
        raise ValueError("its entry is no file")
    with path.open("rb") as file:
        text = file.read(LARGEST_ANSWER + 1)
    if len(text) > LARGEST_ANSWER:
        raise ValueError("its entry is too long")
    return KeptEntry.model_validate_json(text)


@contextmanager
def _whole_or_nothing(target: Path) -> Iterator[Path]:
    """A file beside the target that takes its place after the block, unless the block fails."""
    handle, name = tempfile.mkstemp(suffix=PARTIAL_SUFFIX, prefix="", dir=target.parent)
    os.close(handle)
    try:
        yield Path(name)
        Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)
