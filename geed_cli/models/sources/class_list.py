"""A file of class names, one to a line, which a model of pictures and text is to tell apart."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from geed_cli.documents.document import path_text, printable
from geed_cli.errors import InputError, RunError, no_such_file

MOST_CLASSES, LONGEST_NAME = 100_000, 300
MAX_BYTES = 2**24


@dataclass(frozen=True)
class ClassList:
    """Names of classes.

    Attributes:
        names: in the order of the file, which is that of the logits.
        file: where they are from.
        sha256: of the file's bytes.
    """

    names: tuple[str, ...]
    file: Path
    sha256: str


def read_classes(file: Path) -> ClassList:
    """The class names in a file: UTF-8, one to a line; empty lines do not count.

    Raises:
        InputError: no such file, no text in UTF-8, fewer than two names, one name twice, or too many.
        RunError: it cannot be read.
    """
    if not file.is_file():
        raise no_such_file(file, str(file))
    try:
        content = file.read_bytes() if file.stat().st_size <= MAX_BYTES else None
    except OSError as error:
        raise RunError(
            f"the file of classes {path_text(file)} cannot be read: {error.strerror}",
            expected="a readable file",
            remedy="check its permissions",
        ) from error
    if content is None:
        raise _refused(file, f"is larger than {MAX_BYTES // 2**20} MB")
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise _refused(file, "is no text in UTF-8") from error
    names = tuple(line.strip() for line in lines if line.strip())
    if not 2 <= len(names) <= MOST_CLASSES:
        raise _refused(file, f"has {len(names)} names")
    wrong = next((name for name in names if len(name) > LONGEST_NAME or not name.isprintable()), None)
    if wrong is not None:
        raise _refused(file, f"has a name that is too long or not printable, {printable(wrong)}")
    twice = (
        next((name for place, name in enumerate(names) if name in names[:place]), None)
        if (len(set(names)) < len(names))
        else None
    )
    if twice is not None:
        raise _refused(file, f"has '{printable(twice)}' twice")
    return ClassList(names, file, hashlib.sha256(content).hexdigest())


def _refused(file: Path, what: str) -> InputError:
    return InputError(
        f"the file of classes {path_text(file)} {what}",
        expected=f"2 to {MOST_CLASSES} different names of classes in UTF-8, one to a line",
        remedy="correct the file",
    )
