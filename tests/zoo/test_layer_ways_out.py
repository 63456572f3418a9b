"""Every way out that is printed about a layer, or about code that does not run as it is, used as it is printed."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from support.command import Geed
from support.pictures import smooth_pictures
from support.ways_out import remedy_of, take
from support.zoo import INPUT, PICTURES, SIZE, Reading, Right, Specimen, audit_specimen
from test_as_built import STEM, broken, lazy, sized, typed
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
    assert [words[0] for line in text.splitlines() if (words := line.split())][-3:] == last


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
