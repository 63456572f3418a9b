"""``geed_cli.audit``: the command's numbers, of pictures wherever they are, and its own refusals."""

import inspect
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from support.networks import MEAN, STD, SmallConvNet
from support.pictures import smooth_pictures
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

import geed_cli as geed
from geed_cli import AuditOptions, DataOptions, InputError, Network, Result, RunOptions
from geed_cli.cli.audit_request import flag_of
from geed_cli.cli.command import declared
from geed_cli.pipeline.progress import Silent
from geed_cli.result.schema import Entry
from geed_cli.verdict.python_names import OF_AUDIT

SIDE = 16


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return smooth_pictures(tmp_path_factory.mktemp("pictures"), 12, SIDE)


def small(seed: int = 0) -> Network:
    torch.manual_seed(seed)
    return geed.wrap(SmallConvNet(), size=SIDE, mean=MEAN, std=STD, classifier="fc", layers=["block*"])


def rows(result: Result) -> tuple[Entry, ...]:
    return result.results


class Pairs(Dataset[tuple[Tensor, int]]):
    """Pictures with labels, as in most training code."""

    def __init__(self, pictures: Tensor) -> None:
        self.pictures = pictures

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.pictures[index].float() / 255, index % 3


def test_the_same_rows_wherever_the_pictures_are(folder: Path) -> None:
    """Folder, paths, Pillow's images, arrays of either layout, floats, a data set, a DataLoader: digit for digit."""
    files = sorted(folder.iterdir())
    pictures = [Image.open(file) for file in files]
    array = np.stack([np.asarray(picture) for picture in pictures])
    tensor = torch.from_numpy(array).permute(0, 3, 1, 2)
    pairs = Pairs(tensor)
    sources = [files, pictures, array, tensor, tensor / 255, pairs, DataLoader(pairs, batch_size=5)]
    expected = geed.audit(small(), folder, ["flip", "c4"], samples=9, progress=False)
    assert expected.data.count == 9
    for source in sources:
        result = geed.audit(small(), source, ["flip", "c4"], samples=9, progress=False)
        assert rows(result) == rows(expected)
        assert result.signature.partition(" data=")[0] == expected.signature.partition(" data=")[0]


def test_options_and_parameters_are_one(folder: Path) -> None:
    """What a parameter says goes first; everything else comes from the options."""
    options = AuditOptions(
        data=DataOptions(folder, samples=5, seed=3),
        run=RunOptions(batch_size=4),
        metrics=("latent.*",),
        layers=("block1",),
    )
    said = geed.audit(
        small(), folder, "flip", samples=6, metrics="channelwise.cosine", layers=["block2"], batch_size=2,
        options=options, progress=False,
    )  # fmt: skip
    assert (said.data.count, said.data.seed, said.settings.batch_size) == (6, 3, 2)
    assert {(entry.metric, entry.layer) for entry in said.results} == {("channelwise.cosine", "block2")}
    alone = geed.audit(small(), groups="flip", options=options, progress=False)
    assert (alone.data.count, alone.data.root, alone.settings.batch_size) == (5, str(folder), 4)
    assert {entry.metric for entry in alone.results} == {"latent.l2", "latent.cosine", "latent.relative"}


def test_sets_stand_alone_or_beside_groups(folder: Path) -> None:
    blurred = geed.audit(small(), folder, sets="blur:1", samples=3, progress=False)
    assert [group.name for group in blurred.groups] == ["blur:1"]
    both = geed.audit(small(), folder, "flip", sets=["blur:1"], samples=3, progress=False)
    assert [group.name for group in both.groups] == ["flip", "blur:1"]


def test_a_twin_stands_beside(folder: Path) -> None:
    result = geed.audit(small(), folder, samples=4, twin=small(1), progress=False)
    alone = geed.audit(small(1), folder, samples=4, progress=False)
    (value,) = [entry.value for entry in alone.results if entry.metric == "latent.l2"]
    (beside,) = [entry.controls["twin"] for entry in result.results if entry.metric == "latent.l2"]
    assert beside == value


def test_a_twin_of_a_named_network_is_built(folder: Path) -> None:
    """Of other random weights than the network's own, as the command takes them."""
    network = geed.load_model("timm:test_resnet", weights="random", img_size=32)
    result = geed.audit(network, folder, samples=2, metrics="latent.l2", twin=True, progress=False)
    other = geed.load_model("timm:test_resnet", weights="random", seed=1, img_size=32)
    expected = geed.audit(other, folder, samples=2, metrics="latent.l2", progress=False)
    assert result.results[0].controls["twin"] == expected.results[0].value != result.results[0].value


def test_rows_are_kept_where_they_can_be_told_apart(folder: Path, tmp_path: Path) -> None:
    """Of named networks by default; of a wrapped module if its code is named; nowhere with cache=False."""
    network = geed.load_model("timm:test_resnet", weights="random", img_size=32)

    def cached(net: Network, *, cache: bool | Path) -> int:
        return geed.audit(net, folder, samples=3, progress=False, cache=cache).timing.cached

    assert [cached(network, cache=tmp_path) for _ in range(2)] == [0, 3]
    assert cached(network, cache=False) == 0
    assert [cached(small(), cache=tmp_path) for _ in range(2)] == [0, 0]
    named = replace(small(), cache_key="SmallConvNet, first version")
    assert [cached(named, cache=tmp_path) for _ in range(2)] == [0, 3]
    assert cached(replace(named, cache_key="another"), cache=tmp_path) == 0


Call = Callable[[Network, Path], Result]


@pytest.mark.parametrize(
    ("call", "found", "remedy"),
    [
        (
            lambda net, _: geed.audit(net, ["flip", "c4"]),
            "the images ['flip', 'c4'] are names of groups",
            "geed.audit(network, groups=['flip', 'c4'])",
        ),
        (
            lambda net, _: geed.audit(net, "flip"),
            "the images 'flip' are names of groups",
            "geed.audit(network, groups='flip')",
        ),
        (
            lambda net, folder: geed.audit(net, folder, AuditOptions()),  # type: ignore[arg-type]
            "AuditOptions in the place of a group",
            "geed.audit(network, images, groups=['flip', 'c4'])",
        ),
        (
            lambda net, folder: geed.audit(net, folder, twin=True),
            "twin=True with python/SmallConvNet, which geed did not build",
            "twin=geed.wrap(other), a module of the same architecture with random weights",
        ),
        (
            lambda net, folder: geed.audit(net, folder, device=torch.device("cpu")),  # type: ignore[arg-type]
            "--device device(type='cpu')",
            "use cpu",
        ),
        (
            lambda net, folder: geed.audit(net, folder, precision=torch.float64),  # type: ignore[arg-type]
            "--precision torch.float64",
            "use fp64",
        ),
        (
            lambda net, folder: geed.audit(net, folder, layers=[3]),  # type: ignore[list-item]
            "3, of type int, in the place of a name",
            'metrics="latent.*", layers=["layer3", "layer4"]',
        ),
        (
            lambda net, folder: geed.audit(net, folder, options={"run": 1}),  # type: ignore[arg-type]
            "options={'run': 1}",
            "options=geed.AuditOptions(run=geed.RunOptions(…))",
        ),
        (
            lambda net, folder: geed.audit(net, folder, metrics="latent.l2.M"),
            "latent.l2.M is a part of latent.l2",
            "--metric latent.l2, whose results hold its parts",
        ),
        (
            lambda net, folder: geed.audit(net, folder, cache=None),  # type: ignore[arg-type]
            "cache=None",
            "cache=False",
        ),
        (
            lambda net, folder: geed.audit(net, folder, progress=None),  # type: ignore[arg-type]
            "progress=None",
            "progress=False",
        ),
    ],
)
def test_mistakes(call: Call, found: str, remedy: str, folder: Path) -> None:
    with pytest.raises(InputError) as caught:
        call(small(), folder)
    assert (caught.value.found, caught.value.remedy) == (found, remedy)


class Seen(Silent):
    """Progress that is remembered."""

    def __init__(self) -> None:
        self.done: list[tuple[int, int]] = []

    def images(self, done: int, total: int) -> None:
        self.done.append((done, total))


def test_progress_goes_to_an_object_or_to_stderr(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is printed where nothing is asked for; notes are, where progress is."""
    seen = Seen()
    geed.audit(small(), folder, samples=3, progress=seen)
    assert seen.done[-1] == (3, 3)
    geed.audit(small(), folder, samples=3, progress=False)
    assert capsys.readouterr() == ("", "")
    broken = AuditOptions(layers=("block*", "nothing"))
    with pytest.raises(InputError, match="nothing"):
        geed.audit(small(), folder, samples=3, options=broken)


def half(picture: Image.Image) -> Image.Image:
    return picture.resize((SIDE // 2, SIDE // 2), Image.Resampling.BOX)


def test_a_function_makes_the_pictures(folder: Path, tmp_path: Path) -> None:
    """The rows of files that hold what it makes, under the names of those that it was given."""
    for file in folder.iterdir():
        half(Image.open(file)).save(tmp_path / file.name)
    torch.manual_seed(0)
    module = SmallConvNet()
    asked = {"mean": MEAN, "std": STD, "size": SIDE // 2}
    by_function = geed.audit(geed.wrap(module, preprocess=half, **asked), folder, samples=5, progress=False)
    files = geed.audit(geed.wrap(module, **asked), tmp_path, samples=5, progress=False)
    assert by_function.results == files.results
    assert [image.path for image in by_function.data.images] == [image.path for image in files.data.images]
    assert by_function.data.root == f"{folder} through half"
    with pytest.raises(InputError, match="preprocess makes a picture 8 × 8"):
        geed.audit(geed.wrap(module, preprocess=half, **{**asked, "size": SIDE}), folder, progress=False)


def test_every_option_of_the_command_has_a_name_in_python() -> None:
    """Those that act on audits and on loading, but for none; what they are called exists."""
    flags = {flag_of(option.name) for option in declared()}
    assert flags == set(OF_AUDIT)
    named = {
        "AuditOptions": AuditOptions, "DataOptions": DataOptions, "RunOptions": RunOptions,
        "ActionOptions": geed.ActionOptions, "ControlOptions": geed.ControlOptions,
        "UntilOptions": geed.UntilOptions, "UntilDecided": geed.UntilDecided,
            "IntervalOptions": geed.IntervalOptions, "FileOptions": geed.FileOptions,
        "load_model": geed.load_model,
    }  # fmt: skip
    for text in OF_AUDIT.values():
        for name, keyword in re.findall(r"(\w+)\((?:…, )?(\w+)=", text):
            if name == "wrap":
                assert keyword == "size"
            else:
                assert keyword in inspect.signature(named[name]).parameters, text
        if "(" not in text and "=" in text:
            assert text.partition("=")[0] in inspect.signature(geed.audit).parameters


def test_a_refusal_says_what_its_options_are_called_here(folder: Path) -> None:
    options = AuditOptions(controls=geed.ControlOptions(phase_correct=True))
    with pytest.raises(InputError) as caught:
        geed.audit(small(), folder, metrics="latent.l2", options=options, progress=False)
    assert caught.value.__notes__ == [
        "  in Python: --phase-correct is options=AuditOptions(controls=ControlOptions(phase_correct=…)), "
        "--metric is metrics=…"
    ]
