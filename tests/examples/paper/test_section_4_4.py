"""Section 4.4 of the paper: its losses against slow second formulas, its commands, its verdicts."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from support.command import Geed, geed
from torch import Tensor

from examples.paper import objectives
from examples.paper.data import Pictures
from examples.paper.narrow_resnet import NarrowResNet, network
from examples.paper.section_4_4 import LATENT, PAIRS, PUBLISHED_PAIRS, steps
from examples.paper.section_4_4_claims import claims
from examples.paper.self_supervised import FAMILIES, RIDGE, all_features, probe
from examples.paper.settings import SCALES
from examples.paper.step import Place

__all__ = ["geed"]


def test_nt_xent_is_the_sum_over_views_written_out() -> None:
    """Chen et al. 2020, equation 1, by loops over numbers."""
    z = np.random.default_rng(0).normal(size=(10, 4))
    unit = z / np.sqrt((z**2).sum(1, keepdims=True))
    terms = []
    for i in range(10):
        others = [np.exp(unit[i] @ unit[k] / 0.3) for k in range(10) if k != i]
        terms.append(-np.log(np.exp(unit[i] @ unit[(i + 5) % 10] / 0.3) / sum(others)))
    assert objectives.nt_xent(torch.from_numpy(z), 0.3).item() == pytest.approx(np.mean(terms), rel=1e-12)


def test_two_pictures_at_right_angles_by_hand() -> None:
    """Views agree and pictures do not: −ln(e² / (e² + 2)) at temperature 1/2."""
    z = torch.eye(2).repeat(2, 1)
    assert objectives.nt_xent(z, 0.5).item() == pytest.approx(0.2395447662, abs=1e-7)


def test_mirroring_is_all_that_mirrored_views_add(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one seed each view is the other run's, or its mirror image; both occur. Noise is not mirrored with it."""
    monkeypatch.setattr(objectives, "NOISE", 0.0)
    x = torch.rand(40, 1, 29, 29, generator=torch.Generator().manual_seed(1))
    plain, mirrored = (objectives.views(x, each, torch.Generator().manual_seed(2)) for each in (False, True))
    same = [torch.allclose(a, b, atol=1e-5) for a, b in zip(plain, mirrored, strict=True)]
    turned = [torch.allclose(a.flip(-1), b, atol=1e-5) for a, b in zip(plain, mirrored, strict=True)]
    assert all(a != b for a, b in zip(same, turned, strict=True))
    assert 10 < sum(turned) < 30


def test_a_view_is_a_crop_inside_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a picture whose levels are its columns, a view has levels within it that rise as evenly, and more slowly."""
    monkeypatch.setattr(objectives, "NOISE", 0.0)
    monkeypatch.setattr(objectives, "CONTRAST", 0.0)
    column = (torch.arange(29) + 0.5) / 29
    seen = objectives.views(column.expand(30, 1, 29, 29), False, torch.Generator().manual_seed(0))
    inner = seen[:, 0, 14, 1:-1]  # at the frame's edge a crop may read half a pixel of black
    steps = inner.diff(dim=1)
    slope = steps.mean(1, keepdim=True) * 29
    assert torch.allclose(steps * 29, slope.expand_as(steps), atol=1e-4)
    assert 0.6 - 1e-4 <= slope.min() < 0.7
    assert 0.9 < slope.max() <= 1 + 1e-4


def test_the_teacher_follows_slowly_and_learns_nothing_else() -> None:
    """After a step of the student its weights are 0.97 of what they were and 0.03 of the student's."""
    torch.manual_seed(0)
    net = NarrowResNet((2, 3, 4))
    loss = objectives.Distilled(net)
    before = [weight.clone() for weight in loss.teacher.parameters()]
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(1)
    loss(torch.rand(4, 1, 29, 29), torch.zeros(4), lambda x: x).backward()
    for old, new in zip(before, loss.teacher.parameters(), strict=True):
        assert torch.allclose(new, old + 0.03, atol=1e-6)
        assert new.grad is None
    assert all(weight.grad is not None for weight in net.blocks.parameters())


def test_distillation_of_one_answer_is_its_entropy_and_its_centre_moves() -> None:
    """Where both views are the same picture's and teacher is student, by numpy: −Σ t log s, t sharp and centred."""
    torch.manual_seed(0)
    loss = objectives.Distilled(NarrowResNet((2, 3, 4)))
    x = torch.rand(6, 1, 29, 29)
    both = torch.cat([x, x])
    said = loss.head(loss.net.features(both)).detach().double().numpy()
    teacher, student = (np.exp(said / t) / np.exp(said / t).sum(1, keepdims=True) for t in (0.04, 0.1))
    assert loss(x, torch.zeros(6), lambda x: x).item() == pytest.approx(
        -(teacher * np.log(student)).sum(1).mean(), rel=1e-4
    )
    assert np.allclose(loss.centre.numpy(), 0.1 * said.mean(0), atol=1e-6)


def test_the_probe_is_ridge_regression() -> None:
    """Against least squares with rows of the penalty below the features, in numpy."""
    torch.manual_seed(0)
    net = NarrowResNet((2, 3, 4))
    seen = Pictures(torch.rand(50, 1, 29, 29), torch.arange(50) % 9)
    probe(net, seen)
    f = all_features(net, seen.x).double().numpy()
    z = (f - f.mean(0)) / np.maximum(f.std(0, ddof=1), 1e-6)
    target = np.eye(9)[seen.y.numpy()]
    rows = np.vstack([z, np.sqrt(50 * RIDGE) * np.eye(4)])
    centred = np.vstack([target - target.mean(0), np.zeros((4, 9))])
    expected = z @ np.linalg.lstsq(rows, centred, rcond=None)[0] + target.mean(0)
    assert np.allclose(net(seen.x).detach().numpy(), expected, atol=1e-4)


def place(scale: str, out: Path = Path("out")) -> Place:
    """A place that need not be there."""
    return Place(Path("DIR"), out, scale)


def test_every_family_is_trained_and_measured() -> None:
    """At the small scale; the paper's scale trains nothing."""
    made = steps(place("small"))
    assert [each.command[1] for each in made if each.command[0].endswith("self_supervised")] == list(FAMILIES)
    (sweep,) = (each.command for each in made if each.command[:2] == ("geed", "sweep"))
    assert [word.split("=")[0] for word in sweep if "net.pt:" in word] == list(FAMILIES)
    assert {each.command[0] for each in steps(place("paper"))} == {"geed"}


def test_published_networks_without_their_files(geed: Geed, tmp_path: Path) -> None:
    """The sweep of the paper's scale says which file is missing, before anything is audited."""
    (sweep, *_) = steps(Place(tmp_path, tmp_path / "out", "paper"))
    (tmp_path / "imagenet").mkdir()
    sweep.makes.parent.mkdir(parents=True)  # as Step.run does
    done = geed(*sweep.command[1:])
    assert done.exit_code == 2
    assert "dino_resnet50_pretrain.pth" in done.stderr.replace("\n", "")
    assert not list(sweep.makes.parent.iterdir())


@pytest.mark.parametrize("scale", ["small", "paper"])
def test_architectures_differ_in_widths_alone(scale: str) -> None:
    """A network of the scale runs on 29 × 29 and says nine logits; its features are not negative."""
    net = network(scale).eval()
    x = torch.rand(2, 1, 29, 29)
    features: Tensor = net.features(x)
    assert net(x).shape == (2, 9)
    assert features.shape == (2, SCALES[scale].self_supervised.widths[-1])
    assert features.min() >= 0


VALUES = {"less": -0.1, "more": 0.1, "undecided": 0.01}


def compared(folder: Path, verdicts: dict[str, str], pairs: dict[str, tuple[str, str]]) -> None:
    """Comparisons as geed writes them; of pairs that are not named, and of all raw cosines, nothing is decided."""
    folder.mkdir(parents=True)
    for name in pairs:
        lines = []
        for metric in LATENT:
            found = "undecided" if metric.endswith("raw") else verdicts.get(name, "undecided")
            value = VALUES[found]
            delta = {"value": value, "ci": [value - 0.01, value + 0.01], "verdict": found}
            sides = [{"value": 0.3, "ci": [0.2, 0.4]}, {"value": 0.3 + value, "ci": None}]
            lines.append(
                {"metric": metric, "group": "flip", "layer": None, "sides": sides, "deltas": [delta]}
            )
        (folder / f"{name}.json").write_text(json.dumps({"lines": lines}))


def cells(folder: Path, values: dict[str, list[float]]) -> None:
    """Results of a sweep, as far as they are read."""
    for family, copies in values.items():
        (folder / family).mkdir(parents=True)
        for seed, value in enumerate(copies, 1):
            rows = [{"metric": "latent.l2", "value": value}]
            (folder / family / f"{seed}-net.json").write_text(json.dumps({"results": rows}))


def test_verdicts_of_hand_made_numbers(tmp_path: Path) -> None:
    """As the paper found: contrast nearer, distillation further than contrast; mirroring helps contrast alone."""
    at = place("small", tmp_path)
    found = {"contrast_mirrored": "less", "distillation_against_contrast": "more", "contrast": "less"}
    compared(tmp_path / "4.4", found, PAIRS)
    plain = [0.30, 0.31, 0.32]
    mirrored = {"supervised": [0.29, 0.31, 0.32], "contrastive": [0.10, 0.11, 0.12], "distilled": plain}
    for loss, values in mirrored.items():
        cells(tmp_path / "4.4" / "sweep" / "digits", {loss: plain, f"{loss}_mirrored": values})
    made = {claim.number: claim for claim in claims(at)}
    assert [claim.verdict for claim in made.values()] == [
        "supported",  # contrast against labels
        "supported",  # distillation against contrast
        "undecided",  # distillation against labels
        "not supported",  # contrast without mirroring is nearer than labels
        "undecided",  # mirrored views with each loss
        "supported",
    ]
    assert "0.3 to 0.2 (-0.1 [-0.11, -0.09])" in made["4.4a"].ours
    assert "raw cosine: undecided" in made["4.4a"].elsewhere
    assert "contrastive 0.354" in made["4.4f"].ours  # (0.10·0.11·0.12 / 0.30·0.31·0.32)^⅓


def test_verdicts_of_published_networks(tmp_path: Path) -> None:
    """One supervised network that is not beaten leaves the first open; a contradiction refutes it."""
    at = place("paper", tmp_path)
    compared(
        tmp_path / "4.4", {"simclr_against_bit": "more", "simclr_against_resnet50": "less"}, PUBLISHED_PAIRS
    )
    assert [claim.verdict for claim in claims(at)] == ["not supported", "undecided", "undecided"]


@pytest.mark.slow
def test_from_pictures_to_verdicts_at_a_tiny_scale(tmp_path: Path) -> None:
    """Every command runs, once; every network is in the sweep, every claim judged; values are those of the files."""
    x = np.random.default_rng(0).integers(0, 256, (200, 28, 28), dtype=np.uint8)
    np.savez(tmp_path / "mnist10k.npz", images=x, labels=np.arange(200) % 9)
    at = Place(tmp_path, tmp_path / "out", "tiny")
    made = steps(at)
    for step in made:
        step.run()
    times = [step.makes.stat().st_mtime_ns for step in made]
    for step in made:
        step.run()
    assert times == [step.makes.stat().st_mtime_ns for step in made]
    folder = tmp_path / "out" / "4.4" / "sweep" / "digits"
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == sorted(FAMILIES)
    assert [claim.number for claim in claims(at)] == [f"4.4{letter}" for letter in "abcdef"]
    result = json.loads((folder / "contrastive_mirrored" / "1-net.json").read_text())
    found = {row["metric"]: row["value"] for row in result["results"]}
    assert found["latent.l2"] == pytest.approx(by_hand(tmp_path / "out", result), rel=1e-5)


def by_hand(out: Path, result: dict[str, dict[str, list[dict[str, str]]]]) -> float:
    """latent.l2 under a group of two, from the pictures' files: half of ‖f1(x) − f1(mirrored x)‖, over M."""
    net = network("tiny").eval()
    net.load_state_dict(torch.load(out / "runs" / "4.4" / "contrastive_mirrored" / "1" / "net.pt"))

    def features(images: list[dict[str, str]], mirrored: bool) -> np.ndarray:
        pictures = [np.asarray(Image.open(out / "data" / "upright" / each["path"])) for each in images]
        x = np.stack(pictures)[:, None, :, :: -1 if mirrored else 1].astype(np.float32) / 255
        return net.features(torch.from_numpy(x.copy())).detach().double().numpy()

    plain, moved = (features(result["data"]["images"], each) for each in (False, True))
    others = features(result["data"]["normaliser_images"], False)
    pairs = [np.linalg.norm(a - b) for i, a in enumerate(others) for b in others[:i]]
    return float(np.linalg.norm(plain - moved, axis=1).mean() / 2 / np.mean(pairs))
