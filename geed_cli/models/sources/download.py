"""Getting a published weights file: from the local cache where it is there, else from the network.

Looking comes before downloading and has a time limit of its own, since the libraries below retry for longer than a
user waits: without a network the answer comes within ``LOOK_SECONDS``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlparse
from urllib.request import Request, urlopen

import torch.hub
from huggingface_hub import (
    constants,
    get_hf_file_metadata,
    hf_hub_download,
    hf_hub_url,
    try_to_load_from_cache,
)
from huggingface_hub import errors as hub

from geed_cli.checkpoints.file_hash import file_sha256
from geed_cli.errors import RunError
from geed_cli.runtime.network_answer import CONNECT_SECONDS, LOOK_SECONDS, cause_of, within


@dataclass(frozen=True)
class PublishedFile:
    """A published file on this machine.

    Attributes:
        path: the file.
        origin: where it came from: a URL, ``hf-hub:org/name@commit/file``, or a path.
        commit: of the hub's repository, where it is one's.
    """

    path: Path
    origin: str
    commit: str | None = None


def hub_file(repository: str, names: Sequence[str], what: str) -> PublishedFile:
    """The first of ``names`` that a Hugging Face repository has, from the hub's cache where it is there.

    Args:
        repository: ``org/name`` or ``org/name@revision``.
        names: file names, the preferred one first.
        what: whose weights, for messages.

    Raises:
        RunError: none of them is cached and none can be downloaded.
    """
    repo, _, revision = repository.partition("@")
    try:
        for name in names:
            cached = try_to_load_from_cache(repo, name, revision=revision or None)
            if isinstance(cached, str):
                return _of_hub(repo, name, cached)
        name = within(LOOK_SECONDS, lambda: _first_there(repo, names, revision or None))
        path = hf_hub_download(repo, name, revision=revision or None, etag_timeout=CONNECT_SECONDS)
    except Exception as error:  # the HTTP library and its errors change between versions of the hub's client
        tried = f"hf-hub:{repository}, file {' or '.join(names)}"
        raise _download_failed(what, tried, constants.HF_HUB_CACHE, error) from error
    return _of_hub(repo, name, path)


def hub_file_if_there(repository: str, name: str, what: str) -> PublishedFile | None:
    """A small file of a Hugging Face repository, from the hub's cache where it is there; None where there is none.

    Args:
        repository: ``org/name`` or ``org/name@revision``.
        name: of the file.
        what: whose, for messages.

    Raises:
        RunError: nobody can be asked.
    """
    repo, _, revision = repository.partition("@")
    at = revision or None
    try:
        cached = try_to_load_from_cache(repo, name, revision=at)
        if cached is not None:
            return _of_hub(repo, name, cached) if isinstance(cached, str) else None  # known to be missing
        path = within(
            LOOK_SECONDS,
            lambda: hf_hub_download(repo, name, revision=at, etag_timeout=CONNECT_SECONDS),
        )
    except Exception as error:  # as in hub_file
        if isinstance(error, hub.EntryNotFoundError) and not isinstance(error, hub.LocalEntryNotFoundError):
            return None
        tried = f"hf-hub:{repository}, file {name}"
        raise _download_failed(what, tried, constants.HF_HUB_CACHE, error) from error
    return _of_hub(repo, name, path)


def _of_hub(repo: str, name: str, path: str) -> PublishedFile:
    """A file of the hub's cache, which keeps each commit in a folder of its name."""
    commit = Path(path).parents[name.count("/")].name
    return PublishedFile(Path(path), f"hf-hub:{repo}@{commit}/{name}", commit)


def url_file(url: str, what: str) -> PublishedFile:
    """A file from a URL whose name ends in the start of its SHA-256, as torch's model zoo has them.

    Args:
        url: where it is published; the digest in its name is checked.
        what: whose weights, for messages.

    Raises:
        RunError: it is not cached and cannot be downloaded, or the digest does not fit.
    """
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    path = folder / Path(urlparse(url).path).name
    digest = re.search(r"-([a-f0-9]{8,})\.", path.name)
    if path.is_file():
        _require_digest(path, digest[1] if digest else "")
        return PublishedFile(path, url)
    try:
        within(LOOK_SECONDS, lambda: _look(url))
        folder.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(url, str(path), digest[1] if digest else None, progress=True)
    except Exception as error:  # URLError, timeouts, a wrong digest, a full disk: all end the same way
        raise _download_failed(what, url, str(folder), error) from error
    return PublishedFile(path, url)


def _first_there(repo: str, names: Sequence[str], revision: str | None) -> str:
    """The first name that the repository has; the last one's error where it has none."""
    for name in names[:-1]:
        try:
            get_hf_file_metadata(hf_hub_url(repo, name, revision=revision), timeout=CONNECT_SECONDS)
        except hub.LocalEntryNotFoundError:  # a failed connection, which the client files under "not found"
            raise
        except hub.EntryNotFoundError:
            continue
        return name
    get_hf_file_metadata(hf_hub_url(repo, names[-1], revision=revision), timeout=CONNECT_SECONDS)
    return names[-1]


def _look(url: str) -> None:
    try:
        urlopen(Request(url, method="HEAD"), timeout=CONNECT_SECONDS).close()
    except HTTPError as error:
        error.close()  # it is the open answer at the same time
        raise


def _require_digest(path: Path, start: str) -> None:
    digest = file_sha256(path)
    if not digest.startswith(start):
        raise RunError(
            f"{path} has the SHA-256 {digest[:16]}…",
            expected=f"a file whose SHA-256 starts with {start}, as its name says",
            remedy=f"delete {path}, so that it is downloaded again",
        )


def _download_failed(what: str, tried: str, cache: str, error: BaseException) -> RunError:
    """Whose weights could not be had, where they were looked for, why, and the ways out."""
    if what.startswith(("hf-hub:", "transformers:")):
        have, untrained = "geed audit local-dir:PATH with a folder of the repository's files", ""
    else:
        have = f"geed audit --checkpoint FILE --arch {what} with a file that you have"
        untrained = ";\n            or --weights random for an untrained network"
    return RunError(
        f"the pretrained weights of {what} could not be downloaded\n"
        f"  tried:    {tried}\n"
        f"  cause:    {cause_of(error)}",
        expected="access to the model hub, or the file in the local cache",
        remedy=(
            f"{have};"
            f"\n            or put the file into {cache};"
            f"\n            or point HF_HOME or TORCH_HOME to a filled cache, or HTTPS_PROXY to a proxy{untrained}"
        ),
    )
