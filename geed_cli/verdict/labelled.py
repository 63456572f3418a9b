"""What labels say of a group: the accuracy of the pictures as they are, and where the group takes most of it."""

from collections.abc import Iterator

from geed_cli.phrases import counted
from geed_cli.result.schema import Accuracy, Group, Result
from geed_cli.verdict.digits import decimals_beside, percent, percents, signed


def on_labels(result: Result, group: Group) -> Iterator[str]:
    """Two sentences at most; none without labels, or where the network is no function of one image."""
    entry = next((e for e in result.accuracy if (e.metric, e.group) == ("accuracy", group.name)), None)
    if entry is None or entry.value is None or result.unsteady is not None:
        return
    span = f" ({percents(*entry.ci)})" if entry.ci is not None else ""
    yield f"Accuracy on {counted(result.data.count, 'labelled image')} is {percent(entry.value)}{span}."
    if entry.change:
        yield _lowest(entry)


def _lowest(entry: Accuracy) -> str:
    """The element with the lowest accuracy; limits of the change hold for all of them, since the lowest was chosen."""
    change = {name: value for name, value in entry.change.items() if value is not None}
    name = min(change, key=change.__getitem__)
    several, moved = len(change) > 1, change[name]
    if several and moved >= 0:
        return "Under no element is it lower."
    limits, under = entry.change_ci.get(name), percent(entry.per_element[name] or 0.0)
    decimals = decimals_beside([100 * each for each in (moved, *(limits or ()))], 0.0, 0)
    place = f"Under {name}{', where it is lowest,' * several} it is {under}: {signed(100 * moved, decimals)} points"
    if limits is None:
        return f"{place}."
    low, high = (signed(100 * end, decimals) for end in limits)
    chance = ", which may be chance" if limits[0] <= 0 <= limits[1] else ""
    return f"{place} ({low} to {high}{' for all elements together' * several}){chance}."
