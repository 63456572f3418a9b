"""The figures of the report page: marks lie where the numbers say, read back from the drawing."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from support.pages import real

from geed_cli.report.html import depth_figure as depth
from geed_cli.report.html import heat_figure as heat
from geed_cli.report.html import image_figure as images
from geed_cli.report.html.drawing import apart, ticks
from geed_cli.report.html.element_figures import polar_figure, profile_figure, profile_of
from geed_cli.report.html.number_block import EDGE, WIDTH, cards
from geed_cli.report.html.shown_model import ShownModel, shown_models
from geed_cli.report.html.trajectory_figure import trajectory_figure
from geed_cli.tracking.columns import Column
from geed_cli.tracking.record import Record
from geed_cli.tracking.track import track_of
from geed_cli.verdict.way import way_of

SVG = "{http://www.w3.org/2000/svg}"


def model() -> ShownModel:
    """The real result, alone."""
    return shown_models({"lite0": real()})[0]


def circles(svg: str) -> list[tuple[float, float]]:
    """The centres of the first model's marks, in the order in which they are drawn."""
    outlines = [
        each.get("d", "")
        for each in ElementTree.fromstring(svg).iter(f"{SVG}path")
        if each.get("class") == "fm0" and "a" in each.get("d", "")
    ]
    found = re.findall(r"M([\d.]+) ([\d.]+)a([\d.]+)", "".join(outlines))
    return [(float(x) + float(radius), float(y)) for x, y, radius in found]


def words(svg: str) -> list[str]:
    """Every text in a figure."""
    return [each.text or "" for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("group", ["flip", "c4", "c8"])
def test_layers_lie_on_the_way_to_another_image(group: str) -> None:
    """Heights are linear from 0% at the bottom to 100% at that of another image's maps; the band is the interval."""
    shown = model()
    svg = str(depth.depth_figure([shown], group, "title"))
    order = shown.groups[group].order
    ways = [way for entry in shown.layers(group) if (way := way_of(entry, order)) is not None]
    drawn = [(depth.BOTTOM - y) / (depth.BOTTOM - depth.TOP) for _, y in circles(svg)]
    assert drawn == pytest.approx([way.value for way in ways], abs=0.001)
    assert [x for x, _ in circles(svg)] == sorted(x for x, _ in circles(svg))
    band = next(each for each in ElementTree.fromstring(svg).iter(f"{SVG}path") if each.get("fill-opacity"))
    corners = [float(y) for _, y in re.findall(r"([\d.]+) ([\d.]+)", band.get("d", ""))]
    limits = [(depth.BOTTOM - y) / (depth.BOTTOM - depth.TOP) for y in corners]
    assert limits == pytest.approx(
        [*(way.ci[0] for way in ways if way.ci), *(way.ci[1] for way in ways[::-1] if way.ci)], abs=0.001
    )


def test_grids_that_are_off_centre_are_marked_under_their_layers() -> None:
    """One mark for each layer of the result's grid_phase, and the word."""
    shown = model()
    svg = str(depth.depth_figure([shown], "flip", "title"))
    faulty = [phase for phase in shown.result.grid_phase if phase.group == "flip"]
    assert svg.count("v8h8v-8z") == len(faulty) > 0
    assert "grid off centre" in words(svg)


def test_intervals_of_cards_lie_on_their_axes() -> None:
    """Of the features between 0% and the axis's end; the number beside them is the same one."""
    shown = model()
    card = next(each for each in cards([shown], "c4", ["flip", "c4", "c8"]) if each.metric == "latent.l2")
    entry = shown.entry("c4", "latent.l2")
    assert entry is not None
    way = way_of(entry, 4)
    assert way is not None
    assert way.ci is not None
    [row] = card.rows
    low, high = map(float, re.findall(r'class="sm0" d="M([\d.]+) 5v10m0-5H([\d.]+)m0-5v10"', row.mark)[0])
    end = float(re.findall(r">(\d+)%</text></svg>", card.axis)[0]) / 100
    parts = [(x - EDGE) / (WIDTH - 2 * EDGE) * end for x in (low, high)]
    assert parts == pytest.approx(way.ci, abs=0.001 * 4)
    assert row.value == f"{100 * way.value:.0f}%"


@pytest.mark.parametrize("metric", ["latent.l2", "prediction.flip_rate"])
def test_profiles_have_each_element_with_its_interval(metric: str) -> None:
    """Marks and whiskers are linear in the value: two elements fix the scale, and all others lie on it."""
    shown = model()
    entry = shown.entry("c8", metric)
    assert entry is not None
    known = {name: value for name, value in entry.per_element.items() if value is not None}
    limits = {name: (0.9 * value, 1.2 * value) for name, value in known.items()}
    result = shown.result.model_copy(
        update={"results": (entry.model_copy(update={"per_element_ci": limits}),)}
    )
    [shown] = shown_models({"lite0": result})
    svg = str(profile_figure([shown], "c8", metric, "title"))
    heights = [y for _, y in circles(svg)]
    values = list(profile_of(entry).values())
    slope, offset = np.polyfit(values, heights, 1)
    assert slope < 0
    assert heights == pytest.approx([slope * value + offset for value in values], abs=0.11)
    ends = re.findall(r"M([\d.]+) ([\d.]+)V([\d.]+)", svg)
    assert [float(y) for _, y, _ in ends] == pytest.approx(
        [slope * 0.9 * v + offset for v in values], abs=0.2
    )
    assert [float(y) for _, _, y in ends] == pytest.approx(
        [slope * 1.2 * v + offset for v in values], abs=0.2
    )


def test_a_polar_plot_turns_as_the_picture_does() -> None:
    """0° on top, 90° on the left; the distance from the middle is linear in the value."""
    shown = model()
    entry = shown.entry("c8", "latent.l2")
    assert entry is not None
    points = np.array(circles(str(polar_figure([shown], "c8", "latent.l2", "title")))) - [152, 126]
    angles = np.degrees(np.arctan2(-points[:, 0], -points[:, 1])) % 360
    assert angles == pytest.approx([0, 45, 90, 135, 180, 225, 270, 315], abs=0.2)
    radii = np.hypot(*points.T)
    values = np.array(list(profile_of(entry).values()))
    assert radii / radii.max() == pytest.approx(values / values.max(), abs=0.002)
    assert polar_figure([shown], "flip", "latent.l2", "title") is None


def test_cells_of_the_heat_map_are_percents_of_the_way() -> None:
    """(1 + cosine of the element) over 1 + the mean deviation against another image; their mean is the layer's own."""
    shown = model()
    svg = str(heat.heat_figure(shown, "c8", "title"))
    numbers = [int(word) for word in words(svg) if re.fullmatch(r"\d+", word)]
    expected = []
    for entry in shown.layers("c8"):
        assert entry.to_another is not None
        null = np.mean([distance for _, _, distance in entry.to_another.null])
        parts = [
            100 * (1 + value) / null
            for name, value in entry.per_element.items()
            if name != "e" and value is not None
        ]
        assert np.mean(parts) == pytest.approx(100 * (entry.to_another.value or 0.0), rel=1e-6)
        expected += [round(part) for part in parts]
    assert sorted(numbers) == sorted(expected)


def test_each_image_has_a_dot_and_the_extremes_their_names() -> None:
    """The mean of the dots is the value; of more images than fit a dot is a percent of them."""
    shown = model()
    entry = shown.entry("c4", "latent.l2")
    assert entry is not None
    assert entry.to_another is not None
    values = images.image_values(shown, "c4")
    assert len(values) == shown.result.data.count
    assert np.mean([value for value, _ in values]) == pytest.approx(entry.to_another.value)
    svg = str(images.image_figure([shown], "c4", "title"))
    [drawn] = re.findall(r'd="(M[^"]+h0)" [^>]*stroke-linecap="round"', svg)
    steps = [
        list(map(float, re.findall(r"-?[\d.]+", step))) for step in drawn[1:].removesuffix("h0").split("h0m")
    ]
    dots = np.cumsum(steps, axis=0)
    top = values[-1][0]
    middle = images.ROW * 0 + 42
    assert np.abs(dots[:, 1] - middle).max() <= 16
    assert sorted(dots[:, 0]) == pytest.approx(
        [images.LEFT + (images.RIGHT - images.LEFT) * value / top for value, _ in values], abs=0.06
    )
    assert {images.short_path(values[0][1]), images.short_path(values[-1][1])} <= set(words(svg))
    many = [float(each) for each in range(1000)]
    assert images.shown_values(many) == [5.0 + 10 * percent for percent in range(100)]


def test_dots_leave_each_other_room() -> None:
    """No two are nearer than a dot is wide, where there is room above and below."""
    rng = np.random.default_rng(0)
    dots = images.dodged(list(rng.uniform(0, 300, 100)), 2.4, 16)
    assert all(np.hypot(a[0] - b[0], a[1] - b[1]) >= 4.8 - 1e-9 for k, a in enumerate(dots) for b in dots[:k])


def test_labels_are_moved_apart_and_stay_in_order() -> None:
    """At least the gap between them, within the ends; spread evenly where there is no room for that."""
    places = apart([50, 52, 51, 90], 10, 0, 100)
    assert sorted(range(4), key=lambda at: places[at]) == [0, 2, 1, 3]
    assert all(b - a >= 10 - 1e-9 for a, b in pairwise(sorted(places)))
    assert apart([99, 99, 99], 10, 0, 100) == [80, 90, 100]
    assert apart([5] * 5, 10, 0, 20) == [0, 5, 10, 15, 20]
    assert apart([], 10, 0, 20) == []


@pytest.mark.parametrize("top", [1e-5, 0.037, 0.3, 1.0, 7.7, 1234.5])
def test_ticks_are_round_and_few(top: float) -> None:
    """From 0, evenly, never beyond the top, and at least two of them."""
    found = ticks(top)
    assert found[0] == 0
    assert 2 <= len(found) <= 6
    assert found[-1] <= top * (1 + 1e-9)


def test_a_trajectory_goes_through_its_steps() -> None:
    """Each step at its place and height, steps in proportion."""
    result = real()
    scaled = [
        result.model_copy(
            update={
                "model": result.model.model_copy(
                    update={"weights": result.model.weights.model_copy(update={"state_sha256": f"{at:064}"})}
                ),
                "results": tuple(
                    e.model_copy(update={"value": None if e.value is None else e.value * (1 + at / 10)})
                    for e in result.results
                ),
            }
        )
        for at in (0, 1, 4)
    ]
    records = [
        Record(
            label="run", step=at, step_from="the file name", file=f"{at}.json", source="result", result=each
        )
        for at, each in zip((0, 1, 4), scaled, strict=True)
    ]
    track = track_of(records, None, complete=True)
    rows = [row for row in track.rows if (row.group, row.metric) == ("flip", "latent.l2")]
    svg = str(trajectory_figure(track, "flip", Column("latent.l2", None), [model().paint]))
    points = np.array(circles(svg))
    assert (points[1, 0] - points[0, 0]) / (points[2, 0] - points[0, 0]) == pytest.approx(0.25, abs=0.01)
    slope, offset = np.polyfit([row.value or 0.0 for row in rows], points[:, 1], 1)
    assert points[:, 1] == pytest.approx([slope * (row.value or 0.0) + offset for row in rows], abs=0.11)
