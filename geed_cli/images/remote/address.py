"""What an address of pictures may hold: a scheme, a host or bucket, and a path; never what is secret."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

from geed_cli.documents.document import path_text
from geed_cli.errors import InputError, meant

ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
SCHEMES = ("https", "http", "s3", "gs", "hf")
_ACCOUNTS = {
    "s3": "the environment or ~/.aws, as every program of AWS reads them",
    "gs": "gcloud auth application-default login",
    "hf": "hf auth login, or HF_TOKEN",
}
"""Where credentials of a scheme are kept; those of https are in ~/.netrc."""


class Address(NamedTuple):
    """An address in its parts: of ``s3://bucket/photos/x.zip`` the scheme, ``bucket/photos/x.zip`` and the whole."""

    scheme: str
    path: str
    whole: str

    @property
    def is_web(self) -> bool:
        """Whether it is read by HTTP alone, where folders cannot be listed."""
        return self.scheme in ("http", "https")

    @property
    def suffix(self) -> str:
        """The end of the file's name in small letters; empty of what ends in a slash."""
        return "" if self.path.endswith("/") else PurePosixPath(self.path).suffix.lower()

    @property
    def folder(self) -> str:
        """The address of the folder that the file lies in, which ends in a slash."""
        return self.whole.rpartition("/")[0] + "/"


def is_address(text: str) -> bool:
    """Whether a text begins with a scheme."""
    return ADDRESS.match(text) is not None


def address_of(text: str) -> Address:
    """An address in its parts.

    Raises:
        InputError: its scheme is none of ``SCHEMES``, it names a user, or has a part behind ``?`` or ``#``, of which
            signatures are made; what it holds is not repeated.
    """
    scheme, _, path = text.partition("://")
    scheme = scheme.lower()
    if scheme not in SCHEMES:
        raise no_scheme(text, scheme)
    host = path.partition("/")[0]
    where = _ACCOUNTS.get(scheme, "~/.netrc")
    if "@" in host:
        raise InputError(
            f"an address that names a user: {scheme}://…@…",
            expected="an address without user and password, which results would keep",
            remedy=f"leave them out; they are read from {where}",
        )
    if "?" in path or "#" in path:
        raise InputError(
            f"an address of {scheme}://{host} with a part behind ? or #, which may be a signature",
            expected="an address that ends with a path, since results keep it",
            remedy=f"leave that part out, with credentials in {where}; or fetch the file, and name it",
        )
    if not host:
        raise InputError(
            f"{path_text(text)} names no {'host' if scheme in ('http', 'https') else 'bucket'}",
            expected=f"{scheme}://NAME/PATH",
            remedy="check the address",
        )
    return Address(scheme, path, f"{scheme}://{path}")


def no_scheme(text: str, scheme: str, known: Iterable[str] = SCHEMES) -> InputError:
    """The refusal of an address of another scheme, of which nothing is repeated but a path of this machine."""
    allowed = [f"{name}://" for name in known]
    if scheme == "file":
        expected, remedy = "a path for what lies on this machine", path_text(text.partition("://")[2])
    else:
        expected = meant(f"{scheme}://", allowed) + ", ".join([*allowed, "a path on this machine"])
        remedy = "fetch it, and name the file"
    return InputError(f"an address that begins with {scheme}://", expected=expected, remedy=remedy)
