"""docs/paper.md: its commands are commands, its files are made, and nothing of the paper is left out."""

import re
import shlex
import sys
from fnmatch import fnmatch
from itertools import pairwise
from pathlib import Path

import pytest
from support.checkpoints import read_in_this_process
from support.command import COMMAND, Geed, geed

from examples.paper import run, verify
from examples.paper.step import Place
from geed_cli.groups.named import groups_named
from geed_cli.measures.catalogue import select_measures
from geed_cli.sets.known_sets import set_named

__all__ = ["geed", "read_in_this_process"]

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "paper.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ")]
CODE = sorted(set(re.findall(r"`([^`]+)`", PAGE)))
COMMANDS = [code for code in CODE if code.startswith("geed ")]
ON_THE_SAMPLE = [code for code in COMMANDS if "efficientnet_lite0" in code and "geed inspect" not in code]
SECTIONS = [shlex.split(code)[3:] for code in CODE if code.startswith("python -m examples.paper.run ")]
PARTS = re.compile(r"\.(?:raw|M)$")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_reads_as_it_is_printed(command: str) -> None:
    """Options, measures and their parts, groups and sets."""
    _, name, *arguments = shlex.split(command)
    read = COMMAND.commands[name].make_context(name, arguments).params if name != "ls" else {}  # type: ignore[attr-defined]
    assert select_measures([PARTS.sub("", each) for each in read.get("metric") or ()])
    assert groups_named(read.get("group") or ()) is not None
    for each in read.get("set_") or ():
        set_named(each)


@pytest.mark.heavy
@pytest.mark.usefixtures("read_in_this_process")
@pytest.mark.parametrize("command", ON_THE_SAMPLE)
def test_what_is_said_to_run_on_the_sample_does(command: str, geed: Geed) -> None:
    """Of two pictures, or four where a fit needs them: each measure that is named has a value or a layer's."""
    samples = "4" if "--discover" in command else "2"
    words = [*shlex.split(command)[1:], "--samples", samples]
    done = geed(*words)
    assert done.exit_code == 0, done.stderr
    for option, measure in pairwise(words):
        if option == "--metric":
            assert measure in done.stdout


@pytest.mark.parametrize(
    "command", [code for code in COMMANDS if re.match("geed (ls|explain|inspect eff)", code)]
)
@pytest.mark.usefixtures("read_in_this_process")
def test_what_is_looked_up_is_there(command: str, geed: Geed) -> None:
    """Groups, measures, names and the sample's network."""
    done = geed(*shlex.split(command)[1:])
    assert done.exit_code == 0, done.stderr
    assert len(done.stdout.splitlines()) > 3


@pytest.mark.parametrize("words", SECTIONS, ids=" ".join)
def test_a_section_is_one_that_can_be_rerun(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its commands are printed, each of geed or of a module."""
    monkeypatch.setattr(sys, "argv", ["run", *words, "--dry-run"])
    run.main()
    printed = capsys.readouterr().out.splitlines()
    assert any(line.startswith("geed ") and "--figure" in line for line in printed)
    assert all(line.startswith(("geed ", "python -m examples.paper.")) for line in printed)


def made() -> set[str]:
    """What the four sections write at scale small, from the folder in which the page's commands are typed."""
    place = Place(Path("DIR"), Path("runs"), "small")
    steps = [step for section in run.SECTIONS for step in run.steps(section, place)]
    claims = {f"runs/{section}/claims.csv" for section in run.SECTIONS}
    drawn = {to for step in steps for option, to in pairwise(step.command) if option == "--figure"}
    return claims | drawn | {step.makes.as_posix() for step in steps}


def test_the_files_of_the_rerun_are_made() -> None:
    """Every path below ``runs/`` of the second and third column; every section has a row and a command."""
    rerun = PAGE.partition("## Section 4: experiments")[2].partition("\n## ")[0]
    named = {path for row in rerun.splitlines() for path in re.findall(r"(runs/[\w.*/]+\.\w+)", row)}
    files = made()
    assert len(named) >= 15
    assert {path for path in named if not any(fnmatch(file, path) for file in files)} == set()
    assert {words[0] for words in SECTIONS} == set(run.SECTIONS)
    figures = {file for file in files if re.search(r"/figure_.*\.svg$", file)}
    assert figures == {path for path in named if path.endswith(".svg")}


def test_the_independent_code_takes_its_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It gets as far as the track, which is not there."""
    (words,) = [shlex.split(code)[3:] for code in CODE if "examples.paper.verify" in code]
    monkeypatch.setattr(sys, "argv", ["verify", *words])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError):
        verify.main()


@pytest.mark.parametrize("command", [code for code in CODE if code.startswith("python -m pytest ")])
def test_the_propositions_have_tests(command: str) -> None:
    """-k finds at least two functions of the file."""
    *_, file, _, word = shlex.split(command)
    tests = re.findall(r"^def (test_\w+)", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    assert sum(word in name for name in tests) >= 2


def test_nothing_of_the_paper_is_left_out() -> None:
    """Equations 1 to 6, both propositions, and the figures that its text names, each in the first column of a row."""
    first = " ".join(row.split("|")[1] for row in ROWS)
    named = {f"equation ({number})" for number in range(1, 7)} | {"proposition 3.1", "proposition 3.2"}
    assert {name for name in named if name not in first} == set()
    figures = {
        int(n) for span in re.findall(r"figures? ([\d, and]+)", first) for n in re.findall(r"\d+", span)
    }
    assert figures == {1, 2, 3, 4, 5, 7, 8, 10, 14, 16}


def test_every_row_has_its_cells() -> None:
    """A sign | inside a formula would be a column more."""
    for table in re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
        assert len(widths) == 1, table
