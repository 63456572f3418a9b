"""The transformation sets that can be written in one line, and the door to the others.

``blur:1,2,4`` is a family and its values; ``torchvision:NAME(parameter=value, ...), NAME(...)`` and
``path/to/set.yaml`` name functions out of torchvision. None of them is a group.
"""

import re
from pathlib import Path

from geed_cli.documents.document import Value, printable
from geed_cli.documents.strict_yaml import parse_yaml
from geed_cli.documents.yaml_scalars import resolve_scalar
from geed_cli.errors import InputError, nearest, nearest_are
from geed_cli.sets.crop_windows import windows
from geed_cli.sets.flow import flow_pair
from geed_cli.sets.perturbation import Perturbation, perturbation
from geed_cli.sets.set_families import GENERATORS, SET_FAMILIES, SetFamily
from geed_cli.sets.set_file import SET_SUFFIXES, read_set
from geed_cli.sets.transformation_set import TransformationSet, set_of

MAX_LENGTH = 20_000
"""Characters of one text: far above what anybody types."""
_CALL = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_.]*)\s*(?:\((.*)\))?\s*", re.DOTALL)
_GIVEN = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)", re.DOTALL)


def set_named(text: str) -> TransformationSet:
    """The set that a text describes: the identity, then the members in the order of the text.

    Raises:
        InputError: no such family, function or file; a value or parameter that does not fit; no members; a
            member that is there twice or is the identity.
    """
    written = text.strip()
    if len(written) > MAX_LENGTH:
        raise InputError(
            f"the text of a set has {len(written)} characters",
            expected=f"at most {MAX_LENGTH:,}",
            remedy="write the set in a YAML file (geed explain 'set file')",
        )
    if written.lower().endswith(SET_SUFFIXES):
        return read_set(Path(written))
    head, colon, rest = written.partition(":")
    key = head.strip().lower()
    if not colon:
        raise _unknown(written)
    if key == "torchvision":
        members = [_read_call(call) for call in _split(rest)]
        return set_of("torchvision:" + ",".join(member.name for member in members), members)
    family = next((family for family in SET_FAMILIES if family.name == key), None)
    if family is None:
        raise _unknown(head)
    if family.parameters is None:
        made = _flow if family.function == "flow" else _windows
        return set_of(f"{key}:{rest.strip()}", made(family, rest.strip()))
    members = [_member(family, part.strip()) for part in rest.split(",")] if rest.strip() else []
    return set_of(f"{key}:{','.join(member.name.removeprefix(key) for member in members)}", members)


def _flow(family: SetFamily, text: str) -> list[Perturbation]:
    """The two ends of a flow."""
    if text not in GENERATORS:
        raise InputError(
            f"'{printable(text)}' is not a generator of {family.name}",
            expected=f"one of {', '.join(GENERATORS)}; each is a set of its own",
            remedy=f"--set {family.example}",
        )
    return flow_pair(text)


def _windows(family: SetFamily, text: str) -> list[Perturbation]:
    """The windows of a larger crop."""
    try:
        n = family.kind.read(resolve_scalar(text))
    except ValueError:
        raise InputError(
            f"'{printable(text)}' is not a value of {family.name}",
            expected=f"{family.kind.expected}, one a set: {family.example}",
            remedy=f"geed explain {family.example}",
        ) from None
    assert isinstance(n, int), "whole numbers"
    return windows(n, diagonal=family.function == "diagonal")


def _member(family: SetFamily, text: str) -> Perturbation:
    assert family.parameters is not None, "flows are no single members"
    try:
        value = resolve_scalar(text)
        read = family.kind.read(value)
    except ValueError:
        raise InputError(
            f"'{printable(text)}' is not a value of {family.name}",
            expected=f"{family.kind.expected}; several are separated by commas: {family.example}",
            remedy=f"geed explain {family.example}",
        ) from None
    assert isinstance(value, int | float)  # the kinds above are numbers
    assert isinstance(read, int | float)
    return perturbation(f"{family.name}{value:.12g}", family.function, family.parameters(read))


def _read_call(text: str) -> Perturbation:
    """The perturbation of ``NAME(parameter=value, ...)``, named by that text; values are plain YAML, nothing runs."""
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
        remedy="quote the text in the shell, or write the set in a YAML file (geed explain 'set file')",
    )


def _unknown(text: str) -> InputError:
    close = nearest(text.lower(), [*(family.name for family in SET_FAMILIES), "torchvision"])
    hint = nearest_are(close)
    families = ", ".join(family.pattern for family in SET_FAMILIES)
    return InputError(
        f"there is no transformation set '{printable(text)}'",
        expected=f"one of {families}, torchvision:NAME(parameter=value), a .yaml file{hint}",
        remedy="geed explain set; a group such as c4 goes to --group",
    )
