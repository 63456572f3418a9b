"""Networks of torch.hub: a repository whose ``hubconf.py`` builds them, only with --allow-code.

torch.hub downloads a repository of GitHub and runs its code, which also gives the network its weights. Neither is known
to a library, and so are no preprocessing and no version: a spec gives the first, and nothing is kept between runs
unless the spec names the code.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.error import URLError

import torch.hub

from geed_cli.documents.document import path_of
from geed_cli.errors import InputError, RunError, described
from geed_cli.models.sources.architecture import Architecture, seeded
from geed_cli.models.sources.from_python import as_network
from geed_cli.models.spec import Argument
from geed_cli.runtime.own_process import prints_aside

PREFIX = "torchhub:"
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?")
"""Of GitHub: ``owner/name`` or ``owner/name@ref``."""


def build_torchhub(
    name: str, arguments: Mapping[str, Argument], folder: Path, *, seed: int, allow_code: bool
) -> Architecture:
    """Build a network by an entry of a repository's ``hubconf.py``, without preprocessing.

    Args:
        name: ``owner/name:entry``, ``owner/name@ref:entry``, or ``PATH:entry`` with a folder of this machine.
        arguments: keyword arguments of the entry.
        folder: a relative PATH is looked up here first.
        seed: of whatever random weights the entry makes.
        allow_code: whether the user allowed this.

    Raises:
        InputError: code is not allowed, the name is none, or the entry fails or returns no network.
        RunError: the repository cannot be had.
    """
    repository, _, entry = name.rpartition(":")
    if not (repository and entry):
        raise InputError(
            f"'{name}' names no entry of torch.hub",
            expected="owner/name:entry, owner/name@ref:entry or PATH:entry",
            remedy="torchhub:facebookresearch/dinov2:dinov2_vits14",
        )
    if not allow_code:
        raise InputError(
            f"{PREFIX}{name} would download code from {repository} and run it",
            expected="models that run no code, unless you allow it",
            remedy="read its hubconf.py; if you trust it, add --allow-code",
        )
    place = _local(repository, folder)
    if place is None and not REPOSITORY.fullmatch(repository):
        raise InputError(
            f"{repository} is neither a folder with hubconf.py nor a repository of GitHub",
            expected="owner/name, owner/name@ref, or the path of a folder",
            remedy="check the path",
        )
    with seeded(seed), prints_aside():
        network = _load(place, repository, entry, arguments)
    module = as_network(network, f"{PREFIX}{name}")
    return Architecture(
        "torchhub",
        name,
        None,
        module,
        None,
        classifier=None,
        layers=(),
        finds_classifier=True,
        why_no_input="entries of torch.hub state no preprocessing",
    )


def _local(repository: str, folder: Path) -> Path | None:
    path = path_of(repository).expanduser()
    return next((each for each in (folder / path, path) if (each / "hubconf.py").is_file()), None)


def _load(place: Path | None, repository: str, entry: str, arguments: Mapping[str, Argument]) -> object:
    load: Callable[..., object] = torch.hub.load
    try:
        if place is not None:
            return load(str(place.resolve()), entry, source="local", **arguments)
        ref = repository.replace("@", ":")  # as torch.hub writes it
        return load(ref, entry, source="github", trust_repo=True, verbose=False, **arguments)
    except (URLError, TimeoutError, ConnectionError) as error:
        raise RunError(
            f"{repository} could not be downloaded from GitHub: {described(error)}",
            expected=f"access to GitHub, or the repository in {torch.hub.get_dir()}",
            remedy="name the folder of a copy: torchhub:PATH:ENTRY",
        ) from error
    except Exception as error:  # the repository's code may raise anything
        raise InputError(
            f"{entry} of {repository} failed: {described(error)}",
            expected="an entry of its hubconf.py that returns a torch.nn.Module",
            remedy=f'python -c "import torch; print(torch.hub.list({str(place or repository)!r}))" shows its entries',
        ) from error
