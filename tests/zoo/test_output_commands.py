"""What the other commands make of a kind of output: gate, compare, track, inspect, validate."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.command import Geed
from support.output_networks import Ended, Pixelwise, Trunk, declared
from support.pictures import smooth_pictures
from support.zoo import PICTURES, SIZE, Refused, Specimen

UNTOUCHED = Refused("")
ONE_LOGIT = Specimen("one", Ended, UNTOUCHED, {"end": "flatten", "outputs": 1})
PLAIN = Specimen("plain", Trunk, UNTOUCHED)
PROBABILITIES = Specimen("probabilities", Ended, UNTOUCHED, {"end": "softmax"})
NOTHING = Specimen("nothing", Trunk, UNTOUCHED, spec=declared(output="none"))
KINDS = {
    "logits": PLAIN,
    "probabilities": PROBABILITIES,
    "sigmoid": replace(ONE_LOGIT, spec=declared(output="sigmoid")),
    "dense": Specimen("pixels", Pixelwise, UNTOUCHED, spec=declared(output="dense")),
    "none": ONE_LOGIT,
}


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return smooth_pictures(tmp_path / "pictures", PICTURES, SIZE)


def saved(specimen: Specimen, geed: Geed, folder: Path, pictures: Path) -> Path:
    """The result of an audit of the specimen, as a file."""
    path = folder / f"{specimen.name}.json"
    done = geed("audit", specimen.write_spec(folder), "--allow-code", "-d", pictures, "--json", path)
    assert done.exit_code == 0, done.stderr
    return path


@pytest.mark.parametrize("metric", ["softmax.kl", "prediction.flip_rate"])
@pytest.mark.parametrize("level", ["error", "warn"])
def test_a_rule_on_what_is_not_applicable_is_an_error(
    geed: Geed, tmp_path: Path, pictures: Path, metric: str, level: str
) -> None:
    """One logit never passes a limit, at either level: exit code 2 with the reason, also of the saved result."""
    policy = tmp_path / "policy.yaml"
    rule = {"metric": metric, "group": "flip", "max": 1.0, "level": level}
    policy.write_text(yaml.safe_dump({"version": 1, "require": {"min_images": 2}, "rules": [rule]}))
    spec = ONE_LOGIT.write_spec(tmp_path)
    at_once = geed("audit", spec, "--allow-code", "-d", pictures, "--policy", policy)
    later = geed("check", saved(ONE_LOGIT, geed, tmp_path, pictures), "--policy", policy)
    for done in (at_once, later):
        assert done.exit_code == 2
        assert "the output is one number for each image" in " ".join(done.stdout.split())


def test_kinds_are_not_compared(geed: Geed, tmp_path: Path, pictures: Path) -> None:
    """Logits and probabilities differ by name; a network without predictions has none to mix."""
    files = [saved(each, geed, tmp_path, pictures) for each in (PLAIN, PROBABILITIES, NOTHING)]
    refused = geed("compare", files[0], files[1])
    assert refused.exit_code == 2
    assert "kind of output: logits and probabilities" in " ".join(refused.stderr.split())
    assert geed("compare", files[0], files[1], "--allow-mismatch").exit_code == 0
    assert geed("compare", files[0], files[2]).exit_code == 0


def test_a_result_of_before_kinds_were_recorded_is_one_of_logits(
    geed: Geed, tmp_path: Path, pictures: Path
) -> None:
    """It is compared with logits and not with probabilities."""
    files = [saved(each, geed, tmp_path, pictures) for each in (PLAIN, PROBABILITIES)]
    old = json.loads(files[0].read_text())
    del old["model"]["output"]
    earlier = tmp_path / "earlier.json"
    earlier.write_text(json.dumps(old))
    assert geed("compare", earlier, files[0]).exit_code == 0
    refused = geed("compare", earlier, files[1])
    assert (
        refused.exit_code,
        "kind of output: logits and probabilities" in " ".join(refused.stderr.split()),
    ) == (2, True)


def test_a_baseline_of_another_kind_is_none(geed: Geed, tmp_path: Path, pictures: Path) -> None:
    """A limit on a change is an error of the gate."""
    baseline, result = (saved(each, geed, tmp_path, pictures) for each in (PLAIN, PROBABILITIES))
    policy = tmp_path / "policy.yaml"
    rules = [{"metric": "softmax.kl", "group": "flip", "max_increase": 1.0}]
    policy.write_text(
        yaml.safe_dump({"version": 1, "require": {"min_images": 2}, "baseline": {"rules": rules}})
    )
    done = geed("check", result, "--policy", policy, "--baseline", baseline)
    assert done.exit_code == 2
    assert "kind of output: logits and probabilities" in " ".join(done.stdout.split())


def test_a_track_has_one_kind(geed: Geed, tmp_path: Path, pictures: Path) -> None:
    """Results of two kinds cannot stand on one."""
    files = [saved(each, geed, tmp_path, pictures) for each in (PLAIN, PROBABILITIES)]
    named = [file.rename(file.with_name(f"net_step{step}.json")) for step, file in enumerate(files, 1)]
    done = geed("track", *named)
    assert done.exit_code == 2
    assert "kind of output: logits and probabilities" in " ".join(done.stderr.split())


@pytest.mark.parametrize("kind", KINDS)
def test_inspect_says_the_kind_and_writes_it(geed: Geed, tmp_path: Path, kind: str) -> None:
    """The written spec declares the kind, and the network that it loads has the same."""
    spec, written = KINDS[kind].write_spec(tmp_path), tmp_path / "written.yaml"
    shown = geed("inspect", spec, "--allow-code", "--write-spec", written)
    assert shown.exit_code == 0, shown.stderr
    texts = {
        "logits": "Predictions are read of 6 logits (inferred)",
        "probabilities": "Predictions are read of 6 probabilities (inferred)",
        "sigmoid": "Predictions are read of logits of 1 independent label (declared)",
        "dense": "Predictions are read of logits of 3 classes for each of 12×12 pixels (declared)",
        "none": "No predictions: the output is one number",
    }
    assert texts[kind] in " ".join(shown.stdout.split())
    content: dict[str, Any] = yaml.safe_load(written.read_text())
    assert content["split"]["output"] == kind
    again = geed("inspect", written, "--allow-code")
    assert again.exit_code == 0, again.stderr
    texts["none"] = "No predictions: the spec declares no predictions"
    assert texts[kind].partition(" (")[0] in " ".join(again.stdout.split())


@pytest.mark.parametrize("kind", KINDS)
def test_results_record_the_kind(geed: Geed, tmp_path: Path, pictures: Path, kind: str) -> None:
    """With its shape, who says so, and in the signature where it is no common one."""
    result = json.loads(saved(KINDS[kind], geed, tmp_path, pictures).read_text())
    output = result["model"]["output"]
    shapes = {"logits": [6], "probabilities": [6], "sigmoid": [1], "dense": [3, 12, 12], "none": [1]}
    assert (output["kind"], output["shape"], output["declared"]) == (
        kind,
        shapes[kind],
        kind in {"sigmoid", "dense"},
    )
    assert output["probable"] == (kind == "probabilities")
    assert (output["reason"] is None) == (kind != "none")
    named = "" if kind in {"logits", "none"} else f" output={kind}"
    assert result["signature"].partition(" output=")[2] == named.removeprefix(" output=")


def test_a_schema_names_the_kinds(geed: Geed, tmp_path: Path) -> None:
    """Another word in a spec is refused with the list."""
    spec = replace(PLAIN, spec=declared(output="softmax")).write_spec(tmp_path)
    done = geed("validate", spec, "--schema-only")
    assert done.exit_code == 2
    assert all(kind in done.stderr for kind in KINDS)
