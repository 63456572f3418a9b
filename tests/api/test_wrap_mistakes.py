"""What people hand to ``wrap`` by mistake: each has its sentence, in the words of Python, with a way out."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

import geed_cli as geed
from geed_cli import InputError, wrap
from geed_cli.api.python_words import in_python_words


class Net(nn.Module):
    """Two layers and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.layer1 = nn.Conv2d(3, 4, 3, padding=1)
        self.layer2 = nn.Conv2d(4, 8, 3, stride=2, padding=1)
        self.fc = nn.Linear(8, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.layer2(self.layer1(x)).mean((2, 3)))


class Holder:
    """As a trainer is, which holds the module."""

    model = Net()


MEAN_OF_BYTES = (123.7, 116.3, 103.5)
SAID = {"size": 16, "mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25)}


def lazy() -> nn.Module:
    return nn.Sequential(nn.LazyConv2d(4, 3), nn.Flatten(), nn.LazyLinear(3))


def mixed() -> nn.Module:
    module = Net()
    module.fc.half()
    return module


def scattered() -> nn.Module:
    module = Net()
    module.fc.to("meta")
    return module


@pytest.mark.parametrize(
    ("made", "found", "remedy"),
    [
        (lambda: wrap(Net), "the class Net in place of a network", "wrap(Net(…))"),
        (lambda: wrap("resnet50"), "'resnet50', which is text", "load_model('resnet50')"),
        (lambda: wrap(Net().state_dict()), "a state dict of 6 tensors", "network.load_state_dict(…)"),
        (lambda: wrap({"epoch": 3, "model": {}}), "a mapping with the keys epoch, model", "load_state_dict"),
        (lambda: wrap(torch.optim.SGD(Net().parameters())), "an optimizer (SGD)", "the module"),
        (lambda: wrap((Net(), None)), "a tuple of 2, with a module at 0", "wrap(THAT[0])"),
        (lambda: wrap(Holder()), "a Holder, which holds a module", "wrap() its .model"),
        (lambda: wrap(torch.zeros(2, 3, 8, 8)), "a tensor of shape (2, 3, 8, 8)", "pictures go to audit()"),
        (lambda: wrap(len), "the function len, which is no module", "whose forward calls it"),
        (lambda: wrap(None), "NoneType, which is no module", "wrap(network)"),
        (lambda: wrap(wrap(Net(), **SAID)), "a Network, which is wrapped already", "hand it to audit()"),
        (lambda: wrap(nn.Flatten(), **SAID), "Flatten has neither parameters nor buffers", "the whole network"),
        (lambda: wrap(lazy(), **SAID), "lazy modules: 0.weight has no shape yet", "module(pictures)"),
        (lambda: wrap(mixed(), **SAID), "several types: float32 (4), float16 (2)", "to(torch.float32)"),
        (lambda: wrap(scattered(), **SAID), "without numbers for fc.weight, fc.bias", "build it on the CPU"),
        (lambda: wrap(Net()), "cannot be told: without size, mean, std", "wrap(module, size=224, mean="),
        (lambda: wrap(Net(), size=16, std=0.25), "cannot be told: without mean", "mean=(0.485, 0.456, 0.406)"),
        (lambda: wrap(Net(), **SAID | {"mean": MEAN_OF_BYTES}), "a mean of 123.7", "mean=(0.485, 0.456, 0.406)"),
        (lambda: wrap(Net(), **SAID | {"std": (58.4, 57.1, 57.4)}), "a std of 58.4", "std=(0.229, 0.224, 0.225)"),
        (lambda: wrap(Net(), **SAID | {"mean": (0.5, 0.5)}), "'mean': 2 values", "correct mean= in the call of wrap()"),
        (lambda: wrap(Net(), **SAID | {"size": 0}), "'size' is 0", "correct size="),
        (lambda: wrap(Net(), **SAID | {"size": "224"}), "'size' is '224'", "correct size="),
        (lambda: wrap(Net(), **SAID, szie=16), "wrap() has no argument 'szie'", "help(geed_cli.wrap)"),
        (lambda: wrap(Net(), **SAID, classifier="fcc"), "classifier 'fcc' is not in python/Net", "named_modules"),
        (lambda: wrap(Net(), **SAID, features="layer9"), "features 'layer9' is not in python/Net", "named_modules"),
        (lambda: wrap(Net(), **SAID, layers=["block*"]), "layer 'block*' is not in python/Net", "named_modules"),
        (lambda: wrap(Net(), **SAID, output="logit"), "'output' is 'logit'", "correct output="),
        (lambda: wrap(Net(), **SAID, output="dense"), "is not scores of classes per pixel", "output='logits'"),
        (lambda: wrap(Net(), **SAID, channels=1), "takes pictures of 3 channels, not of 1", "channels=3"),
        (lambda: wrap(Net(), **SAID, actions={"fc": print}), "actions= holds builtin_function", "correct actions="),
        (lambda: wrap(Net(), preprocess="timm"), "Net has no pretrained_cfg", "preprocess='torchvision'"),
        (lambda: wrap(Net(), preprocess="tim"), "preprocess='tim'", "weights.transforms()"),
        (lambda: wrap(Net(), preprocess=3), "preprocess is int", "size=, mean= and std="),
    ],
)  # fmt: skip
def test_each_has_its_sentence(made: Callable[[], object], found: str, remedy: str) -> None:
    with pytest.raises(InputError) as refused:
        made()
    assert found in refused.value.found
    assert remedy in refused.value.remedy
    assert not {"spec", "--"} & set(str(refused.value).split()), "words of the command line"


def test_ways_out_run_as_printed() -> None:
    """Of the missing preprocessing, the mean of bytes, and a wrong output; the others need the user's own code."""
    module = Net()
    for wrong in (
        lambda: wrap(module),
        lambda: wrap(module, size=16, std=0.25),
    ):
        with pytest.raises(InputError) as refused:
            wrong()
        line = refused.value.remedy.partition(", or preprocess")[0]
        made = line.replace(
            "wrap(module, ", "wrap(module, " + ("std=0.25, size=16, " if "size" not in line else "")
        )
        assert eval(made, {"wrap": wrap, "module": module}).input.mean == (0.485, 0.456, 0.406)
    with pytest.raises(InputError) as refused:
        wrap(module, **SAID | {"mean": (123.7, 116.3, 103.5)})
    assert eval(f"dict({refused.value.remedy})") == {"mean": (0.485, 0.456, 0.406)}
    with pytest.raises(InputError) as refused:
        wrap(module, **SAID, output="dense")
    assert wrap(module, **SAID, **eval(f"dict({refused.value.remedy})")).output.kind == "logits"


@pytest.mark.parametrize(
    ("written", "in_python"),
    [
        ("split: {classifier: null} in the spec", "classifier=None"),
        ("--img-size 96, or input: {size: 96} in the spec", "size=96"),
        ("split: {output: dense} and layouts: {logits: nchw}, or nhwc, in the spec",
         "output='dense' and layouts={'logits': 'nchw'}, or nhwc"),
        ("tokens: {blocks.*: {grid: [7, 7], prefix: 1}} in the spec",
         "tokens={'blocks.*': {'grid': [7, 7], 'prefix': 1}}"),
        ("--batch-size 8", "batch_size=8"),
        ("leave out --norm-samples", "leave out norm_samples"),
        ("--precision fp32", "precision='fp32'"),
        ("the same with --debug, which shows the line of the code", "the traceback shows the line of the code"),
        ("split.classifier 'fc' is not in x", "classifier 'fc' is not in x"),
        ("layers: [relu#2] in the spec", "layers=['relu#2']"),
    ],
)  # fmt: skip
def test_words_of_specs_and_options_become_arguments(written: str, in_python: str) -> None:
    assert in_python_words(written) == in_python


def test_a_part_of_timm_says_what_it_was_trained_with() -> None:
    """A network around one of timm's is not taken to be shown the same, but the values are in the way out."""
    import timm

    class Around(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone = timm.create_model("test_resnet", num_classes=0)
            self.fc = nn.Linear(64, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.fc(self.backbone(x))

    with pytest.raises(InputError, match=r"its part 'backbone' is of timm") as refused:
        geed.wrap(Around())
    assert "size=160, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)" in refused.value.remedy
