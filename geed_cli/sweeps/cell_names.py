"""The names of a sweep's files, made of labels: whatever a label holds, the name is one that every system takes."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from geed_cli.errors import InputError

UNSAFE = re.compile(r"[^A-Za-z0-9._+-]+")
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9]|sweep)(\..*)?", re.IGNORECASE)
"""Names that Windows keeps for devices, and that of the sweep's own files."""
LONGEST = 80
"""Characters of a name: with a suffix it is far below the 255 bytes that file systems take."""


def safe_name(label: str) -> str:
    """The label as the name of a file or folder; with a part of its hash where it had to be changed."""
    name = UNSAFE.sub("_", label)
    kept = name == label and len(name) <= LONGEST and name[0] not in ".-" and name[-1] != "."
    if kept and not RESERVED.fullmatch(name):
        return name
    return f"{name[:LONGEST].strip('.-') or '_'}-{hashlib.sha256(label.encode()).hexdigest()[:8]}"


def require_labels(labels: Sequence[str], what: str) -> None:
    """Refuse labels that are empty, or that would share a file where capitals do not count.

    Raises:
        InputError: naming them.
    """
    if not all(label.strip() for label in labels):
        raise InputError(f"an empty label of {what}", expected="a label", remedy=f"LABEL={what.upper()}")
    label, count = Counter(label.casefold() for label in labels).most_common(1)[0]
    if count > 1:
        same = [each for each in labels if each.casefold() == label]
        raise InputError(
            f"two labels of {what} are called {' and '.join(map(repr, same))}",
            expected="labels that differ, capitals apart: files are called by them",
            remedy="give each a label of its own: LABEL=…",
        )


def member_names(paths: Sequence[Path]) -> list[str]:
    """What the checkpoints of a population are called: folder and name, ``cnn_1-last``, whatever others there are.

    Those that are called the same have a part of their path's hash behind it.
    """
    names = [f"{path.parent.name}-{path.stem}" if path.parent.name else path.stem for path in paths]
    count = Counter(name.casefold() for name in names)
    return [
        safe_name(name) if count[name.casefold()] == 1 else safe_name(name) + "-" + _hash(path)
        for name, path in zip(names, paths, strict=True)
    ]


def cell_file(model: str, data: str, member: str | None = None) -> str:
    """The file of a cell, in the sweep's folder: ``DATA/MODEL.json``, of a population ``DATA/MODEL/MEMBER.json``."""
    parts = [safe_name(data), safe_name(model), *([member] if member is not None else [])]
    return "/".join(parts) + ".json"


def _hash(path: Path) -> str:
    return hashlib.sha256(path.as_posix().encode()).hexdigest()[:8]
