"""What a host on the network answers, or why it does not: within a time, and with the cause that a user needs.

Libraries retry for longer than a user waits, and hide causes differently: a hub error may wrap three others, and its
own text speaks of the cache. What a user needs is the innermost one.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from huggingface_hub import errors as hub

# One connection may take as long as a slow name server or proxy needs, and all of them stay well below 30 s.
CONNECT_SECONDS = 5.0
LOOK_SECONDS = 15.0

Answer = TypeVar("Answer")

_CAUSES: tuple[tuple[type[Exception], str], ...] = (
    # A gated repository is a subclass of one that is not found, so it comes first.
    (hub.GatedRepoError, "the repository is gated: accept its terms on its page, then run `hf auth login`"),
    (hub.RepositoryNotFoundError, "there is no such repository, or it is private: check the name"),
    (hub.RevisionNotFoundError, "the repository has no such revision"),
    (hub.OfflineModeIsEnabled, "downloads are switched off by HF_HUB_OFFLINE"),
)


def within(seconds: float, call: Callable[[], Answer]) -> Answer:
    """What ``call()`` returns or raises, in a thread of its own; a ``TimeoutError`` after ``seconds`` of silence."""
    future: Future[Answer] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # raised again in the caller's thread
            future.set_exception(error)

    # Not a pool, whose threads keep the program from ending while the call hangs.
    threading.Thread(target=run, daemon=True).start()
    if not wait([future], seconds).done:
        raise TimeoutError(f"no answer within {seconds:g} seconds")
    return future.result()


def cause_of(error: BaseException) -> str:
    """The real cause of a failed download, one line: a known one in words, else the innermost exception's own text."""
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
