"""``geed inspect`` end to end: the verdict of real networks, the views, and the next step, which runs as printed."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command import Geed
from typer.testing import Result as Done

NETWORKS = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, classes=4):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.fc = nn.Linear(4, classes)

    def forward(self, x):
        return self.fc(torch.relu(self.stem(x)).mean((2, 3)))

class Noisy(Net):
    def forward(self, x):
        return super().forward(x) + torch.randn(len(x), 1)

class Mixing(Net):
    def forward(self, x):
        return super().forward(x - x.mean(0, keepdim=True))

class Remembering(Net):
    seen = 0.0

    def forward(self, x):
        self.seen += 1.0
        return super().forward(x) + self.seen

class OneByOne(Net):
    def forward(self, x):
        if len(x) > 2:
            raise RuntimeError("two at most")
        return super().forward(x)

class Part(Net):
    def __init__(self):
        super().__init__()
        self.extra = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        return super().forward(x) + self.extra(x[:1]).mean()
"""
SPEC = """\
model: {source: python, name: "inspected_nets:NAME"}
weights: {origin: random}
input: {size: 12, crop_pct: 1.0, interpolation: bilinear, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25]}
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the networks' code: one module is imported once in a run."""
    folder = tmp_path_factory.mktemp("inspected")
    (folder / "inspected_nets.py").write_text(NETWORKS)
    return folder


@pytest.fixture
def spec(world: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Writes the spec of one of the networks into the current folder."""
    monkeypatch.chdir(world)

    def write(name: str, more: str = "", arguments: str = "") -> str:
        Path("mine.yaml").write_text(SPEC.replace('NAME"', f'{name}"{arguments}') + more)
        return "mine.yaml"

    return write


def flat(done: Done) -> str:
    return " ".join(done.stdout.split())


def next_command(done: Done) -> list[str]:
    """The command of the last line, as it is typed."""
    found = re.search(r"next: .*?geed ((?:audit|inspect) .*)$", flat(done))
    assert found, done.stdout
    return shlex.split(found[1])


def test_a_whole_network_is_audited_as_printed(geed: Geed, spec: Callable[..., str], pictures: Path) -> None:
    """The command behind next: runs as it stands, beside the user's own pictures here."""
    done = geed("inspect", spec("Net"), "--allow-code")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("Can be audited: features, predictions and 1 layer.")
    assert "Features are the input of fc, 4 numbers for each image." in flat(done)
    command = next_command(done)
    assert command == ["audit", "mine.yaml", "-g", "flip", "--allow-code"]
    assert geed(*command, "-d", pictures, "--samples", "2", "--no-cache").exit_code == 0


def test_what_could_not_be_told_is_declared_as_printed(
    geed: Geed, spec: Callable[..., str], pictures: Path
) -> None:
    """One logit: the reason has the declaration, and the command then audits it."""
    mine = spec("Net", arguments=", arguments: {classes: 1}")
    done = geed("inspect", mine, "--allow-code")
    assert done.stdout.startswith("Can be audited in part: features and 1 layer, no predictions.")
    declared = re.search(r"declare (split: \{output: sigmoid\})\.", flat(done))
    assert declared
    assert "next: say in mine.yaml what could not be told" in flat(done)
    Path(mine).write_text(Path(mine).read_text() + declared[1] + "\n")
    again = geed("inspect", mine, "--allow-code")
    assert again.stdout.startswith("Can be audited: features, predictions and 1 layer.")
    assert geed(*next_command(done), "-d", pictures, "--samples", "2", "--no-cache").exit_code == 0


def test_a_library_network_gets_a_spec_as_printed(
    geed: Geed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one class there is no softmax; the command writes the spec that is then edited."""
    monkeypatch.chdir(tmp_path)
    Path("one.yaml").write_text(
        "model: {source: timm, name: test_resnet, arguments: {num_classes: 1}}\nweights: {origin: random}\n"
    )
    done = geed("inspect", "one", "--spec-dir", ".", "--img-size", "32")
    assert "Can be audited in part" in done.stdout
    command = next_command(done)
    assert command[0] == "inspect"
    written = geed(*command)
    assert written.exit_code == 0, written.stderr
    assert geed("validate", "my_model.yaml").exit_code == 0


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Noisy", "it draws random numbers"),
        ("Mixing", "it depends on what else is in the batch"),
        ("Remembering", "it keeps state between calls"),
    ],
)
def test_no_function_of_one_image_is_found(
    geed: Geed, spec: Callable[..., str], pictures: Path, name: str, why: str
) -> None:
    """As an audit finds it, which refuses it; with what is printed it runs."""
    done = geed("inspect", spec(name), "--allow-code")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("Cannot be audited as it is.")
    assert why in flat(done)
    command = next_command(done)
    few = ("-d", pictures, "--samples", "3", "--no-cache")
    refused = geed(*[word for word in command if word not in ("--on-unsteady", "report")], *few)
    assert refused.exit_code == 2
    assert why in " ".join(refused.stderr.split())
    assert geed(*command, *few).exit_code == 0


def test_what_an_audit_refuses_is_said_with_its_way_out(
    geed: Geed, spec: Callable[..., str], pictures: Path
) -> None:
    """A layer that the spec names and that is no map: the same words as the audit's, and the table beside them."""
    done = geed("inspect", spec("Net", "layers: [fc]\n"), "--allow-code")
    assert done.exit_code == 0, done.stderr
    refused = geed("audit", "mine.yaml", "--allow-code", "-d", pictures)
    assert refused.exit_code == 2
    found = " ".join(refused.stderr.removeprefix("error: ").partition("expected:")[0].split())
    assert flat(done).startswith(f"Cannot be audited as it is. {found[:1].upper()}{found[1:]}. Expected: ")
    command = next_command(done)
    assert "--layers" in command
    listed = geed(*command)
    assert listed.exit_code == 0
    assert "stem" in listed.stdout


def test_a_network_that_takes_few_images_is_tried_as_an_audit_does(
    geed: Geed, spec: Callable[..., str], pictures: Path
) -> None:
    """What fails in a batch is shown one by one, there and here."""
    done = geed("inspect", spec("OneByOne"), "--allow-code")
    assert done.stdout.startswith("Can be audited: features, predictions and 1 layer.")
    assert geed(*next_command(done), "-d", pictures, "--samples", "2", "--no-cache").exit_code == 0


def test_a_layer_that_sees_part_of_the_batch_is_left_out(geed: Geed, spec: Callable[..., str]) -> None:
    """It is not measured, and the others are; one picture moves with the first of its batch."""
    done = geed("inspect", spec("Part"), "--allow-code")
    assert done.exit_code == 0, done.stderr
    assert "extra cannot be measured: it runs on part of the batch" in flat(done)
    assert re.search(r"extra .*not measured", done.stdout)


def test_the_views(geed: Geed, spec: Callable[..., str]) -> None:
    """One line of key=value; statements; everything; and not two of them at once."""
    mine = spec("Net")
    line = geed("inspect", mine, "--allow-code", "-q").stdout
    assert line.count("\n") == 1
    assert (
        "verdict=can-be-audited features=input-of-fc numbers=4 classifier=fc output=logits layers=1" in line
    )
    assert "stem, output 4×12×12, layout nchw" in geed("inspect", mine, "--allow-code", "--linear").stdout
    assert "split    features: input of fc" in geed("inspect", mine, "--allow-code", "-v").stdout
    both = geed("inspect", mine, "--allow-code", "-q", "-v")
    assert both.exit_code == 2
    assert "--quiet and --verbose" in both.stderr


def test_the_network_is_left_as_it_was_for_the_spec(geed: Geed, spec: Callable[..., str]) -> None:
    """Only layers with maps are written, and what inspect showed again changed nothing in the file."""
    done = geed("inspect", spec("Part"), "--allow-code", "--write-spec", "written.yaml")
    assert done.exit_code == 0, done.stderr
    assert "layers: [stem]" in Path("written.yaml").read_text()
