"""The oracle against values worked out by hand, so that what the package is compared with is itself known."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import nn

from .action import (
    LEFT_RIGHT,
    UP_DOWN,
    Element,
    act,
    compose,
    inside_disc,
    planar_group,
    rotate_and_mirror,
)
from .aggregates import (
    element_means,
    flip_rate,
    image_means,
    mean_deviation,
    normalised,
    normaliser,
    pair_cosines,
    pair_distances,
    sensitivity,
)
from .audit import audit
from .bootstrap import (
    mean_interval,
    percentile_interval,
    ratio_interval,
    resampled_normaliser,
    resampled_ratio,
)
from .measures import (
    channelwise_cosine,
    compare_maps,
    hidden_estimate,
    latent_cosine,
    latent_l2,
    prediction_flips,
    softmax_kl,
)
from .network import Output, hooked_network, normalise

C4, C8, D4, D8 = (planar_group(name) for name in ("c4", "c8", "d4", "d8"))
NINE = np.arange(1.0, 10.0).reshape(3, 3)
EIGHTH = Element(Fraction(1, 8), False)
ROUNDING = 1e-12  # a few hundred float64 operations on numbers near 1


def pixels(image: torch.Tensor) -> Output:
    """A network whose features are the pixels and whose one layer is the image."""
    return Output(features=image.flatten(), logits=None, layers={"image": image[0]})


@pytest.mark.parametrize(
    ("turn", "mirror", "expected"),
    [
        (0, False, [[1, 2, 3], [4, 5, 6], [7, 8, 9]]),
        (1, False, [[3, 6, 9], [2, 5, 8], [1, 4, 7]]),
        (2, False, [[9, 8, 7], [6, 5, 4], [3, 2, 1]]),
        (3, False, [[7, 4, 1], [8, 5, 2], [9, 6, 3]]),
        (0, True, [[3, 2, 1], [6, 5, 4], [9, 8, 7]]),
        (1, True, [[1, 4, 7], [2, 5, 8], [3, 6, 9]]),
        (2, True, [[7, 8, 9], [4, 5, 6], [1, 2, 3]]),
        (3, True, [[9, 6, 3], [8, 5, 2], [7, 4, 1]]),
    ],
)
def test_square_symmetries_of_nine_pixels(turn: int, mirror: bool, expected: list[list[int]]) -> None:
    """All of d4 on 1..9, turned by hand: a left-right mirror first, then counter-clockwise quarters."""
    assert act(Element(Fraction(turn, 4), mirror), NINE, D4, "disc").tolist() == expected


def test_groups_have_their_elements_identity_first() -> None:
    """Orders and members: flip 2, vflip 2, flips 4, c8 8, d8 16; vflip turns the image upside down."""
    names = ("flip", "vflip", "flips", "c8", "d8")
    assert [len(planar_group(name)) for name in names] == [2, 2, 4, 8, 16]
    assert all(planar_group(name)[0] == (Fraction(0), False) for name in names)
    assert planar_group("flip")[1] == LEFT_RIGHT
    assert act(UP_DOWN, NINE, planar_group("vflip"), "zero").tolist() == NINE[[2, 1, 0]].tolist()


@pytest.mark.parametrize("name", ["flip", "vflip", "flips", "c4", "d4", "c8", "d6"])
def test_groups_are_closed(name: str) -> None:
    """The product gh is in the group for every g and h."""
    group = planar_group(name)
    assert len(set(group)) == len(group)
    assert all(compose(g, h) in group for g in group for h in group)


@pytest.mark.parametrize("size", [5, 6])
def test_left_action_of_exact_elements(size: int) -> None:
    """(gh)·x = g·(h·x), bit for bit, for all 64 pairs of d4 on odd and even sides."""
    x = np.random.default_rng(0).random((3, size, size))
    for g in D4:
        for h in D4:
            assert np.array_equal(
                act(compose(g, h), x, D4, "zero"), act(g, act(h, x, D4, "zero"), D4, "zero")
            )


def test_left_action_of_interpolating_elements() -> None:
    """(gh)·x = g·(h·x) for d8 on a smooth image, within three interpolation errors.

    Bilinear error is at most (|x_hh| + |x_ww|)/8; a Gaussian of width 6 has second derivatives below 1/36.
    Two pixels at the rim are left out, where the second turn reads what the first one cut off.
    """
    h, w = np.mgrid[0:33, 0:33]
    x = np.exp(-((h - 11.0) ** 2 + (w - 19.0) ** 2) / 72)
    for g in D8:
        for k in D8:
            once, twice = act(compose(g, k), x, D8, "zero"), act(g, act(k, x, D8, "zero"), D8, "zero")
            assert np.abs(once - twice)[2:-2, 2:-2][inside_disc(29)].max() < 3 * 2 / (8 * 36)


def test_an_eighth_turn_is_counter_clockwise() -> None:
    """A pixel to the right of the centre goes up and to the right."""
    x = np.zeros((21, 21))
    x[10, 17] = 1.0
    turned = act(EIGHTH, x, C8, "zero")
    assert divmod(int(np.argmax(turned)), 21) == (5, 15)  # 7/√2 = 4.95


@pytest.mark.parametrize("boundary", ["zero", "disc", "reflect"])
def test_radial_function_is_unmoved_inside_the_disc(boundary: str) -> None:
    """A centred Gaussian under 45°, within the bilinear error (2/36)/8 of its second derivatives."""
    h, w = np.mgrid[0:31, 0:31] - 15.0
    x = np.exp(-(h**2 + w**2) / 72)
    turned = act(EIGHTH, x, C8, boundary)
    assert np.abs(turned - x)[inside_disc(31)].max() < 2 / (8 * 36)


def test_neighbours_outside_count_as_zero() -> None:
    """45° on 2×2: the top left pixel's source is (½ − 1/√2, ½), so it is (1 − (1/√2 − ½)) (a + b)/2."""
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    expected = (1.5 - 1 / math.sqrt(2)) * np.array([[1.5, 3.0], [2.0, 3.5]])
    # top left reads the top edge, top right the right, bottom left the left, bottom right the bottom
    assert act(EIGHTH, x, C8, "zero") == pytest.approx(expected, abs=ROUNDING)


def test_disc_clamps_then_masks_every_member() -> None:
    """Before the mask the edge is repeated; after it 3×3 keeps its plus, for exact members too."""
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    clamped = np.array([[1.5, 3.0], [2.0, 3.5]])
    assert rotate_and_mirror(x, EIGHTH, "disc") == pytest.approx(clamped, abs=ROUNDING)
    assert act(C8[0], NINE, C8, "disc").tolist() == [[0, 2, 0], [4, 5, 6], [0, 8, 0]]
    assert act(C8[2], NINE, C8, "disc").tolist() == [[0, 6, 0], [2, 5, 8], [0, 4, 0]]
    assert act(C4[0], NINE, C4, "disc").tolist() == NINE.tolist()
    a, b = 1 / math.sqrt(2), 1 - 1 / math.sqrt(2)
    top = a * (b * 2 + a * 3) + b * (b * 5 + a * 6)  # source: row 1 − a = b, column 1 + a
    assert act(EIGHTH, NINE, C8, "disc")[0, 1] == pytest.approx(top, abs=ROUNDING)
    assert act(EIGHTH, NINE, C8, "disc")[0, 0] == 0


def test_reflection_is_about_the_outer_edge() -> None:
    """45° on 8×8: the top left source row 3.5 − 3.5√2 = −1.4497 reflects at −½ to 0.4497."""
    rows = np.tile(np.arange(8.0)[:, None], (1, 8))
    assert act(EIGHTH, rows, C8, "reflect")[0, 0] == pytest.approx(3.5 * math.sqrt(2) - 4.5, abs=ROUNDING)
    assert act(EIGHTH, rows.T, C8, "reflect")[0, 0] == pytest.approx(3.5, abs=ROUNDING)
    small = np.tile(np.arange(5.0)[:, None], (1, 5))  # −0.8284 → −0.1716, clamped to the pixel centre 0
    assert act(EIGHTH, small, C8, "reflect")[0, 0] == pytest.approx(0, abs=ROUNDING)


@pytest.mark.parametrize("boundary", ["zero", "disc", "reflect"])
def test_one_pixel_is_fixed_by_everything(boundary: str) -> None:
    """On 1×1 maps every planar action is trivial, mask included."""
    x = np.array([[[0.3]], [[-2.0]]])
    assert all(np.array_equal(act(g, x, D8, boundary), x) for g in D8)


def test_only_square_maps_and_known_boundaries() -> None:
    """Anything else is refused."""
    with pytest.raises(ValueError, match="square"):
        act(LEFT_RIGHT, np.zeros((3, 4, 5)), D4, "zero")
    with pytest.raises(ValueError, match="context"):
        act(LEFT_RIGHT, NINE, D4, "context")


def test_swapped_predictions_cost_the_entropy_gap() -> None:
    """(.9, .1) and (.1, .9) over a group of two: ln 2 − H(.9) = 0.368064 nats."""
    row = softmax_kl([np.log([0.9, 0.1]), np.log([0.1, 0.9])])
    assert row == pytest.approx([0.3680642, 0.3680642], abs=1e-7)  # the seven digits given


def test_one_hot_predictions_reach_the_bound() -> None:
    """One class per element: ln |G|; logits 800 apart make the other probabilities exactly 0 in float64."""
    assert softmax_kl(list(800.0 * np.eye(8))) == pytest.approx([math.log(8)] * 8, abs=ROUNDING)


def test_latent_rows_by_hand() -> None:
    """(0, 0) and (6, 8) have the mean (3, 4): both at distance 5; (1, 0) and (0, 1) make 45° with theirs."""
    assert latent_l2([np.array([0.0, 0.0]), np.array([6.0, 8.0])]).tolist() == [5.0, 5.0]
    cosines = latent_cosine([np.array([1.0, 0.0]), np.array([0.0, 1.0])])
    assert cosines == pytest.approx([-math.sqrt(0.5)] * 2, abs=ROUNDING)


def test_predictions_are_compared_with_the_identity() -> None:
    """Only elements whose arg max differs from that of x count, out of |G| − 1."""
    rows = np.stack([prediction_flips([np.array(z) for z in ([1.0, 0.0], [0.0, 1.0], [2.0, 1.0])])])
    assert rows.tolist() == [[0.0, 1.0, 0.0]]
    assert flip_rate(rows) == 0.5
    assert math.isnan(flip_rate(rows[:, :1]))


@pytest.mark.parametrize("group", [C4, C8[:1]], ids=["c4", "trivial"])
def test_white_noise_pixels(group: list[Element]) -> None:
    """Pixels of white noise: latent.l2 → sqrt((1 − 1/n)/2), raw cosine → −1/√n when the pixel mean is 0.

    Side 16 leaves no pixel fixed by c4. With k = 768 features a norm is off by about 1/√(2k) = 2.6% for each
    image, so 1% for the mean of 12; 3% is three times that.
    """
    n = len(group)
    images = np.random.default_rng(1).standard_normal((12, 3, 16, 16))
    found = audit(pixels, list(images), group)
    m = normaliser(pair_distances(found.embeddings))
    value = normalised(mean_deviation(found.rows["latent.l2"]), m)
    assert value == pytest.approx(math.sqrt((1 - 1 / n) / 2), abs=0.03)
    assert mean_deviation(found.rows["latent.cosine"]) == pytest.approx(-1 / math.sqrt(n), abs=0.03)
    assert mean_deviation(found.channelwise["image"]) == pytest.approx(-1, abs=ROUNDING)


def test_the_identity_map_is_equivariant_even_under_interpolation() -> None:
    """f(x) = x: f(gx) is masked g·x and g·f̂(x) the masked turn of masked x; both exact at g = e, so −1 there.

    Sampling beside the disc's edge sees the mask, so other elements stay above −1 but close to it.
    """
    image = np.random.default_rng(2).random((3, 32, 32))
    row = audit(pixels, [image], C8).channelwise["image"][0]
    assert row[[0, 2, 4, 6]] == pytest.approx([-1] * 4, abs=ROUNDING)
    assert np.all((row[[1, 3, 5, 7]] > -1) & (row[[1, 3, 5, 7]] < -0.98))


def test_dead_channels_by_hand() -> None:
    """Of four channels one is dead, one alive on one side only (0), one parallel (1), one opposite (−1)."""
    one = np.ones((2, 2))
    faint = 1e-7 * one  # below 1e-6 of the loudest channel
    seen, expected = np.stack([faint, one, one, one]), np.stack([0 * one, 0 * one, 2 * one, -one])
    deviation, dead = compare_maps(seen, expected)
    assert deviation == pytest.approx(0, abs=ROUNDING)
    assert dead == 0.25
    assert compare_maps(seen[:3], expected[:3])[0] == pytest.approx(-0.5, abs=ROUNDING)
    nothing, all_dead = compare_maps(0 * seen, 0 * seen)
    assert math.isnan(nothing)
    assert all_dead == 1


def test_a_channel_alive_only_in_masked_corners_is_dead() -> None:
    """The disc of 3×3 hides the corners of channel 0, so only channel 1 is compared, for the identity too."""
    corners, plus = np.zeros((3, 3)), np.zeros((3, 3))
    corners[0, 0], plus[1, 1] = 1.0, 1.0
    maps = [np.stack([corners, plus])] * 8
    deviations, dead = channelwise_cosine(maps, maps[0], C8, "disc")
    assert deviations[[0, 2, 4, 6]].tolist() == [-1] * 4
    assert dead[[0, 2, 4, 6]].tolist() == [0.5] * 4
    assert channelwise_cosine(maps[:4], maps[0], C4, "disc")[1].tolist() == [0] * 4


def test_maps_act_in_the_direction_of_images() -> None:
    """Maps that turn with the image give −1; maps that turn the other way do not."""
    x = np.random.default_rng(3).standard_normal((2, 5, 5))
    along = [act(g, x, C4, "zero") for g in C4]
    against = [along[-k] for k in range(4)]
    assert channelwise_cosine(along, x, C4, "zero")[0] == pytest.approx([-1] * 4, abs=ROUNDING)
    assert channelwise_cosine(against, x, C4, "zero")[0][1] > -0.9


def test_single_pixels_are_compared_with_the_orbit_mean() -> None:
    """On 1×1 maps the kernel is G: 3 and −5 have the mean −1, so cosines −1 and 1."""
    maps = [np.array([[[3.0]]]), np.array([[[-5.0]]])]
    group = planar_group("flip")
    row, _ = channelwise_cosine(maps, hidden_estimate(maps, group), group, "zero")
    assert row.tolist() == [1.0, -1.0]


def test_aggregates_by_hand() -> None:
    """Means over both axes and each, distances 3, 4, 5 of a right triangle, cosines 0, √½, √½."""
    rows = np.array([[0.0, 2.0], [4.0, 6.0]])
    assert mean_deviation(rows) == 3
    assert element_means(rows).tolist() == [2, 4]
    assert image_means(rows).tolist() == [1, 5]
    assert normaliser(pair_distances(np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]]))) == pytest.approx(4)
    cosines = pair_cosines(np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]]))
    assert normaliser(cosines) == pytest.approx(math.sqrt(2) / 3)
    assert math.isnan(normalised(1.0, normaliser(pair_distances(np.ones((3, 2))))))
    assert sensitivity(np.array([[0.9, 0.1], [0.1, 0.9]])) == pytest.approx(0.3680642, abs=1e-7)


def test_bootstrap_by_hand() -> None:
    """Draws 0, 0, 1, 2: weights (2, 1, 1), so M* = 2(2·3 + 2·5 + 4)/(16 − 6) = 4."""
    pairs = np.array([[0.0, 3.0, 5.0], [3.0, 0.0, 4.0], [5.0, 4.0, 0.0]])
    values = np.array([1.0, 2.0, 4.0])
    assert resampled_normaliser(pairs, [0, 0, 1, 2]) == 4
    assert resampled_ratio(values, pairs, [0, 0, 1, 2]) == 0.5
    assert math.isnan(resampled_ratio(values, pairs, [1, 1, 1]))
    assert percentile_interval([4.0, 1.0, 2.0, 3.0, 5.0], 0.5) == (2.0, 4.0)
    assert percentile_interval([0.0, 1.0], 0.5) == (0.25, 0.75)
    assert mean_interval(values, [[0, 0, 0], [2, 2, 2]], 0.5) == (1.75, 3.25)
    assert ratio_interval(values, pairs, [[0, 1], [1, 2]], 1.0) == (0.5, 0.75)


def test_hooks_see_values_before_in_place_relu() -> None:
    """A conv of −1 with an in-place ReLU behind it: the layer keeps −1 and the module stays as it was."""
    conv = nn.Conv2d(3, 2, 1)
    nn.init.zeros_(conv.weight)
    assert conv.bias is not None
    nn.init.constant_(conv.bias, -1.0)
    module = nn.Sequential(conv, nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(8, 5))
    image = normalise(np.full((3, 2, 2), 0.5), (0.5,) * 3, (0.5,) * 3)
    before = hooked_network(module, "1", "input", ["0"])(image)
    after = hooked_network(module, "1", "output", classifies=False)(image)
    assert before["features"].tolist() == before["layers"]["0"].flatten().tolist() == [-1.0] * 8
    assert after["features"].tolist() == [0.0] * 8
    assert before["logits"] is not None
    assert before["logits"].shape == (5,)
    assert after["logits"] is None
    assert conv.weight.dtype == torch.float32
    assert module.training


def test_a_symmetric_network_is_equivariant_and_a_plain_one_is_not() -> None:
    """Box filters commute with d4 and their mean is invariant: −1, 0, 0, 0; random filters do not."""
    torch.manual_seed(0)
    conv = nn.Conv2d(3, 4, 3, padding=1)
    module = nn.Sequential(
        conv, nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5)
    )
    images = list(np.random.default_rng(4).random((3, 3, 9, 9)))
    plain = audit(hooked_network(module, "3", "output", ["0"]), images, D4)
    with torch.no_grad():
        conv.weight.copy_(conv.weight.mean(dim=(2, 3), keepdim=True).expand_as(conv.weight))
    boxes = audit(hooked_network(module, "3", "output", ["0"]), images, D4)
    assert mean_deviation(plain.channelwise["0"]) > -0.999
    assert mean_deviation(plain.rows["latent.l2"]) > 1e-4
    assert mean_deviation(boxes.channelwise["0"]) == pytest.approx(-1, abs=ROUNDING)
    assert mean_deviation(boxes.rows["latent.l2"]) == pytest.approx(0, abs=ROUNDING)
    assert mean_deviation(boxes.rows["softmax.kl"]) == pytest.approx(0, abs=ROUNDING)
    assert flip_rate(boxes.rows["prediction.flip_rate"]) == 0
    assert boxes.probabilities is not None
    assert boxes.probabilities.sum(axis=1) == pytest.approx([1] * 3, abs=ROUNDING)


def test_the_disc_masks_identity_embeddings_and_normalisation_comes_after() -> None:
    """A white image under c8 on 3×3: corners are 0 before (x − ½)/¼, so −2 where masked and 2 elsewhere."""
    found = audit(pixels, [np.ones((3, 3, 3))], C8, "disc", (0.5,) * 3, (0.25,) * 3)
    assert found.embeddings[0, :9].tolist() == [-2, 2, -2, 2, 2, 2, -2, 2, -2]


def test_embeddings_are_those_of_the_identity() -> None:
    """Pixels as features: the kept embeddings are the images, untouched under an exact group."""
    images = np.random.default_rng(5).random((2, 3, 4, 4))
    assert audit(pixels, list(images), D4, "disc").embeddings.tolist() == images.reshape(2, -1).tolist()
