"""fsspec's file system of a scheme, which keeps nothing of what it has listed."""

import logging
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from geed_cli.errors import RunError
from geed_cli.runtime.extras import require_extra

_NEEDED = {
    "https": ("aiohttp", "aiohttp"),
    "http": ("aiohttp", "aiohttp"),
    "s3": ("s3fs", "s3fs"),
    "gs": ("gcsfs", "gcsfs"),
    "hf": ("huggingface_hub", "huggingface-hub"),
}
"""The library that a scheme needs beside fsspec, and its package."""
_LOGS = ("fsspec", "gcsfs", "s3fs", "aiohttp", "aiobotocore", "botocore", "google")
"""What these libraries tell a log, gcsfs with a traceback for every failure that ends a run in one sentence."""
SECONDS = 60
"""How long nothing may come before a transfer has failed."""


@lru_cache
def file_system(scheme: str) -> Any:  # noqa: ANN401 - fsspec has no types
    """What lists and reads addresses of a scheme; credentials are those that its library finds.

    Raises:
        InputError: the library is not installed.
    """
    what = f"an address of {scheme}://"
    fsspec = require_extra("fsspec", "fsspec", "remote", what)
    require_extra(*_NEEDED[scheme], "remote", what)
    _keep_logs_off_the_terminal()
    options = _web() if scheme in ("http", "https") else {}
    return fsspec.filesystem(scheme, skip_instance_cache=True, use_listings_cache=False, **options)


def _keep_logs_off_the_terminal() -> None:
    """Python prints warnings of loggers for which nobody has set up a handler; those that are set up get them still."""
    for name in _LOGS:
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


def _web() -> dict[str, object]:
    """Options of HTTP: bytes as they are, proxies of the environment, no way from https to anything else."""
    import aiohttp  # noqa: PLC0415 - only where such an address is named

    async def redirected(session: object, context: object, parameters: Any) -> None:  # noqa: ANN401, ARG001
        answer = parameters.response
        target = urlsplit(answer.headers.get("Location") or answer.headers.get("URI") or "")
        if target.scheme not in ("", "https", answer.url.scheme):
            raise RunError(
                f"{answer.url.host} sends an address of {answer.url.scheme}:// on to one of {target.scheme}://",
                expected="the file at the address, or an https:// one instead",
                remedy="name the place where the file is",
            )

    tracing = aiohttp.TraceConfig()
    tracing.on_request_redirect.append(redirected)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=SECONDS, sock_read=SECONDS)
    return {
        "headers": {"Accept-Encoding": "identity"},
        "client_kwargs": {"trace_configs": [tracing], "timeout": timeout, "trust_env": True},
    }
