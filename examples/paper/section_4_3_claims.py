"""What section 4.3 found, judged: a finding on every network is supported where it is of each of them."""

from collections.abc import Callable
from typing import Any

from examples.paper.claims import (
    NOT_SUPPORTED,
    SUPPORTED,
    UNDECIDED,
    WORDS,
    Claim,
    every,
    line,
    over_settings,
    read,
    shown,
    verdict,
)
from examples.paper.section_4_3 import SECTION, comparison, track
from examples.paper.settings import BOUNDARIES
from examples.paper.step import Place

EXPECTED = {"starts": "further", "scratch_first": "further", "pretrained_first": "nearer"}
"""In latent.l2: pretrained copies against those from scratch at the last step, and either along its training."""
SIDES = {WORDS[side]: side for side in ("nearer", "further")}


def claims(place: Place) -> list[Claim]:
    """All of them, in the order of the section."""
    return [
        latent(place, "4.3a", "from scratch more invariant in latent.l2 under C8"),
        along(place, "4.3b", "from scratch latent.l2 rises along training", "scratch"),
        along(place, "4.3c", "pretrained latent.l2 falls along training", "pretrained"),
        of_both(place, "4.3d", "under D8 the patterns are similar", alike),
        of_both(
            place, "4.3e", "softmax.kl is ambiguous: networks differ in which start is nearer", ambiguous
        ),
        accuracies(place),
    ]


def lines(place: Place, boundary: str, what: str, metric: str, group: str) -> dict[str, dict[str, Any]]:
    """The line of each network."""
    return {
        name: line(comparison(track(place, name, boundary), what), metric, group=group)
        for name in place.settings.overhead.architectures
    }


def of_both(place: Place, number: str, finding: str, judge: Callable[[Place, str], tuple[str, str]]) -> Claim:
    """A claim with both boundaries, first the paper's."""
    return over_settings(number, finding, {boundary: judge(place, boundary) for boundary in BOUNDARIES})


def latent(place: Place, number: str, finding: str) -> Claim:
    """latent.l2 under C8 at the last step, of every network."""
    return of_both(
        place, number, finding, lambda place, boundary: each_network(place, boundary, "starts", "further")
    )


def along(place: Place, number: str, finding: str, start: str) -> Claim:
    """latent.l2 under C8 from step 0 to the last, and from the first checkpoint after it, of every network."""
    side, early = EXPECTED[f"{start}_first"], str(place.settings.overhead.checkpoints[1])
    found = {f"{at}, from step 0": each_network(place, at, f"{start}_first", side) for at in BOUNDARIES}
    found[f"zero, from step {early}"] = each_network(place, BOUNDARIES[0], f"{start}_{early}", side)
    return over_settings(number, finding, found)


def each_network(place: Place, boundary: str, what: str, side: str) -> tuple[str, str]:
    """The numbers of every network in one comparison of latent.l2 under C8, and whether all lie on a side."""
    found = lines(place, boundary, what, "latent.l2", "c8")
    verdicts = {name: verdict(each, side) for name, each in found.items()}
    numbers = "; ".join(f"{name} {shown(each)} {verdicts[name]}" for name, each in found.items())
    return numbers, every(verdicts.values())


def alike(place: Place, boundary: str) -> tuple[str, str]:
    """What C8 decides of latent.l2, D8 decides alike: of every network, at the last step and along training."""
    pairs = [
        tuple(
            lines(place, boundary, what, "latent.l2", group)[name]["deltas"][0]["verdict"]
            for group in ("c8", "d8")
        )
        for what in EXPECTED
        for name in place.settings.overhead.architectures
    ]
    decided = [(c8, d8) for c8, d8 in pairs if c8 in SIDES]
    same = sum(c8 == d8 for c8, d8 in decided)
    against = sum(c8 != d8 and d8 in SIDES for c8, d8 in decided)
    found = NOT_SUPPORTED if against else SUPPORTED if same == len(decided) > 0 else UNDECIDED
    return (
        f"of {len(pairs)} comparisons C8 decides {len(decided)}, D8 {same} of them alike, {against} opposite",
        found,
    )


def ambiguous(place: Place, boundary: str) -> tuple[str, str]:
    """In softmax.kl under C8 at the last step some networks are decided one way and some the other, or all one way."""
    found = lines(place, boundary, "starts", "softmax.kl", "c8")
    sides = {each["deltas"][0]["verdict"] for each in found.values()}
    numbers = "; ".join(f"{name} {shown(each)} {said(each)}" for name, each in found.items())
    both, one = sides >= SIDES.keys(), len(sides) == 1 and sides <= SIDES.keys()
    return numbers, SUPPORTED if both else NOT_SUPPORTED if one else UNDECIDED


def said(of: dict[str, Any]) -> str:
    """Nearer, further or undecided."""
    found: str = of["deltas"][0]["verdict"]
    return SIDES.get(found, found)


def accuracies(place: Place) -> Claim:
    """Accuracy of all test pictures at the last step."""
    kinds = {"higher": SUPPORTED, "lower": NOT_SUPPORTED}
    found, verdicts = [], []
    for name in place.settings.overhead.architectures:
        file = place.out / SECTION / f"accuracy_{name}.json"
        of = next(each for each in read(file)["accuracy"] if each["metric"] == "accuracy")
        verdicts.append(kinds.get(of["deltas"][0]["verdict"], UNDECIDED))
        found.append(f"{name} {shown(of)} {verdicts[-1]}")
    return Claim("4.3f", "pretrained slightly more accurate", "; ".join(found), every(verdicts))
