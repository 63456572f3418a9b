"""Checkpoint files beside an architecture, without a spec: what is told from them, and the specs that are written."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file
from support.checkpoints import read_in_this_process
from support.command import Geed
from support.pictures import smooth_pictures
from torch import Tensor, nn
from torchvision.models import shufflenet_v2_x0_5

from geed_cli.checkpoints.fingerprint import state_sha256
from geed_cli.models.load import load_model
from geed_cli.models.network import Site
from geed_cli.models.requested import FileOptions

__all__ = ["read_in_this_process"]

State = dict[str, Tensor]
ARCH = "test_resnet"
BESIDE = ("--checkpoint", "{file}", "--arch", ARCH)


def trained(classes: int = 1000, arch: str = ARCH) -> nn.Module:
    """A network that has seen no pictures."""
    torch.manual_seed(1)
    return timm.create_model(arch, num_classes=classes)


def under(prefix: str, state: State) -> State:
    return {prefix + name: value for name, value in state.items()}


def saved(path: Path, state: State) -> Path:
    save_file({name: value.clone() for name, value in state.items()}, path)
    return path


def moco_v1(folder: Path) -> Path:
    """Two encoders that end in a projection of 128 dimensions, called as the classifier is."""
    state = trained(128).state_dict()
    both = under("module.encoder_q.", state) | under("module.encoder_k.", state)
    return saved(folder / "moco_v1.safetensors", both | {"module.queue": torch.ones(128, 4)})


def test_a_head_that_may_be_a_projection_is_said_to_be_the_classifier(geed: Geed, tmp_path: Path) -> None:
    """128 rows with nothing beside them are told from no projection: the header says what they are taken for."""
    file = saved(tmp_path / "fc.safetensors", trained(128).state_dict())
    shown = " ".join(geed("inspect", "--checkpoint", file, "--arch", ARCH).stdout.split())
    assert "the classifier 'fc' has 128 classes, as in the file" in shown
    assert "Predictions are read of 128 logits (inferred); the classifier is fc." in shown


def test_a_checkpoint_that_is_not_there(geed: Geed, tmp_path: Path) -> None:
    """Wrong input that speaks of no spec, where none names the file; the nearest names are said."""
    saved(tmp_path / "fc.safetensors", {"w": torch.ones(1)})
    for named in ((ARCH, "--checkpoint", tmp_path / "fd.safetensors"), ("--checkpoint", tmp_path / "fd.safetensors",
                  "--arch", ARCH)):  # fmt: skip
        done = geed("inspect", *named)
        assert (done.exit_code, "spec" in done.stderr) == (2, False)
        said = "".join(done.stderr.split())
        assert f"thereisnofile{tmp_path / 'fd.safetensors'}" in said
        assert f"nearestare{tmp_path / 'fc.safetensors'}" in said


@pytest.mark.usefixtures("read_in_this_process")
def test_a_file_of_arrays_is_audited_as_one_of_tensors(tmp_path: Path) -> None:
    """The same weights, under an entry with what training left beside them."""
    state = trained(10).state_dict()
    arrays = {name: value.numpy() for name, value in state.items()}
    torch.save({"model": arrays, "epoch": 3}, tmp_path / "arrays.pt")
    network = load_model(str(tmp_path / "arrays.pt"), arch=ARCH)
    assert network.weights.state_sha256 == state_sha256(trained(10))


def test_a_head_for_other_classes_builds_the_network(geed: Geed, tmp_path: Path) -> None:
    """Ten rows in the file, weight and bias: ten classes, and the header says so."""
    file = saved(tmp_path / "ten.safetensors", trained(10).state_dict())
    network = load_model(str(file), arch=ARCH)
    assert network.module(torch.zeros(1, 3, 64, 64)).shape == (1, 10)
    assert network.weights.state_sha256 == state_sha256(trained(10))
    done = geed("inspect", "--checkpoint", file, "--arch", ARCH)
    assert "the classifier 'fc' has 10 classes, as in the file" in done.stdout
    assert "the classifier is fc" in done.stdout
    assert geed("inspect", ARCH, "--checkpoint", file).exit_code == 0


def test_a_number_of_classes_can_be_said(geed: Geed, tmp_path: Path) -> None:
    """Right it loads, wrong it is refused with the file's number; and it builds networks of random weights."""
    file = saved(tmp_path / "ten.safetensors", trained(10).state_dict())
    assert geed("inspect", "--checkpoint", file, "--arch", ARCH, "--num-classes", "10").exit_code == 0
    done = geed("inspect", "--checkpoint", file, "--arch", ARCH, "--num-classes", "7")
    assert done.exit_code == 2
    assert "has 10 classes in the file and 7 in the network" in done.stderr
    assert "--num-classes 10" in done.stderr
    network = load_model(ARCH, weights="random", file=FileOptions(num_classes=7))
    assert network.module(torch.zeros(1, 3, 64, 64)).shape == (1, 7)
    done = geed("inspect", ARCH, "--num-classes", "7")
    assert done.exit_code == 2
    assert "--num-classes 7 beside published weights" in done.stderr


def test_weights_and_biases_that_disagree_are_refused(geed: Geed, tmp_path: Path) -> None:
    """Ten rows of weights and nine biases are no classifier of either number."""
    state = trained(10).state_dict()
    file = saved(tmp_path / "odd.safetensors", {**state, "fc.bias": state["fc.bias"][:9]})
    done = geed("inspect", "--checkpoint", file, "--arch", ARCH)
    assert done.exit_code == 2
    assert "internal error" not in done.stderr


@pytest.mark.usefixtures("read_in_this_process")
def test_an_entry_can_be_said(geed: Geed, tmp_path: Path) -> None:
    """The trained weights by themselves, their average by the option that the header names."""
    plain, average = trained(), trained(arch="test_resnet")
    nn.init.ones_(average.fc.bias)
    torch.save(
        {"state_dict": plain.state_dict(), "state_dict_ema": average.state_dict()}, tmp_path / "timm.pth"
    )
    asked = ("inspect", "--checkpoint", tmp_path / "timm.pth", "--arch", ARCH)
    done = geed(*asked)
    assert "weights taken from entry 'state_dict'" in done.stdout
    assert "--key state_dict_ema" in " ".join(done.stdout.split())
    options = FileOptions(key="state_dict_ema")
    assert load_model(
        str(tmp_path / "timm.pth"), arch=ARCH, file=options
    ).weights.state_sha256 == state_sha256(average)
    done = geed(*asked, "--key", "emma")
    assert done.exit_code == 2
    assert "the file has no entry 'emma'" in done.stderr


@pytest.mark.usefixtures("read_in_this_process")
def test_what_lightning_saves_loads(tmp_path: Path) -> None:
    """The attribute's name in front of every tensor comes off, and the classifier stays one."""
    state = under("model.", trained(10).state_dict())
    torch.save(
        {"state_dict": state, "pytorch-lightning_version": "2.5.0", "epoch": 3}, tmp_path / "last.ckpt"
    )
    network = load_model(str(tmp_path / "last.ckpt"), arch=ARCH)
    assert network.weights.state_sha256 == state_sha256(trained(10))
    assert network.classifier == "fc"
    assert (
        "the prefix 'model.' was taken off the file's names, where Lightning put it" in network.weights.notes
    )


def test_a_file_without_a_classifier_is_an_encoder(tmp_path: Path) -> None:
    """As Barlow Twins, VICReg, DINO and MAE publish theirs: features alone, in both libraries."""
    file = saved(tmp_path / "encoder.safetensors", trained(0).state_dict())
    network = load_model(str(file), arch=ARCH)
    assert (network.classifier, network.logits) == (None, False)
    assert network.weights.state_sha256 == state_sha256(trained(0))
    torch.manual_seed(1)
    net = shufflenet_v2_x0_5().eval()
    state = {name: value for name, value in net.state_dict().items() if not name.startswith("fc.")}
    file = saved(tmp_path / "tv.safetensors", state)
    network = load_model(str(file), arch="torchvision:shufflenet_v2_x0_5")
    assert (network.classifier, network.logits) == (None, False)
    picture = torch.rand(1, 3, 64, 64)
    seen: list[Tensor] = []
    site = network.features
    assert site == Site("fc", "input")
    network.module.get_submodule("fc").register_forward_pre_hook(lambda _m, given: seen.append(given[0]))
    network.module(picture)
    net.fc = nn.Identity()
    assert torch.equal(seen[0], net(picture))


def test_an_encoder_is_audited_without_softmax(geed: Geed, tmp_path: Path) -> None:
    """MoCo v1 from file to table: its projection of 128 dimensions is no classifier, and neither is its twin's."""
    pictures = smooth_pictures(tmp_path / "pictures", 3, 40)
    arguments = (
        "-d",
        pictures,
        "--img-size",
        "32",
        "--floor",
        "0",
        "--twin",
        "--no-cache",
        "--layer",
        "layer4",
        "-v",
    )
    done = geed("audit", "--checkpoint", moco_v1(tmp_path), "--arch", ARCH, *arguments)
    assert done.exit_code == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert (
        "laid out as by MoCo v1: the query encoder encoder_q is taken, not its momentum copy encoder_k"
        in said
    )
    assert "left out: module.encoder_k.* (92), module.encoder_q.fc.* (2), module.queue" in said
    assert "classifier: none" in said


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--strip-prefix", "module.encoder_q."),
        ("--strip-prefix", "module.encoder_k."),
        ("--num-classes", "128"),
        ("--strip-prefix", "module.encoder_q.", "--num-classes", "128"),
    ],
)
def test_no_option_makes_a_classifier_of_a_projection_head(
    geed: Geed, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """Whatever hint of other versions is followed: no classifier, or exit 2 with a way out that has none either."""
    file = moco_v1(tmp_path)
    asked = ("inspect", "--checkpoint", str(file), "--arch", ARCH)
    done = geed(*asked, *options)
    if done.exit_code == 0:
        assert "No predictions: the network has no classifier" in " ".join(done.stdout.split())
    else:
        assert done.exit_code == 2
        assert "num-classes 128" not in done.stderr.partition("try:")[2]


@pytest.mark.parametrize("classes", [pytest.param(1000, marks=pytest.mark.heavy), 128])
def test_no_hint_of_a_spec_leads_to_a_projection_head(geed: Geed, tmp_path: Path, classes: int) -> None:
    """A spec that strips the prefix by hand: the way out loads the encoder, classifier null."""
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        f"model: {{source: timm, name: {ARCH}, arguments: {{num_classes: {classes}}}}}\n"
        f"weights: {{origin: file, path: {moco_v1(tmp_path)}, strip_prefix: [module.encoder_q.]}}\n"
    )
    done = geed("inspect", spec)
    assert done.exit_code == 2
    assert "laid out as by MoCo v1" in done.stderr
    command = done.stderr.partition("try:")[2].strip().partition(" writes a spec")[0]
    words = shlex.split(command.replace("my_model.yaml", str(tmp_path / "new.yaml")))
    assert geed(*words[1:]).exit_code == 0
    shown = " ".join(geed("inspect", tmp_path / "new.yaml").stdout.split())
    assert "layers, no predictions. Features are the output of the network" in shown


@pytest.mark.usefixtures("read_in_this_process")
@pytest.mark.parametrize("key", ["teacher", "student"])
def test_dino_takes_the_teacher_unless_told(geed: Geed, tmp_path: Path, key: str) -> None:
    """The header says which, and how to take the other."""
    student, teacher = trained(0).state_dict(), trained(0).state_dict()
    head = {"head.mlp.0.weight": torch.ones(4, 96), "head.last_layer.weight_v": torch.ones(9, 4)}
    teacher = {name: value * 2 if value.is_floating_point() else value for name, value in teacher.items()}
    contents = {
        "student": under("module.", under("backbone.", student) | head),
        "teacher": under("backbone.", teacher) | head,
        "epoch": 100,
    }
    torch.save(contents, tmp_path / "checkpoint.pth")
    said = () if key == "teacher" else ("--key", key)
    done = geed("inspect", "--checkpoint", tmp_path / "checkpoint.pth", "--arch", ARCH, *said)
    printed = " ".join(done.stdout.split())
    assert "names are laid out as by DINO: its encoder is taken; left out:" in printed
    assert "No predictions: the network has no classifier" in printed
    assert ("weights taken from entry 'teacher'; also there: student" in printed) == (key == "teacher")
    assert ("--key student" in printed.partition("next:")[0]) == (key == "teacher")
    file = FileOptions(key=None if key == "teacher" else key)
    network = load_model(str(tmp_path / "checkpoint.pth"), arch=ARCH, file=file)
    right = teacher if key == "teacher" else student
    assert torch.equal(network.module.get_parameter("bn1.weight"), right["bn1.weight"])


def test_a_spec_of_code_is_told_how_to_take_an_encoder(geed: Geed, tmp_path: Path) -> None:
    """No prefix is suggested that makes a classifier of the projection; the lines that are printed load the rest."""
    (tmp_path / "own_encoder.py").write_text(
        f"import timm\ndef net():\n    return timm.create_model('{ARCH}', num_classes=128)\n"
    )
    text = "model: {source: python, name: 'own_encoder:net'}\nweights: {origin: file, path: %s%s}\n%s"
    text += "input: {size: 32, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]}\n"
    spec, file = tmp_path / "own.yaml", moco_v1(tmp_path)
    spec.write_text(text % (file, "", ""))
    done = geed("inspect", spec, "--allow-code")
    assert done.exit_code == 2
    remedy = done.stderr.partition("try:")[2]
    assert "--strip-prefix" not in remedy
    assert "num_classes" not in remedy
    lines = remedy.partition("under weights, ")[2].partition("; what the network has besides")[0]
    spec.write_text(text % (file, f", missing: [fc.*], {lines}", "split: {classifier: null}\n"))
    done = geed("inspect", spec, "--allow-code")
    assert done.exit_code == 0, done.stderr
    assert "No predictions: the network has no classifier" in " ".join(done.stdout.split())


def test_no_command_is_printed_that_would_fail(geed: Geed, tmp_path: Path) -> None:
    """Another depth: no spec would load that file."""
    file = saved(tmp_path / "other.safetensors", trained(arch="test_vit").state_dict())
    done = geed("inspect", "--checkpoint", file, "--arch", ARCH)
    assert done.exit_code == 2
    assert "check the architecture" in done.stderr
    assert "my_model.yaml" not in done.stderr


def test_another_architecture_is_said_to_be_one(geed: Geed, tmp_path: Path) -> None:
    """The layout that was seen, and that the encoder does not fit."""
    done = geed("inspect", "--checkpoint", moco_v1(tmp_path), "--arch", "test_vit")
    assert done.exit_code == 2
    assert "names are laid out as by MoCo v1" in done.stderr
    assert "another architecture: the encoder of that file does not fit this one" in done.stderr
    assert "my_model.yaml" not in done.stderr


def test_what_is_left_over_is_said_at_once_and_declared_by_a_spec(geed: Geed, tmp_path: Path) -> None:
    """A prefix, another network and what belongs to neither: one refusal, one spec, which audits."""
    own = under("student.net.", trained().state_dict())
    others = under("critic.body.", trained(2).state_dict()) | {
        "centre.mean": torch.ones(3),
        "step": torch.ones(1),
    }
    file = saved(tmp_path / "mine.safetensors", own | others)
    done = geed("inspect", "--checkpoint", file, "--arch", ARCH)
    assert done.exit_code == 2
    said = " ".join(done.stderr.split())
    assert "--strip-prefix critic.body. or --strip-prefix student.net." in said
    done = geed("inspect", "--checkpoint", file, "--arch", ARCH, "--strip-prefix", "student.net.")
    said = " ".join(done.stderr.split())
    assert "centre.mean, critic.* (92), step" in said
    command = said[said.index("geed inspect --checkpoint") :].partition(" writes a spec")[0]
    spec = tmp_path / "my_model.yaml"
    words = shlex.split(command.replace("my_model.yaml", str(spec)))
    done = geed(*words[1:])
    assert done.exit_code == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "left out, since the network has no such names: centre.mean, critic.* (92), step" in said
    assert load_model(str(spec)).weights.state_sha256 == state_sha256(trained())
    pictures = smooth_pictures(tmp_path / "pictures", 3, 40)
    done = geed("audit", spec, "-d", pictures, "--img-size", "32", "--floor", "0", "--layer", "layer4")
    assert done.exit_code == 0, done.stderr


def test_a_head_beside_a_second_network_is_no_classifier_unless_that_is_said(
    geed: Geed, tmp_path: Path
) -> None:
    """MoCo v1 under names that nobody knows: no hint and no written spec makes 128 classes of the projection."""
    state = trained(128).state_dict()
    file = saved(tmp_path / "own.safetensors", under("online.", state) | under("slow.", state))
    asked = ("inspect", "--checkpoint", file, "--arch", ARCH, "--strip-prefix", "online.")
    done = geed(*asked)
    assert done.exit_code == 2
    assert "num-classes" not in done.stderr.partition("try:")[2]
    spec = tmp_path / "my_model.yaml"
    done = geed(*asked, "--write-spec", spec)
    assert done.exit_code == 0, done.stderr
    assert "No predictions: the network has no classifier" in " ".join(done.stdout.split())
    assert "is not taken for a classifier (--num-classes 128 says that it is one)" in " ".join(
        done.stdout.split()
    )
    assert load_model(str(spec)).classifier is None
    done = geed(*asked, "--num-classes", "128", "--write-spec", tmp_path / "said.yaml")
    assert "the classifier is fc" in done.stdout
    spec.write_text(
        f"model: {{source: timm, name: {ARCH}}}\n"
        f"weights: {{origin: file, path: {file}, strip_prefix: [online.], unexpected: [slow.*]}}\n"
    )
    done = geed("inspect", spec)
    assert done.exit_code == 2
    assert "num_classes" not in done.stderr
    assert "num-classes" not in done.stderr


@pytest.mark.parametrize(
    "name",
    [
        *("queue", "projector.2.bias"),
        *(
            pytest.param(name, marks=pytest.mark.heavy)
            for name in ("predictor.0.weight", "prototypes.weight", "contrastive_head.weight")
        ),
    ],
)
def test_a_head_beside_what_trains_encoders_is_no_classifier(geed: Geed, tmp_path: Path, name: str) -> None:
    """One encoder without a copy, whose head bears the classifier's name: neither the spec nor a hint makes classes."""
    file = saved(tmp_path / "own.safetensors", {**trained(128).state_dict(), name: torch.ones(4)})
    asked = ("inspect", "--checkpoint", file, "--arch", ARCH)
    done = geed(*asked)
    assert done.exit_code == 2
    assert "num-classes" not in done.stderr
    spec = tmp_path / "my_model.yaml"
    done = geed(*asked, "--write-spec", spec)
    assert done.exit_code == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert (
        f"holds '{name}', as of self-supervised training, so that its 'fc' of 128 rows is not taken for"
        in said
    )
    assert load_model(str(spec)).classifier is None
    spec.write_text(
        f"model: {{source: timm, name: {ARCH}}}\nweights: {{origin: file, path: {file}, unexpected: ['{name}']}}\n"
    )
    done = geed("inspect", spec)
    assert done.exit_code == 2
    assert "classes: " not in done.stderr.partition("try:")[2]


def test_a_head_without_its_bias_is_no_classifier(geed: Geed, tmp_path: Path) -> None:
    """A part of it would be random; what the file has is an encoder, and the header says why."""
    state = {name: value for name, value in trained(128).state_dict().items() if name != "fc.bias"}
    file = saved(tmp_path / "part.safetensors", state)
    done = geed("inspect", "--checkpoint", file, "--arch", ARCH)
    assert done.exit_code == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert (
        "has no classifier 'fc' (there is no fc.bias): the network ends in its features; left out: fc.weight"
        in said
    )
    assert "No predictions: the network has no classifier" in said


def not_finite(state: State) -> State:
    return state | {"fc.bias": state["fc.bias"] * float("nan")}


def too_wide(state: State) -> State:
    return state | {"fc.weight": torch.ones(1000, 97)}


def disagreeing(state: State) -> State:
    return state | {"fc.weight": state["fc.weight"][:10], "fc.bias": state["fc.bias"][:11]}


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (not_finite, "fc.bias has values that are not finite"),
        (too_wide, "1000×97 in the file, 1000×96 in the network"),
        (disagreeing, "2 tensors of other shape than the network's"),
    ],
)
def test_no_command_is_named_that_ends_in_the_same_refusal(
    geed: Geed, tmp_path: Path, made: Callable[[State], State], found: str
) -> None:
    """No spec mends values, widths, or a weight and a bias that disagree."""
    file = saved(tmp_path / "own.safetensors", made(trained().state_dict()))
    done = geed("inspect", "--checkpoint", file, "--arch", ARCH)
    assert done.exit_code == 2
    assert found in done.stderr
    assert "geed inspect" not in done.stderr
    assert "num-classes" not in done.stderr


def test_a_head_of_no_rows_is_none(geed: Geed, tmp_path: Path) -> None:
    """As training code leaves it that takes the head off by making it empty."""
    state = {
        name: value[:0] if name.startswith("fc.") else value for name, value in trained().state_dict().items()
    }
    done = geed("inspect", "--checkpoint", saved(tmp_path / "own.safetensors", state), "--arch", ARCH)
    assert done.exit_code == 0, done.stderr
    assert "No predictions: the network has no classifier" in " ".join(done.stdout.split())


@pytest.mark.usefixtures("read_in_this_process")
def test_the_entry_that_is_named_is_the_largest(geed: Geed, tmp_path: Path) -> None:
    """Of two that nobody knows; and where nothing of a file fits, no spec is suggested that leaves out everything."""
    torch.save({"gen": {"a": torch.zeros(3)}, "disc": trained().state_dict()}, tmp_path / "own.pt")
    asked = ("inspect", "--checkpoint", tmp_path / "own.pt", "--arch", ARCH)
    done = geed(*asked)
    assert done.exit_code == 2
    assert "--key disc" in done.stderr
    assert geed(*asked, "--key", "disc").exit_code == 0
    done = geed(*asked, "--key", "gen")
    assert done.exit_code == 2
    assert "missing: [" not in done.stderr


def test_a_part_that_the_file_lacks_is_never_declared(geed: Geed, tmp_path: Path) -> None:
    """No spec is written for a network of which a layer would be random."""
    state = {name: value for name, value in trained().state_dict().items() if not name.startswith("layer3")}
    file = saved(tmp_path / "part.safetensors", state)
    done = geed("inspect", "--checkpoint", file, "--arch", ARCH, "--write-spec", tmp_path / "new.yaml")
    assert done.exit_code == 2
    assert "check the architecture: the file has not the whole of this one" in done.stderr
    assert "missing: [" not in done.stderr
    assert not (tmp_path / "new.yaml").exists()
