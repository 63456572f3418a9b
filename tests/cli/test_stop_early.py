"""``geed audit … --policy FILE --stop-early``: what is printed and saved, and what is refused."""

from pathlib import Path

import pytest
from support.command import Geed
from support.pictures import smooth_pictures

from geed_cli.result.file import read_result

SPEC = """
model: {source: timm, name: resnet10t}
weights: {origin: random}
input: {size: 40, crop_pct: 1.0}
"""
POLICY = """
version: 2
require: {min_images: 20, groups: [flip]}
rules:
  - {id: latent, metric: latent.l2, group: flip, max: 5.0}
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    (tmp_path / "small.yaml").write_text(SPEC)
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    return path


def test_a_decided_policy_saves_images_and_check_says_the_same(
    geed: Geed, tmp_path: Path, policy: Path
) -> None:
    """20 of 40 pictures are shown; the saved result is judged alike, without the pictures."""
    pictures, saved = smooth_pictures(tmp_path / "pictures", 40, 40), tmp_path / "r.json"
    done = geed(
        *("audit", tmp_path / "small.yaml", "-d", pictures, "--metric", "latent.l2", "--json", saved),
        *("--policy", policy, "--stop-early"),
    )
    assert done.exit_code == 0, done.stderr
    assert "look 1 of 2, its policy decided at 20 of 40 images" in done.stdout
    assert "decided at 20 of 40 images, 20 saved" in done.stdout
    result = read_result(saved)
    assert (result.data.count, result.settings.samples) == (20, 200)
    again = geed("check", saved, "--policy", policy)
    assert again.exit_code == 0
    assert again.stdout.strip() in done.stdout
    walked = " ".join(geed("explain", saved).stdout.split())
    assert "Images were added until the policy was decided, to at most 40: look 1 of 2, at 97.50%." in walked


def test_files_that_could_not_be_used_are_not_saved(geed: Geed, tmp_path: Path, policy: Path) -> None:
    """Six of 46 files: the last look would have had less than 46, and the first has 20 in any case."""
    pictures = smooth_pictures(tmp_path / "pictures", 40, 40)
    for number in range(6):
        (pictures / f"0000{number}a.png").write_bytes(b"no picture %d" % number)
    done = geed(
        *("audit", tmp_path / "small.yaml", "-d", pictures, "--metric", "latent.l2"),
        *("--policy", policy, "--stop-early", "--on-bad-image", "skip", "--json", tmp_path / "r.json"),
    )
    assert done.exit_code == 0, done.stderr
    refused = len(read_result(tmp_path / "r.json").data.refused)
    assert refused > 0
    assert f"its policy decided at 20 of {46 - refused} images" in done.stdout
    assert f"decided at 20 of {46 - refused} images, {26 - refused} saved" in done.stdout


CHANGES = """
version: 2
require: {min_images: 20}
rules:
  - {id: small, metric: latent.l2, group: flip, max: 0.0001}
baseline:
  rules:
    - {id: no-worse, metric: latent.l2, group: flip, max_increase: 60%}
"""


def test_a_baseline_over_all_pictures_is_read_over_those_of_the_look(
    geed: Geed, tmp_path: Path, policy: Path
) -> None:
    """One rule fails and one passes at 20 of 40; check says the same, and compare, which would refuse, is not named."""
    pictures, saved, base = (
        smooth_pictures(tmp_path / "pictures", 40, 40),
        tmp_path / "r.json",
        tmp_path / "b.json",
    )
    policy.write_text(CHANGES)
    audit = ("audit", tmp_path / "small.yaml", "-d", pictures, "--metric", "latent.l2", "--json")
    assert geed(*audit, base).exit_code == 0
    done = geed(*audit, saved, "--policy", policy, "--baseline", base, "--stop-early", "--seed", "7")
    again = geed("check", saved, "--policy", policy, "--baseline", base)
    assert (done.exit_code, again.exit_code) == (1, 1)
    assert again.stdout.strip() in done.stdout
    assert "decided at 20 of 40 images, 20 saved · 2 checks: 1 fail, 1 pass" in done.stdout
    assert "geed compare" not in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--stop-early"], "--stop-early, --on-undecided or --output-format) without --policy"),
        (["--stop-early", "--until-width", "0.1", "--max-samples", "400"], "together with --until-width"),
        (["--stop-early", "--max-samples", "400"], "together with --max-samples"),
        (["--stop-early", "--samples", "30"], "over 30 images, of which the first look takes 20"),
        (["--stop-early", "--discover", "linear"], "--stop-early together with --discover"),
    ],
)
def test_what_cannot_act_is_refused_before_a_model_is_looked_for(
    geed: Geed, policy: Path, words: list[str], message: str
) -> None:
    """Exit 2."""
    beside = [] if words == ["--stop-early"] else ["--policy", policy]
    done = geed("audit", "no_such_model", *beside, *words)
    assert done.exit_code == 2
    assert message in done.stderr
