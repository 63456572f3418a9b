"""``geed audit … --policy FILE``: audit and gate in one go."""

from pathlib import Path

import pytest
from support.command import Geed

from geed_cli.result.file import read_result

SPEC = """
model: {source: timm, name: resnet10t}
weights: {origin: random}
input: {size: 40, crop_pct: 1.0}
"""
POLICY = """
version: 1
require: {{min_images: 20, groups: [flip]}}
rules:
  - {{id: latent, metric: latent.l2, group: flip, max: {limit}, level: error}}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SPEC)
    return path


@pytest.mark.parametrize(("limit", "code", "word"), [("5.0", 0, "pass"), ("0.0001", 1, "fail")])
def test_the_gate_decides_the_exit_code(
    geed: Geed, spec: Path, enough_pictures: Path, tmp_path: Path, limit: str, code: int, word: str
) -> None:
    """The same verdict and exit code as ``geed check`` on the saved result; the result is saved either way."""
    policy, saved = tmp_path / "policy.yaml", tmp_path / "r.json"
    policy.write_text(POLICY.format(limit=limit))
    done = geed(
        "audit", spec, "-d", enough_pictures, "--metric", "latent.l2", "--json", saved, "--policy", policy
    )
    assert done.exit_code == code, done.stderr
    assert word in done.stdout.lower()
    assert read_result(saved).status == "complete"
    assert geed("check", saved, "--policy", policy).exit_code == code


def test_the_gate_is_shown_as_the_audit_is(
    geed: Geed, spec: Path, enough_pictures: Path, tmp_path: Path
) -> None:
    """One line each with --quiet; below the audit otherwise."""
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY.format(limit="5.0"))
    audit = ("audit", spec, "-d", enough_pictures, "--metric", "latent.l2", "--policy", policy)
    lines = geed(*audit, "-q").stdout.splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["geed=audit", "geed=check"]
    text = geed(*audit).stdout
    assert text.index("\ngeed audit · ") < text.index("\n\nPASS: ") < text.index("\ngeed check · ")


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--json", "-"], "--json - together with --policy"),
        (["-o", "report.exe"], "report.exe"),
        (["--baseline", "missing.json"], "missing.json"),
    ],
)
def test_gate_options_are_checked_before_the_audit(
    geed: Geed, tmp_path: Path, extra: list[str], message: str
) -> None:
    """No model is even looked for."""
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY.format(limit=1))
    done = geed("audit", "no_such_model", "--policy", policy, *extra)
    assert done.exit_code == 2
    assert message in done.stderr


def test_gate_options_need_a_policy(geed: Geed) -> None:
    """A baseline without rules would be ignored in silence."""
    done = geed("audit", "no_such_model", "--baseline", "last.json")
    assert done.exit_code == 2
    assert "without --policy" in done.stderr
