"""What a comparison says: further, nearer or undecided, never equal; low because insensitive is called so."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geed_cli.comparison.schema import Comparison, Delta, Line, Side, Subject
from geed_cli.comparison.schema import Verdict as Word
from geed_cli.verdict.comparison import (
    claim_of,
    delta_text,
    difference_warnings,
    next_comparison,
    say_difference,
    side_text,
)

LAYERS = "channelwise.cosine"
DECIDED = "every difference is decided; hold releases to the first: geed init --ci github writes a gate"


def delta(
    value: float | None, low: float = 0, high: float = 0, word: Word = "undecided", **more: object
) -> Delta:
    """A difference from the first."""
    ci = None if value is None else (low, high)
    parts = {"value": value, "ci": ci, "p_value": None, "p_holm": None, "verdict": word, **more}
    return Delta.model_validate(parts)


NONE = delta(None, word="incomparable", notes=("only one of the two has such an entry",))


def line(
    metric: str, values: Sequence[float | None], *deltas: Delta, layer: str | None = None, **controls: object
) -> Line:
    """One line; ``sensitivity`` and ``repeat`` are lists, in the order of the subjects."""
    sides = []
    for number, value in enumerate(values):
        own = {
            name: each[number]
            for name, each in controls.items()
            if isinstance(each, list) and each[number] is not None
        }
        sides.append(Side(value=value, ci=None, controls=own))
    return Line(metric=metric, group="flip", layer=layer, sides=tuple(sides), deltas=deltas)


def comparison(
    *lines: Line, labels: Sequence[str] = ("release-1", "release-2"), **more: object
) -> Comparison:
    """A comparison of single models on 40 images."""
    subjects = [Subject(label=label, models=(label,), signatures=("",)) for label in labels]
    parts = {
        "confidence": 0.95,
        "method": "corrected-t",
        "images": 40,
        "paired": True,
        "subjects": subjects,
        **more,
    }
    return Comparison.model_validate({**parts, "lines": lines})


FURTHER = line("latent.l2", (0.096, 0.108), delta(0.0123, 0.0088, 0.0171, "more"))
SOFTMAX_OPEN = line("softmax.kl", (0.014, 0.019), delta(0.005, 0.0007, 0.016))
CLASS_OPEN = line("prediction.flip_rate", (0.25, 0.15), delta(-0.1, -0.29, 0.05, images_to_decide=460))
FEATURES_OPEN = line("latent.l2", (0.096, 0.098), delta(0.002, -0.001, 0.005, images_to_decide=95))


def said(*lines: Line, **more: object) -> str:
    """Verdict and reasons of the first other."""
    made = say_difference(comparison(*lines, **more), "flip", 0)
    return " ".join([made.verdict, *made.reasons])


def layers(**words: Word | None) -> list[Line]:
    """Layers with a verdict each; None has no difference."""
    return [
        line(
            LAYERS,
            (-0.7, -0.7),
            NONE if word is None else delta(0.01, -0.02, 0.04, word),
            layer=name.replace("_", "."),
        )
        for name, word in words.items()
    ]


def test_further_with_numbers_and_the_rest() -> None:
    """The sentence of the design: values to the digits of the difference, predictions together, layers by name."""
    found = layers(
        blocks_0="less",
        blocks_1="undecided",
        blocks_2="more",
        blocks_3=None,
        blocks_4="more",
        blocks_6="more",
    )
    assert said(FURTHER, SOFTMAX_OPEN, CLASS_OPEN, *found) == (
        "Features further from invariance than those of release-1. 0.108 against 0.096 (+0.009 to +0.017). Softmax and "
        "top class undecided. Layers: further blocks.2, blocks.4 and blocks.6, nearer blocks.0, 1 undecided, 1 absent."
    )


@pytest.mark.parametrize(("of", "aim"), [(("features",), "equivariance"), (("logits",), "invariance")])
def test_features_that_are_to_move_along(of: tuple[str, ...], aim: str) -> None:
    """Where specs of both declare an action on the features, they are to be equivariant; one alone is not enough."""
    both = [Subject(label=name, models=(name,), signatures=("",), actions=of) for name in ("a", "b")]
    assert said(FURTHER, subjects=both).startswith(f"Features further from {aim} than those of a.")
    one = [both[0], both[1].model_copy(update={"actions": ()})]
    assert said(FURTHER, subjects=one).startswith("Features further from invariance than those of a.")


def test_nearer() -> None:
    """The other way round, with a tie in the predictions."""
    nearer = line("latent.l2", (0.293, 0.0957), delta(-0.197, -0.22, -0.17, "less"))
    kl = line("softmax.kl", (0.01, 0.02), delta(0.01, 0.005, 0.015, "more"))
    assert said(nearer, kl, CLASS_OPEN) == (
        "Features nearer to invariance than those of release-1. 0.10 against 0.29 (-0.22 to -0.17). Softmax further, "
        "top class undecided."
    )


def test_undecided_is_never_equal() -> None:
    """All at once where all are; a difference of 0 is undecided too."""
    assert said(FEATURES_OPEN, SOFTMAX_OPEN, CLASS_OPEN) == "Undecided in features, softmax and top class."
    assert said(FEATURES_OPEN) == "Features undecided."
    assert said(line("latent.l2", (0.1, 0.1), delta(0.0))) == "Features undecided."
    for text in (said(FEATURES_OPEN, CLASS_OPEN), said(FURTHER, SOFTMAX_OPEN)):
        assert "equal" not in text
        assert "same" not in text


SMALL = delta(0.0005, -0.001, 0.002, margin={
    "margin": "5%", "amount": 0.0048, "p_value": 0.001, "p_holm": 0.004, "within": True,
})  # fmt: skip
"""Within the margin."""


def test_within_the_margin() -> None:
    """With its numbers, of features; together with predictions where all are; of layers by number."""
    features = line("latent.l2", (0.096, 0.0965), SMALL)
    assert said(features, SOFTMAX_OPEN) == (
        "Features within the margin of those of release-1, 5%. 0.097 against 0.096 (-0.001 to +0.002). Softmax "
        "undecided."
    )
    assert said(features, line("softmax.kl", (0.014, 0.0145), SMALL)).startswith(
        "Within the margin in features and softmax."
    )
    near = [line(LAYERS, (-0.7, -0.7), SMALL, layer=f"blocks.{k}") for k in range(3)]
    assert "Layers: 3 within the margin." in said(features, *near)
    assert claim_of(comparison(features), features, 0) == "within the margin"
    sure = line("latent.l2", (0.096, 0.0965), SMALL.model_copy(update={"verdict": "more"}))
    assert claim_of(comparison(sure), sure, 0) == "within the margin"


def test_the_same_rows() -> None:
    """All of them: one sentence, nothing open. Features alone: identical, the rest has its own words."""
    same = delta(0.0, 0.0, 0.0, "identical")
    features, kl = line("latent.l2", (0.1, 0.1), same), line("softmax.kl", (0.1, 0.1), same)
    assert said(features, kl) == "Identical. Every row is the same as that of release-1."
    assert next_comparison(comparison(features, kl)) == "nothing is open: the rows are the same"
    assert said(features, CLASS_OPEN) == "Features identical to those of release-1. Top class undecided."
    assert say_difference(comparison(features, kl), "flip", 0).key == "identical"


@pytest.mark.parametrize("word", ["more", "less", "identical", "rounding", "undecided"])
def test_any_label_reads_right(word: Word) -> None:
    """No ending is put on a label, which may end in s or not."""
    features = line("latent.l2", (0.096, 0.108), delta(0.0123, 0.0088, 0.0171, word))
    for lines in ((features,), (features, CLASS_OPEN)):
        assert not re.search(r"\bours\w|\bours'", said(*lines, labels=("ours", "theirs")))


def test_no_difference_but_for_rounding() -> None:
    """A sentence without digits that nobody reads, and nothing is open."""
    features = line("latent.l2", (0.1, 0.1), delta(1e-8, 0.5e-8, 1.5e-8, "rounding"))
    assert said(features) == "Features no different from those of release-1 but for rounding."
    assert next_comparison(comparison(features)) == DECIDED


def test_margins_that_are_open_have_their_own_forecast() -> None:
    """A sure difference that may yet be within the margin is open; one beyond it is not."""
    tested = {"margin": "5%", "amount": 0.005, "p_value": 0.2, "p_holm": 0.4, "within": False}
    yet = delta(0.002, 0.001, 0.006, "more", margin=tested | {"images_to_decide": 150})
    beyond = delta(0.012, 0.009, 0.017, "more", margin=tested)
    assert next_comparison(comparison(line("latent.l2", (0.1, 0.102), yet))) == (
        "about 150 images may decide what is open: audit each with --samples 150"
    )
    assert next_comparison(comparison(line("latent.l2", (0.1, 0.112), beyond))) == DECIDED


def test_random_weights_are_called_so() -> None:
    """Of one side or both, whatever is claimed of them; a name says nothing of weights."""
    named = [
        Subject(label=label, models=(label,), signatures=("",), weights=weights)
        for label, weights in (("a", "file"), ("random", "pretrained"), ("c", "random"), ("d", None))
    ]
    kl = line("latent.l2", (0.1, 0.11, 0.12, 0.13), *[delta(0.0123, 0.0088, 0.0171, "more")] * 3)
    assert difference_warnings(comparison(kl, subjects=named)) == (
        "c has random weights, which say nothing of a trained network",
    )
    both = [each.model_copy(update={"weights": "random"}) for each in named[:2]]
    assert difference_warnings(comparison(FURTHER, subjects=both)) == (
        "a and random have random weights, which say nothing of a trained network",
    )


def test_lower_but_insensitive() -> None:
    """0.0105 nats of 40 images are below 2% of ln 40, 0.074; the features keep their claim."""
    kl = line("softmax.kl", (0.014, 0.002), delta(-0.012, -0.02, -0.005, "less"), sensitivity=[1.9, 0.0105])
    top = line("prediction.flip_rate", (0.25, 0.0), delta(-0.25, -0.4, -0.1, "less"))
    made = comparison(FURTHER, kl, top, labels=("release-1", "random"))
    assert say_difference(made, "flip", 0).reasons[1] == "Softmax and top class lower but insensitive."
    assert difference_warnings(made) == (
        "random hardly reacts to any image (0.011 nats); a lower softmax or top class is no invariance",
    )
    assert claim_of(made, FURTHER, 0) == "further"


def test_higher_beside_an_insensitive_first() -> None:
    """The same trap from the other side."""
    kl = line("softmax.kl", (0.002, 0.014), delta(0.012, 0.005, 0.02, "more"), sensitivity=[0.0105, 1.9])
    assert "Softmax higher beside an insensitive one." in said(FURTHER, kl)
    assert difference_warnings(comparison(FURTHER, kl)) == (
        "release-1 hardly reacts to any image (0.011 nats); a lower softmax or top class is no invariance, and a "
        "higher one of others is no loss of it",
    )


def test_labels_react_by_their_own_bound() -> None:
    """Of independent labels the largest sensitivity is ln 2, and 0.02 nats are a reaction."""
    kl = line("softmax.kl", (0.014, 0.002), delta(-0.012, -0.02, -0.005, "less"), sensitivity=[0.3, 0.02])
    subjects = [
        Subject(label=label, models=(label,), signatures=("",), output="sigmoid")
        for label in ("release-1", "b")
    ]
    assert "Softmax nearer." in said(FURTHER, kl, subjects=subjects)
    assert "Softmax lower but insensitive." in said(FURTHER, kl)


def test_what_is_not_compared() -> None:
    """The reason is the comparison's own."""
    absent = line("latent.l2", (0.1, None), NONE)
    assert said(absent) == "Features not compared. Only one of the two has such an entry."
    unsteady = line("latent.l2", (0.1, 0.2), delta(0.1, 0.05, 0.15, "more"), repeat=[None, 0.3])
    assert said(unsteady) == (
        "No verdict. release-2 is no function of one image, so that values are about chance or neighbours, too."
    )
    assert next_comparison(comparison(unsteady)).startswith("put the network into a state without chance")


def test_without_features_the_first_measure_is_named() -> None:
    """As in the table; of features, which nobody asked for, nothing is said."""
    nearer = line("prediction.consistency", (0.81, 0.88), delta(0.07, 0.03, 0.11, "less"))
    assert said(nearer) == "By prediction.consistency nearer. 88% against 81% (+3 to +11%)."
    assert say_difference(comparison(nearer), "flip", 0).word == "nearer"
    assert said(CLASS_OPEN) == "By prediction.flip_rate undecided."
    assert said(SOFTMAX_OPEN, CLASS_OPEN) == "By softmax.kl undecided. Top class undecided."
    same = line("latent.relative", (0.1, 0.1), delta(0.0, 0.0, 0.0, "identical"))
    assert said(same, CLASS_OPEN) == "By latent.relative identical. Top class undecided."
    alike = line("latent.relative", (0.1, 0.1), delta(1e-9, 0.0, 2e-9, "rounding"))
    assert said(alike) == "By latent.relative no difference but for rounding."
    absent = line("latent.relative", (0.1, None), NONE)
    assert said(absent) == "latent.relative not compared. Only one of the two has such an entry."
    assert said(*layers(stage1="more")) == "No measure of whole networks. Layers: further stage1."
    assert said(FURTHER, nearer).startswith("Features further from invariance")


def test_warnings_of_what_is_not_comparable() -> None:
    """Mismatches that were allowed, and images that differ."""
    assert difference_warnings(
        comparison(FURTHER, mismatches=("precision: fp32 and bf16",), paired=False)
    ) == (
        "not comparable in precision: fp32 and bf16",
        "the images differ, so that nothing is paired and no difference is claimed",
    )


@pytest.mark.parametrize(
    ("made", "step"),
    [
        (comparison(FURTHER), DECIDED),
        (
            comparison(FURTHER, FEATURES_OPEN, CLASS_OPEN),
            "about 95 images may decide half of what is open: audit each with --samples 95",
        ),
        (
            comparison(SOFTMAX_OPEN),
            "more images would not decide what is open; whether it is small: --margin 5%",
        ),
        (comparison(SOFTMAX_OPEN, margins=("5%",)), "more images would not decide what is open"),
        (
            comparison(FURTHER, line("latent.cosine", (-20.0, -18.0), delta(2.0, ci=None))),
            "more images may give what is open an interval",
        ),
        (
            comparison(line("latent.l2", (0.1, 0.1), delta(1e-3, -1e-3, 1e-3, images_to_decide=12345))),
            "about 13,000 images may decide what is open: audit each with --samples 13000",
        ),
        (
            comparison(FEATURES_OPEN, SOFTMAX_OPEN, line("latent.cosine", (0.1, 0.1), delta(0.0, -0.1, 0.1))),
            "about 95 images may decide 1 of 3 that are open: audit each with --samples 95",
        ),
        (
            comparison(SOFTMAX_OPEN, images=3),
            "nothing is claimed of so few images; audit at least 20 images, better 200: --samples 200",
        ),
        (
            comparison(FURTHER, paired=False),
            "audit all of them on the same images: the same folder (--data) or pictures, --samples and --draw-seed",
        ),
        (
            comparison(line("latent.l2", (0.1, None), NONE)),
            "audit all of them with the same groups, measures and layers",
        ),
    ],
)
def test_next_steps(made: Comparison, step: str) -> None:
    """Of open differences, half would be decided at the median forecast."""
    assert next_comparison(made) == step


def test_cells() -> None:
    """Values to the digits of their difference; differences show each limit's side of 0."""
    assert [side_text(FURTHER, k) for k in (0, 1)] == ["0.096", "0.108"]
    assert [side_text(CLASS_OPEN, k) for k in (0, 1)] == ["25%", "15%"]
    assert delta_text(CLASS_OPEN, 0) == "-29 to +5%"
    assert delta_text(SOFTMAX_OPEN, 0, sep="..") == "+0.001..+0.016"
    assert delta_text(line("latent.l2", (0.1, 0.11), delta(0.01, 0.0002, 0.02)), 0) == "+0.0002 to +0.0200"
    assert delta_text(line("latent.l2", (0.1, None), NONE), 0) == "none"
    assert side_text(line("latent.l2", (None, 0.1), NONE), 0) == "none"
    assert delta_text(line("latent.l2", (0.1, 0.1), delta(0.0)), 0) == "no width"


WORDS: tuple[Word, ...] = ("more", "less", "undecided")


@st.composite
def whole_tables(draw: st.DrawFn) -> Comparison:
    """Features, predictions and layers with any differences; a claim's interval leaves 0 out."""

    def one(metric: str, layer: str | None = None) -> Line:
        word = draw(st.sampled_from(WORDS))
        away, width = draw(st.floats(1e-4, 0.2)), draw(st.floats(1e-4, 0.2))
        sign = {"more": 1, "less": -1}.get(word, draw(st.sampled_from([-1, 1])))
        inner = away if word != "undecided" else -away / 2
        low, high = sorted((sign * inner, sign * (away + width)))
        value = (low + high) / 2
        first = draw(st.floats(0.3, 1))
        return line(metric, (first, first + value), delta(value, low, high, word), layer=layer)

    metrics = draw(st.lists(st.sampled_from(["softmax.kl", "prediction.flip_rate"]), unique=True))
    count = draw(st.integers(0, 6))
    return comparison(
        one("latent.l2"), *map(one, metrics), *(one(LAYERS, f"stage{k}") for k in range(count)),
    )  # fmt: skip


@given(whole_tables())
def test_no_sentence_contradicts_the_table(made: Comparison) -> None:
    """Directions, numbers and layers are read back out of the text; no interval of a claim reads across 0."""
    found = say_difference(made, "flip", 0)
    text = " ".join([found.verdict, *found.reasons])
    first = made.lines[0]
    word = first.deltas[0].verdict
    assert ("further from invariance" in found.verdict) == (word == "more")
    assert ("nearer to invariance" in found.verdict) == (word == "less")
    if word != "undecided":
        numbers = re.match(r"(\S+) against (\S+) \(([+-]\S+) to ([+-]\S+)\)\.", found.reasons[0])
        assert numbers is not None
        other, reference, low, high = map(float, numbers.groups())
        step = 10.0 ** -len(numbers[1].partition(".")[2])
        assert other == pytest.approx(first.sides[1].value, abs=step)
        assert reference == pytest.approx(first.sides[0].value, abs=step)
        assert (low > 0) == (high > 0) == (word == "more")
    layers_said = re.search(r"Layers: (.*)\.", text)
    of_layers = [each.deltas[0].verdict for each in made.lines if each.layer is not None]
    assert (layers_said is None) == (not of_layers)
    if layers_said:
        undecided = re.search(r"(\d+) undecided", layers_said[1])
        assert int(undecided[1] if undecided else 0) == of_layers.count("undecided")
        assert ("further" in layers_said[1]) == ("more" in of_layers)
        assert ("nearer" in layers_said[1]) == ("less" in of_layers)
    for metric, name in (("softmax.kl", "oftmax"), ("prediction.flip_rate", "op class")):
        assert (name in text) == any(each.metric == metric for each in made.lines)
