"""Figures of values: every value, limit and name at its place, no text on another, and told apart without colour."""

import colorsys
import io
import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.figures import (
    axes_of,
    bands_of,
    canvas_of,
    overlapping,
    points_of,
    shown_texts,
    spans_of,
    text_of,
)
from support.results import small_result

import geed_cli
from geed_cli.choices import IntervalOptions
from geed_cli.comparison.compare import compare
from geed_cli.comparison.schema import Comparison
from geed_cli.comparison.subjects import Contender
from geed_cli.errors import InputError, RunError
from geed_cli.report.figures.comparison_figure import comparison_sheet
from geed_cli.report.figures.sheet import Sheet
from geed_cli.report.figures.style import COLOURS, look
from geed_cli.report.figures.values_sheet import Labels, Shown, values_sheet

LONG = "resnet50.tv2_in1k_finetuned_on_rotated_mnist_epoch_300"


def shown(
    model: int,
    value: float | None,
    half: float | None = 0.03,
    metric: str = "latent.l2",
    data: str = "",
    layer: str | None = None,
) -> Shown:
    """A value with an interval so wide on both sides."""
    ci = None if value is None or half is None else (value - half, value + half)
    return Shown("c8", metric, layer, data, model, value, ci)


def sheet_of(values: list[Shown], models: int, data: tuple[str, ...] = ("",), name: str = "m{}") -> Sheet:
    """Their figure, of models that are called m0, m1 and so on."""
    labels = Labels(tuple(name.format(number) for number in range(models)), data)
    return values_sheet(values, labels, ["95% intervals over images"], share_y=False)


def below(axes: object) -> list[str]:
    """The names below the axis."""
    return [label.get_text() for label in axes.get_xticklabels()]  # type: ignore[attr-defined]


def test_models_stand_beside_each_other_at_each_data_set() -> None:
    """As in the paper's figure 3: in their order, as far from the middle on both sides, with their intervals."""
    data = ("rot", "fashion", "kmnist")
    values = [
        shown(model, 0.1 * (model + 1) + 0.01 * at, 0.05, metric, each)
        for metric in ("latent.l2", "softmax.kl")
        for at, each in enumerate(data)
        for model in range(3)
    ]
    sheet = sheet_of(values, 3, data)
    assert overlapping(canvas_of(sheet)) == []
    assert canvas_of(sheet).get_size_inches()[0] == 7.0
    for axes, label in zip(
        axes_of(sheet), ("latent.l2\nunder c8", "softmax.kl (nats)\nunder c8"), strict=True
    ):
        assert axes.get_ylabel() == label
        assert below(axes) == list(data)
        for model in range(3):
            places = points_of(axes)[look(model).colour + look(model).marker]
            assert places == [
                (pytest.approx(at + 0.2 * (model - 1)), pytest.approx(0.1 * (model + 1) + 0.01 * at))
                for at in range(3)
            ]
        assert spans_of(axes) == [
            pytest.approx((at + 0.2 * (model - 1), value - 0.05, value + 0.05))
            for at in range(3)
            for model in range(3)
            for value in [0.1 * (model + 1) + 0.01 * at]
        ]
        assert axes.get_ylim()[0] == 0.0
    assert [text.get_text() for legend in canvas_of(sheet).legends for text in legend.get_texts()] == [
        "m0",
        "m1",
        "m2",
    ]


def test_on_one_data_set_the_models_are_named_below() -> None:
    """As in the paper's figure 5: one point each in its own colour and mark, without a legend, one column wide."""
    sheet = sheet_of([shown(model, 0.1 + model / 10) for model in range(4)], 4)
    (axes,) = axes_of(sheet)
    assert canvas_of(sheet).get_size_inches()[0] == 3.4
    assert below(axes) == ["m0", "m1", "m2", "m3"]
    assert points_of(axes) == {
        look(model).colour + look(model).marker: [(model, pytest.approx(0.1 + model / 10))]
        for model in range(4)
    }
    assert canvas_of(sheet).legends == []


def test_a_measure_of_layers_is_drawn_against_depth() -> None:
    """As in the paper's figure 7: a line a model over the layers' names, from −1, which is equivariant."""
    values = [
        shown(
            model, -0.9 + 0.1 * layer + 0.05 * model, 0.02, "channelwise.cosine", layer=f"net.blocks.{layer}"
        )
        for layer in range(6)
        for model in range(2)
    ]
    sheet = sheet_of(values, 2)
    (axes,) = axes_of(sheet)
    assert (axes.get_xlabel(), below(axes)) == ("layer (net.blocks.…)", ["0", "1", "2", "3", "4", "5"])
    assert axes.get_ylim()[0] == -1.0
    for model in range(2):
        assert points_of(axes)[look(model).colour + look(model).marker] == [
            (layer, pytest.approx(-0.9 + 0.1 * layer + 0.05 * model)) for layer in range(6)
        ]
        assert bands_of(axes)[look(model).colour] == [
            pytest.approx((layer, max(value - 0.02, -1.0), value + 0.02))
            for layer in range(6)
            for value in [-0.9 + 0.1 * layer + 0.05 * model]
        ]
    assert spans_of(axes) == []
    assert overlapping(canvas_of(sheet)) == []


def test_layers_of_other_networks_are_placed_by_their_order() -> None:
    """From the first, 0%, to the last, 100% of the layers of each."""
    values = [shown(0, -0.9, 0.1, "channelwise.cosine", layer=f"layer{n}") for n in range(3)]
    values += [shown(1, -0.8, 0.1, "channelwise.cosine", layer=f"stages.{n}") for n in range(5)]
    values += [shown(0, None, None, "channelwise.cosine", layer=f"stages.{n}") for n in range(5)]
    (axes,) = axes_of(sheet_of(values, 2))
    assert axes.get_xlabel() == "depth (% of the layers)"
    assert below(axes) == ["0", "25", "50", "75", "100"]
    assert [[at for at, _ in places] for places in points_of(axes).values()] == [
        [0, 0.25, 0.5, 0.75, 1],
        [0, 0.5, 1],
    ]


def test_each_data_set_has_its_own_depths() -> None:
    """A panel each, named at its axis."""
    values = [
        shown(0, -0.5, 0.1, "channelwise.cosine", data, f"l{layer}")
        for data in ("rot", "other")
        for layer in range(3)
    ]
    assert [axes.get_ylabel() for axes in axes_of(sheet_of(values, 1, ("rot", "other")))] == [
        "channelwise.cosine\nunder c8 on rot", "channelwise.cosine\nunder c8 on other",
    ]  # fmt: skip


CROWDED = {
    "one model": sheet_of([shown(0, 0.3)], 1),
    "twelve models": sheet_of([shown(model, 0.3) for model in range(12)], 12),
    "twelve long names": sheet_of([shown(model, 0.3) for model in range(12)], 12, name=LONG + "_{}"),
    "long data sets": sheet_of(
        [shown(model, 0.3, data=LONG + x) for model in range(3) for x in "abc"], 3, tuple(LONG + x for x in "abc")
    ),
    "names that break": sheet_of([shown(model, 0.3) for model in range(4)], 4, name="convnext_tiny_{}"),
    "hundred layers": sheet_of(
        [
            shown(model, -0.5, 0.1, "channelwise.cosine", layer=f"stage{n // 25}.block{n}.conv1")
            for n in range(100)
            for model in range(2)
        ],
        2,
    ),
    "wide signs": sheet_of([shown(model, 0.3) for model in range(2)], 2, name="{}" + 41 * "W"),
    "tiny and zero": sheet_of(
        [shown(0, 1e-9, 1e-10, "softmax.kl"), shown(0, 0.0, None, "prediction.flip_rate"), shown(0, 123456.0, 5.0)], 1
    ),
    "signs": sheet_of([shown(model, 0.3, data=x) for model in range(2) for x in "ab"], 2, ("a", "b"), name="_$x$^{}"),
}  # fmt: skip


@pytest.mark.parametrize("name", CROWDED)
def test_no_text_lies_on_another_or_beyond_the_edge(name: str) -> None:
    """However many models and layers there are, and however long their names."""
    assert overlapping(canvas_of(CROWDED[name])) == []


def test_long_names_of_models_are_in_the_legend_in_full() -> None:
    """And a name with signs of mathematics, or an underscore before it, is drawn as it is."""
    for name, expected in (("twelve long names", LONG + "_11"), ("signs", "_$x$^1")):
        texts = [text.get_text() for text in shown_texts(canvas_of(CROWDED[name]))]
        assert texts[-1] == expected
    assert "_$x$^1" in text_of(CROWDED["signs"].draw(".svg"))


def test_of_many_layers_those_are_named_that_fit() -> None:
    """Evenly, each at its own layer; the line has all hundred."""
    (axes,) = axes_of(CROWDED["hundred layers"])
    steps = {int(b - a) for a, b in zip(axes.get_xticks(), axes.get_xticks()[1:], strict=False)}
    assert len(steps) == 1
    assert all(f".block{int(at)}." in label for at, label in zip(axes.get_xticks(), below(axes), strict=True))
    assert {len(places) for places in points_of(axes).values()} == {100}


def test_what_has_no_value_is_no_point_and_the_caption_says_so() -> None:
    """A value without an interval is a point; one that is None or no number is a gap."""
    data = ("a", "b")
    values = [
        shown(0, 0.3, None, data="a"),
        shown(0, None, data="b"),
        shown(1, math.nan, data="a"),
        shown(1, 0.2, data="b"),
    ]
    sheet = sheet_of(values, 2, data)
    (axes,) = axes_of(sheet)
    assert sum(len(places) for places in points_of(axes).values()) == 2
    assert len(spans_of(axes)) == 1
    assert sheet.caption == (
        "Values of latent.l2 under c8 on a and b. 95% intervals over images. Lower is nearer to invariance. No value: "
        "latent.l2 of m0 on b under c8 and latent.l2 of m1 on a under c8."
    )


def test_an_infinite_limit_ends_in_an_arrow_at_the_edge() -> None:
    """As of a ratio whose denominator may be 0."""
    values = [
        Shown("c8", "latent.l2", None, "", 0, 0.5, (0.4, math.inf)),
        Shown("c8", "latent.l2", None, "", 1, 0.6, (-math.inf, math.inf)),
    ]
    (axes,) = axes_of(sheet_of(values, 2))
    low, high = axes.get_ylim()
    assert spans_of(axes) == [(0, 0.4, high), (1, low, high)]
    arrows = [(mark[-1], *places[0]) for mark, places in points_of(axes).items() if mark[-1] in "v^"]
    assert sorted(arrows) == [("^", 0, high), ("^", 1, high), ("v", 1, low)]


def test_nothing_to_draw_is_refused() -> None:
    """With what to do."""
    with pytest.raises(InputError, match="there is no value"):
        sheet_of([shown(0, None)], 1)


def test_series_are_told_apart_without_colour() -> None:
    """35 of them differ in mark, filling or dashes; the first four as greys, too."""
    looks = [look(number) for number in range(35)]
    assert len({(each.marker, each.filled, str(each.dash)) for each in looks}) == 35
    assert len({(each.marker, each.filled) for each in looks[:14]}) == 14  # as points, which have no dashes

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    greys = [luminance(colour) + 0.05 for colour in COLOURS]
    assert min(1.05 / grey for grey in greys) > 2.2
    assert min(1.05 / grey for grey in greys[:4]) > 2.9
    assert min(max(a, b) / min(a, b) for a, b in combinations(greys[:4], 2)) > 1.1
    hues = [colorsys.rgb_to_hls(*(int(c[at : at + 2], 16) / 255 for at in (1, 3, 5)))[0] for c in COLOURS[:4]]
    assert min(abs(a - b) for a, b in combinations(hues, 2)) > 0.1


SEEN_BY = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.01182, 0.04294, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.3039),
    ),
}
"""What is seen of linear red, green and blue: Machado, Oliveira and Fernandes (2009), at full severity."""
XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))


@pytest.mark.parametrize("sight", SEEN_BY)
def test_colours_are_told_apart_with_any_colour_vision(sight: str) -> None:
    """All seven, by 15 steps of CIELAB or more; two of 2.3 are just told from each other."""
    parts = np.array([[int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)] for colour in COLOURS])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(SEEN_BY[sight]).T, 0, 1) @ np.array(XYZ).T / (0.9505, 1, 1.089)
    x, y, z = np.where(seen > 0.008856, np.cbrt(seen), 7.787 * seen + 16 / 116).T
    lab = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)
    assert min(float(np.linalg.norm(one - other)) for one, other in combinations(lab, 2)) > 15


@pytest.fixture(scope="module")
def compared() -> Comparison:
    """Two networks by themselves and a population of two."""
    contenders = [
        Contender("one", (small_result(0),)),
        Contender("both", (small_result(1), small_result(2)), ("a.json", "b.json")),
    ]
    return compare(contenders, IntervalOptions())


@pytest.mark.heavy
def test_a_comparison_is_drawn_as_it_was_computed(compared: Comparison) -> None:
    """Each side's value and limits; by default what a track shows, and layers against depth."""
    sheet = comparison_sheet(compared)
    names = ["latent.l2", "softmax.kl (nats)", "channelwise.cosine", "flip rate (%)"]
    assert [axes.get_ylabel() for axes in axes_of(sheet)] == [
        f"{name}\nunder {group}" for group in ("flip", "c4") for name in names
    ]
    assert sheet.labels == ("one", "both (2 models)")
    latent, rate, depth = axes_of(sheet)[0], axes_of(sheet)[3], axes_of(sheet)[2]
    for axes, metric, factor in ((latent, "latent.l2", 1.0), (rate, "prediction.flip_rate", 100.0)):
        line = compared[metric, "flip"]
        for number, side in enumerate(line.sides):
            [(at, value)] = points_of(axes)[look(number).colour + look(number).marker]
            assert (at, value) == (number, pytest.approx(factor * (side.value or 0.0)))
        assert spans_of(axes) == [
            pytest.approx((number, factor * side.ci[0], factor * side.ci[1]))
            for number, side in enumerate(line.sides)
            if side.ci is not None
        ]
    layers = [line for line in compared.lines if (line.metric, line.group) == ("channelwise.cosine", "flip")]
    assert below(depth) == [line.layer for line in layers]
    assert [value for _, value in points_of(depth)[look(1).colour + look(1).marker]] == [
        pytest.approx(line.sides[1].value) for line in layers
    ]
    assert overlapping(canvas_of(sheet)) == []
    assert sheet.caption == (
        "Values of latent.l2, softmax.kl, channelwise.cosine and prediction.flip_rate under flip and c4. 24 images. "
        "95% intervals over models and images, over images where there is one model. Lower is nearer to invariance."
    )


def test_python_draws_the_same_and_saves_every_kind(compared: Comparison, tmp_path: Path) -> None:
    """As text for a notebook, with a caption; .svg, .pdf and .png; other names and measures are refused."""
    figure = compared.plot("latent.l2", "c4")
    assert figure.svg.startswith("<svg")
    assert figure.caption in figure.svg
    assert "under c4" in text_of(figure.svg.encode())
    for suffix, start in ((".svg", b"<svg"), (".pdf", b"%PDF"), (".png", b"\x89PNG")):
        figure.save(tmp_path / f"f{suffix}")
        assert (tmp_path / f"f{suffix}").read_bytes().startswith(start)
    assert Image.open(io.BytesIO((tmp_path / "f.png").read_bytes())).width == 1020
    with pytest.raises(InputError, match=r"\.svg or \.pdf or \.png"):
        figure.save(tmp_path / "f.eps")
    with pytest.raises(InputError, match=r"latent\.l2"):
        compared.plot("latent.l3")
    with pytest.raises(InputError, match="c4"):
        compared.plot(group="c5")


def test_without_matplotlib_python_says_which_extra(
    compared: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is drawn."""
    monkeypatch.setattr("geed_cli.report.figures.figure_file.find_spec", lambda _: None)
    with pytest.raises(RunError, match=r"geed-cli\[plot\]"):
        compared.plot()
    assert geed_cli.Comparison.plot.__doc__ is not None
