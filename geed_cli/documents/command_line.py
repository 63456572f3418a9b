"""Command lines as a result keeps them: as they were typed, but for what may be secret in a URL."""

import re
from collections.abc import Sequence

from geed_cli.documents.document import printable, unicode_text

_USER = re.compile(r"(\w://)[^/\s]*@")
_VALUE = re.compile(r"([?&#][^=&\s]*=)[^&#\s]*")


def recorded(words: Sequence[str]) -> tuple[str, ...]:
    """The words of a command line; in a URL a user with a password, and values behind ``?``, are ``***``.

    Control characters are escaped, and bytes that are no UTF-8.
    """
    shown = [_VALUE.sub(r"\1***", _USER.sub(r"\1***@", word)) if "://" in word else word for word in words]
    return tuple(printable(text := unicode_text(word), len(text)) for word in shown)
