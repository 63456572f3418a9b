"""Why weights could not be downloaded, in one line, and the ways out.

The libraries below hide the cause differently: a hub error may wrap three others, and its own text speaks of the
cache. What a user needs is the innermost one.
"""

from huggingface_hub import errors as hub

from geed_cli.errors import RunError

_CAUSES: tuple[tuple[type[Exception], str], ...] = (
    # A gated repository is a subclass of one that is not found, so it comes first.
    (hub.GatedRepoError, "the repository is gated: accept its terms on its page, then run `hf auth login`"),
    (hub.RepositoryNotFoundError, "there is no such repository, or it is private: check the name"),
    (hub.RevisionNotFoundError, "the repository has no such revision"),
    (hub.OfflineModeIsEnabled, "downloads are switched off by HF_HUB_OFFLINE"),
)


def cause_of(error: BaseException) -> str:
    """The real cause of a failed download, one line.

    Args:
        error: what the download raised.

    Returns:
        a known cause in words, else the innermost exception's own text.
    """
    for kind, text in _CAUSES:
        if isinstance(error, kind):
            return text
    # The local kind, a subclass, means that nobody could be asked; its cause says why.
    if isinstance(error, hub.EntryNotFoundError) and not isinstance(error, hub.LocalEntryNotFoundError):
        return "the repository has no such file"
    while isinstance(inner := error.__cause__ or error.__context__, Exception):
        error = inner
    reason = getattr(error, "reason", None)
    if isinstance(reason, BaseException):  # urllib keeps the cause there
        error = reason
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def download_failed(what: str, tried: str, cache: str, error: BaseException) -> RunError:
    """The error for weights that could not be had.

    Args:
        what: whose weights.
        tried: the URL, or hub repository and files.
        cache: where a file put by hand would be found.
        error: what the download raised.

    Returns:
        an error with exit code 3 that lists the ways out.
    """
    return RunError(
        f"the pretrained weights of {what} could not be downloaded\n"
        f"  tried:    {tried}\n"
        f"  cause:    {cause_of(error)}",
        expected="access to the model hub, or the file in the local cache",
        remedy=(
            "--checkpoint FILE --arch NAME with a file that you have;"
            f"\n            or put the file into {cache};"
            "\n            or point HF_HOME or TORCH_HOME to a filled cache, or HTTPS_PROXY to a proxy;"
            "\n            or --weights random --seed N for an untrained network"
        ),
    )
