"""Shell patterns that select names, matched case-sensitively: against whole names, or part by part between dots.

In names of groups ``*`` is also the sign of a product, ``flip*xshift7``; ``fits_group`` says which is meant.
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

_CLASS_OR_PRODUCT = re.compile(r"(?P<class>\[[^]]+\])|(?<=[^*])\*(?=[^*])")


def listed(name: str, globs: Iterable[str]) -> bool:
    """Whether one of the globs covers the whole name."""
    return any(fnmatchcase(name, glob) for glob in globs)


def is_or_fits(name: str, glob: str) -> bool:
    """Whether a name is the glob itself, letter by letter, whatever signs both have, or fits it."""
    return name == glob or fnmatchcase(name, glob)


def fits_group(name: str, glob: str) -> bool:
    """Whether a group's name is the glob itself or fits it.

    One ``*`` between two other signs stands for itself, a product; at either end ``*`` is any text, and so is ``**``.
    """
    return is_or_fits(name, _CLASS_OR_PRODUCT.sub(lambda found: found["class"] or "[*]", glob))


def has_product(glob: str) -> bool:
    """Whether a glob for groups has a sign of a product."""
    return any(not found["class"] for found in _CLASS_OR_PRODUCT.finditer(glob))


def fits_by_parts(name: str, glob: str) -> bool:
    """Whether each part of a dotted name fits that of the glob: ``layer*`` covers layer1 but not layer1.0."""
    parts, globs = name.split("."), glob.split(".")
    return len(parts) == len(globs) and all(map(fnmatchcase, parts, globs))
