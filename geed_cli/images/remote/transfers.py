"""What goes wrong on the way from elsewhere, in one sentence without addresses, which may be signed ones."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from geed_cli.documents.document import path_text, printable
from geed_cli.errors import MOST_CHARACTERS, GeedError, RunError

_ANY_ADDRESS = re.compile(r"\w+://\S+")
_CUT_OFF = frozenset(
    {"ClientPayloadError", "ServerDisconnectedError", "IncompleteReadError", "ResponseStreamingError"}
)
"""What libraries call it when less comes than was announced."""
_NOT_THERE = (403, 404, 410)
"""Answers of HTTP for a file that is not there, or that one may not know of."""


def not_read(name: str, why: str) -> RunError:
    """The error of what is elsewhere and could not be read, or not as a whole."""
    return RunError(
        f"{path_text(name)} could not be read: {why}",
        expected="all of its bytes, unchanged from the first picture to the last",
        remedy="the same command again; if it stays so, check the address and what you may read there",
    )


@contextmanager
def transfer(name: str) -> Iterator[None]:
    """Turns whatever libraries raise inside into one sentence.

    Raises:
        RunError: with the first cause.
    """
    try:
        yield
    except (GeedError, MemoryError):
        raise
    except Exception as error:
        chain = list(_causes(error))
        if isinstance(chain[-1], GeedError):
            raise chain[-1] from None
        cut_off = any(type(each).__name__ in _CUT_OFF for each in chain)
        why = "the transfer ended before all of it came" if cut_off else _reason(chain[-1])
        # the chain would show addresses to which a server has sent us on, with their signatures
        raise not_read(name, why) from None


def says_not_there(error: OSError) -> bool:
    """Whether a server has said that there is no such file, or refuses to say.

    fsspec's HTTP calls every failure of a request a file that is not found; the first cause tells.
    """
    first = [*_causes(error)][-1]
    status = getattr(first, "status", None)
    return (
        status in _NOT_THERE if status is not None else isinstance(first, FileNotFoundError | PermissionError)
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _reason(error: BaseException) -> str:
    status, message = getattr(error, "status", None), getattr(error, "message", None)
    if isinstance(status, int) and isinstance(message, str):  # aiohttp's answer of a server
        return printable(f"the server answers {status} {message}".rstrip(), MOST_CHARACTERS)
    if type(error).__module__ == "aiohttp.http_exceptions":  # whose words quote what came
        return "the server's answer is no sound HTTP, such as a length that is not that of what follows"
    if isinstance(error, TimeoutError):
        return "nothing came for a minute"
    text = _ANY_ADDRESS.sub("…", str(error)).strip() or type(error).__name__
    return printable(" ".join(text.split()), MOST_CHARACTERS)
