"""What two results must share to be compared, part by part, so that a refusal can name the difference."""

import hashlib
from collections.abc import Sequence

from geed_cli.documents.document import printable
from geed_cli.errors import InputError
from geed_cli.result.labelled_rows import labels_differ
from geed_cli.result.samples import output_kind, weights_fingerprint
from geed_cli.result.schema import Group, Result


def mismatches(reference: Result, other: Result) -> tuple[str, ...]:
    """Every difference in what both must share, as "what: reference, other"; empty where comparable."""
    shared = {group.name for group in reference.groups} & {group.name for group in other.groups}
    parts, others = _parts(reference, shared), _parts(other, shared)
    kinds = output_kind(reference), output_kind(other)
    for data, own in ((reference.data, parts), (other.data, others)):
        if reference.data.root == other.data.root and reference.data.revision and other.data.revision:
            own[f"revision of {printable(data.root, 300)}"] = printable(data.revision or "", 300)
    if "none" not in kinds:  # without predictions, which are not applicable then, nothing is mixed
        parts["kind of output"], others["kind of output"] = kinds
    return tuple(f"{what}: {parts[what]} and {others[what]}" for what in parts if parts[what] != others[what])


def labels_mismatch(reference: Result, other: Result) -> str | None:
    """How the labels of two results over the same images differ, as "what: reference, other"; None where they agree.

    None as well where only one has labels, of which no accuracies stand side by side.
    """
    if reference.data.labels is None or other.data.labels is None or not same_images(reference, other):
        return None
    differing = labels_differ(reference, other)
    return differing and f"labels: {differing}"


def same_images(reference: Result, other: Result) -> bool:
    """Whether rows can be paired: the same audited and normaliser images, in the same order."""
    return _images(reference) == _images(other) and _normaliser(reference) == _normaliser(other)


def require_comparable(results: Sequence[Result], labels: Sequence[str]) -> None:
    """Refuse results that do not share data, groups, input geometry and precision, naming every difference."""
    for result, label in list(zip(results, labels, strict=True))[1:]:
        differing = [*mismatches(results[0], result), *filter(None, (labels_mismatch(results[0], result),))]
        if differing:
            raise InputError(
                f"{labels[0]} and {label} cannot be compared: they differ in {'; '.join(differing)}",
                expected="the same images, groups, input geometry, precision and kind of output (the signature line)"
                + ", and the same labels" * differing[-1].startswith("labels: "),
                remedy="audit both with the same options, or --allow-mismatch to show them anyway",
            )


def mixed_architectures(label: str, results: Sequence[Result]) -> str | None:
    """What is wrong with results under one label that are of several architectures; None where they are of one."""
    names = tuple(dict.fromkeys(result.model.arch for result in results))
    return None if len(names) < 2 else f"architectures under '{label}': {' and '.join(names)}"


def require_one_architecture(label: str, results: Sequence[Result]) -> None:
    """Refuse a population of different architectures, which is none of one recipe."""
    if mixed := mixed_architectures(label, results):
        raise InputError(
            f"a population mixes {mixed}",
            expected="checkpoints of one recipe under one label",
            remedy="give each architecture a label of its own, LABEL=GLOB; or --allow-mismatch to show them anyway",
        )


def _parts(result: Result, shared: set[str]) -> dict[str, str]:
    """What results must share to be compared; the elements are those of the groups that both have by name."""
    used = result.model.input
    groups = sorted(result.groups, key=lambda group: group.name)
    return {
        "measure version": result.signature.partition(" ")[0].removeprefix("measure="),
        "status": result.status,
        "images": _images(result),
        "normaliser images": _normaliser(result),
        "image weights": f"{result.data.weighted_by} ({weights_fingerprint(result.data)})"
        if result.data.weights
        else "all alike",
        "groups": ", ".join(map(_conditions, groups)),
        # in any order: files may call different groups the same
        "elements": ", ".join(
            f"{group.name} of {group.order} ({_fingerprint(sorted(group.elements))})"
            for group in groups
            if group.name in shared and group.kind == "group"
        ),
        "input geometry": f"{used.size}{' luminance' if len(used.mean) == 1 else ''} from {used.resize} "
        f"({used.crop_mode}, {used.interpolation})",
        "precision": result.settings.precision,
        "decoding": result.settings.decode,
    }


def _images(result: Result) -> str:
    return f"{result.data.count} ({result.data.sha256[:12]})"


def _normaliser(result: Result) -> str:
    parts = dict(part.partition("=")[::2] for part in result.signature.split(" "))
    return parts.get("norm", "audited")


def _conditions(group: Group) -> str:
    """Name and conditions of the action; of a set also what its members do, since sets of one name may differ."""
    members = _fingerprint(group.calls) if group.calls else ""
    return "/".join(filter(None, (group.name, group.boundary, group.interpolation, members)))


def _fingerprint(texts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:8]
