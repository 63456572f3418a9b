"""``geed audit`` as a user runs it: values, files, streams, refusals with their exit codes."""

import json
from pathlib import Path

import pytest
from support.command import Geed

from geed_cli.result.file import read_result

SPEC = """
model: {source: timm, name: tf_efficientnet_lite0}
weights: {origin: random}
layers: [blocks.0, blocks.1]
input: {size: 40, crop_pct: 1.0}
"""


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("specs") / "small.yaml"
    path.write_text(SPEC)
    return path


def test_json_to_stdout_is_json_alone(geed: Geed, spec: Path, pictures: Path) -> None:
    """``--json -`` can be piped into a program; there is no table in between."""
    done = geed("audit", spec, "-d", pictures, "--json", "-", "--metric", "latent.*")
    assert done.exit_code == 0, done.stderr
    content = json.loads(done.stdout)
    metrics = ["latent.l2", "latent.cosine", "latent.relative"]
    assert [entry["metric"] for entry in content["results"]] == metrics


@pytest.mark.heavy
def test_several_groups_metrics_and_layers(geed: Geed, spec: Path, pictures: Path, tmp_path: Path) -> None:
    """Options repeat; a group asked for twice is measured once; --layer takes globs."""
    target = tmp_path / "r.json"
    done = geed(
        "audit", spec, "-d", pictures, "-g", "flip", "-g", "c8", "-g", "FLIP", "--metric", "channelwise.cosine",
        "--layer", "blocks.1", "--layer", "blocks.[34]", "--samples", 4, "--json", target,
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    entries = read_result(target).results
    assert [(e.group, e.layer) for e in entries] == [
        (group, layer) for group in ("flip", "c8") for layer in ("blocks.1", "blocks.3", "blocks.4")
    ]


@pytest.mark.heavy
def test_samples_are_drawn_by_the_seed(geed: Geed, spec: Path, pictures: Path, tmp_path: Path) -> None:
    """The same seed draws the same images, another seed others, and never just the first."""
    drawn = {}
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        target = tmp_path / f"{name}.json"
        done = geed("audit", spec, "-d", pictures, "--samples", 3, "--draw-seed", seed, "--metric", "latent.l2",
                    "--json", target)  # fmt: skip
        assert done.exit_code == 0, done.stderr
        drawn[name] = [image.path for image in read_result(target).data.images]
    assert drawn["a"] == drawn["b"]
    assert drawn["a"] != drawn["c"]
    assert drawn["a"] != [f"{number:04d}.png" for number in range(3)]


def test_random_weights_follow_the_seed(geed: Geed, pictures: Path, tmp_path: Path) -> None:
    """--weights random --seed: the same network twice, another one with another seed; recorded as random."""
    hashes = []
    for number, seed in enumerate((0, 0, 1)):
        target = tmp_path / f"{number}.json"
        done = geed("audit", "timm:test_resnet", "--img-size", 32, "--weights", "random", "--seed", seed,
                    "-d", pictures, "--samples", 2, "--metric", "softmax.kl", "--json", target)  # fmt: skip
        assert done.exit_code == 0, done.stderr
        result = read_result(target)
        assert result.model.weights.origin == "random"
        hashes.append((result.model.weights.state_sha256, result.data.sha256))
    assert hashes[0] == hashes[1]
    assert hashes[0][0] != hashes[2][0]
    assert hashes[0][1] == hashes[2][1], "another seed of the weights draws the same images"


def test_a_bad_image_ends_the_run_or_is_counted(
    geed: Geed, spec: Path, pictures: Path, tmp_path: Path
) -> None:
    """Default: exit 2 naming it and no file written; with skip: left out, counted, listed."""
    folder = tmp_path / "d"
    folder.mkdir()
    for path in pictures.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "0003.png").write_bytes((folder / "0003.png").read_bytes()[:200])
    (folder / "notes.txt").write_text("not an image")
    target = tmp_path / "r.json"
    done = geed("audit", spec, "-d", folder, "--metric", "latent.l2", "--json", target)
    assert done.exit_code == 2
    assert "0003.png" in done.stderr
    assert "--on-bad-image skip" in done.stderr
    assert not target.exists()
    done = geed(
        "audit", spec, "-d", folder, "--metric", "latent.l2", "--on-bad-image", "skip", "--json", target
    )
    assert done.exit_code == 0, done.stderr
    data = read_result(target).data
    assert data.count == 5
    assert {refused.path for refused in data.refused} == {"0003.png", "notes.txt"}
    assert data.found == data.count + len(data.refused) == 7


def test_bounded_limits_are_of_what_the_refusal_names(geed: Geed, spec: Path, enough_pictures: Path) -> None:
    """The way out of ``--ci bounded``, as printed, has an interval for every value, inside the measure's range."""
    common = ("audit", spec, "-d", enough_pictures, "--ci", "bounded", "--json", "-")
    remedy = geed(*common).stderr.split("--metric ", 1)[1]
    chosen = [word for word in remedy.split() if "." in word]
    done = geed(*common, *(part for name in chosen for part in ("--metric", name)))
    assert done.exit_code == 0, done.stderr
    entries = json.loads(done.stdout)["results"]
    assert {entry["metric"] for entry in entries} == set(chosen)
    assert len(chosen) == 4
    for entry in entries:
        low, high = entry["ci"]
        assert -1 <= low <= entry["value"] <= high <= 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--group", "flop"], 2, "there is no group 'flop'"),
        (["--metric", "latent.l3"], 2, "there is no metric 'latent.l3'"),
        (["--layer", "blocks.9"], 2, "layer 'blocks.9' is not in"),
        (["--data", "nowhere"], 2, "no such folder"),
        (["--json", "no/such/folder/r.json"], 2, "cannot write"),
        (["--confidence", "1.5"], 2, "confidence 1.5"),
        (["--samples", "0"], 2, "samples"),
        (["--ci", "guess"], 2, "ci"),
        (["--ci", "bounded"], 2, "--ci bounded for latent.l2, latent.cosine"),
        (["--boundary", "round"], 2, "boundary"),
        (["--no-such-option"], 2, "no such option"),
        (["--device", "cuda"], 3, "device 'cuda' is not available"),
        (["--norm-samples", "30"], 2, "holds 6 images"),
    ],
)
def test_refusals(
    geed: Geed, spec: Path, pictures: Path, arguments: list[str], code: int, message: str
) -> None:
    """Wrong input is exit 2, what could not be run is 3; the message is on stderr; stdout stays empty."""
    import torch

    if "cuda" in arguments and torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    data = [] if "--data" in arguments else ["-d", pictures]
    done = geed("audit", spec, *data, *arguments)
    assert done.exit_code == code, done.stderr
    assert message in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_cheap_refusals_come_before_the_weights(geed: Geed) -> None:
    """An unknown group is found out before a model is loaded or even looked for."""
    done = geed("audit", "no_such_model_at_all", "--group", "flop")
    assert "there is no group" in done.stderr


def test_unknown_models_get_suggestions(geed: Geed) -> None:
    """A misspelt name is exit 2 with the nearest names."""
    done = geed("audit", "efficientnet_lite00")
    assert done.exit_code == 2
    assert "efficientnet_lite0" in done.stderr


def test_no_model_at_all(geed: Geed) -> None:
    """What to type is said."""
    done = geed("audit")
    assert done.exit_code == 2
    assert "no model was named" in done.stderr


def test_internal_errors_have_no_traceback_without_debug(
    geed: Geed, spec: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anything unforeseen is exit 3 with one message; --debug shows it whole."""
    monkeypatch.setattr("geed_cli.pipeline.session.tabulate", lambda *_, **__: 1 / 0)
    done = geed("audit", spec, "-d", pictures)
    assert done.exit_code == 3
    assert "internal error, ZeroDivisionError" in done.stderr
    assert isinstance(geed("audit", spec, "-d", pictures, "--debug").exception, ZeroDivisionError)


def test_an_interrupt_is_130(geed: Geed, spec: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C says that nothing was written."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("geed_cli.pipeline.session.tabulate", interrupted)
    done = geed("audit", spec, "-d", pictures)
    assert done.exit_code == 130
    assert "interrupted" in done.stderr


def test_progress_without_a_terminal_is_quiet_for_short_runs(geed: Geed, spec: Path, pictures: Path) -> None:
    """No bar and no escape codes in a log."""
    done = geed("audit", spec, "-d", pictures, "--metric", "latent.l2")
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
