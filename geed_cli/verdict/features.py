"""The verdict of a group: what latent.l2 says of the features, with its whole interval.

Where the number means nothing, that is the verdict: a network that is no function of one image, no distance to measure
against, too few images, rounding, resampling. Only then come the classes.
"""

from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.latent import L2
from geed_cli.measures.prediction import FLIP_RATE
from geed_cli.phrases import counted
from geed_cli.result.schema import Entry, Group, Result
from geed_cli.statistics.validity import MIN_IMAGES
from geed_cli.verdict.classes import class_of, words_of
from geed_cli.verdict.digits import (
    limits_text,
    percent,
    percent_decimals,
    percent_decimals_within,
    percents,
    value_text,
)
from geed_cli.verdict.likeness import LIKE_FLOOR, at_rounding
from geed_cli.verdict.names import sentence
from geed_cli.verdict.said import Claim
from geed_cli.verdict.transformations import action_of
from geed_cli.verdict.way import Way, floor_on_scale, twin_on_scale, unmoved, way_of

FEATURES = L2.name
"""The measure that verdicts are of."""


def on_features(result: Result, group: Group) -> Claim:
    """What the features' distances say of one group."""
    entry = next((e for e in result.results if (e.metric, e.group) == (FEATURES, group.name)), None)
    if result.unsteady is not None:
        return Claim("no verdict", "No verdict.", _unsteady(entry), stands=False, decided=False)
    if group.order < 2:
        reason = "The identity is the only element, and it moves nothing."
        return Claim("no verdict", "No verdict.", [reason], stands=False, decided=False)
    if entry is None or entry.status == "not_applicable":
        return _not_audited(result, group, entry)
    way = way_of(entry, group.order)
    if entry.value is None or way is None:
        return Claim("undefined", "Undefined.", [_undefined(result, entry)], stands=False, decided=False)
    if entry.ci is None:
        entry = entry.model_copy(update={"ci": unmoved(entry.value, entry.notes)})
    if entry.ci is None or way.ci is None:
        return _without_interval(result, group, entry, way)
    return _of_interval(result, group, entry, way)


def _not_audited(result: Result, group: Group, entry: Entry | None) -> Claim:
    """Features that cannot be audited are called so; where nobody asked for them, nothing is said of them."""
    if entry is None:
        return Claim("no verdict", "No verdict.", _measured(result, group), stands=False, decided=False)
    reasons = [sentence(f"{FEATURES} is not applicable: {note}") for note in entry.notes[:1]]
    return Claim("no verdict", "Features not audited.", reasons, stands=False, decided=False)


def _measured(result: Result, group: Group) -> list[str]:
    """The first measure of the whole network, where features were not asked for and no other sentence has it."""
    whole = (
        e for e in result.results if e.group == group.name and e.layer is None and e.metric != FLIP_RATE.name
    )
    entry = next(whole, None)
    if entry is None:
        return []
    told = f"{entry.metric} is {value_text(entry)}"
    if entry.value is None:
        return [f"{told}."]
    limits, measure = "" if entry.ci is None else f" ({limits_text(entry)})", measure_named(entry.metric)
    perfect = (
        "" if measure.perfect is None else percent(measure.best) if measure.percent else f"{measure.best:g}"
    )
    return [f"{told}{limits}{f'; {perfect} is perfect' if perfect else ''}."]


def _unsteady(entry: Entry | None) -> list[str]:
    """That there is no f, and how far the features move by themselves."""
    said = ["The network is no function of one image, so that values are about chance or neighbours, too."]
    repeat = None if entry is None else entry.controls.get("repeat")
    if repeat is not None:
        # a distance between two showings over M: its 100% is another image as it stands
        said.append(
            f"A picture shown again moves its features {percent(repeat)} as far as another image is away."
        )
    return said


def _undefined(result: Result, entry: Entry) -> str:
    """Why there is no value."""
    images = len(result.data.normaliser_images) or result.data.count
    if images < 2:
        return "One image gives no distance to another image to measure against."
    if entry.normaliser == 0:
        return "Every image has the same features, so there is no distance to measure against."
    why = next((note for note in reversed(_notes(entry)) if note.startswith("undefined: ")), "")
    return sentence(
        why.removeprefix("undefined: ") or "the distances have no place between no change and another image"
    )


def _notes(entry: Entry) -> list[str]:
    """Of the value, then of its place on the scale."""
    return [*entry.notes, *(() if entry.to_another is None else entry.to_another.notes)]


def _without_interval(result: Result, group: Group, entry: Entry, way: Way) -> Claim:
    """A value that is no estimate."""
    told = _statement(result, group, way, "")
    count = len(result.data.normaliser_images) if result.data.count >= MIN_IMAGES else result.data.count
    if 0 < count < MIN_IMAGES:
        what = "normaliser image" if result.data.count >= MIN_IMAGES else "image"
        are = f"{counted(count, what)} {'is' if count == 1 else 'are'}"
        few = f"{are} too few for an interval, which needs {MIN_IMAGES}."
        reasons = [few, f"In these, {told[0].lower()}{told[1:]}"]
    else:
        given = next((note for note in reversed(_notes(entry)) if note.startswith("interval withheld: ")), "")
        reason = given.removeprefix("interval withheld: ")
        why = f"but there is no interval{': ' * bool(reason)}{reason}, so that is not an estimate"
        reasons = [f"{told.removesuffix('.')}, {why}."]
    return Claim("no verdict", "No verdict.", reasons, stands=False, decided=False)


def _of_interval(result: Result, group: Group, entry: Entry, way: Way) -> Claim:
    """What the whole interval supports."""
    assert entry.ci is not None
    assert way.ci is not None
    where = " on the sample" if result.data.bundled_sample else ""
    aim = "equivariant" if moved_back(result) else "invariant"
    told = _statement(result, group, way, _limits(entry, way, group.order))
    if entry.ci[1] == 0:
        text = f"exactly {aim}"
        back = ", moved back by the declared action," * moved_back(result)
        return Claim(
            text, f"Features {text}{where}.", [f"Every copy of an image{back} has the same features."]
        )
    lost = at_rounding(entry, entry.ci[0], result) == "lost"
    if lost or at_rounding(entry, entry.ci[1], result) == "perfect":
        return _rounding(told, aim, where, lost=lost)
    if way.ci[0] < _reach_of_resampling(entry, way):
        return _resampling(told, entry, way, group.order, where)
    word, text = words_of(*way.ci)
    claim = Claim(f"{word} {aim}", f"Features {text} {aim}{where}.", [told], decided=" or " not in word)
    if word != "undecided":
        return claim
    reasons = [told, f"{counted(result.data.count, 'image')} leave that open."]
    return Claim(word, claim.verdict, reasons, decided=False)


def _resampling(told: str, entry: Entry, way: Way, order: int, where: str) -> Claim:
    text = "not told apart from resampling"
    why = f"less than {percent(_reach_of_resampling(entry, way))} is not told apart from that"
    floor = floor_on_scale(entry, order)
    alone = why if floor is None else f"resampling there and back alone makes {percent(floor)}; {why}"
    return Claim(text, f"Features {text}{where}.", [told, sentence(alone)], stands=False, decided=False)


def _reach_of_resampling(entry: Entry, way: Way) -> float:
    """Two floors of the value's own unit, on the scale: below, resampling alone may explain it. 0 without a floor."""
    floor = entry.controls.get("floor", 0.0)
    return LIKE_FLOOR * floor * way.value / entry.value if floor > 0 and entry.value else 0.0


def _rounding(told: str, aim: str, where: str, *, lost: bool) -> Claim:
    if lost:
        text = "not told apart from rounding"
        why = "That is within ten roundings, which are not small here; --precision fp64 rounds less."
        return Claim(text, f"Features {text}{where}.", [told, why], stands=False, decided=False)
    text = f"{aim} up to rounding"
    return Claim(text, f"Features {text}{where}.", ["The features differ by floating-point error only."])


def _statement(result: Result, group: Group, way: Way, limits: str) -> str:
    """How far the group moves an image's features, the end of the scale being another image."""
    decimals = percent_decimals_within([way.value, *(way.ci or ())], class_of)
    if way.ci is not None:
        decimals = max(decimals, percent_decimals(*way.ci))
    action, part = action_of(group), ("about " * way.about) + percent(way.value, decimals)
    if moved_back(result):
        copies = f"An image's {action.copies}, moved back by the declared action,"
        return f"{copies} lie {part} as far apart as different images{limits}."
    if group.order == 2:
        act = action.act[:1].upper() + action.act[1:]
        return f"{act} moves an image's features {part} as far as another image is away{limits}."
    return f"An image's {action.copies} lie {part} as far apart as different images{limits}."


def moved_back(result: Result) -> bool:
    """Whether a spec declares how groups act on the features: they are to move along, and copies are moved back."""
    return "features" in result.model.actions


def _limits(entry: Entry, way: Way, order: int) -> str:
    """The interval in brackets, and a twin that lies above it."""
    assert entry.ci is not None
    assert way.ci is not None
    twin = twin_on_scale(entry, order)
    above = twin is not None and twin > way.ci[1]
    decimals = percent_decimals_within(way.ci, class_of)
    beside = f"; random weights {percent(twin)}" if twin is not None and above else ""
    return f" ({percents(*way.ci, decimals=decimals)}{beside})"
