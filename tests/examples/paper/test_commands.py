"""Every command of the paper's sections is a command, at every scale, and claims read what geed writes."""

import csv
import importlib.util
import json
import shlex
import subprocess
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from support.command import COMMAND

from examples.paper import claims
from examples.paper.run import SECTIONS, steps
from examples.paper.settings import SCALES
from examples.paper.step import Place, Step
from geed_cli.comparison.schema import Verdict

PAPER = Path(__file__).parents[3] / "examples" / "paper"
README = (PAPER / "README.md").read_text(encoding="utf-8")


def read(words: list[str]) -> None:
    """As the program reads them: unknown options, missing values and wrong choices are refused."""
    name, *arguments = words
    COMMAND.commands[name].make_context(name, arguments)  # type: ignore[attr-defined]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("section", SECTIONS)
def test_every_step_is_a_command_and_makes_a_file_of_its_own(
    section: str, scale: str, tmp_path: Path
) -> None:
    """``geed`` reads its words; other steps are modules of the examples; no two make one file."""
    made = list(steps(section, Place(tmp_path / "data", tmp_path / "out", scale)))
    for step in made:
        if step.command[0] == "geed":
            read(list(step.command[1:]))
        else:
            assert importlib.util.find_spec(step.command[0])
    assert len({step.makes for step in made}) == len(made)
    assert all(step.makes.is_relative_to(tmp_path / "out") for step in made)


def test_commands_of_the_readme_are_read() -> None:
    """Those of geed, in blocks of code; the others are modules of the examples."""
    lines = [line.strip() for line in README.splitlines() if line.startswith("    ")]
    ours = [
        shlex.split(line, comments=True) for line in lines if line.startswith(("geed ", "python -m examples"))
    ]
    assert len(ours) >= 2
    for words in ours:
        if words[0] == "geed":
            read(words[1:])
        else:
            assert importlib.util.find_spec(words[2])


def test_a_finished_step_does_not_run(tmp_path: Path) -> None:
    """Where its file is there; and one that fails raises."""
    there = tmp_path / "there.json"
    there.write_text('{"status": "complete"}')
    Step(("no.such.module",), there).run()
    there.write_text('{"status": "partial"}')
    assert not Step(("no.such.module",), there).done
    with pytest.raises(subprocess.CalledProcessError):
        Step(("no.such.module",), tmp_path / "missing").run()


@pytest.mark.parametrize(
    ("found", "judged"),
    [("less", claims.SUPPORTED), ("more", claims.NOT_SUPPORTED), ("undecided", claims.UNDECIDED)],
)
def test_a_verdict_is_that_of_the_comparison(found: str, judged: str, tmp_path: Path) -> None:
    """The corrected claim decides, in a word that geed writes; numbers are repeated as they stand."""
    assert found in get_args(Verdict)
    sides = [{"value": 0.2, "ci": [0.1, 0.3]}, {"value": 0.1, "ci": None}]
    delta = {"value": -0.1, "ci": [-0.15, -0.05], "verdict": found}
    row = {"metric": "latent.l2", "layer": None, "group": "c8", "sides": sides, "deltas": [delta]}
    file = tmp_path / f"{found}.json"
    file.write_text(json.dumps({"lines": [row]}))
    read_back = claims.line(file, "latent.l2")
    assert claims.verdict(read_back, "nearer") == claims.verdict(read_back, "smaller") == judged
    assert (claims.none_is([read_back], "nearer") == claims.SUPPORTED) == (found != "less")
    assert claims.shown(read_back) == "0.2 to 0.1 (-0.1 [-0.15, -0.05])"
    with pytest.raises(KeyError, match="softmax"):
        claims.line(file, "softmax.kl")


def test_a_finding_with_parts_needs_all_of_them() -> None:
    """One contradiction settles it; one open part leaves it open."""
    assert claims.every([claims.SUPPORTED] * 3) == claims.SUPPORTED
    assert claims.every([claims.SUPPORTED, claims.UNDECIDED]) == claims.UNDECIDED
    assert claims.every([claims.SUPPORTED, claims.UNDECIDED, claims.NOT_SUPPORTED]) == claims.NOT_SUPPORTED


def test_limits_over_copies_are_students_and_welchs() -> None:
    """Of 1, 2, 3: 2 ± 4.3027/√3; of two families far apart the sign is certain."""
    interval = claims.mean_of([1.0, 2.0, 3.0])
    assert (interval.value, interval.low) == pytest.approx((2, 2 - 4.302653 / 3**0.5), abs=1e-6)
    apart = claims.difference_of(np.array([0.0, 0.1, 0.2]), np.array([5.0, 5.1, 5.2]))
    assert apart.value == pytest.approx(5)
    assert claims.above(0, apart) == claims.SUPPORTED


def test_the_readme_says_what_the_kept_verdicts_say() -> None:
    """A row of its tables for every row of ``claims.csv``, with the verdict of the paper's setting."""
    for file in sorted((PAPER / "results").glob("*/claims.csv")):
        section = README.partition(f"## {file.parent.name} ")[2].partition("\n## ")[0]
        rows = [row.strip("|").split("|") for row in section.splitlines() if row.startswith("| ")]
        told = {cells[0].strip(): cells[-1].strip() for cells in rows}
        kept = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
        assert kept
        for claim in kept:
            letter = claim["number"].removeprefix(file.parent.name)
            assert told[letter].startswith(claim["verdict"]), claim["number"]
