"""Every way out that is printed about a layer, or about code that does not run as it is, used as it is printed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from support.command import Geed
from support.output_networks import Ended
from support.pictures import smooth_pictures
from support.ways_out import remedy_of, take
from support.zoo import INPUT, PICTURES, SIZE, Reading, Right, Specimen, audit_specimen
from test_as_built import (
    STEM,
    broken,
    ending,
    exported,
    graph_of_a_program,
    lazy,
    named_like_a_call,
    plain,
    sized,
    stubborn,
    torchscript_inside,
    typed,
    without_numbers,
)
from test_layers import (
    as_they_are,
    attention_at_one_size,
    cube,
    last_first,
    one_by_one,
    reading,
    sequence,
    twice,
)
from torch import Tensor, nn

OWN = Right(lambda _module, _orbits: {})
"""Where it is enough that the audit runs."""
GRID = Right(Reading(layers={"steps": lambda x: x.transpose(1, 2).unflatten(2, (3, 4))}))
NAMED = {"[HEIGHT, WIDTH]": "[3, 4]"}
LAZY = Right(Reading("4", layers={"0": as_they_are}))

OPTIONS = (
    Specimen("relu#1", twice, Right(reading("relu#1")), options=("--layer", "relu")),
    Specimen("block#1", twice, Right(reading("block#1")), options=("--layer", "block#3"), group="c4"),
    Specimen("stem", twice, Right(reading("stem")), options=("--layer", "stem#1")),
    Specimen("fp32", typed, Right(STEM), {"inside": "float64"}, options=("--precision", "fp64")),
)
"""Refused with what is an option of the same command; the audit is right with it."""

SECTIONS: tuple[tuple[Specimen, Mapping[str, str]], ...] = (
    (Specimen("layers", twice, Right(reading("block#1")), spec={"layers": ["block"]}), {}),
    (Specimen("features", twice, OWN, spec={"split": {"features": "relu"}}), {}),
    (
        Specimen(
            "nchw",
            cube,
            Right(reading("odd.1.inner")),
            {"one_size": True},
            options=("--layer", "odd.1.inner"),
        ),
        {},
    ),
    (
        Specimen(
            "nhwc",
            cube,
            Right(Reading(layers={"odd.1.inner": last_first})),
            {"one_size": True, "last": True},
            options=("--layer", "odd.1.inner"),
        ),
        {"nchw": "nhwc"},
    ),
    (Specimen("weights", attention_at_one_size, OWN, options=("--layer", "1.weights")), {}),
    (Specimen("tokens", sequence, GRID, options=("--layer", "steps")), NAMED),
    (Specimen("random", lazy, LAZY), {" or {origin: file, path: …}": ""}),
)
"""Refused with what is a section of the spec, and what has to be filled in there; the audit is right with it."""


@pytest.mark.parametrize("specimen", OPTIONS, ids=lambda each: each.name)
def test_the_option_that_is_printed_works(specimen: Specimen, geed: Geed, tmp_path: Path) -> None:
    option = tuple(_refused(specimen, geed, tmp_path).split())
    assert len(option) == 2
    audit_specimen(replace(specimen, options=option), geed, tmp_path / "again")


@pytest.mark.parametrize(("specimen", "filled"), SECTIONS, ids=lambda each: getattr(each, "name", None))
def test_the_section_that_is_printed_works(
    specimen: Specimen, filled: Mapping[str, str], geed: Geed, tmp_path: Path
) -> None:
    printed = _refused(specimen, geed, tmp_path)
    for blank, word in filled.items():
        assert blank in printed
        printed = printed.replace(blank, word)
    section = yaml.safe_load(printed.removesuffix(" in the spec"))
    audit_specimen(replace(specimen, spec={**specimen.spec, **section}), geed, tmp_path / "again")


@pytest.mark.parametrize(
    ("specimen", "last"),
    [
        (Specimen("vector", twice, OWN, options=("--layer", "fc")), ["relu#3", "unused", "fc"]),
        (Specimen("one-by-one", one_by_one, OWN, options=("--layer", "odd")), ["odd#1", "odd#2", "fc"]),
    ],
    ids=lambda each: getattr(each, "name", None),
)
def test_the_command_that_is_printed_lists_the_layers(
    specimen: Specimen, last: list[str], geed: Geed, tmp_path: Path
) -> None:
    """A vector is no map by any declaration, and what sees one picture at a time is no layer by any number."""
    command = _refused(specimen, geed, tmp_path).removeprefix("choose another: ")
    code, text = take(geed, (), command, tmp_path)
    assert code == 0
    table = text.partition("\nnext: ")[0]
    assert [words[0] for line in table.splitlines() if (words := line.split())][-3:] == last


SIZED = (
    (Specimen("sized", sized, OWN), "--img-size 32, or input: {size: 32} in the spec"),
    (
        Specimen("lazy-and-sized", sized, OWN, {"lazy": True}, {"weights": {"origin": "random"}}),
        "--img-size 32, or input: {size: 32} in the spec",
    ),
    (Specimen("of-no-size", broken, OWN), "the same with --debug, which shows the line of the code"),
    (
        Specimen("lazy-of-no-size", broken, OWN, {"lazy": True}, {"weights": {"origin": "random"}}),
        "the same with --debug, which shows the line of the code",
    ),
)


@pytest.mark.parametrize(("specimen", "says"), SIZED, ids=lambda each: getattr(each, "name", None))
def test_the_size_that_is_printed_works(specimen: Specimen, says: str, geed: Geed, tmp_path: Path) -> None:
    """A network for one size, of which another is asked; and one that fails at every size, whose line is shown."""
    assert _refused(specimen, geed, tmp_path) == says
    given = (
        "audit",
        specimen.write_spec(tmp_path),
        "--allow-code",
        "-d",
        tmp_path / "pictures",
        "-g",
        "flip",
    )
    option, _, section = says.partition(", or ")
    if not section:
        assert "no such thing" in str(geed(*given, "--debug").exception.__context__)
        return
    assert geed(*given, *option.split()).exit_code == 0
    said = {"input": INPUT | yaml.safe_load(section.removesuffix(" in the spec"))["input"]}
    replace(specimen, spec={**specimen.spec, **said}).write_spec(tmp_path)
    assert geed(*given).exit_code == 0


def script_as_a_whole() -> nn.Module:
    return torch.jit.trace(torchscript_inside().eval(), torch.zeros(1, 3, SIZE, SIZE))


def renamed() -> nn.Module:
    network = named_like_a_call()
    network.add_module("stem_1", network.get_submodule("stem#1"))
    del network._modules["stem#1"]
    return network


def dense() -> nn.Module:
    class Dense(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Ended("sparse")

        def forward(self, x: Tensor) -> Tensor:
            return self.inner(x).to_dense()

    return Dense()


def on_the_cpu() -> nn.Module:
    network = without_numbers()
    network.fc = nn.Linear(8, 10)
    return network


def returning() -> nn.Module:
    class Returning(type(stubborn())):  # type: ignore[misc]
        def train(self, mode: bool = True) -> nn.Module:
            return nn.Module.train(self, mode)

    return Returning()


def without_exit() -> nn.Module:
    class Staying(type(ending())):  # type: ignore[misc]
        def forward(self, x: Tensor) -> Tensor:
            return super(type(ending()), self).forward(x)

    return Staying()


def exported_for_any_batch() -> object:
    return exported(anything=True)


CODE = (
    (
        Specimen("script", torchscript_inside, Right(Reading(None, softmax=False))),
        "return torch.jit.trace(network, pictures), which is audited as one module",
        script_as_a_whole,
    ),
    (Specimen("name", named_like_a_call, Right(STEM)), "rename it", renamed),
    (
        Specimen("sparse", Ended, OWN, {"end": "sparse"}),
        "wrap the network in a module that returns the output's to_dense()",
        dense,
    ),
    (Specimen("meta", without_numbers, Right(STEM)), "build it on the CPU", on_the_cpu),
    (Specimen("eval", stubborn, Right(STEM)), "let its train() and eval() return", returning),
    (
        Specimen("program", graph_of_a_program, Right(STEM), spec={"split": {"classifier": "fc"}}),
        "return the exported program without .module()",
        exported_for_any_batch,
    ),
    (Specimen("exit", ending, Right(STEM)), "take sys.exit out of it", without_exit),
)
"""Refused with what is to be changed in the code, and that code."""


@pytest.mark.parametrize(("specimen", "says", "mended"), CODE, ids=lambda each: getattr(each, "name", None))
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_code_that_is_changed_as_printed_is_audited(
    specimen: Specimen, says: str, mended: Callable[[], nn.Module], geed: Geed, tmp_path: Path
) -> None:
    assert _refused(specimen, geed, tmp_path) == says
    torch.manual_seed(0)
    twin = plain if mended is exported_for_any_batch else None
    audit_specimen(replace(specimen, factory=mended, arguments={}, twin=twin), geed, tmp_path / "again")


def test_the_spec_that_inspect_writes_is_audited(geed: Geed, tmp_path: Path) -> None:
    """Stages that run twice are written call by call, and those that are no maps are left out."""
    specimen, written = Specimen("twice", twice, OWN), tmp_path / "written.yaml"
    done = geed("inspect", specimen.write_spec(tmp_path), "--allow-code", "--write-spec", written)
    assert done.exit_code == 0
    layers = yaml.safe_load(written.read_text())["layers"]
    assert layers == ["block#1", "block#2"]
    audit_specimen(
        replace(specimen, outcome=Right(reading(*layers)), spec={"layers": layers}), geed, tmp_path
    )


def _refused(specimen: Specimen, geed: Geed, folder: Path) -> str:
    """What the refusal says to try."""
    torch.manual_seed(0)
    pictures = smooth_pictures(folder / "pictures", PICTURES, SIZE)
    given = ("--allow-code", "-d", pictures, "-g", specimen.group, *specimen.options)
    done = geed("audit", specimen.write_spec(folder), *given)
    assert done.exit_code == 2, done.output
    (folder / "again").mkdir()
    return remedy_of(done)
