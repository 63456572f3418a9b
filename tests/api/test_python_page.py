"""docs/python.md: its examples run as they are printed, on small networks and pictures.

That of Lightning's trainer, which is an extra, runs in the tests of its callback.
"""

import re
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
import torchvision
from PIL import Image
from support.gate import result, spread
from support.networks import MEAN, STD
from support.pictures import smooth_pictures
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import FakeData
from torchvision.transforms import ToTensor

import geed_cli
from geed_cli import InputError, compare
from geed_cli.result.file import write_result
from geed_cli.result.schema import Result

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python.md"
POLICY = """\
version: 2
rules: [{metric: latent.l2, group: flip, max: 0.5}]
baseline: {rules: [{metric: "*", max_increase: 50%}]}
"""


TEXT = PAGE.read_text(encoding="utf-8")
SECTION = TEXT.partition("\n## Comparing")[2].partition("\n## ")[0]


def run_blocks(section: str, names: dict[str, Any], count: int) -> None:
    """Run the examples of a section, one after the other, with the names that they take for granted."""
    blocks = re.findall(
        r"```python\n(.*?)```", TEXT.partition(f"\n## {section}")[2].partition("\n## ")[0], re.DOTALL
    )
    assert len(blocks) >= count
    for block in blocks[:count]:
        exec(compile(block, PAGE.name, "exec"), names)


def of_run(seed: int, count: int = 60) -> Result:
    """A result of three measures, of weights of its own."""
    rows = {
        ("latent.l2", "flip", None): np.abs(spread(0.3, 0.05, count, seed)),
        ("softmax.kl", "flip", None): np.abs(spread(0.2, 0.04, count, seed)),
        ("channelwise.cosine", "flip", "layer1"): spread(-0.8, 0.05, count, seed),
    }
    made = result(rows)
    weights = made.model.weights.model_copy(update={"state_sha256": f"{seed:064}"})
    return made.model_copy(update={"model": made.model.model_copy(update={"weights": weights})})


def test_the_examples_on_results_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All blocks of the section, one after the other, in a folder with the files that they name."""
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(("ours", "theirs")):
        write_result(of_run(seed), tmp_path / f"{name}.json")
    for seed in (1, 2, 3):
        for number, name in enumerate(("run", "cnn", "c8")):
            write_result(of_run(10 * number + seed), tmp_path / f"{name}_{seed}.json")
    Path("geed-policy.yaml").write_text(POLICY, encoding="utf-8")
    run_blocks("Comparing", {}, 4)


def test_the_refusal_is_printed_as_it_comes() -> None:
    """With its note; hashes of images apart."""
    with pytest.raises(InputError) as refused:
        compare({"ours": of_run(0), "other": of_run(1, count=40)})
    (printed,) = re.findall(r"```text\n(.*?)```", SECTION, re.DOTALL)
    made = "".join(traceback.format_exception_only(refused.value))
    assert re.sub(r"\([0-9a-f]{12}\)", "()", made) == re.sub(r"\([0-9a-f]{12}\)", "()", printed)


class Layered(nn.Module):
    """Three layers, features and a classifier under the names that examples use."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer1 = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU())
        self.layer2 = nn.Sequential(nn.Conv2d(4, 6, 3, padding=1), nn.ReLU())
        self.layer3 = nn.Sequential(nn.Conv2d(6, 6, 3, padding=1), nn.ReLU())
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(6, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits."""
        return self.fc(torch.flatten(self.avgpool(self.layer3(self.layer2(self.layer1(x)))), 1))


def small_net() -> geed_cli.Network:
    """Layered at 16 × 16."""
    return geed_cli.wrap(
        Layered(), size=16, mean=MEAN, std=STD, features="avgpool", classifier="fc", layers=["layer*"]
    )


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with pictures in two folders of photos."""
    for part in ("a", "b"):
        smooth_pictures(tmp_path / "photos" / part, 12, 20, seed=ord(part))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_networks() -> None:
    """By numbers, by a preset of torchvision, and a network of timm, which says everything."""
    weights = torchvision.models.ResNet18_Weights.IMAGENET1K_V1
    timm_model = timm.create_model("test_resnet")
    names: dict[str, Any] = {"module": Layered(), "weights": weights, "timm_model": timm_model}
    run_blocks("Networks", names, 1)
    assert names["net"].input.size == timm_model.default_cfg["input_size"][1]


def test_images(photos: Path) -> None:
    """A folder, files, Pillow's images, a tensor, a data set and a DataLoader."""
    pictures = sorted((photos / "photos" / "a").iterdir())
    Image.open(pictures[0]).convert("RGB").save("a.jpg")
    Image.open(pictures[1]).save("b.png")
    # the data set of the example has to be downloaded: here one of torchvision's that is made up
    some = FakeData(6, (3, 20, 20), 5)
    names = {
        "geed": geed_cli, "net": small_net(), "Path": Path, "Image": Image, "paths": pictures[:4],
        "tensor": torch.rand(4, 3, 16, 16), "CIFAR10": lambda _root, **_: some,
        "validation_loader": DataLoader(FakeData(6, (3, 20, 20), 5, transform=ToTensor()), 2),
    }  # fmt: skip
    run_blocks("Images", names, 1)


@pytest.mark.heavy
@pytest.mark.usefixtures("photos")
def test_auditing() -> None:
    """With parameters alone, and with everything in its place."""
    names: dict[str, Any] = {"geed": geed_cli, "net": small_net()}
    run_blocks("Auditing", names, 2)
    assert names["result"].settings.precision == "fp64"


@pytest.mark.usefixtures("photos")
def test_results() -> None:
    """Every kind is asked by its keys."""
    net = small_net()
    result = geed_cli.audit(net, "photos", groups=["flip", "c4"], samples=20)
    policy = {"version": 2, "rules": [{"id": "drift", "metric": "latent.l2", "group": "c4", "max": 2}]}
    names = {
        "result": result, "comparison": compare({"ours": result, "theirs": result}),
        "report": geed_cli.check(result, policy), "track": geed_cli.track({100: result, 200: result}),
        "plan": geed_cli.plan(result, width=0.02),
    }  # fmt: skip
    run_blocks("Results", names, 1)


def test_functions() -> None:
    """On an orbit that a loop of one's own makes."""
    net = Layered().eval()
    features = nn.Sequential(net.layer1, net.avgpool, nn.Flatten())
    run_blocks(
        "Measures as functions",
        {"features": features, "layer": net.layer1, "images": torch.rand(6, 3, 16, 16)},
        1,
    )


@pytest.mark.usefixtures("photos")
def test_monitor(capsys: pytest.CaptureFixture[str]) -> None:
    """A training of two steps."""
    model = Layered()
    batches = [(torch.rand(4, 3, 32, 32), torch.randint(5, (4,))) for _ in range(2)]
    optimiser = torch.optim.SGD(model.parameters(), 0.1)
    names = {
        "model": model, "images": "photos", "batches": batches, "optimiser": optimiser,
        "loss": nn.functional.cross_entropy,
    }  # fmt: skip
    run_blocks("While training", names, 1)
    printed = capsys.readouterr().out
    assert "geed/latent.l2/flip" in printed
    assert "geed track" in printed
