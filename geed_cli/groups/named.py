"""From what a user writes to a group: a name, a product of names, or a YAML file of generators.

``families`` has the names, ``product`` and ``group_file`` the rest; none of them needs torch.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from geed_cli.errors import InputError, nearest, nearest_are
from geed_cli.groups.families import FAMILIES, Family, family_of
from geed_cli.groups.group import FiniteGroup
from geed_cli.groups.product import product_group

GROUP_SUFFIXES = (".yaml", ".yml")
Groups = str | FiniteGroup | Sequence[str | FiniteGroup]
"""One or several groups, by name or themselves; a name may hold several, ``flip,c4``."""


def groups_named(groups: Groups) -> Iterator[FiniteGroup]:
    """Each of the groups; raises what ``group_named`` does."""
    for group in [groups] if isinstance(groups, str | FiniteGroup) else groups:
        if isinstance(group, FiniteGroup):
            yield group
        else:
            yield from map(group_named, group.split(","))


def group_named(name: str) -> FiniteGroup:
    """The group of that name; upper case is accepted (``C4``), but in paths of files.

    ``flip``, ``c4``; a product, ``flip*xshift7``; a YAML file of generators, ``my/group.yaml``, also as a factor.

    Raises:
        InputError: no such group, n outside its range, a product that is no group, or a file that describes none.
    """
    factors = name.split("*")
    if len(factors) == 1:
        return _factor(name)
    if not all(factor.strip() for factor in factors):
        raise InputError(
            f"the product {name!r} lacks a factor",
            expected="names of groups on both sides of every *",
            remedy="geed ls groups",
        )
    return product_group([_factor(factor) for factor in factors])


def _factor(name: str) -> FiniteGroup:
    """One group without a product: a file, or a name of the catalogue."""
    stripped = name.strip()
    if stripped.lower().endswith(GROUP_SUFFIXES):
        return group_in(Path(stripped))
    match = family_of(stripped.lower())
    if match is None:
        raise _unknown(name)
    family, n = match
    if family.largest is not None and not 1 <= n <= family.largest:
        raise InputError(
            f"group {name!r} has n = {n}", expected=f"n from 1 to {family.largest}", remedy="geed ls groups"
        )
    return _of_catalogue(family, n)


@lru_cache(maxsize=64)
def _of_catalogue(family: Family, n: int) -> FiniteGroup:
    """Made once with its table, since every audit of a sweep or a training asks for the same few."""
    return FiniteGroup(family.stem + (str(n) if family.largest is not None else ""), family.make(n))


def group_in(path: Path) -> FiniteGroup:
    """The group in a YAML file of generators.

    Raises:
        InputError: the file describes none, or calls it by one of the catalogue's names, which must not get another
            meaning: results are compared by the names of groups.
    """
    from geed_cli.groups.group_file import read_group  # noqa: PLC0415 - pydantic only where a file is read

    group = read_group(path)
    if family_of(group.name.lower()) is None:
        return group
    raise InputError(
        f"{path} calls its group {group.name!r}, which is a name of the catalogue",
        expected="a name of its own",
        remedy=f"edit the name in {path}, for example to my-{group.name.lower()}",
    )


def _unknown(name: str) -> InputError:
    examples = [f.stem if f.largest is None else f"{f.stem}{n}" for f in FAMILIES.values() for n in (4, 8)]
    hint = nearest_are(nearest(name.lower(), examples))
    patterns = ", ".join(family.pattern for family in FAMILIES.values())
    return InputError(
        f"there is no group {name!r}",
        expected=f"one of {patterns}, a product such as flip*xshift7, or a YAML file of generators{hint}",
        remedy="geed ls groups",
    )
