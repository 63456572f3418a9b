"""Verdicts of section 4.3, on made-up comparisons."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from examples.paper import section_4_3 as section
from examples.paper.claims import NOT_SUPPORTED, SUPPORTED, UNDECIDED, Claim
from examples.paper.finetune import STARTS
from examples.paper.section_4_3_claims import claims
from examples.paper.settings import BOUNDARIES
from examples.paper.step import Place


class Line(NamedTuple):
    """Which line of which comparison."""

    name: str
    boundary: str
    what: str
    metric: str
    group: str


Said = Callable[[Line], str]  # a word of geed's


def as_in_the_paper(of: Line) -> str:
    """Every finding, with both boundaries; in softmax.kl networks differ."""
    if of.metric == "softmax.kl":
        return "more" if of.name == "levit_narrow" else "less"
    return {"starts": "more", "scratch": "more", "pretrained": "less"}[of.what.partition("_")[0]]


def row(metric: str, group: str, verdict: str) -> dict[str, object]:
    """A line of a comparison: 0.2 to 0.3."""
    delta = {"value": 0.1, "ci": [0.05, 0.15], "verdict": verdict}
    sides = [{"value": 0.2, "ci": [0.1, 0.3]}, {"value": 0.3, "ci": [0.2, 0.4]}]
    return {"metric": metric, "layer": None, "group": group, "sides": sides, "deltas": [delta]}


@pytest.fixture
def judged(tmp_path: Path) -> Callable[..., dict[str, Claim]]:
    """Writes comparisons in which geed said this, and judges them."""
    place = Place(tmp_path, tmp_path, "small")

    def written(said: Said, accuracy: str = "higher") -> dict[str, Claim]:
        (tmp_path / section.SECTION).mkdir()
        for name in place.settings.overhead.architectures:
            for boundary in BOUNDARIES:
                for what in ("starts", *(f"{start}_{at}" for start in STARTS for at in ("first", "30"))):
                    lines = [
                        row(metric, group, said(Line(name, boundary, what, metric, group)))
                        for metric in ("latent.l2", "softmax.kl")
                        for group in section.GROUPS
                    ]
                    file = section.comparison(section.track(place, name, boundary), what)
                    file.write_text(json.dumps({"lines": lines}))
            of = {"accuracy": [row("worst_case", "flip", "lower"), row("accuracy", "flip", accuracy)]}
            (tmp_path / section.SECTION / f"accuracy_{name}.json").write_text(json.dumps(of))
        return {claim.number[-1]: claim for claim in claims(place)}

    return written


def test_all_as_in_the_paper(judged: Callable[..., dict[str, Claim]]) -> None:
    """Six findings, each supported, with numbers of every network and the other boundary's verdict beside them."""
    found = judged(as_in_the_paper)
    assert {number: claim.verdict for number, claim in found.items()} == dict.fromkeys("abcdef", SUPPORTED)
    assert found["a"].ours.startswith(
        "zero: resnet_narrow 0.2 to 0.3 (0.1 [0.05, 0.15]) supported; densenet_narrow"
    )
    assert found["a"].elsewhere.startswith("disc: supported")
    assert [found["b"].elsewhere.count(at) for at in ("disc, from step 0: ", "zero, from step 30: ")] == [
        1,
        1,
    ]


def test_one_network_against_it_settles_a_finding_on_all(judged: Callable[..., dict[str, Claim]]) -> None:
    """At the last step, along training and in accuracy; of the paper's boundary alone."""

    def said(of: Line) -> str:
        usual = as_in_the_paper(of)
        opposite = {"more": "less", "less": "more"}
        return opposite.get(usual, usual) if of[:2] == ("levit_narrow", "zero") else usual

    found = judged(said, accuracy="lower")
    assert [found[number].verdict for number in "abcf"] == [NOT_SUPPORTED] * 4
    assert found["a"].elsewhere.startswith("disc: supported")
    assert found["d"].verdict == SUPPORTED  # D8 says what C8 does


def test_softmax_is_clear_where_every_network_is_decided_alike(
    judged: Callable[..., dict[str, Claim]],
) -> None:
    """Then the paper's *ambiguous* is contradicted."""
    found = judged(lambda of: "less" if of.metric == "softmax.kl" else as_in_the_paper(of))
    assert found["e"].verdict == NOT_SUPPORTED


@pytest.mark.parametrize(
    ("of_d8", "verdict"), [("less", NOT_SUPPORTED), ("undecided", UNDECIDED), ("more", SUPPORTED)]
)
def test_d8_is_set_against_c8(of_d8: str, verdict: str, judged: Callable[..., dict[str, Claim]]) -> None:
    """Of one network at the last step: the opposite contradicts, an open comparison leaves it open."""

    def said(of: Line) -> str:
        usual = as_in_the_paper(of)
        return (
            of_d8
            if (of.name, of.what, of.metric, of.group) == ("resnet_narrow", "starts", "latent.l2", "d8")
            else usual
        )

    assert judged(said)["d"].verdict == verdict


def test_nothing_decided_is_no_similar_pattern(judged: Callable[..., dict[str, Claim]]) -> None:
    """Undecided under either group; nor is softmax ambiguous for that."""
    found = judged(lambda _: "undecided")
    assert found["d"].verdict == found["e"].verdict == UNDECIDED
