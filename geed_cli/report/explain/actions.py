"""Groups and transformation sets in words: what they do, how many elements they have, whether anything is resampled."""

import re
from collections.abc import Iterator

from geed_cli.documents.document import printable
from geed_cli.documents.yaml_scalars import resolve_scalar
from geed_cli.errors import InputError
from geed_cli.explanation import PAPER, Explanation
from geed_cli.groups.families import FAMILIES, Family, family_of
from geed_cli.groups.group import FiniteGroup
from geed_cli.groups.named import group_named
from geed_cli.measures.latent import unrelated
from geed_cli.sets.functionals import FUNCTIONALS, Parameter
from geed_cli.sets.set_families import SET_FAMILIES, SetFamily

SHOWN = 8
"""Elements that are named."""
TORCHVISION = "torchvision"
EXAMPLES = {"c": 8, "d": 4, "xshift": 7, "yshift": 7, "shift": 7, "hue": 8}
"""The n of each family's example."""


def group_topics() -> Iterator[tuple[str, Explanation]]:
    """How each family of groups is written, and what it is."""
    for family in FAMILIES.values():
        if family.largest is None:
            yield family.stem, explain_group(group_named(family.stem))
        else:
            yield family.pattern, _family(family)


def _family(family: Family) -> Explanation:
    """A family with a number, by one of its groups."""
    one = group_named(f"{family.stem}{EXAMPLES.get(family.stem, 4)}")
    own = explain_group(one)
    return Explanation(
        what=f"{family.described}.",
        reading="n goes into the name.",
        example=f"{one.name} has {own.example}",
        source=own.source,
        see=(one.name, "group", "elements"),
    )


def explain_group(group: FiniteGroup) -> Explanation:
    """What one group does: its elements, what is resampled, and the latent.l2 of unrelated copies."""
    known = family_of(group.name)
    what = _described(*known) if known else "a group of its own, closed from its elements"
    if "*" in group.name:
        what = "all products of one element of each factor, the factor on the right acting first"
    names = ", ".join(group.elements[:SHOWN]) + (", …" if group.order > SHOWN else "")
    members = f"{group.order} element{'s' * (group.order != 1)}: {names}."
    exact = {
        "yes": "Exact: nothing is resampled.",
        "resampled": "Resampled but for mirrors and quarter turns, so that layers and features have a floor.",
    }.get(group.exactness, f"Exact {group.exactness}, and resampled otherwise.")
    return Explanation(
        what=f"{what}.",
        example=members,
        reading=exact if group.order == 1 else f"{exact} {_unrelated(group.order)}",
        source=PAPER if known and known[0].stem in {"c", "d"} else "geed",
        see=("group", "elements", "scale"),
    )


def _described(family: Family, n: int) -> str:
    """The family's description with its number put in; its order is told by the elements."""
    return re.sub(r"\bn\b", str(n), re.sub(r" \(order [^)]*\)", "", family.description))


def _unrelated(order: int) -> str:
    """U(n) of the group."""
    score = unrelated(order)
    about = "" if order == 2 else "about "
    return f"Copies as far apart as different images have a latent.l2 of {about}{score:.2f}."


def set_topics() -> Iterator[tuple[str, Explanation]]:
    """How each family of sets is written, and what it is."""
    for family in SET_FAMILIES:
        yield family.pattern, _set(family, family.example)
    yield (
        f"{TORCHVISION}:NAME(parameter=value)",
        Explanation(
            what="a set of functions of torchvision.transforms.v2.functional, with parameters of your own.",
            range=f"the functions {', '.join(FUNCTIONALS)}",
            reading="No other function can be named, and nothing in the text is run. 'geed explain gaussian_blur' has "
            "the parameters of one.",
            example="torchvision:adjust_sharpness(sharpness_factor=2), posterize(bits=3)",
            see=("set", "set file"),
        ),
    )


def function_topics() -> Iterator[tuple[str, Explanation]]:
    """The functions of the allowlist, with what their parameters may be; those of a group's name are the group's."""
    for name, function in FUNCTIONALS.items():
        if name in FAMILIES or name in {family.name for family in SET_FAMILIES}:
            continue
        yield (
            name,
            Explanation(
                what=f"the function {name} of torchvision.transforms.v2.functional, as a set may use it.",
                range="\n".join(map(_parameter, function.parameters)) or "no parameters",
                source="torchvision's documentation",
                see=("set file", TORCHVISION),
            ),
        )


def _parameter(parameter: Parameter) -> str:
    """``sigma: a number above 0, at most 1000 (may be left out)``."""
    return f"{parameter.name}: {parameter.kind.expected}{'' if parameter.required else ' (may be left out)'}"


def explain_set(text: str) -> tuple[str, Explanation] | None:
    """The name and explanation of a set as it is written, or of its family by name alone; None where it is none.

    Raises:
        InputError: a family with a value that does not fit it.
    """
    head, colon, rest = text.partition(":")
    key = head.strip().lower()
    if key == TORCHVISION:
        return next((name, said) for name, said in set_topics() if name.startswith(TORCHVISION))
    family = next((family for family in SET_FAMILIES if family.name == key), None)
    if family is None or (colon and not rest.strip()):
        return None
    written = f"{key}:{rest.strip()}" if colon and not rest.startswith("<") else family.example
    return (written if written != family.example or colon else family.pattern), _set(family, written)


def _set(family: SetFamily, written: str) -> Explanation:
    """A set of a family: its members are e and one for each value."""
    values = [part.strip() for part in written.partition(":")[2].split(",")]
    for value in values:
        _check(family, value)
    named = [f"{family.name}{value}" for value in values]
    if family.members is not None:
        named = family.members(family.kind.read(resolve_scalar(values[0])))
    members = ", ".join(named if len(named) <= SHOWN else [*named[:2], "…", named[-1]])
    return Explanation(
        what=f"{family.description}; a set, not a group.",
        range=f"each {family.varies} {family.kind.expected}",
        reading="e is a member of every set. Values are distances from the set's mean.",
        example=f"{written} has {len(named) + 1} members: e, {members}.",
        see=("set",),
    )


def _check(family: SetFamily, text: str) -> None:
    try:
        family.kind.read(resolve_scalar(text))
    except ValueError:
        raise InputError(
            f"'{printable(text)}' is not a value of {family.name}",
            expected=f"{family.kind.expected}; several are separated by commas: {family.example}",
            remedy=f"geed explain {family.name}:{family.values}",
        ) from None
