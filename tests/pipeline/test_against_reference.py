"""The fast path against the slow oracle under tests/reference: one image at a time, float64, its own group action.

Agreement is 1e-8 where both run in float64 (sums of 10⁵ terms round at 1e-11) and 1e-4 relative in float32.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from reference.action import planar_group
from reference.aggregates import (
    element_means,
    flip_rate,
    mean_deviation,
    normaliser,
    pair_cosines,
    pair_distances,
    sensitivity,
)
from reference.audit import Audit
from reference.audit import audit as slow_audit
from reference.network import hooked_network
from support.networks import MEAN, STD, network_of, small_conv_net
from support.pictures import pixels_of
from support.results import measured
from timm.models.vision_transformer import VisionTransformer

from geed_cli.images.source import sample_folder
from geed_cli.models.load import load_model
from geed_cli.models.network import Network, Site
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import ActionOptions, AuditOptions, DataOptions, RunOptions
from geed_cli.result.schema import Entry, Result

GROUPS = ("flip", "c4", "d4", "c8")
EXACT64 = 1e-8
RELATIVE32 = 1e-4
PICTURES = (4, 16)


def slow(network: Network, folder: Path, group: str, boundary: str = "disc") -> Audit:
    """The oracle on the same network and pictures."""
    read = hooked_network(
        network.module, network.features.module, network.features.side, network.layers, network.logits
    )
    return slow_audit(read, pixels_of(folder), planar_group(group), boundary, MEAN, STD)


def fast(
    network: Network,
    folder: Path,
    precision: str,
    batch: int = 5,
    boundary: str = "disc",
    groups: tuple[str, ...] = GROUPS,
) -> Result:
    """The program, all groups in one run."""
    options = AuditOptions(
        data=DataOptions(folder),
        run=RunOptions("cpu", batch, precision),
        action=ActionOptions(boundary),
    )
    return audit(network, groups, options)


def entries(result: Result, group: str) -> dict[tuple[str, str | None], Entry]:
    """The entries of one group by measure and layer."""
    return {(e.metric, e.layer): e for e in result.results if e.group == group}


def check(found: dict[tuple[str, str | None], Entry], expected: Audit, tolerance: dict[str, float]) -> None:
    """Raw means, per-image rows, per-element means, normalisers, values and controls of all five measures."""
    for metric, pairs in (("latent.l2", pair_distances), ("latent.cosine", pair_cosines)):
        entry, rows = found[metric, None], expected.rows[metric]
        m = normaliser(pairs(expected.embeddings))
        assert entry.raw == pytest.approx(mean_deviation(rows), **tolerance)
        assert entry.normaliser == pytest.approx(m, **tolerance)
        # a cosine M that is not clearly above 0 leaves the value undefined; distances never do
        assert (entry.value is None) == (entry.status == "undefined")
        assert entry.value is not None or metric == "latent.cosine"
        if entry.value is not None:
            assert entry.value == pytest.approx(mean_deviation(rows) / m, **tolerance)
        check_rows(entry, rows, tolerance)
    way = found["latent.l2", None].to_another
    assert list(way.per_image) == pytest.approx(expected.apart.tolist(), **tolerance)
    m = normaliser(pair_distances(expected.embeddings))
    assert way.value == pytest.approx(expected.apart.mean() / m, **tolerance)
    assert found["latent.cosine", None].to_another is None
    if expected.probabilities is not None:
        check_predictions(found, expected, tolerance)
    for layer, rows in expected.channelwise.items():
        entry = found["channelwise.cosine", layer]
        assert entry.value == pytest.approx(mean_deviation(rows), **tolerance)
        assert entry.controls["dead_fraction"] == pytest.approx(
            mean_deviation(expected.dead[layer]), **tolerance
        )
        check_rows(entry, rows, tolerance)


def check_predictions(
    found: dict[tuple[str, str | None], Entry], expected: Audit, tolerance: dict[str, float]
) -> None:
    """softmax.kl with its sensitivity, and the flip rate."""
    softmax, rows = found["softmax.kl", None], expected.rows["softmax.kl"]
    assert softmax.value == pytest.approx(mean_deviation(rows), **tolerance)
    assert softmax.controls["sensitivity"] == pytest.approx(sensitivity(expected.probabilities), **tolerance)
    check_rows(softmax, rows, tolerance)
    flips = found["prediction.flip_rate", None]
    flip_rows = expected.rows["prediction.flip_rate"]
    assert flips.value == pytest.approx(flip_rate(flip_rows), **tolerance)
    check_rows(flips, flip_rows[:, 1:], tolerance)


def check_rows(entry: Entry, rows: np.ndarray, tolerance: dict[str, float]) -> None:
    """Every image's row and every element's mean."""
    assert entry.per_image is not None
    assert list(entry.per_image.value) == pytest.approx(rows.mean(axis=1).tolist(), **tolerance)
    assert list(entry.per_element.values()) == pytest.approx(list(element_means(rows)), **tolerance)


@pytest.mark.parametrize("boundary", ["disc", pytest.param("zero", marks=pytest.mark.heavy), "reflect"])
def test_small_cnn_in_float64(folder: Path, boundary: str) -> None:
    """In-place ReLUs, a stride, a dead channel and a 1×1 layer; four groups in one run, odd batches."""
    result = fast(small_conv_net(), folder, "fp64", boundary=boundary)
    for group in GROUPS:
        expected = slow(small_conv_net(), folder, group, boundary)
        check(entries(result, group), expected, {"rel": EXACT64, "abs": EXACT64})


def test_small_cnn_in_float32(folder: Path) -> None:
    """The precision that people run."""
    result = fast(small_conv_net(), folder, "fp32")
    for group in GROUPS:
        expected = slow(small_conv_net(), folder, group)
        # 1e-6 absolute: a divergence of nearly equal probabilities is itself rounding
        check(entries(result, group), expected, {"rel": RELATIVE32, "abs": 1e-6})


def small_vit() -> Network:
    """A random ViT of two blocks on 16 pixels; its pooled features, and no logits."""
    torch.manual_seed(3)
    module = VisionTransformer(
        img_size=16, patch_size=4, embed_dim=24, depth=2, num_heads=2, num_classes=0, global_pool="avg"
    )
    return network_of(module, features=Site("", "output"), size=16, logits=False)


@pytest.mark.parametrize(("precision", "tolerance"), [("fp64", EXACT64), ("fp32", RELATIVE32)])
def test_random_vit(folder: Path, precision: str, tolerance: float) -> None:
    """Pooled features of a transformer; the network has no classifier, so softmax is not applicable."""
    result = fast(small_vit(), folder, precision)
    for group in GROUPS:
        found = entries(result, group)
        check(found, slow(small_vit(), folder, group), {"rel": tolerance, "abs": 1e-8})
        assert found["softmax.kl", None].status == "not_applicable"


@pytest.fixture(scope="module")
def real_network() -> Network:
    """efficientnet_lite0 with its published weights, shown 96-pixel pictures as they are, at three layers."""
    network = load_model("efficientnet_lite0")
    layers = ("blocks.0", "blocks.3", "blocks.6")
    return replace(network, input=replace(network.input, size=96, resize=96), layers=layers)


REAL_GROUPS = ("c3",)


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two photographs of the sample, cut to 96 pixels."""
    folder = tmp_path_factory.mktemp("photographs")
    for path in sorted(sample_folder().iterdir())[:20:10]:
        Image.open(path).crop((80, 80, 176, 176)).save(folder / f"{path.stem}.png")
    return folder


@pytest.fixture(scope="module")
def oracle(real_network: Network, photographs: Path) -> dict[str, Audit]:
    """The slow audit of the real network under each group; made once, it is float64 in any case."""
    read = hooked_network(real_network.module, "classifier", "input", real_network.layers)
    used, pixels = real_network.input, pixels_of(photographs)
    return {g: slow_audit(read, pixels, planar_group(g), "disc", used.mean, used.std) for g in REAL_GROUPS}


@pytest.mark.parametrize(
    ("precision", "relative", "absolute"),
    [
        pytest.param("fp64", EXACT64, 1e-15, marks=pytest.mark.slow),
        pytest.param("fp32", RELATIVE32, 1e-6, marks=pytest.mark.heavy),
    ],
)
def test_efficientnet_lite0_with_its_real_weights(
    real_network: Network,
    photographs: Path,
    oracle: dict[str, Audit],
    precision: str,
    relative: float,
    absolute: float,
) -> None:
    """A published network; absolute: near-equal probabilities diverge by rounding alone."""
    result = fast(real_network, photographs, precision, 8, groups=REAL_GROUPS)
    for group in REAL_GROUPS:
        check(entries(result, group), oracle[group], {"rel": relative, "abs": absolute})


@pytest.fixture(scope="module")
def in_twenties(folder: Path) -> Result:
    """All groups at batches of twenty."""
    return fast(small_conv_net(), folder, "fp64", batch=20)


@pytest.mark.parametrize(
    "batch", [3, *(pytest.param(batch, marks=pytest.mark.heavy) for batch in (1, 8, 64))]
)
def test_batch_size_does_not_matter(folder: Path, in_twenties: Result, batch: int) -> None:
    """Orbits cut anywhere give the same rows; 1e-9: float64 sums in another order."""
    parts = fast(small_conv_net(), folder, "fp64", batch=batch)
    for one, other in zip(measured(in_twenties), measured(parts), strict=True):
        assert one.per_image is not None
        assert other.per_image is not None
        assert one.per_image.value == pytest.approx(other.per_image.value, rel=1e-9, abs=1e-9)


def test_group_order_does_not_matter(folder: Path, in_twenties: Result) -> None:
    """Each group's entries are the same alone, first or last."""
    options = AuditOptions(data=DataOptions(folder), run=RunOptions("cpu", 4, "fp64"))
    for group in GROUPS:
        alone = entries(audit(small_conv_net(), (group,), options), group)
        for key, entry in entries(in_twenties, group).items():
            if entry.status == "not_applicable":
                continue
            assert alone[key].value == pytest.approx(entry.value, rel=1e-9, abs=1e-9)


@pytest.mark.heavy
def test_image_order_does_not_matter(folder: Path, tmp_path: Path) -> None:
    """The same pictures under reversed names: the same values, the rows reversed."""
    reversed_folder = tmp_path / "reversed"
    reversed_folder.mkdir()
    for number, path in enumerate(sorted(folder.iterdir(), reverse=True)):
        (reversed_folder / f"{number:04d}.png").write_bytes(path.read_bytes())
    one, other = (fast(small_conv_net(), where, "fp64") for where in (folder, reversed_folder))
    for before, after in zip(measured(one), measured(other), strict=True):
        assert before.per_image is not None
        assert after.per_image is not None
        assert after.value == pytest.approx(before.value, rel=1e-9, abs=1e-9)
        assert after.per_image.value == pytest.approx(before.per_image.value[::-1], rel=1e-9, abs=1e-9)
