"""The top classes of a result in sentences: how many images an element gives another one, and one that shows it."""

from collections.abc import Mapping

from geed_cli.phrases import counted
from geed_cli.report.console import plain
from geed_cli.report.numbers import percent
from geed_cli.result.schema import Result, TopClasses

_LONGEST = 60
"""Characters of a class's name; ImageNet's have synonyms behind it."""


def top_classes_told(result: Result, group: str) -> str:
    """What the group does to the top class of each image, counted; empty where a result has no classes of the group."""
    tops = next((each for each in result.top_classes if each.group == group), None)
    if tops is None:
        return ""
    changed = {element: _changed(tops, element) for element in tops.classes if element != "e"}
    moved = sorted({place for places in changed.values() for place in places})
    if not moved:
        return "No element changes the top class of any image."
    most = max(changed, key=lambda element: len(changed[element]))
    kept = result.data.count - len(moved)
    said = f"Of {counted(result.data.count, 'image')} {kept or 'none'} keep{'s' * (kept == 1)} the top class"
    said += " under every element. " if len(changed) > 1 else ". "
    if len(changed) > 1:
        said += f"Under one of them at most {len(changed[most])} change it ({plain(most)}). "
    return said + _example(result, tops, most, changed[most])


def _changed(tops: TopClasses, element: str) -> list[int]:
    """The places of the images whose top class is another one under the element."""
    pairs = zip(tops.classes["e"], tops.classes[element], strict=True)
    return [place for place, (own, other) in enumerate(pairs) if own != other]


def _example(result: Result, tops: TopClasses, element: str, places: list[int]) -> str:
    """The image whose own class was the surest of those that change."""
    place = max(places, key=lambda at: tops.probabilities["e"][at])
    before, after = (_class(result.class_names, tops, each, place) for each in ("e", element))
    return (
        f"{plain(result.data.images[place].path)}, for one, is {before}, and {after} under {plain(element)}."
    )


def _class(names: Mapping[int, str], tops: TopClasses, element: str, place: int) -> str:
    number = tops.classes[element][place]
    name = names.get(number, "").partition(",")[0]
    shown = plain(name)[:_LONGEST] if name else f"class {number}"
    return f"{shown} ({percent(tops.probabilities[element][place])})"
