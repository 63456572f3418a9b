"""Weighted audits against sums over the slow oracle's rows and embeddings, and what cannot be weighted."""

from pathlib import Path

import numpy as np
import pytest
from reference.action import planar_group
from reference.audit import audit as slow_audit
from reference.network import hooked_network
from support.command import Geed, geed
from support.networks import MEAN, STD, small_conv_net
from support.pictures import pixels_of, smooth_pictures

from geed_cli.errors import InputError
from geed_cli.images.source import list_images
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.draw import Draw
from geed_cli.pipeline.image_weights import weights_asked
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions
from geed_cli.result.file import to_strict_json
from geed_cli.result.samples import sample_of
from geed_cli.result.schema import Result
from geed_cli.statistics.interval import interval

__all__ = ["geed"]
SIZES = {"cats": 14, "dogs": 10}


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("classes")
    pictures = sorted(smooth_pictures(root / "all", sum(SIZES.values()), 16).iterdir())
    for name, size in SIZES.items():
        (root / "tree" / name).mkdir(parents=True)
        for _ in range(size):
            picture = pictures.pop()
            picture.rename(root / "tree" / name / picture.name)
    return root / "tree"


def audited(classes: Path, weights: str | None) -> Result:
    options = AuditOptions(
        data=DataOptions(classes, image_weights=weights),
        run=RunOptions("cpu", 8, "fp64"),
        controls=ControlOptions(probes=16),
    )
    return audit(small_conv_net(), ("flip",), options)


@pytest.fixture(scope="module")
def balanced(classes: Path) -> Result:
    return audited(classes, "balanced")


def test_every_printed_mean_is_the_weighted_one(classes: Path, balanced: Result) -> None:
    """Value, raw, M and each element's mean: sums over the oracle's rows, with pairs of images counted by both."""
    network = small_conv_net()
    read = hooked_network(
        network.module, network.features.module, network.features.side, network.layers, network.logits
    )
    pixels = [picture for name in SIZES for picture in pixels_of(classes / name)]  # in the order of the audit
    oracle = slow_audit(read, pixels, planar_group("flip"), "disc", MEAN, STD)
    w = np.array([24 / (2 * SIZES[image.path.partition("/")[0]]) for image in balanced.data.images])
    assert balanced.data.weights == pytest.approx(w)
    f = np.asarray(oracle.embeddings)
    d = np.linalg.norm(f[:, None] - f[None], axis=2)
    m = w @ d @ w / (w.sum() ** 2 - w @ w)
    found = {(entry.metric, entry.layer): entry for entry in balanced.results}
    rows = np.asarray(oracle.rows["latent.l2"])
    entry = found["latent.l2", None]
    raw = float(w @ rows.mean(axis=1) / w.sum())
    assert (entry.raw, entry.normaliser, entry.value) == pytest.approx((raw, m, raw / m), rel=1e-8)
    assert entry.per_element == pytest.approx(dict(zip("em", w @ rows / w.sum(), strict=True)), rel=1e-8)
    kl = np.asarray(oracle.rows["softmax.kl"]).mean(axis=1)
    assert found["softmax.kl", None].value == pytest.approx(w @ kl / w.sum(), rel=1e-8)


def test_intervals_are_made_again_from_the_saved_rows(balanced: Result) -> None:
    """As compare and check make them: with weights and classes."""
    again = Result.model_validate_json(to_strict_json(balanced))
    assert again.data.weighted_by == "balanced"
    assert len({entry.metric for entry in again.results}) > 4
    for entry in again.results:
        sample = sample_of(again, entry)
        if entry.status == "not_applicable":
            continue
        assert sample is not None
        assert sample.weighting is not None
        assert sample.weighting.strata is not None
        settings = again.settings
        made = interval(sample, method=settings.ci, resamples=settings.resamples)
        assert made.value == pytest.approx(entry.value, rel=1e-12)
        assert entry.ci == pytest.approx((made.low, made.high), rel=1e-2)  # saved rows lack the pairs


def test_a_file_of_equal_weights_changes_no_number(classes: Path, tmp_path: Path) -> None:
    """And one of the weights that balance changes the intervals alone: it does not know of classes."""
    plain = audited(classes, None)
    for weight in ("1", "7e3"):
        file = tmp_path / f"w{weight}.csv"
        file.write_text("path,weight\n" + "".join(f"{i.path},{weight}\n" for i in plain.data.images))
        alike = audited(classes, str(file))
        assert alike.data.weighted_by == file.name
        assert alike.signature != plain.signature
        for one, other in zip(plain.results, alike.results, strict=True):
            assert other.value == pytest.approx(one.value)
            assert other.ci == pytest.approx(one.ci)


def test_results_of_other_weights_are_not_compared(
    geed: Geed, classes: Path, balanced: Result, tmp_path: Path
) -> None:
    """Exit 2 with both named; a balanced one compares with itself."""
    for name, result in {"balanced": balanced, "plain": audited(classes, None)}.items():
        (tmp_path / f"{name}.json").write_text(to_strict_json(result))
    refused = geed("compare", str(tmp_path / "plain.json"), str(tmp_path / "balanced.json"))
    assert refused.exit_code == 2
    assert "image weights: all alike and balanced" in " ".join(refused.stderr.split())
    (tmp_path / "copy.json").write_text(to_strict_json(balanced))
    again = geed("compare", str(tmp_path / "balanced.json"), str(tmp_path / "copy.json"))
    assert again.exit_code == 0


@pytest.mark.parametrize(
    ("weights", "expected"),
    [("balanced", "a folder for each class"), ("1,0", "a number above 0"), ("1,heavy", "a number above 0")],
)
def test_what_is_no_weight_is_refused(tmp_path: Path, weights: str, expected: str) -> None:
    """One class, and weights that are not above 0."""
    if weights != "balanced":
        file = tmp_path / "w.csv"
        file.write_text("path,weight\n" + "".join(f"{k}.png,{w}\n" for k, w in enumerate(weights.split(","))))
        weights = str(file)
    asked = weights_asked(DataOptions(image_weights=weights), list_images(None))
    assert asked is not None
    with pytest.raises(InputError) as caught:
        asked.of(["0.png", "1.png"])
    assert caught.value.expected == expected


def test_pictures_without_a_weight_are_refused_before_any_is_shown(classes: Path, tmp_path: Path) -> None:
    """When they are drawn."""
    (tmp_path / "w.csv").write_text("path,weight\n")
    with pytest.raises(InputError, match="no weight for 24 of 24 pictures"):
        Draw(DataOptions(classes, image_weights=str(tmp_path / "w.csv")))


def test_weights_beside_a_normaliser_of_its_own() -> None:
    """Are refused where options are made."""
    with pytest.raises(InputError, match="--image-weights together with --norm-samples"):
        DataOptions(norm_samples=20, image_weights="balanced")
