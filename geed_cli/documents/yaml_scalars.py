"""Plain YAML scalars by the YAML 1.2 core schema: null, bool, int, float, and text for everything else.

PyYAML's own resolver follows YAML 1.1, where ``no`` is False, ``1:30`` is 90 and ``1e3`` is text. A document
that people write by hand should mean what it looks like: the texts "no" and "1:30", and the number 1000.
Octal, hexadecimal, ``.inf`` and ``.nan`` stay text: no setting here needs them.
"""

import re

Scalar = str | int | float | bool | None

CORE_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")
)

# More digits than any 64-bit integer has: Python's int() is quadratic in them, and refuses above 4300.
MAX_NUMBER_LENGTH = 40

_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def resolve_scalar(text: str) -> Scalar:
    """The value of a plain (unquoted) scalar: None, a bool, an int, a finite or overflowing float, or the text itself.

    Raises:
        ValueError: the text is a number of more than ``MAX_NUMBER_LENGTH`` characters.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if not _FLOAT.fullmatch(text):
        return text
    if len(text) > MAX_NUMBER_LENGTH:
        raise ValueError(f"a number of {len(text)} characters")
    return int(text) if _INT.fullmatch(text) else float(text)
