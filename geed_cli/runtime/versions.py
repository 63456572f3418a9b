"""Versions of packages, and whether torchvision is one for the installed torch, told before either is imported.

torchvision is compiled against one torch. Beside another one its import ends in an error about an operator, or the
process ends.
"""

import re
from functools import cache
from importlib import metadata
from importlib.metadata import PackageNotFoundError, requires

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from geed_cli.errors import InputError


@cache
def version(package: str) -> str:
    """Of an installed package, asked for once: every reading parses all that the package says of itself.

    Raises:
        PackageNotFoundError: it is not installed.
    """
    return metadata.version(package)


def require_matching_torchvision() -> None:
    """Refuse a torch and a torchvision that do not belong together.

    Raises:
        InputError: torchvision requires another torch, or was built for a CUDA that the torch lacks.
    """
    try:
        torch, torchvision = version("torch"), version("torchvision")
        needed = [text for text in requires("torchvision") or () if re.match(r"torch\b(?![\w.-])", text)]
    except PackageNotFoundError:  # the import says which
        return
    why = mismatch(torch, torchvision, needed[0] if needed else "torch")
    if why is not None:
        raise InputError(
            f"torchvision {torchvision} does not belong to the installed torch {torch}: {why}",
            expected="a torchvision and the torch that it was built for",
            remedy="python -m pip install --upgrade torch torchvision",
        )


def mismatch(torch: str, torchvision: str, requirement: str) -> str | None:
    """Why the two versions do not fit; None where they do, or cannot be told.

    Args:
        torch: its version, such as ``2.10.0+cpu``.
        torchvision: its version.
        requirement: what torchvision requires, such as ``torch==2.10.0``.
    """
    try:
        there, needed = Version(torch), Requirement(requirement).specifier
        built = Version(torchvision)
    except (InvalidVersion, InvalidRequirement):
        return None
    # a build from source calls itself 2.10.0a0+git…, and is 2.10.0 for its torchvision
    if not any(needed.contains(each, prereleases=True) for each in (there, there.base_version)):
        return f"it requires torch {needed}"
    cuda, wanted = _cuda(there), _cuda(built)
    if wanted is not None and wanted != "cpu" and cuda is not None and cuda != wanted:
        return f"it was built for CUDA {wanted}, and the torch for {'the CPU' if cuda == 'cpu' else f'CUDA {cuda}'}"
    return None


def _cuda(of: Version) -> str | None:
    """The CUDA that a build is for, its first number, or ``cpu``; None where its label does not say."""
    found = re.fullmatch(r"cpu|cu(\d+)\d", of.local or "")
    return None if found is None else found[1] or "cpu"
