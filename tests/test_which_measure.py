"""The page on other papers' numbers: its commands are commands, and what they name is there."""

import re
import shlex
from pathlib import Path

import pytest
from support.command import COMMAND

from geed_cli.groups.named import groups_named
from geed_cli.measures.catalogue import select_measures
from geed_cli.sets.known_sets import set_named

PAGE = (Path(__file__).parents[1] / "docs" / "which-measure.md").read_text(encoding="utf-8")
COMMANDS = sorted(set(re.findall(r"`(geed [^`]+)`", PAGE)))
SETS = sorted(set(re.findall(r"`((?:cropshift|cropdiagonal):\d+)`", PAGE)))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_reads_as_it_is_printed(command: str) -> None:
    """Options, measures, groups and sets."""
    _, name, *arguments = shlex.split(command)
    read = COMMAND.commands[name].make_context(name, arguments).params  # type: ignore[attr-defined]
    assert select_measures(read["metric"] or ())
    assert groups_named(read["group"] or ()) is not None
    for each in read["set_"] if "set_" in read else read["sets"] or ():
        set_named(each)


def test_papers_and_what_is_named_beside_them() -> None:
    """Each paper with its year; sets that stand alone are sets."""
    papers = {
        row.split("|")[1].split(":")[0].strip() for row in PAGE.splitlines() if re.match(r"\| .*20\d\d", row)
    }
    assert len(papers) >= 11
    assert all(set_named(text).order > 1 for text in SETS)
    assert len(COMMANDS) >= 10
