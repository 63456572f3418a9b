"""What a project that is released has beside its code: versions that agree, workflows, a citation, line ends."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks import package_readme
from geed_cli import __version__

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))


def read(path: Path | str) -> Any:  # noqa: ANN401 - as YAML has it
    """A YAML file of the repository; its key ``on`` is read as true."""
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def uses(document: object) -> list[str]:
    """Every action that a workflow names."""
    if isinstance(document, dict):
        own = [document["uses"]] if isinstance(document.get("uses"), str) else []
        return own + [each for value in document.values() for each in uses(value)]
    return [each for value in document for each in uses(value)] if isinstance(document, list) else []


def pythons() -> list[str]:
    """The versions of pyproject.toml's classifiers."""
    names = [
        re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", each) for each in PROJECT["classifiers"]
    ]
    return [each[1] for each in names if each]


def test_one_version() -> None:
    """Of the package, the newest heading of the changelog, and the citation, with its date."""
    number, date = re.findall(
        r"^## \[(\d\S*)\] - (\S+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE
    )[0]
    citation = read("CITATION.cff")
    assert (number, date) == (__version__, str(citation["date-released"]))
    assert citation["version"] == __version__


def test_the_citation_is_the_papers() -> None:
    """The authors and the title are those of the README's entry."""
    entry = (ROOT / "README.md").read_text(encoding="utf-8")
    (paper,) = read("CITATION.cff")["references"]
    names = " and ".join(f"{each['family-names']}, {each['given-names']}" for each in paper["authors"])
    assert f"author    = {{{names}}}" in entry
    assert f"title     = {{{paper['title']}}}" in entry


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_may_read_and_no_more(path: Path) -> None:
    """Only publishing has a right of its own; actions are GitHub's, at a major version."""
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    rights = {name: job["permissions"] for name, job in workflow["jobs"].items() if "permissions" in job}
    assert rights in ({}, {"publish": {"id-token": "write"}})
    assert uses(workflow)
    assert [each for each in uses(workflow) if not re.fullmatch(r"actions/[a-z-]+@v\d+", each)] == []


def test_ci_runs_every_python_that_is_promised() -> None:
    """On three systems; the first one is the least that is required, and no version is forbidden."""
    matrix = read(".github/workflows/ci.yml")["jobs"]["tests"]["strategy"]["matrix"]
    assert matrix["python"] == pythons()
    assert matrix["os"] == ["ubuntu-latest", "macos-latest", "windows-latest"]
    assert PROJECT["requires-python"] == f">={pythons()[0]}"


def test_no_input_is_part_of_a_command() -> None:
    """Whatever a workflow or the action is given reaches a shell in variables: no ${{ }} in a run."""
    steps = [*read("action.yml")["runs"]["steps"]]
    steps += [step for path in WORKFLOWS for job in read(path)["jobs"].values() for step in job["steps"]]
    assert [step["run"] for step in steps if "${{" in step.get("run", "")] == []


def test_the_readme_outside_of_the_repository() -> None:
    """No picture, and no link but to addresses; what stood in their place is a file here; commands need no checkout."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = package_readme.outside(readme, PROJECT["name"])
    links = re.findall(r"\]\(([^)]*)\)", readme)
    assert [link for link in links if link.startswith("https:")] == re.findall(r"\]\(([^)]*)\)", shown) != []
    assert "![" not in shown
    assert package_readme.CHECKOUT in readme
    assert package_readme.CHECKOUT not in shown
    assert 'pip install "geed-cli[demo]" && geed audit efficientnet_lite0 --group flip' in shown
    assert re.findall(r'"\.\[\w+\]"', shown) == ['".[dev]"'], "the one that develops"
    named = re.findall(r"(?:[\w.-]+/)*[\w-]+\.md\b", shown)
    assert len(named) > 15
    assert [path for path in named if not (ROOT / path).is_file()] == []
    assert re.findall("^#.*", shown, re.MULTILINE) == re.findall("^#.*", readme, re.MULTILINE)


def test_what_git_calls_text_has_unix_line_ends() -> None:
    """So that golden texts are the same on Windows."""
    asked = subprocess.run(
        ["git", "ls-files", "--eol"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if asked.returncode:
        pytest.skip("no checkout")
    assert [line for line in asked.stdout.splitlines() if line.startswith(("i/crlf", "i/mixed"))] == []
