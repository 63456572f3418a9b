"""What audits and comparisons advise runs as it is printed: every option and command of next steps and warnings."""

import re
from pathlib import Path

import pytest
from safetensors.torch import save_file
from support.command import Geed

from geed_cli.models.load import load_model
from geed_cli.result.file import read_result
from geed_cli.verdict import advice, cautions, comparison, features

pytestmark = pytest.mark.usefixtures("read_in_this_process")
SPEC = """
model: {source: timm, name: test_resnet}
weights: {origin: random}
layers: [layer1]
input: {size: 16}
"""
POLICY = """
version: 2
require: {min_images: 2}
rules: [{metric: channelwise.cosine, group: flip, layer: layer1, max: 1, level: warn}]
"""


def advised() -> set[str]:
    """Every option, and every command, in the texts that next steps, warnings and reasons are made of."""
    texts = [
        Path(module.__file__).read_text(encoding="utf-8")
        for module in (advice, cautions, comparison, features)
    ]
    found = {option for text in texts for option in re.findall(r"(?<![-\w])--?[a-z][a-z-]*", text)}
    return found | {command for text in texts for command in re.findall(r"geed [a-z]+", text)}


@pytest.mark.heavy
def test_advice_runs(geed: Geed, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Options beside an audit of a small network, commands by themselves."""
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(SPEC, encoding="utf-8")
    taken = "-d DIR --samples 6 -g flip,c4 --img-size 17 --phase-correct --twin --precision fp64"
    resampled = "-d DIR --samples 4 -g c8 --boundary disc --interpolation bicubic"
    Path("trained.yaml").write_text(SPEC.replace("origin: random", "origin: file, path: tiny.safetensors"))
    state = load_model("tiny.yaml").module.state_dict()
    save_file({name: value.clone() for name, value in state.items()}, "tiny.safetensors")
    Path("policy.yaml").write_text(POLICY, encoding="utf-8")
    few = "-g flip --layer layer1 -d DIR --samples 4"
    commands = [
        "geed inspect MODEL",
        "geed init --ci github",
        f"geed audit test_resnet --weights random --img-size 32 {few}",
        f"geed audit MODEL --checkpoint tiny.safetensors {few} --json saved.json",
        "geed check saved.json --policy policy.yaml",
        f"geed audit trained.yaml {few}",  # weights: {origin: file, path: FILE} in the spec
        "geed compare MODEL trained.yaml --margin 5% -g flip --data DIR --samples 4 --draw-seed 0",
    ]
    lines = [f"geed audit MODEL {options}" for options in (taken, resampled)]
    for line in [*lines, *commands]:
        words = line.replace("MODEL", "tiny.yaml").replace("DIR", str(pictures)).split()
        done = geed(*words[1:])
        assert done.exit_code == 0, (line, done.output)
    options = set(re.findall(r"(?<![-\w])--?[a-z][a-z-]*", " ".join([*lines, *commands])))
    left_out = {"-v", "--metric"}  # "without --metric" is every audit of these
    assert advised() - left_out <= {*options, *(" ".join(command.split()[:2]) for command in commands)}


def test_random_weights_are_told_apart_by_who_asked_for_them(
    geed: Geed, enough_pictures: Path, tmp_path: Path
) -> None:
    """The spec that says so, and --weights random beside a spec with a file: each has its own next step."""
    spec, trained = tmp_path / "tiny.yaml", tmp_path / "trained.yaml"
    spec.write_text(SPEC, encoding="utf-8")
    trained.write_text(
        SPEC.replace("origin: random", "origin: file, path: none.safetensors"), encoding="utf-8"
    )
    few = ("-d", enough_pictures, "--samples", "20", "--no-cache", "--metric", "latent.l2")
    for arguments, declared in (((spec,), True), ((trained, "--weights", "random"), False)):
        saved = tmp_path / f"{declared}.json"
        done = geed("audit", *arguments, *few, "--json", saved)
        assert done.exit_code == 0, done.output
        assert read_result(saved).model.weights.declared is declared
        shown = " ".join(done.stdout.split())
        assert ("weights: {origin: file, path: FILE} in the spec" in shown) == declared
        assert ("without --weights random" in shown) == (not declared)
