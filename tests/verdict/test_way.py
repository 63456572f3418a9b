"""The scale to another image: what a result has of it, and what stands in for it in earlier results."""

import math

import pytest

from geed_cli.result.schema import Entry, ToAnother
from geed_cli.verdict.way import Way, floor_on_scale, twin_on_scale, way_of


def entry(metric: str, value: float | None, layer: str | None = None, **parts: object) -> Entry:
    """An entry as an earlier version saved it, with these parts."""
    blank: dict[str, object] = {"ci": None, "raw": None, "normaliser": None, "status": "ok"}
    named = {"metric": metric, "group": "g", "layer": layer, "value": value}
    return Entry.model_validate({**blank, **named, **parts})


def test_what_is_measured_is_taken() -> None:
    """The saved value and interval, whatever the value over U(n) is."""
    saved = ToAnother(value=0.8, ci=(0.7, 0.9), per_image=None, twin=0.6)
    one = entry("latent.l2", 0.2, to_another=saved, controls={"floor": 0.1, "twin": 0.5})
    assert way_of(one, 4) == Way(0.8, (0.7, 0.9), about=False, percent=True)
    assert floor_on_scale(one, 4) == pytest.approx(0.1 * 4 / 3)
    assert twin_on_scale(one, 4) == 0.6


@pytest.mark.parametrize(
    ("order", "end", "floor"), [(2, 0.5, 0.2), (4, 0.6123724357, 0.1333333), (8, 0.6614378278, 0.1142857)]
)
def test_features_of_earlier_results(order: int, end: float, floor: float) -> None:
    """Over U(n) = √((1 − 1/n)/2), by hand; exact for two copies alone.

    The floor is a distance from f(x) already, and its mean is taken over the elements beside e: 0.1 · n/(n − 1).
    """
    controls = {"floor": 0.1, "twin": end}
    one = entry("latent.l2", end / 4, ci=(end / 5, end / 2), per_element={"e": 0.1}, controls=controls)
    way = way_of(one, order)
    assert way is not None
    assert (way.value, *(way.ci or ())) == pytest.approx((0.25, 0.2, 0.5))
    assert (way.about, way.percent) == (order > 2, True)
    assert floor_on_scale(one, order) == pytest.approx(floor)
    assert twin_on_scale(one, order) == pytest.approx(1.0)


def test_features_that_a_declared_action_moves() -> None:
    """F̂ is f(x), so that e is perfect and three unrelated copies of four score 3/4."""
    one = entry("latent.l2", 0.75, per_element={"e": 0.0, "r": 1.0, "r2": 1.0, "r3": 1.0})
    assert way_of(one, 4) == Way(1.0, None, about=True, percent=True)


def test_layers_of_earlier_results() -> None:
    """(1 + mean over g ≠ e)/(1 + null): (1 − 0.6)/(1 − 0.2) = 0.5; the floor (0.05 · 2/1)/0.8; no interval."""
    controls = {"null": -0.2, "floor": -0.95, "twin": -0.9}
    one = entry(
        "channelwise.cosine",
        -0.8,
        "a",
        ci=(-0.9, -0.7),
        per_element={"e": -1.0, "m": -0.6},
        controls=controls,
    )
    way = way_of(one, 2)
    assert way is not None
    assert way.value == pytest.approx(0.5)
    assert (way.ci, way.about, way.percent) == (None, True, True)
    assert floor_on_scale(one, 2) == pytest.approx(0.125)
    assert twin_on_scale(one, 2) is None


def test_the_floor_is_that_of_one_turn_which_every_element_but_e_makes() -> None:
    """An oracle: round trips of c8's four odd elements lie 0.4 and 0.2 from f(x) by turns, of even ones 0; M is 2."""
    trips = [0.0, 0.4, 0.0, 0.2, 0.0, 0.4, 0.0, 0.2]
    control = sum(trips) / len(trips) / 2
    beside_e = sum(trips[1:]) / len(trips[1:]) / 2
    one = entry("latent.l2", 0.3, controls={"floor": control})
    assert floor_on_scale(one, 8) == pytest.approx(beside_e)


@pytest.mark.parametrize(("distances", "place"), [((0.7, 0.9), 0.125), ((0.0, 0.0), None)])
def test_the_floor_of_a_measured_layer(distances: tuple[float, ...], place: float | None) -> None:
    """Over the mean of the comparisons, not over the control: (0.05 · 2/1)/0.8; a null of 0 gives it no place."""
    null = [(1, 0, distances[0]), (2, 1, distances[1])]
    way = ToAnother(value=None, ci=None, per_image=None, null=null)
    controls = {"null": -0.3, "floor": -0.95}
    per_element = {"e": -1.0, "m": -0.6}
    one = entry("channelwise.cosine", -0.8, "a", per_element=per_element, controls=controls, to_another=way)
    assert floor_on_scale(one, 2) == (None if place is None else pytest.approx(place))


@pytest.mark.parametrize(
    "parts",
    [
        {"per_element": {"e": -1.0, "m": -0.6}},
        {"per_element": {"e": -0.9, "m": -0.6}, "controls": {"null": -0.2}},
        {"per_element": {"e": -1.0, "m": -1.0}, "controls": {"null": -1.0}},
        {"per_element": {}, "controls": {"null": -0.2}},
    ],
    ids=["no null", "f̂ is a mean", "one map for every image", "no elements"],
)
def test_layers_without_a_place(parts: dict[str, object]) -> None:
    """Without a null, where f̂ is no plain map, where all images have one map, where no element has a value."""
    assert way_of(entry("channelwise.cosine", -0.8, "a", **parts), 2) is None


def test_rates_are_their_own_scale() -> None:
    """Value, interval, floor and twin as they stand."""
    controls = {"floor": 0.01, "twin": 0.4}
    one = entry("prediction.flip_rate", 0.25, ci=(0.14, 0.41), controls=controls)
    assert way_of(one, 2) == Way(0.25, (0.14, 0.41), about=False, percent=True)
    assert (floor_on_scale(one, 2), twin_on_scale(one, 2)) == (0.01, 0.4)


@pytest.mark.parametrize(("sensitivity", "end"), [(0.4, 0.4), (5.0, math.log(2))])
def test_divergences_are_marks(sensitivity: float, end: float) -> None:
    """Over min(sensitivity, ln n), which bounds what unrelated copies would have: no percentage."""
    controls = {"sensitivity": sensitivity, "floor": end / 10}
    per_element = {"e": 0.1, "m": 0.1}
    one = entry("softmax.kl", end / 2, ci=(end / 4, end), controls=controls, per_element=per_element)
    way = way_of(one, 2)
    assert way is not None
    assert (way.value, *(way.ci or ())) == pytest.approx((0.5, 0.25, 1.0))
    assert (way.about, way.percent) == (False, False)
    assert floor_on_scale(one, 2) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("one", "order"),
    [
        (entry("softmax.kl", 0.1, controls={"sensitivity": 0.0}), 2),
        (entry("softmax.kl", 0.1), 2),
        (entry("softmax.kl", 0.0, controls={"sensitivity": 1.0}), 1),
        (entry("latent.l2", 0.0), 1),
        (entry("latent.cosine", -1.0, controls={"floor": 0.1, "twin": 0.2}), 2),
        (entry("latent.l2", None, status="undefined", controls={"floor": 0.1, "twin": 0.2}), 2),
        (entry("latent.l2", 0.1, to_another=ToAnother(value=None, ci=None, per_image=None)), 2),
    ],
    ids=["no reaction", "no sensitivity", "one class", "one element", "cosine", "undefined", "not defined"],
)
def test_what_has_no_place(one: Entry, order: int) -> None:
    """No value on the scale; where the measure has none, no floor and no twin either."""
    assert way_of(one, order) is None
    if one.metric == "latent.cosine" or one.value is None:
        assert (floor_on_scale(one, order), twin_on_scale(one, order)) == (None, None)
