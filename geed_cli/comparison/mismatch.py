"""What two results must share to be compared, part by part, so that a refusal can name the difference."""

import hashlib
from collections.abc import Sequence

from geed_cli.errors import InputError
from geed_cli.result.schema import Group, Result


def mismatches(reference: Result, other: Result) -> tuple[str, ...]:
    """Every difference in what both must share, as "what: reference, other"; empty where comparable."""
    shared = {group.name for group in reference.groups} & {group.name for group in other.groups}
    pairs = {
        "measure version": (_measure_version(reference), _measure_version(other)),
        "status": (reference.status, other.status),
        "images": (_images(reference), _images(other)),
        "normaliser images": (_normaliser(reference), _normaliser(other)),
        "groups": (_groups(reference.groups), _groups(other.groups)),
        "elements": (_elements(reference, shared), _elements(other, shared)),
        "input geometry": (_geometry(reference), _geometry(other)),
        "precision": (reference.settings.precision, other.settings.precision),
        "decoding": (reference.settings.decode, other.settings.decode),
    }
    return tuple(f"{what}: {one} and {two}" for what, (one, two) in pairs.items() if one != two)


def same_images(reference: Result, other: Result) -> bool:
    """Whether rows can be paired: the same audited and normaliser images, in the same order."""
    return _images(reference) == _images(other) and _normaliser(reference) == _normaliser(other)


def require_comparable(results: Sequence[Result], labels: Sequence[str]) -> None:
    """Refuse results that do not share data, groups, input geometry and precision.

    Raises:
        InputError: naming every difference from the first result.
    """
    for result, label in list(zip(results, labels, strict=True))[1:]:
        found = mismatches(results[0], result)
        if found:
            raise InputError(
                f"{labels[0]} and {label} cannot be compared: they differ in {'; '.join(found)}",
                expected="the same images, groups, input geometry and precision (the signature line)",
                remedy="audit both with the same options, or --allow-mismatch to show them anyway",
            )


def _measure_version(result: Result) -> str:
    return result.signature.partition(" ")[0].removeprefix("measure=")


def _images(result: Result) -> str:
    return f"{result.data.count} ({result.data.sha256[:12]})"


def _normaliser(result: Result) -> str:
    parts = dict(part.partition("=")[::2] for part in result.signature.split(" "))
    return parts.get("norm", "audited")


def _groups(groups: Sequence[Group]) -> str:
    return ", ".join(
        "/".join(filter(None, (group.name, group.boundary, group.interpolation, _members(group))))
        for group in sorted(groups, key=lambda group: group.name)
    )


def _elements(result: Result, names: set[str]) -> str:
    """What the groups of those names consist of, in any order: files may call different groups the same."""
    return ", ".join(
        f"{group.name} of {group.order} ({_fingerprint(sorted(group.elements))})"
        for group in sorted(result.groups, key=lambda group: group.name)
        if group.name in names and group.kind == "group"
    )


def _members(group: Group) -> str:
    """What the members of a set do, as a fingerprint: sets of one name may differ in it."""
    return _fingerprint(group.calls) if group.calls else ""


def _fingerprint(texts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:8]


def _geometry(result: Result) -> str:
    used = result.model.input
    return f"{used.size} from {used.resize} ({used.crop_mode}, {used.interpolation})"
