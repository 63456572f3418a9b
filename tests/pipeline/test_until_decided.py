"""Runs that stop once a policy is decided: the looks, their rows and verdicts, and baselines over all images."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.networks import small_conv_net

from geed_cli.errors import InputError
from geed_cli.gate.gate import gate
from geed_cli.gate.given import policy_from
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions, UntilDecided
from geed_cli.pipeline.progress import Silent
from geed_cli.pipeline.shards.shard import check_shardable
from geed_cli.pipeline.until import check_until
from geed_cli.result.schema import Result

PICTURES = (90, 15)
METRICS = ("latent.l2", "softmax.kl")


def limit(most: float, metric: str = "latent.l2") -> dict[str, object]:
    return {
        "version": 2,
        "require": {"min_images": 20},
        "rules": [{"metric": metric, "group": "flip", "max": most}],
    }


def options(folder: Path, until: UntilDecided | None, samples: int = 80) -> AuditOptions:
    run = RunOptions("cpu", 8, "fp64")
    return AuditOptions(DataOptions(folder, samples), run=run, until=until, metrics=METRICS)


def audited(folder: Path, until: UntilDecided | None = None, samples: int = 80) -> Result:
    return audit(small_conv_net(size=15), ["flip"], options(folder, until, samples))


@pytest.mark.parametrize(("most", "verdict"), [(50.0, "pass"), (1e-3, "fail")])
def test_a_decided_policy_ends_the_run_at_the_first_look(folder: Path, most: float, verdict: str) -> None:
    """20 of 80 images, whose rows are those of an audit of 20, at what is left of α; the file says so as well."""
    result = audited(folder, UntilDecided(limit(most)))
    looks = result.settings.looks
    assert looks is not None
    assert (looks.sizes, looks.used, looks.width, looks.metric) == ((20, 40, 80), 1, None, None)
    assert looks.confidence == pytest.approx(1 - 0.05 * 20 / 80)
    alone = audited(folder, samples=20)
    assert result.data == alone.data
    assert [e.per_image for e in result.results] == [e.per_image for e in alone.results]
    report = gate({"net": result}, policy_from(limit(most)))
    assert report.verdict == verdict
    assert report.models[0].planned == 80


def test_a_limit_that_is_the_value_takes_all_images(folder: Path) -> None:
    """The last look has half of α, and the rows are those of one run over all images."""
    whole = audited(folder)
    result = audited(folder, UntilDecided(limit(whole.results[0].value or 0.0)))
    assert result.settings.looks is not None
    assert result.settings.looks.used == 3
    assert result.settings.looks.confidence == pytest.approx(0.975)
    assert result.data == whole.data
    assert [e.per_image for e in result.results] == [e.per_image for e in whole.results]


class _TakesAway(Silent):
    """Removes a file when the first images are shown."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def images(self, done: int, total: int) -> None:  # noqa: ARG002 - the protocol's
        self._path.unlink(missing_ok=True)


def test_all_looks_are_judged_by_one_reading_of_the_file(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(json.dumps(limit(50.0)), encoding="utf-8")
    asked = options(folder, UntilDecided(file))
    result = audit(small_conv_net(size=15), ["flip"], asked, _TakesAway(file))
    assert not file.exists()
    assert result.settings.looks is not None
    assert result.settings.looks.used == 1


def test_changes_are_measured_from_a_baseline_over_all_images(folder: Path) -> None:
    """The same network: no change at the first look, but for what the rows of M cannot have over fewer images."""
    policy = {
        "version": 2,
        "require": {"min_images": 20},
        "baseline": {"rules": [{"metric": "*", "group": "flip", "max_increase": "30%"}]},
    }
    whole = audited(folder)
    result = audited(folder, UntilDecided(policy, whole))
    assert result.data.count == 20
    report = gate({"net": result}, policy_from(policy), whole)
    assert report.verdict == "pass"
    latent, divergence = report.outcomes[-1].examined
    assert divergence.tested == 0.0
    assert latent.ci is not None
    assert latent.ci[0] < 0.0 < latent.ci[1]
    with pytest.raises(InputError, match="the baseline lacks 10 of the 90 images"):
        audited(folder, UntilDecided(policy, whole), samples=200)
    with pytest.raises(InputError, match="images were added"):
        audited(folder, UntilDecided(policy, result))


def test_too_few_pictures_for_two_looks_are_refused(folder: Path) -> None:
    """90 pictures, of which the policy requires 60; what was asked for would have been enough."""
    policy = limit(1.0) | {"require": {"min_images": 60}}
    with pytest.raises(InputError, match="over 90 images, of which the first look takes 60"):
        audited(folder, UntilDecided(policy), samples=200)


def test_where_it_cannot_act_it_is_refused(folder: Path) -> None:
    """By the name of the option."""
    asked = options(folder, UntilDecided(limit(1.0)))
    for other, message in (
        (replace(asked, controls=ControlOptions(discover="linear")), "--stop-early together with --discover"),
        (
            replace(asked, data=replace(asked.data, norm_samples=20)),
            "--stop-early together with --norm-samples",
        ),
        (
            replace(asked, metrics=("retrieval.rank",), until=UntilDecided(limit(1.0, "retrieval.*"))),
            "rule about",
        ),
    ):
        with pytest.raises(InputError, match=message):
            check_until(other)
    for where in ("--shard", "--engine ray"):
        with pytest.raises(InputError, match=f"{where} together with --stop-early"):
            check_shardable(asked, where)
