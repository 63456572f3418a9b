"""Shell patterns that select names, matched case-sensitively: against whole names, or part by part between dots."""

from collections.abc import Iterable
from fnmatch import fnmatchcase


def listed(name: str, globs: Iterable[str]) -> bool:
    """Whether one of the globs covers the whole name."""
    return any(fnmatchcase(name, glob) for glob in globs)


def fits_by_parts(name: str, glob: str) -> bool:
    """Whether each part of a dotted name fits that of the glob: ``layer*`` covers layer1 but not layer1.0."""
    parts, globs = name.split("."), glob.split(".")
    return len(parts) == len(globs) and all(map(fnmatchcase, parts, globs))
