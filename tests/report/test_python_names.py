"""What Python shows names no option of the command line, in no situation; tables keep their columns."""

import ast
import re
from pathlib import Path

import pytest
from support.golden import FOLDER
from support.kinds import KINDS, made
from support.pages import Page, real
from verdict.situations import SITUATIONS

import geed_cli
from geed_cli.result.presented import Presented
from geed_cli.verdict.python_names import in_python

PACKAGE = Path(geed_cli.__file__).parent
OF_A_SHELL = re.compile(
    r"(?<![\w-])--?[a-zA-Z][a-z-]*(?!\w)|"
    r"\bgeed (?:audit|cache|check|compare|init|inspect|ls|plan|report|selftest|track|validate)\b(?! ·)"
)
"""An option, or a command other than ``geed explain``; the title of a page is ``geed audit · NAME``."""
SAYING = (
    "verdict/*.py", "report/*_page.py", "report/audit_details.py", "report/header.py", "report/hidden_actions.py",
    "report/gate/gate_table.py", "gate/*.py", "statistics/validity.py", "pipeline/layer_plans.py",
    "images/folder.py", "models/build.py", "checkpoints/layouts.py", "checkpoints/fitting.py",
)  # fmt: skip
"""Where sentences of pages are made; those that begin a refusal, which has a note of its own, do no harm."""
NO_PAGE_OF_PYTHON = {"verdict/inspection.py", "report/inspection_page.py", "verdict/python_names.py"}


def left_in(shown: Presented) -> list[str]:
    """What a shell alone understands, in every view and as HTML."""
    texts = [shown.table(60), shown.table(linear=True, verbose=True)]
    return [found for text in [*texts, Page(shown._repr_html_()).words] for found in OF_A_SHELL.findall(text)]


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.name)
def test_no_option_in_any_situation(situation: object) -> None:
    """Every situation of an audit, in full, too."""
    assert left_in(situation.found) == []  # type: ignore[attr-defined]


def test_no_option_of_the_other_kinds() -> None:
    """A comparison, a gate, a track, a plan; a real result under three groups; an untrained one of the sample."""
    assert [left_in(made()[kind]) for kind in KINDS] == [[]] * len(KINDS)
    assert left_in(real()) == []


def test_no_option_in_the_words_of_pages_that_are_kept() -> None:
    """Pages of the command line, unwrapped and reworded, but those that end in a command with names of files."""
    kept = [path for view in ("80_utf-8", "linear", "verbose") for path in FOLDER.glob(f"*_{view}.txt")]
    pages = [path for path in kept if not path.name.startswith(("inspect", "track", "check_fail"))]
    assert len(pages) > 10
    for path in pages:
        text = path.read_text("utf-8")
        assert OF_A_SHELL.findall(in_python(" ".join(text.split()))) == [], path.name


def sentences(path: Path) -> list[str]:
    """The strings of a module but its docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    strings = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in alone)
    return [node.value for node in strings if isinstance(node.value, str)]


def test_every_sentence_of_a_page_has_words_in_python() -> None:
    """Also those that no situation above has: an option that is new on a page fails here until it has a name."""
    paths = {path for pattern in SAYING for path in PACKAGE.glob(pattern)}
    found = {
        text: left
        for path in paths
        if path.relative_to(PACKAGE).as_posix() not in NO_PAGE_OF_PYTHON
        for text in sentences(path)
        if not re.fullmatch(r"geed \w+", text)  # a title
        if (left := OF_A_SHELL.findall(in_python(text)))
    }
    assert found == {}


def test_an_option_is_named_with_its_value() -> None:
    """Numbers as they are, words as text, flags as True; longer names that begin alike are others."""
    assert in_python("audit each with --samples 540") == "audit each with samples=540"
    assert in_python("--precision fp64 rounds less") == 'precision="fp64" rounds less'
    assert (
        in_python("or --phase-correct")
        == "or options=AuditOptions(controls=ControlOptions(phase_correct=True))"
    )
    assert in_python("no --baseline was given") == "no baseline=… was given"
    assert (
        in_python("--samples-of --data2 a--seed x-v -verbose") == "--samples-of --data2 a--seed x-v -verbose"
    )


def test_words_are_changed_before_lines_are_broken() -> None:
    """No line is wider than was asked for, and no row of numbers has other places than the command's."""
    for width in (60, 80, 100):
        assert max(map(len, real().table(width).splitlines())) <= width
