"""From names to groups and sets with their views, under the run's boundary and interpolation."""

from collections.abc import Sequence

from geed_cli.engine.plan import GroupPlan
from geed_cli.errors import InputError
from geed_cli.groups.catalogue import group_named
from geed_cli.groups.group import FiniteGroup
from geed_cli.pipeline.options import AuditOptions
from geed_cli.sets.catalogue import set_named
from geed_cli.sets.transformation_set import TransformationSet


def plan_groups(names: str | Sequence[str], options: AuditOptions) -> tuple[GroupPlan, ...]:
    """The groups, then the sets of the options, each once.

    Args:
        names: of groups; ``flip,c4`` is ``flip`` and ``c4``.
        options: the sets, and how views resample.

    Raises:
        InputError: no group and no set, an unknown one, or two different ones of the same name.
    """
    names = [names] if isinstance(names, str) else names
    each = [part for name in names for part in name.split(",")]
    members: list[FiniteGroup | TransformationSet] = [group_named(name) for name in each]
    members += [set_named(text) for text in options.sets]
    if not members:
        raise InputError("no group", expected="at least one group or set", remedy="--group flip")
    chosen = {member.name: member for member in members}
    for member in members:
        if chosen[member.name] != member:
            raise InputError(
                f"two different groups or sets are called {member.name!r}",
                expected="a name for each, since results are found by it",
                remedy="give one of them another name in its file",
            )
    action = options.action
    return tuple(GroupPlan.of(g, action.boundary, action.interpolation) for g in chosen.values())
