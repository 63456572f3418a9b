"""Fine-tuning of section 4.3: what copies start from, and that the specs are those of the networks trained."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file

from examples.paper import finetune, overhead, pretrain
from examples.paper.finetune import STARTS
from examples.paper.finetune_nets import ARCHITECTURES, network, take
from examples.paper.settings import SCALES
from examples.paper.step import SPECS

SIZES = {
    "resnet_narrow": 128,
    "densenet_narrow": 48,
    "levit_narrow": 96,
    "efficientnet_lite0": 1280,
}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_spec_is_of_the_network_that_is_trained(name: str) -> None:
    """Nine outputs, the pixels' mean and deviation, the classifier that a fine-tuning begins anew, the scale's size."""
    spec = yaml.safe_load((SPECS / "overhead" / f"{name}.yaml").read_text())
    architecture = ARCHITECTURES[name]
    arguments = spec["model"]["arguments"]
    assert arguments in ({"name": name}, {"num_classes": 9})
    assert (tuple(spec["input"]["mean"]), tuple(spec["input"]["std"])) == (
        architecture.mean,
        architecture.std,
    )
    assert f"{spec['split']['classifier']}." == architecture.heads[0]
    sizes = {each.overhead.size for each in SCALES.values() if name in each.overhead.architectures}
    assert sizes == {spec["input"]["size"]}


@pytest.mark.parametrize("name", SIZES)
def test_the_last_layer_reads_as_many_features_as_the_spec_says(name: str) -> None:
    """And has nine outputs."""
    head = network(name).get_submodule(ARCHITECTURES[name].heads[0].rstrip("."))
    layer = next(module for module in head.modules() if isinstance(module, torch.nn.Linear))
    assert (layer.out_features, layer.in_features) == (9, SIZES[name])
    assert f"the {SIZES[name]} " in (SPECS / "overhead" / f"{name}.yaml").read_text().splitlines()[0]


def test_pixels_are_normalised() -> None:
    """Black and white of a byte are -1 and 1 with mean and deviation 1/2."""
    pixels = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1).expand(2, 3, 4, 4)
    assert ARCHITECTURES["resnet_narrow"].normalised(pixels)[:, :, 0, 0].tolist() == [[-1.0] * 3, [1.0] * 3]


def test_pretrained_copies_have_their_own_last_layer(tmp_path: Path) -> None:
    """Every tensor but the two heads' is the file's, which has ten classes."""
    torch.manual_seed(1)
    upright = network("levit_narrow", 10)
    torch.save(upright.state_dict(), tmp_path / "upright.pt")
    net = network("levit_narrow")
    before = {key: value.clone() for key, value in net.state_dict().items()}
    take(net, "levit_narrow", tmp_path / "upright.pt")
    for key, value in net.state_dict().items():
        source = before if key.startswith(("head.", "head_dist.")) else upright.state_dict()
        assert torch.equal(value, source[key]), key


def test_a_narrow_network_has_no_weights_of_imagenet() -> None:
    """It says which file to give."""
    with pytest.raises(ValueError, match=r"examples\.paper\.pretrain"):
        take(network("resnet_narrow"), "resnet_narrow", None)


@pytest.mark.heavy
def test_real_weights_of_the_package_are_those_of_the_bundled_spec() -> None:
    """The packaged file, by order: every shape fits, and only the classifier stays random."""
    net = network("efficientnet_lite0")
    before = {key: value.clone() for key, value in net.state_dict().items()}
    take(net, "efficientnet_lite0", None)
    same = {key for key, value in net.state_dict().items() if torch.equal(value, before[key])}
    assert {key for key in same if not key.endswith("num_batches_tracked")} == {
        "classifier.weight",
        "classifier.bias",
    }


@pytest.fixture
def clothes(tmp_path: Path) -> Path:
    """A made-up Fashion-MNIST of twenty pictures a part."""
    folder = tmp_path / "data" / "fashion-mnist"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for part in ("train", "t10k"):
        for kind, array in (
            ("images-idx3", rng.integers(0, 256, (20, 28, 28))),
            ("labels-idx1", np.arange(20) % 10),
        ):
            head = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
            path = folder / f"{part}-{kind}-ubyte.gz"
            path.write_bytes(gzip.compress(head + array.astype(np.uint8).tobytes()))
    return tmp_path / "data"


@pytest.mark.heavy
def test_copies_differ_where_they_should(
    clothes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the commands, at the tiny scale: a start and a seed make a copy; one that ended is left as it is."""
    overhead.write(tmp_path / "overhead", 64, 4, 27)

    def run(module: object, *words: object) -> None:
        monkeypatch.setattr("sys.argv", ["-", *map(str, words), "--scale", "tiny"])
        module.main()  # type: ignore[attr-defined]

    upright = tmp_path / "runs" / "upright.pt"
    run(pretrain, "resnet_narrow", "--data", clothes, "--out", upright)
    for start in STARTS:
        words = ("--data", tmp_path / "overhead", "--upright", upright, "--out", tmp_path / "runs" / start)
        run(finetune, "resnet_narrow", start, 0, 1, *words)
        run(finetune, "resnet_narrow", start, 0, *words)
    at = {
        (start, seed, step): load_file(
            tmp_path / "runs" / start / f"seed_{seed}" / f"step_{step}.safetensors"
        )
        for start in STARTS
        for seed in (0, 1)
        for step in (0, 2)
    }
    taken, first = torch.load(upright, weights_only=True), "conv1.weight"
    assert torch.equal(at["pretrained", 0, 0][first], taken[first])
    assert torch.equal(at["pretrained", 1, 0][first], taken[first])
    assert not torch.equal(at["pretrained", 0, 0]["fc.weight"], at["pretrained", 1, 0]["fc.weight"])
    assert not torch.equal(at["scratch", 0, 0][first], at["scratch", 1, 0][first])
    assert all(not torch.equal(at[start, 0, 0][first], at[start, 0, 2][first]) for start in STARTS)
    accuracies = json.loads((tmp_path / "runs" / "scratch" / "seed_0" / "accuracy.json").read_text())
    assert set(accuracies) == {"0", "1", "2"}
