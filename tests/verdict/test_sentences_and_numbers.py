"""No sentence contradicts the numbers that it was made from: percentages and words are read back out of the text."""

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from hypothesis import given
from hypothesis import strategies as st
from support.constructed import ELEMENTS, features, flips, group, layers, result, softmax, unrelated

from geed_cli.result.schema import Result
from geed_cli.verdict.audit import next_step, say, warnings
from geed_cli.verdict.said import Said

ENDS = (0.1, 0.33, 0.67, 0.9)
WORDS = ("nearly", "mostly", "partly", "barely", "not")
PERCENT = r"([<>]?[0-9.]+)"


@dataclass(frozen=True)
class Numbers:
    """What a result is made of: places on the way to another image, and what stands beside them."""

    of: str
    low: float
    part: float
    high: float
    rate: tuple[float, float, float]
    layers: tuple[float, ...]
    half: float
    sensitivity: float
    divergence: float
    floor: float | None
    twin: float | None
    count: int


PLACES = st.one_of(
    st.floats(1e-4, 1.5),
    st.sampled_from([end + step for end in ENDS for step in (-0.004, -0.0004, 0, 0.0004, 0.004)]),
)
"""On the way to another image, some of them beside the ends of the classes."""


@st.composite
def numbers(draw: st.DrawFn) -> Numbers:
    """Any of it; limits in order."""
    part = draw(PLACES)
    low = min(part, draw(PLACES | st.floats(0.3, 1).map(lambda f: part * f)))
    high = max(part, draw(PLACES | st.floats(1, 2).map(lambda f: part * f)))
    rate = draw(st.one_of(st.just(0.0), st.just(1.0), st.floats(0, 1)))
    of = draw(st.sampled_from(["flip", "c4", "c8"]))
    near = low * unrelated(8) / 2 * draw(st.floats(0.95, 1.05))
    first = draw(st.floats(0, 1))
    steps = st.floats(0.08, 0.13).map(lambda step: first + step)  # about the range that counts as flat
    return Numbers(
        of=of,
        low=low,
        part=part,
        high=high,
        rate=(rate, rate * draw(st.floats(0, 1)), rate + (1 - rate) * draw(st.floats(0, 1))),
        layers=tuple(draw(st.lists(st.floats(0, 1.5), max_size=8) | st.tuples(st.just(first), steps))),
        half=draw(st.floats(0, 0.2)),
        sensitivity=draw(st.one_of(st.just(0.0), st.floats(1e-4, 3))),
        divergence=draw(st.floats(0, 0.5)),
        floor=draw(st.none() | st.just(near) | st.floats(1e-3, 0.5)) if of == "c8" else None,
        twin=draw(st.none() | st.floats(1e-3, 1.5)),
        count=draw(st.sampled_from([20, 40, 200])),
    )


def made_of(n: Numbers) -> Result:
    """The result that has these numbers."""
    u = unrelated(len(ELEMENTS[n.of]))
    controls = {"floor": n.floor} if n.floor is not None else {}
    controls |= {"twin": n.twin * u} if n.twin is not None else {}
    entries = (
        features(n.part, n.low, n.high, of=n.of, **controls),
        softmax(n.divergence, n.sensitivity, of=n.of),
        flips(*n.rate, of=n.of),
        *layers(n.layers, n.half, of=n.of),
    )
    return without_entries(n.of, n.count).model_copy(update={"results": entries})


@lru_cache
def without_entries(of: str, count: int) -> Result:
    """The rest of the result, which is checked once."""
    return result(groups=[group(of)], count=count)


@lru_cache(maxsize=4)
def said_of(n: Numbers) -> tuple[Said, str]:
    """What is said, and all of it as one text."""
    said = say(made_of(n), n.of)
    return said, " ".join([said.verdict, *said.reasons])


def class_of(part: float) -> int:
    """By the table in docs/verdicts.md, to a hundredth of a percent."""
    return sum(round(part, 4) >= end for end in ENDS)


def fits(text: str, part: float) -> bool:
    """Whether a percentage as shown is one of the part: within half of its last digit."""
    if text[0] in "<>":
        return 0 < part < float(text[1:]) / 100 if text[0] == "<" else float(text[1:]) / 100 < part < 1
    decimals = len(text.partition(".")[2])
    exact = part != 0 if float(text) == 0 else part != 1 and float(text) == 100 and part < 1
    return not exact and abs(float(text) / 100 - part) <= 0.5 * 10.0 ** (-2 - decimals) + 1e-9


def _changed_answers_are_in_the_lead(n: Numbers) -> None:
    """Beside nearly and mostly alone, where the rate is a tenth at least by its whole interval, of one that reacts."""
    said, _ = said_of(n)
    reacts = n.sensitivity >= 0.02 * math.log(n.count)
    wanted = said.verdict.startswith(("Features nearly", "Features mostly")) and n.rate[1] >= 0.1 and reacts
    assert said.verdict.endswith(", but top classes change.") == wanted
    assert said.word.endswith(" but top classes change") == wanted


def _the_class_is_of_the_whole_interval(n: Numbers) -> None:
    """Its words are those of both limits; three classes or more are undecided; resampling comes first."""
    said, _ = said_of(n)
    first, last = class_of(n.low), class_of(n.high)
    l2_low = n.low * unrelated(len(ELEMENTS[n.of]))
    if n.floor is not None and l2_low < 2 * n.floor:
        assert said.word == "not told apart from resampling"
        return
    named = [WORDS.index(word) for word in re.findall("|".join(WORDS), said.verdict)]
    assert named == sorted({first, last})
    assert (said.word == "undecided") == (last - first > 1)
    assert said.verdict.startswith("Features ")
    assert said.key.replace("-", " ") == said.word
    if said.word != "undecided":
        assert said.word.replace(" but ", ", but ") in said.verdict


@given(numbers(), st.floats(1, 2))
def test_further_is_never_called_nearer(n: Numbers, factor: float) -> None:
    """Classes are in the order of the intervals."""
    further = Numbers(**{**vars(n), **{name: getattr(n, name) * factor for name in ("low", "part", "high")}})
    verdicts = [said_of(each)[0].verdict for each in (n, further)]
    if not any("resampling" in verdict for verdict in verdicts):
        ends = [[WORDS.index(word) for word in re.findall("|".join(WORDS), verdict)] for verdict in verdicts]
        assert ends[0][0] <= ends[1][0]
        assert ends[0][-1] <= ends[1][-1]


def _features_percentages_are_the_numbers(n: Numbers) -> None:
    """Value and limits as shown; a limit reads as of its own class, and the twin beside it lies above it."""
    _, text = said_of(n)
    found = re.search(
        rf"(?:features|lie) {PERCENT}% as far [^(]*\((?:{PERCENT} to )?{PERCENT}%(?:; random weights {PERCENT}%)?\)",
        text,
    )
    if found is None:
        assert n.low == n.high
        return
    value, low, high, twin = found.groups()
    assert fits(value, n.part)
    assert fits(low or high, n.low)
    assert fits(high, n.high)
    if not high.startswith((">", "<")):
        assert class_of(float(high) / 100) == class_of(n.high)
    if twin is not None:
        assert n.twin is not None
        assert n.twin > n.high
        assert fits(twin, n.twin)


def _the_top_class_is_said_of_networks_that_react(n: Numbers) -> None:
    """A change for no image only where the rate is 0; nothing of it where the output hardly reacts."""
    _, text = said_of(n)
    dull = n.sensitivity < 0.02 * math.log(n.count)
    assert ("top class" in text) == (not dull)
    assert ("The output" in text) == dull
    if dull:
        assert ("insensitive there, not invariant" in text) == (
            n.sensitivity >= 1e-12 and 0.1 * n.sensitivity < n.divergence < n.sensitivity
        )
        return
    assert ("for no image" in text) == (n.rate[0] == 0)
    found = re.search(rf"changes for {PERCENT}% of", text)
    assert (found is None) == (n.rate[0] == 0)
    assert found is None or fits(found[1], n.rate[0])


def _layers_go_the_way_that_is_said(n: Numbers) -> None:
    """Closer only where the last is nearer than the first; ranges hold all; "every" and "no layer" mean all."""
    _, text = said_of(n)
    parts = n.layers
    ends = re.search(
        rf"get (closer to|further from) .*?: {PERCENT}% of the way .*? at (\S+), {PERCENT}% at (\S+)\.", text
    )
    if ends:
        way, first, where, last, end = ends.groups()
        assert (where, end) == ("stage1", f"stage{len(parts)}")
        assert fits(first, parts[0])
        assert fits(last, parts[-1])
        assert (parts[-1] < parts[0]) == (way == "closer to")
        assert abs(parts[-1] - parts[0]) > 2 * n.half - 1e-9 or parts[0] < n.half or parts[-1] < n.half
    alike = re.search(rf"Layers are all (?:{PERCENT} to )?{PERCENT}% of the way", text)
    if alike:
        assert fits(alike[1] or alike[2], min(parts))
        assert fits(alike[2], max(parts))
        assert max(parts) - min(parts) < 0.1
    extremes = re.search(rf"show no trend: {PERCENT}% of the way .*? at (\S+), {PERCENT}% at (\S+)\.", text)
    if extremes:
        assert fits(extremes[1], min(parts))
        assert fits(extremes[3], max(parts))
        assert parts[int(extremes[2][5:]) - 1] == min(parts)
        assert parts[int(extremes[4][5:]) - 1] == max(parts)
    assert ("Every layer" in text) == (len(parts) > 1 and min(parts) > 0.9)
    flat = (
        len(parts) > 1 and max(parts) - min(parts) < 0.1 and min(parts) <= 0.9 and max(parts) + n.half >= 0.01
    )
    assert flat == (alike is not None)
    if "No layer is 1% of the way" in text:
        assert max(parts) + n.half < 0.01


def _twins_are_set_against_the_interval(n: Numbers) -> None:
    """Below, inside or above it, and each is said at most once."""
    said, text = said_of(n)
    lines = [line for line in said.warnings if "random weights" in line]
    if n.twin is None:
        assert not lines
        assert "random weights" not in text
    elif said.word != "not told apart from resampling":
        told = [("has less" in line, "inside the interval" in line) for line in lines]
        edge = min(abs(n.twin - n.low), abs(n.twin - n.high)) < 1e-9
        assert edge or told == (
            [(True, False)] if n.twin < n.low else [(False, True)] if n.twin <= n.high else []
        )


def _sentences_are_whole(n: Numbers) -> None:
    """One full stop at the end of each, a capital in front, no number that is none; warnings have neither."""
    made = made_of(n)
    said = say(made, n.of)
    for sentence in (said.verdict, *said.reasons):
        assert re.fullmatch(r"[A-Z0-9].*[^.]\.", sentence), sentence
    for line in (*warnings(made), next_step(made)):
        assert not line.endswith(".")
        assert "{" not in line
    assert not re.search(r"nan|inf\b|None|  ", " ".join([*said.reasons, *warnings(made), next_step(made)]))


@given(numbers())
def test_no_sentence_contradicts_its_numbers(n: Numbers) -> None:
    """Whatever a result is made of."""
    _the_class_is_of_the_whole_interval(n)
    _features_percentages_are_the_numbers(n)
    _the_top_class_is_said_of_networks_that_react(n)
    _layers_go_the_way_that_is_said(n)
    _twins_are_set_against_the_interval(n)
    _sentences_are_whole(n)
