"""Sets of torchvision functions written on the command line: ``torchvision:NAME(parameter=value, ...)``.

Several calls are separated by commas. Values are plain YAML scalars and lists, read by the strict reader; nothing
is evaluated.
"""

import re

from geed_cli.documents.document import Value, printable
from geed_cli.documents.strict_yaml import parse_yaml
from geed_cli.errors import InputError
from geed_cli.sets.perturbation import Perturbation, perturbation

_CALL = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_.]*)\s*(?:\((.*)\))?\s*", re.DOTALL)
_GIVEN = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)", re.DOTALL)


def read_calls(text: str) -> list[Perturbation]:
    """The perturbations of ``NAME(parameter=value, ...), NAME(...)``, each named by its call.

    Raises:
        InputError: the text does not read so, or a function or parameter is refused.
    """
    return [_read_call(call) for call in _split(text)]


def _read_call(text: str) -> Perturbation:
    call = _CALL.fullmatch(text)
    if call is None:
        raise _unreadable(text)
    given: dict[str, Value] = {}
    for part in _split(call[2] or ""):
        pair = _GIVEN.fullmatch(part)
        if pair is None or pair[1] in given:
            raise _unreadable(text)
        given[pair[1]] = parse_yaml(pair[2], f"{call[1]}({pair[1]}=...)").data
    written = ",".join(part.strip() for part in _split(call[2] or ""))
    return perturbation(f"{call[1]}({written})" if written else call[1], call[1], given)


def _split(text: str) -> list[str]:
    """The parts between commas that stand outside of brackets; none for a blank text."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts if text.strip() else []


def _unreadable(text: str) -> InputError:
    return InputError(
        f"'{printable(text)}' does not read as a function with parameters",
        expected="NAME(parameter=value, ...), such as adjust_sharpness(sharpness_factor=2)",
        remedy="quote the text in the shell, or write the set in a YAML file (docs/groups.md)",
    )
