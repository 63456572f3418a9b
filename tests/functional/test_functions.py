"""Measures as functions: values known by hand, loops written out, the rows of an audit, and what is refused."""

import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from support.networks import MEAN, STD, small_conv_net
from torch import Tensor

import geed_cli as geed
from geed_cli.errors import InputError
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions

PICTURES = (5, 16)
BY_NAME: dict[str, Callable[..., Tensor]] = {
    "latent.l2": geed.functional.latent_l2,
    "latent.cosine": geed.functional.latent_cosine,
    "latent.relative": geed.functional.latent_relative,
    "layer.relative": geed.functional.layer_relative,
    "retrieval.rank": geed.functional.retrieval_rank,
    "retrieval.mutual_knn": geed.functional.retrieval_mutual_knn,
    "softmax.kl": geed.functional.softmax_kl,
    "prediction.consistency": geed.functional.prediction_consistency,
    "prediction.consistency5": geed.functional.prediction_consistency5,
    "prediction.flip_rate": geed.functional.prediction_flip_rate,
    "channelwise.cosine": geed.functional.channelwise_cosine,
    "channelwise.correlation": geed.functional.channelwise_correlation,
}
TURNS: dict[str, Callable[[Tensor], Tensor]] = {
    "e": lambda x: x,
    "r90": lambda x: torch.rot90(x, 1, (-2, -1)),
    "r180": lambda x: torch.rot90(x, 2, (-2, -1)),
    "r270": lambda x: torch.rot90(x, 3, (-2, -1)),
}


def test_every_measure_of_the_catalogue_is_a_function() -> None:
    """But derivatives along flows, which say how they are had."""
    from geed_cli.measures.catalogue import BY_NAME as CATALOGUE

    derivatives = {name for name, measure in CATALOGUE.items() if measure.of_flows}
    assert set(BY_NAME) == set(CATALOGUE) - derivatives
    for name in derivatives:
        with pytest.raises(InputError, match="is a derivative") as refused:
            geed.functional.Metric(name, "flip")
        assert f"--set lie:rotation --metric {name}" in str(refused.value)
    for name, function in BY_NAME.items():
        assert function.__name__ == name.replace(".", "_")


def test_relative_by_hand() -> None:
    """(3, 0) and (0, 4) are 5 apart, of length 3; e is not counted, and a zero vector has no row."""
    orbit = torch.tensor([[[3.0, 0.0], [0.0, 0.0]], [[0.0, 4.0], [0.0, 4.0]]])
    first, second = geed.functional.latent_relative(orbit, "flip", reduction="none").tolist()
    assert first == pytest.approx(5 / 3, abs=1e-12)
    assert math.isnan(second)
    assert geed.functional.latent_relative(orbit).item() == pytest.approx(5 / 3, abs=1e-12)


def test_l2_by_hand() -> None:
    """Orbits (3, 0), (0, 4) and (3, 10), (0, 14): both members lie 2.5 from the mean; the plain ones are 10 apart."""
    orbit = torch.tensor([[[3.0, 0.0], [3.0, 10.0]], [[0.0, 4.0], [0.0, 14.0]]])
    assert geed.functional.latent_l2(orbit, reduction="none").tolist() == [2.5, 2.5]
    assert geed.functional.normaliser(orbit[0]).item() == 10.0
    assert geed.functional.latent_l2(orbit, "flip").item() == 0.25


def test_cosine_by_hand() -> None:
    """−(0.6 + 0.8)/2 over M = cos of (3, 0) and (3, 4) = 0.6, and of an invariant orbit −1 over it."""
    orbit = torch.tensor([[[3.0, 0.0], [3.0, 4.0]], [[0.0, 4.0], [3.0, 4.0]]])
    rows = geed.functional.latent_cosine(orbit, reduction="none")
    assert rows.tolist() == pytest.approx([-0.7, -1.0], abs=1e-12)
    assert geed.functional.normaliser(orbit[0], "latent.cosine").item() == pytest.approx(0.6, abs=1e-12)
    assert geed.functional.latent_cosine(orbit).item() == pytest.approx(-0.85 / 0.6, abs=1e-12)


def test_predictions_by_hand() -> None:
    """(.9, .1) and (.1, .9) diverge 0.368064 nats from their mean, and the top class changes; one label of two does."""
    p = torch.tensor([[[0.9, 0.1]], [[0.1, 0.9]]])
    assert geed.functional.softmax_kl(p, kind="probabilities").item() == pytest.approx(0.3680642, abs=1e-6)
    assert geed.functional.softmax_kl(p.log() + 3).item() == pytest.approx(0.3680642, abs=1e-6)
    assert geed.functional.prediction_flip_rate(p.log() + 3).item() == 1.0
    labels = torch.tensor([[[math.log(9), 2.0]], [[-math.log(9), 2.0]]])
    # of the label that turns over it is the same divergence, of the other 0, and their mean half
    assert geed.functional.softmax_kl(labels, kind="sigmoid").item() == pytest.approx(0.1840321, abs=1e-6)
    assert geed.functional.prediction_flip_rate(labels, kind="sigmoid").item() == 1.0


def test_maps_by_hand() -> None:
    """(3, 4) where the mirrored map is (5, 0): the cosine is 0.6; with e the value is −0.8."""
    maps = torch.tensor([[[[[0.0, 5.0]]]], [[[[3.0, 4.0]]]]])
    assert geed.functional.channelwise_cosine(maps, "flip").item() == pytest.approx(-0.8, abs=1e-7)
    ramp = torch.tensor([[[[[1.0, 2.0, 3.0]]]], [[[[1.0, 2.0, 3.0]]]]])
    assert geed.functional.channelwise_correlation(ramp, "flip").item() == pytest.approx(0.0, abs=1e-7)
    # equivariant maps, and a dead channel that does not count
    x = torch.rand(2, 3, 4, 4)
    x[:, 1] = 0
    orbit = torch.stack([turn(x) for turn in TURNS.values()])
    assert geed.functional.channelwise_cosine(orbit, "c4").item() == pytest.approx(-1.0, abs=1e-6)
    dead = torch.zeros(4, 1, 2, 4, 4)
    assert geed.functional.channelwise_cosine(dead, "c4", reduction="none").isnan().all()


def _views(folder: Path) -> Tensor:
    """g·x of every picture for c4, normalised, shape (4, B, 3, 16, 16), by rot90 alone."""
    import numpy as np

    pixels = [
        torch.from_numpy(np.asarray(Image.open(path).convert("RGB")).copy()).permute(2, 0, 1) / 255
        for path in sorted(folder.iterdir())
    ]
    mean, std = torch.tensor(MEAN)[:, None, None], torch.tensor(STD)[:, None, None]
    return torch.stack([(turn(torch.stack(pixels)) - mean) / std for turn in TURNS.values()])


def test_rows_and_values_of_an_audit(folder: Path) -> None:
    """The same network and pictures give the audit's own rows, M and values, to the rounding of float32."""
    network = small_conv_net()
    options = AuditOptions(data=DataOptions(root=folder, samples=5), controls=ControlOptions(probes=0))
    result = audit(network, ["c4"], options)
    kept: dict[str, Tensor] = {}
    for name in ("block2", "block3"):
        network.module.get_submodule(name).register_forward_hook(
            lambda _, __, output, name=name: kept.__setitem__(name, output.clone())
        )
    network.module.fc.register_forward_hook(lambda _, inputs, __: kept.__setitem__("features", inputs[0]))
    orbits: dict[str, list[Tensor]] = {}
    for batch in _views(folder):
        outputs = network.module(batch)
        for name, each in {**kept, "logits": outputs}.items():
            orbits.setdefault(name, []).append(each)
    order = [image.path for image in result.data.images]
    places = [sorted(path.name for path in folder.iterdir()).index(Path(path).name) for path in order]
    compared = 0
    for entry in result.results:
        site = {"latent": "features", "softmax": "logits", "prediction": "logits"}.get(
            entry.metric.split(".")[0], entry.layer
        )
        if site not in orbits or entry.per_image is None:
            continue
        orbit = torch.stack(orbits[site])[:, places]
        rows = BY_NAME[entry.metric](orbit, "c4", reduction="none")
        assert rows.tolist() == pytest.approx(list(entry.per_image.value), abs=1e-6), entry.metric
        if entry.status == "ok":
            assert BY_NAME[entry.metric](orbit, "c4").item() == pytest.approx(entry.value, rel=1e-5, abs=1e-6)
        if entry.normaliser is not None:
            m = geed.functional.normaliser(orbit[0], entry.metric).item()
            assert m == pytest.approx(entry.normaliser, rel=1e-5)
        compared += 1
    assert compared == 8  # four of vectors, two of each of two layers


def test_a_loop_over_images_and_elements() -> None:
    """l2 written out: the mean over images of the mean distance to the orbit's mean, over that of all ordered pairs."""
    orbit = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    total = 0.0
    for i in range(4):
        mean = [sum(orbit[g, i, k].item() for g in range(3)) / 3 for k in range(5)]
        total += sum(math.dist(orbit[g, i].tolist(), mean) for g in range(3)) / 3 / 4
    pairs = [
        math.dist(orbit[0, i].tolist(), orbit[0, j].tolist()) for i in range(4) for j in range(4) if i != j
    ]
    expected = total / (sum(pairs) / len(pairs))
    assert geed.functional.latent_l2(orbit).item() == pytest.approx(expected, abs=1e-12)


def test_an_element_that_moves_nothing_is_in_the_kernel() -> None:
    """On 1×1 maps a mirror does nothing, so that f̂ is the mean of both elements."""
    maps = torch.tensor([[[[[1.0]], [[0.0]]]], [[[[0.0]], [[1.0]]]]])
    # f̂ = (½, ½); channel by channel cos is 1 where the map is not 0, and 0 where exactly one is
    assert geed.functional.channelwise_cosine(maps, "flip").item() == pytest.approx(-0.5, abs=1e-7)


def test_turns_that_resample_are_compared_in_the_disc() -> None:
    """What lies outside the inscribed disc changes nothing; the paper's reading of 0 outside sees it."""
    maps = torch.rand(8, 2, 3, 9, 9, generator=torch.Generator().manual_seed(2))
    corner = maps.clone()
    corner[1:, ..., 0, 0] += 5
    assert geed.functional.channelwise_cosine(maps, "c8") == geed.functional.channelwise_cosine(corner, "c8")
    zero = [geed.functional.channelwise_cosine(m, "c8", boundary="zero") for m in (maps, corner)]
    assert zero[0] != zero[1]


@pytest.mark.parametrize(
    ("call", "found"),
    [
        (lambda f: f.latent_l2(torch.rand(2, 3)), "a tensor of shape (2, 3)"),
        (lambda f: f.latent_l2(torch.rand(2, 0, 3)), "(2, 0, 3)"),
        (lambda f: f.latent_l2(torch.ones(2, 3, 4, dtype=torch.int64)), "torch.int64"),
        (lambda f: f.latent_l2([[1.0]]), "a list"),
        (lambda f: f.latent_l2(torch.rand(3, 3, 4), "c4"), "(3, 3, 4)"),
        (lambda f: f.latent_l2(torch.rand(2, 1, 4)), "needs two images"),
        (lambda f: f.latent_l2(torch.ones(2, 3, 4)), "M = 0"),
        (lambda f: f.latent_l2(torch.full((2, 3, 4), math.nan)), "in 6 of 6 rows"),
        (lambda f: f.latent_l2(torch.rand(2, 3, 4), reduction="sum"), "reduction 'sum'"),
        (lambda f: f.latent_l2(torch.rand(2, 3, 4), "c5x"), "no group 'c5x'"),
        (lambda f: f.softmax_kl(torch.rand(2, 3, 4).softmax(-1)), "sum to 1"),
        (lambda f: f.softmax_kl(torch.rand(2, 3, 4), kind="probabilities"), "does not sum to 1"),
        (lambda f: f.softmax_kl(torch.rand(2, 3, 1)), "one number"),
        (lambda f: f.softmax_kl(torch.rand(2, 3, 4), kind="dense"), "kind 'dense'"),
        (lambda f: f.channelwise_cosine(torch.rand(4, 2, 3, 4, 5), "c4"), "are not square"),
        (lambda f: f.channelwise_cosine(torch.rand(6, 2, 3, 4, 4), "rgb"), "changes colours"),
        (lambda f: f.channelwise_cosine(torch.rand(2, 3, 4, 4), "flip"), "(2, 3, 4, 4)"),
        (lambda f: f.channelwise_cosine(torch.rand(2, 2, 3, 4, 4), None), "without a group"),
        (
            lambda f: f.channelwise_cosine(torch.rand(2, 2, 3, 4, 4), "flip", boundary="wrap"),
            "boundary 'wrap'",
        ),
        (lambda f: f.channelwise_correlation(torch.rand(2, 2, 3, 1, 1), "flip"), "a single pixel"),
        (lambda f: f.channelwise_cosine(torch.zeros(2, 2, 3, 4, 4), "flip"), "no image has a finite value"),
        (lambda f: f.normaliser(torch.rand(3, 4), "softmax.kl"), "has no normaliser"),
        (lambda f: f.normaliser(torch.rand(1, 4)), "(1, 4)"),
        (lambda f: f.Metric("latent.l2.M"), "a part of latent.l2"),
        (lambda f: f.Metric("latent.l3"), "no metric 'latent.l3'"),
        (lambda f: f.Metric("latent.l2").compute(), "of 0 images"),
    ],
)
def test_what_is_refused(call: Callable[[object], object], found: str) -> None:
    with pytest.raises(InputError) as refused:
        call(geed.functional)
    assert found in refused.value.found
    assert refused.value.expected
    assert refused.value.remedy


def test_ways_out_of_refusals() -> None:
    """The expressions that messages propose do what they say."""
    orbit = torch.rand(2, 4, 3, generator=torch.Generator().manual_seed(3))
    orbit[1, 2, 0] = math.inf
    kept = orbit[:, orbit.isfinite().flatten(2).all(dim=2).all(dim=0)]
    assert kept.shape == (2, 3, 3)
    geed.functional.latent_l2(kept)
    features = orbit[1]
    assert geed.functional.normaliser(features[features.isfinite().all(dim=1)]) > 0
    p = torch.rand(2, 3, 4).softmax(-1)
    geed.functional.softmax_kl(p, kind="probabilities")
    geed.functional.softmax_kl(torch.rand(2, 3, 1), kind="sigmoid")
    geed.functional.softmax_kl(torch.rand(2, 3, 4), kind="logits")
    assert geed.functional.latent_l2(orbit[:, :1], reduction="none").shape == (1,)
    assert geed.functional.Metric("latent.l2").update(orbit[:, :1]).rows.shape == (1,)
    geed.functional.channelwise_cosine(torch.rand(2, 2, 3, 1, 1), "flip")


def test_the_example_of_the_page_runs() -> None:
    """With a network of one convolution, whose features are its channels' means."""
    page = Path(__file__).resolve().parents[2] / "docs" / "python.md"
    section = (
        page.read_text(encoding="utf-8").partition("\n## Measures as functions")[2].partition("\n## ")[0]
    )
    (block,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    layer = torch.nn.Conv2d(3, 4, 3)
    names: dict[str, object] = {
        "images": torch.rand(5, 3, 8, 8),
        "layer": layer,
        "features": lambda x: layer(x).relu().amax(dim=(2, 3)),
    }
    exec(compile(block, page.name, "exec"), names)
    assert repr(names["metric"]) == "<Metric latent.l2, c4; 0 images>"


def test_no_gradient_is_kept_and_none_is_disturbed() -> None:
    features = torch.rand(2, 3, 4, requires_grad=True)
    value = geed.functional.latent_l2(features)
    assert not value.requires_grad
    assert value.dtype == torch.float64
    assert torch.is_grad_enabled()
    maps = torch.rand(2, 3, 2, 4, 4, requires_grad=True)
    assert not geed.functional.channelwise_cosine(maps, "flip").requires_grad
    half = maps.detach().bfloat16()
    assert geed.functional.channelwise_cosine(half, "flip") == geed.functional.channelwise_cosine(
        half.float(), "flip"
    )
