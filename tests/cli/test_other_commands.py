"""``geed ls``, ``geed inspect`` and ``geed validate``."""

import shutil
from pathlib import Path

import pytest
from support.command import Geed
from support.results import small_result

from geed_cli.result.file import write_result

pytestmark = pytest.mark.usefixtures("read_in_this_process")


def test_ls_groups(geed: Geed) -> None:
    """Name, order, elements, exact or not; globs select."""
    shown = geed("ls", "groups").stdout
    assert "d4" in shown
    assert "resampled" in shown
    only = geed("ls", "groups", "c?").stdout
    assert "c9" in only
    assert "c10" not in only
    assert "\nd4" not in only


def test_ls_metrics(geed: Geed) -> None:
    """All five, with their definitions."""
    shown = geed("ls", "metrics").stdout
    names = ("latent.l2", "latent.cosine", "softmax.kl", "channelwise.cosine", "prediction.flip_rate")
    assert all(name in shown for name in names)


def test_ls_specs_lists_the_papers_networks(geed: Geed) -> None:
    """One for each network of sections 4.3 and 4.4, and the demo."""
    shown = geed("ls", "specs").stdout
    for name in ("resnet50", "alexnet", "densenet121", "levit_192", "bit_r101", "dino_resnet50",
                 "simclr_resnet50", "efficientnet_lite0"):  # fmt: skip
        assert f"\n{name} " in shown


def test_ls_models(geed: Geed) -> None:
    """Names as ``geed audit`` takes them, from timm and torchvision."""
    lines = geed("ls", "models", "resnet50").stdout.splitlines()
    assert "timm:resnet50.a1_in1k" in lines
    assert "torchvision:resnet50/IMAGENET1K_V1" in lines
    assert "timm:resnet50.a1_in1k" in geed("ls", "models", "resnet50.a1*").stdout


@pytest.mark.parametrize("kind", ["groups", "metrics", "specs", "models"])
def test_patterns_are_parts_of_names_or_globs(geed: Geed, kind: str) -> None:
    """The same rule in every list."""
    part, glob, name = {
        "groups": ("lip", "*ips", "flips"),
        "metrics": ("kl", "soft*", "softmax.kl"),
        "specs": ("alex", "alex*", "alexnet"),
        "models": ("resnet18.a1", "resnet18.a1*", "timm:resnet18.a1_in1k"),
    }[kind]
    for pattern in (part, glob):
        assert name in geed("ls", kind, pattern).stdout


@pytest.mark.parametrize("kind", ["groups", "metrics", "specs", "models"])
def test_unknown_patterns_are_refused(geed: Geed, kind: str) -> None:
    """Exit 2 and what there is."""
    done = geed("ls", kind, "nonsense")
    assert done.exit_code == 2
    assert "expected:" in done.stderr


@pytest.mark.usefixtures("read_in_this_process")
def test_inspect_shows_layers_with_shapes_and_the_split(geed: Geed) -> None:
    """What was resolved, without auditing."""
    done = geed("inspect", "efficientnet_lite0")
    assert done.exit_code == 0, done.stderr
    assert "296 tensors" in done.stdout
    assert "blocks.0" in done.stdout
    assert "16×112×112" in done.stdout
    assert "bn2" not in done.stdout.split("layer", 1)[1]
    assert "bn2" in geed("inspect", "efficientnet_lite0", "--layers").stdout


@pytest.mark.usefixtures("read_in_this_process")
@pytest.mark.heavy
def test_inspect_writes_a_spec_that_validates(geed: Geed, tmp_path: Path) -> None:
    """The starting spec loads back to the same network."""
    target = tmp_path / "mine.yaml"
    done = geed("inspect", "efficientnet_lite0", "--write-spec", target)
    assert done.exit_code == 0, done.stderr
    assert geed("validate", target).exit_code == 0
    edited = target.read_text()
    refused = geed("inspect", "efficientnet_lite0", "--write-spec", target)
    assert refused.exit_code == 2
    assert "exists already" in refused.stderr
    assert target.read_text() == edited
    again = geed("inspect", target)
    assert again.exit_code == 0, again.stderr
    assert "16×112×112" in again.stdout


def test_validate_accepts_specs_and_results(geed: Geed, tmp_path: Path) -> None:
    """A bundled spec and a saved result."""
    spec = tmp_path / "s.yaml"
    spec.write_text("model: {source: timm, name: resnet18}\nweights: {origin: random}\nlayers: [layer1]\n")
    assert "a spec of timm:resnet18" in geed("validate", spec).stdout
    saved = tmp_path / "r.json"
    write_result(small_result(), saved)
    assert "a complete result" in geed("validate", saved).stdout
    policy = tmp_path / "p.yaml"
    policy.write_text("version: 1\nrules:\n  - {metric: latent.l2, group: flip, max: 1, level: error}\n")
    assert "a policy with 1 rules" in geed("validate", policy).stdout
    policy.write_text("version: 1\nrules:\n  - {metric: latent.l2, group: flip, maxi: 1, level: error}\n")
    assert "maxi" in geed("validate", policy).stderr


def test_validate_knows_the_kind_of_a_broken_file(geed: Geed, tmp_path: Path) -> None:
    """One misspelt key is an error of the kind that the others belong to; JSON is told by its schema."""
    for number, (name, text, message) in enumerate(
        (
            ("p.yaml", "version: 1\nrulez: []\nbaseline: {rules: []}\n", "unknown key 'rulez'"),
            ("g.yaml", "name: mine\ngenerators: [{turm: 90}]\n", "unknown key 'generators.0.turm'"),
            ("g.yaml", "name: c8\ngenerators: [{turn: 45}]\n", "which is a name of the catalogue"),
            ("s.yaml", "name: mine\nmembers: [{transform: os.system}]\n", "os.system"),
            ("n.yaml", "modle: {source: timm}\nweights: {origin: random}\n", "unknown key 'modle'"),
            ("c.yaml", "model-index: [{name: 1, results: []}]\n", "'model-index.0.name' is 1"),
            ("x.yaml", "name: mine\n", "is of no kind that geed checks: its keys are name"),
            ("x.yaml", "- a\n", "is of no kind that geed checks: it is no mapping with keys"),
            ("x.json", "[1]", "is of no kind that geed checks: it has no schema"),
            ("x.json", '{"schema": "geed.result/9"}', "its schema is geed.result/9"),
            ("x.json", '{"schema": ["a"]}', "is of no kind that geed checks: its schema is"),
            ("x.json", "{", "it is not strict JSON"),
            (
                "noted",
                '{"schema": "geed.comparison/1"}',
                "is no valid comparison (geed.comparison/1): at confidence",
            ),
            (
                "t.json",
                '{"schema": "geed.track/1"}',
                "is no valid track (geed.track/1): at status: Field required",
            ),
        )
    ):
        file = tmp_path / str(number) / name
        file.parent.mkdir()
        file.write_text(text)
        done = geed("validate", file)
        assert done.exit_code == 2, text
        assert message in " ".join(done.stderr.split()), done.stderr
        assert "is of no kind" not in message or done.stderr.rstrip().endswith("geed validate --help")
    assert geed("validate", "--help").exit_code == 0
    missing = geed("validate", tmp_path / "nothing.yaml")
    assert missing.exit_code == 2
    assert "there is no file" in missing.stderr


def test_what_init_writes_is_valid(geed: Geed, tmp_path: Path) -> None:
    """The policy to start from has rules about changes alone."""
    assert geed("init", "--ci", "github", "--dir", tmp_path).exit_code == 0
    policy = tmp_path / "geed-policy.yaml"
    assert geed("validate", policy).stdout == f"{policy}: valid: a policy with 3 rules\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model: {source: timm, name: resnet18}\nweights: {origin: random}\nlayres: [layer1]\n", "layres"),
        ("model: {source: timm, name: resnet18}\nweights: {origin: random}\nlayers: [layer9]\n", "layer9"),
        ("model: {source: timm, name: resnet18}\nmodel: {}\n", "model"),
        ("model: [\n", "s.yaml"),
    ],
)
def test_validate_refuses(geed: Geed, tmp_path: Path, text: str, message: str) -> None:
    """Unknown keys, layers that are not there, duplicate keys, no YAML: exit 2, naming it."""
    spec = tmp_path / "s.yaml"
    spec.write_text(text)
    done = geed("validate", spec)
    assert done.exit_code == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_prefixed_checkpoint_is_one_option_away(geed: Geed, tmp_path: Path) -> None:
    """A file saved by DataParallel: the refusal names the option, and with it the file loads without a spec."""
    import timm
    import torch

    state = timm.create_model("test_resnet", pretrained=False).state_dict()
    path = tmp_path / "wrapped.pth"
    torch.save({"state_dict": {f"module.{name}": value for name, value in state.items()}}, path)
    refused = geed("inspect", "--checkpoint", path, "--arch", "test_resnet")
    assert refused.exit_code == 2
    assert "--strip-prefix module." in refused.stderr
    plain_name = path.rename(tmp_path / "weights")  # a checkpoint by the option, whatever it is called
    for file in (plain_name, Path(shutil.copy(plain_name, path))):
        done = geed("inspect", "--checkpoint", file, "--arch", "test_resnet", "--strip-prefix", "module.")
        assert done.exit_code == 0, done.stderr


def test_hints_repeat_what_was_typed(geed: Geed) -> None:
    """The command under "try:" works when it is copied."""
    done = geed("audit", "efficientnet_lite0", "--weights", "random", "--layer", "blocks.9")
    assert "geed inspect efficientnet_lite0 --layers" in done.stderr


def test_two_files_of_one_name(geed: Geed, tmp_path: Path) -> None:
    """mine.yaml beside mine.yml: neither is chosen, for any name that is looked up there."""
    for name in ("mine.yaml", "mine.yml"):
        (tmp_path / name).write_text("model: {source: timm, name: resnet18}\nweights: {origin: random}\n")
    for command in (("audit", "mine"), ("inspect", "alexnet")):
        refused = geed(*command, "--spec-dir", tmp_path)
        assert refused.exit_code == 2
        found = f"error: {tmp_path} has two specs called mine: mine.yaml and mine.yml expected: one file for a name"
        assert found in " ".join(refused.stderr.split())
    (tmp_path / "mine.yml").rename(tmp_path / "other.yml")  # as the message says
    assert geed("ls", "specs", "--spec-dir", tmp_path).exit_code == 0
