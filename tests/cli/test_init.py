"""``geed init``: what it writes is valid, runs what exists, and overwrites nothing unasked."""

import re
import shlex
import subprocess
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from support.command import Geed
from support.gate import result, spread

from geed_cli import __version__
from geed_cli.gate.policy import read_policy
from geed_cli.result.file import write_result

WORKFLOW = {"github": ".github/workflows/geed.yml", "gitlab": ".gitlab-ci.yml"}
DOCS = Path(__file__).parents[2] / "docs" / "gate.md"


@pytest.fixture(params=list(WORKFLOW))
def ci(request: pytest.FixtureRequest) -> str:
    """Either forge."""
    return str(request.param)


def scripts(ci: str, content: dict[Any, Any]) -> list[str]:
    """Every shell script of a workflow."""
    if ci == "github":
        return [step["run"] for job in content["jobs"].values() for step in job["steps"] if "run" in step]
    return [line for job in content.values() if isinstance(job, dict) for line in job.get("script", [])]


def test_a_fresh_repository(geed: Geed, tmp_path: Path, ci: str) -> None:
    """Two files; the policy validates, the workflow is YAML whose scripts a shell can parse."""
    done = geed("init", "--ci", ci, "--dir", tmp_path)
    assert done.exit_code == 0, done.stderr
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()) == sorted(
        [WORKFLOW[ci], "geed-policy.yaml"]
    )
    assert read_policy(tmp_path / "geed-policy.yaml").needs_baseline
    content = yaml.safe_load((tmp_path / WORKFLOW[ci]).read_text())
    found = scripts(ci, content)
    assert len(found) >= 5
    for script in found:
        subprocess.run(["bash", "-n", "-c", script], check=True)
    assert any("geed audit" in script for script in found)
    assert any("geed check" in script for script in found)


def test_the_workflow_uses_options_that_exist(geed: Geed, tmp_path: Path, ci: str) -> None:
    """Every option behind ``geed COMMAND`` stands in that command's help."""
    geed("init", "--ci", ci, "--dir", tmp_path)
    content = yaml.safe_load((tmp_path / WORKFLOW[ci]).read_text())
    commands = [script for script in scripts(ci, content) if script.startswith("geed ")]
    assert len(commands) == 2
    for command in commands:
        shown = geed(command.split()[1], "--help").stdout
        for option in re.findall(r"(?<=\s)(--?[a-z][a-z-]*)", command):
            assert re.search(rf"{option}\b", shown), option


def test_the_gate_step_runs_as_written(
    tmp_path: Path, geed: Geed, monkeypatch: pytest.MonkeyPatch, ci: str
) -> None:
    """The workflow's own `geed check` line on a result that is its own baseline, as at a first release: passes."""
    geed("init", "--ci", ci, "--dir", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    rows = {
        ("latent.l2", "flip", None): spread(0.2, 0.05),
        ("softmax.kl", "flip", None): spread(0.02, 0.01),
        ("channelwise.cosine", "flip", "layer1"): spread(-0.9, 0.01),
    }
    for name in ("geed-result.json", "geed-baseline.json"):
        write_result(result(rows), tmp_path / name)
    content = yaml.safe_load((tmp_path / WORKFLOW[ci]).read_text())
    (command,) = [script for script in scripts(ci, content) if script.startswith("geed check")]
    done = geed(*command.split()[1:])
    assert done.exit_code == 0, done.stdout + done.stderr
    assert {path.name for path in tmp_path.glob("geed-*")} >= {"geed-report.junit.xml", "geed-card.yaml"}


def test_the_workflow_installs_this_version(geed: Geed, tmp_path: Path, ci: str) -> None:
    """What wrote it, behind torch and torchvision for CPUs; each line is one that pip's own parser takes."""
    geed("init", "--ci", ci, "--dir", tmp_path)
    content = yaml.safe_load((tmp_path / WORKFLOW[ci]).read_text())
    lines = [line for script in scripts(ci, content) for line in script.splitlines()]
    torch, program = [shlex.split(line, comments=True) for line in lines if "pip install" in line]
    for words in (torch, program):
        assert words[:4] == ["python", "-m", "pip", "install"]
    options = ["--index-url", "https://download.pytorch.org/whl/cpu"]
    assert torch[4:] == [*options, "torch", "torchvision"]
    (requirement,) = map(Requirement, program[4:])
    assert (requirement.name, str(requirement.specifier)) == ("geed-cli", f"=={__version__}")
    assert requirement.extras == {"demo"} <= set(metadata("geed-cli").get_all("Provides-Extra") or ())


def test_nothing_is_overwritten(geed: Geed, tmp_path: Path, ci: str) -> None:
    """One of the two files is there: exit 2, neither is written; --force writes both."""
    policy = tmp_path / "geed-policy.yaml"
    policy.write_text("mine")
    done = geed("init", "--ci", ci, "--dir", tmp_path)
    assert done.exit_code == 2
    assert "geed-policy.yaml exists already" in done.stderr
    assert policy.read_text() == "mine"
    assert not (tmp_path / WORKFLOW[ci]).exists()
    assert geed("init", "--ci", ci, "--dir", tmp_path, "--force").exit_code == 0
    assert policy.read_text() != "mine"


def test_places_that_do_not_work(geed: Geed, tmp_path: Path) -> None:
    """No such folder, a file where a folder has to be, no forge: exit 2."""
    assert geed("init", "--ci", "github", "--dir", tmp_path / "none").exit_code == 2
    (tmp_path / ".github").write_text("a file")
    blocked = geed("init", "--ci", "github", "--dir", tmp_path)
    assert blocked.exit_code == 2
    assert "cannot be made" in blocked.stderr
    assert geed("init", "--dir", tmp_path).exit_code == 2
    assert geed("init", "--ci", "jenkins", "--dir", tmp_path).exit_code == 2


def test_the_docs_show_the_workflow_that_is_written(geed: Geed, tmp_path: Path) -> None:
    """docs/gate.md has the GitHub workflow and the policy word for word, but for the version that wrote it."""
    geed("init", "--ci", "github", "--dir", tmp_path)
    text = re.sub(r"(?<=geed-cli\[demo\]==)[\w.+]+", __version__, DOCS.read_text(encoding="utf-8"))
    shown = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert (tmp_path / WORKFLOW["github"]).read_text() in shown
    assert (tmp_path / "geed-policy.yaml").read_text() in shown
