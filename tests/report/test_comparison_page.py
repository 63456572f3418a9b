"""The page of a comparison at every width, in ASCII, line by line, in full and as one line, beside its numbers."""

import io
import re
from collections.abc import Sequence

import pytest
from rich.console import Console
from support.golden import assert_golden

from geed_cli.choices import View
from geed_cli.comparison.schema import Comparison, Delta, Line, Side, Subject
from geed_cli.report.comparison_page import one_line, print_comparison
from geed_cli.verdict.comparison import claim_of

REFERENCE = {
    "latent.l2": 0.0957, "latent.cosine": -0.991, "softmax.kl": 0.0142, "prediction.flip_rate": 0.25,
    "blocks.0": -0.6988, "blocks.1": -0.7438, "blocks.2": -0.8021, "blocks.3": -0.8032, "blocks.4": -0.9018,
    "blocks.5": -0.9502, "blocks.6": -0.9641,
}  # fmt: skip
"""efficientnet_lite0 on the bundled sample under flip."""
MOVED = {
    "latent.l2": (0.0130, 0.0091, 0.0168, 0.001), "latent.cosine": (0.002, 0.001, 0.003, 0.02),
    "softmax.kl": (0.0085, 0.0012, 0.0161, 0.3), "prediction.flip_rate": (-0.1, -0.29, 0.05, 0.6),
    "blocks.0": (-0.0122, -0.0147, -0.0097, 0.001), "blocks.1": (-0.0019, -0.0032, -0.0006, 0.09),
    "blocks.2": (0.0081, 0.0067, 0.0094, 0.001), "blocks.3": None, "blocks.4": (0.0098, 0.0087, 0.0109, 0.001),
    "blocks.5": None, "blocks.6": (0.0097, 0.0082, 0.0113, 0.001),
}  # fmt: skip
"""Difference, its limits and Holm's p of a release that was trained on; None of layers that it has not."""
NEEDED = {"softmax.kl": 78, "prediction.flip_rate": 461, "blocks.1": 55}
DULL = 0.011
"""Nats: the sensitivity of a network with random weights, of at most ln 40."""


def delta(name: str, moved: tuple[float, float, float, float] | None, factor: float) -> Delta:
    """A difference, larger by a factor."""
    if moved is None:
        note = ("only one of the two has such an entry",)
        return Delta(value=None, ci=None, p_value=None, p_holm=None, verdict="incomparable", notes=note)
    value, low, high, p = moved
    word = "undecided" if p > 0.05 else "more" if value * factor > 0 else "less"
    ends = sorted((low * factor, high * factor))
    return Delta(
        value=value * factor, ci=(ends[0], ends[1]), p_value=p / 10, p_holm=p, verdict=word,
        images_to_decide=NEEDED.get(name) if word == "undecided" else None,
    )  # fmt: skip


def line(group: str, name: str, factors: Sequence[float], *, dull: bool) -> Line:
    """One line; ``dull`` makes the last subject insensitive, and its predictions lower."""
    layered = name.startswith("blocks")
    deltas = [delta(name, MOVED[name], factor) for factor in factors]
    controls = [{"null": -0.4}] * (len(factors) + 1) if layered else [{}] * (len(factors) + 1)
    if name == "softmax.kl":
        controls = [{"sensitivity": 1.9}] * len(factors) + [{"sensitivity": DULL if dull else 1.7}]
        if dull:
            low = (-0.0122, -0.0205, -0.0077, 0.002)
            deltas[-1] = delta(name, low, 1.0)
    sides = [
        Side(value=REFERENCE[name], ci=(REFERENCE[name] - 0.01, REFERENCE[name] + 0.01), controls=controls[0])
    ]
    for number, made in enumerate(deltas, start=1):
        value = None if made.value is None else REFERENCE[name] + made.value
        ci = None if value is None else (value - 0.01, value + 0.01)
        sides.append(Side(value=value, ci=ci, controls=controls[number] if value is not None else {}))
    metric, layer = ("channelwise.cosine", name) if layered else (name, None)
    return Line(metric=metric, group=group, layer=layer, sides=tuple(sides), deltas=tuple(deltas))


def comparison(
    labels: Sequence[str], factors: Sequence[float], groups: Sequence[str], *, dull: bool
) -> Comparison:
    """Releases beside the first."""
    return Comparison(
        confidence=0.95, method="corrected-t", images=40, paired=True,
        subjects=tuple(Subject(label=x, models=(f"{x}.pt",), signatures=("",), output="logits") for x in labels),
        lines=tuple(line(group, name, factors, dull=dull) for group in groups for name in REFERENCE),
    )  # fmt: skip


TWO = comparison(["release-1", "release-2"], [1.0], ["flip"], dull=False)
FOUR = comparison(
    ["release-1", "release-2", "release-3", "random"], [1.0, -0.5, 2.0], ["flip", "c4", "c8"], dull=True
)


def printed(made: Comparison, width: int = 100, encoding: str = "utf-8", view: View = View()) -> str:  # noqa: B008
    """As it is printed on a console of that width, without colour."""
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding=encoding)
    print_comparison(
        made, Console(file=stream, width=width, no_color=True, markup=False, highlight=False), view
    )
    stream.flush()
    return data.getvalue().decode(encoding)


@pytest.mark.parametrize("width", [60, 80, 100, 200])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_the_page_as_it_is_read(width: int, encoding: str) -> None:
    """Of two, and of four of which one hardly reacts."""
    for made, name in ((TWO, "compare2"), (FOUR, "compare4")):
        text = printed(made, width, encoding)
        assert max(map(len, text.splitlines())) <= min(width, 100)
        assert_golden(text, f"{name}_{width}_{encoding}")


def test_the_other_views_as_they_are_read() -> None:
    """In full, one statement a line, one line."""
    for made, name in ((TWO, "compare2"), (FOUR, "compare4")):
        assert_golden(printed(made, view=View(verbose=True)), f"{name}_verbose")
        assert_golden(printed(made, view=View(linear=True)), f"{name}_linear")
        assert_golden(printed(made, view=View(quiet=True)), f"{name}_quiet")


def test_two_show_differences_and_their_claims() -> None:
    """Each row has both values, the interval of their difference, where it lies about zero, and a word."""
    rows = {row.split()[0]: row for row in printed(TWO).splitlines() if row.startswith("  ")}
    for compared in TWO.lines:
        name = compared.layer or compared.metric
        if name == "latent.cosine":
            assert name not in rows
            assert name in printed(TWO, view=View(verbose=True))
            continue
        claim = claim_of(TWO, compared, 0)
        assert rows[name].split("  ")[-1].startswith(claim) or f"  {claim}" in rows[name]
        assert ("│" in rows[name]) == (claim != "absent")
        if claim in {"further", "nearer"}:
            left, _, right = rows[name].partition("│")
            assert "●" in (right if claim == "further" else left)
    text = printed(TWO)
    assert "equal" not in text.replace("equivariant", "")
    assert re.search(r"latent\.l2 +0\.096 +0\.109 +\+0\.009 to \+0\.017", text)
    assert re.search(r"blocks\.3 +-0\.8032 +none +none +absent", text)
    assert "~470" in text


def test_more_show_values_with_signs() -> None:
    """+ further, − nearer, ? undecided, ! where one is insensitive; words where nothing is drawn."""
    text = printed(FOUR)
    assert re.search(r"latent\.l2 +0\.096 +0\.109 \+ +0\.089 − +0\.122 \+$", text, re.MULTILINE)
    assert re.search(r"softmax\.kl +0\.014 +0\.023 \? +0\.010 \? +0\.002 !$", text, re.MULTILINE)
    assert "Softmax lower but insensitive" in " ".join(text.split())
    assert "warning: random hardly reacts to any image (0.011 nats)" in text
    spoken = printed(FOUR, view=View(linear=True))
    assert re.search(r"^latent\.l2, release-1 0\.096, release-2 0\.109 further, ", spoken, re.MULTILINE)
    for group in ("flip", "c4", "c8"):
        assert f"\n{group}\n" in text
    assert text.count("blocks.0 ") >= 3
    assert text.count("blocks.6 ") >= 3


def test_many_subjects_stand_below_each_other() -> None:
    """Whole columns, the reference in each; no number is cut."""
    labels = ["release-1", *(f"release-{k}" for k in range(2, 14))]
    made = comparison(labels, [1.0] * 12, ["flip"], dull=False)
    for width in (60, 100):
        text = printed(made, width)
        headings = [row for row in text.splitlines() if row.startswith("   ") and "release-1 " in row]
        assert len(headings) > 1
        assert {name for row in headings for name in row.split()} == set(labels)
        assert max(map(len, text.splitlines())) <= width


def test_one_line() -> None:
    """Of each other and group the verdict, and of each measure difference, interval and claim."""
    words = dict(pair.split("=") for pair in one_line(TWO).split())
    assert words["reference"] == "release-1"
    assert words["release-2.flip.verdict"] == "further"
    assert words["release-2.flip.latent.l2"] == "+0.013"
    assert words["release-2.flip.latent.l2.ci"] == "+0.0091,+0.0168"
    assert words["release-2.flip.softmax.kl.claim"] == "undecided"
    assert words["warnings"] == "0"


def test_long_labels_are_told_apart() -> None:
    """Shortened where they still differ, else whole."""
    alike = ["a/very/long/name/of/a/result", "another/long/name/of/a/result"]
    text = printed(comparison(alike, [1.0], ["flip"], dull=False), 200)
    table = text.partition("\nflip\n")[2]
    assert all(label in table for label in alike)
    differing = ["some-long-name-of-release-1", "some-long-name-of-release-2"]
    text = printed(comparison(differing, [1.0], ["flip"], dull=False), 100)
    assert "…me-of-release-1" in text


HOSTILE = "a\n::error::x\r##[error]y\x1b[31m"


def test_no_line_is_a_command_or_moves_the_cursor() -> None:
    """Labels, groups and layers come from whoever made the results."""
    made = comparison([HOSTILE, "b" + HOSTILE, "c" + HOSTILE], [1.0, 2.0], [HOSTILE], dull=True)
    lines = [each.model_copy(update={"layer": each.layer and each.layer + HOSTILE}) for each in made.lines]
    made = made.model_copy(update={"lines": tuple(lines), "mismatches": (HOSTILE,)})
    for view in (View(), View(verbose=True), View(linear=True), View(quiet=True)):
        for width in (40, 80, 200):
            text = printed(made, width, view=view)
            assert not [row for row in text.splitlines() if row.strip().startswith("::")]
            assert "##[" not in text
            assert all(sign.isprintable() or sign == "\n" for sign in text)
        assert (text.count("\n") == 1) == view.quiet
