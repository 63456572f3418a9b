"""The README shows what the program really prints, and its commands are the ones that CI runs."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from geed_cli.cli.app import app

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


def shown(*arguments: str) -> str:
    """What a command prints at 100 columns, without trailing blanks."""
    done = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "100"}, prog_name="geed")
    assert done.exit_code == 0, done.stderr
    return "\n".join(line.rstrip() for line in done.stdout.splitlines()).strip("\n")


def block(start: str) -> str:
    """The README's fenced block that begins with that text."""
    found = [
        text
        for text in re.findall(r"```text\n(.*?)\n```", README, re.DOTALL)
        if text.strip().startswith(start)
    ]
    assert len(found) == 1
    return found[0]


def test_the_table_is_what_the_first_command_prints() -> None:
    """The words are the same; numbers agree to 3%, whole percents to 1 (other processors round differently)."""
    printed, expected = (
        [re.sub(r"\s+", " ", re.sub(r"[╌●━▶]+", "", line)) for line in text.splitlines()]
        for text in (shown("audit", "efficientnet_lite0", "--group", "flip"), block("flip  Features"))
    )
    assert [NUMBER.sub("#", line) for line in printed] == [NUMBER.sub("#", line) for line in expected]
    for line, other in zip(printed, expected, strict=True):
        for one, same in zip(NUMBER.findall(line), NUMBER.findall(other), strict=True):
            assert float(one) == pytest.approx(float(same), rel=0.03, abs=0.0 if "." in same else 1.0)


def test_ci_runs_the_readmes_test_command() -> None:
    """.ci/run takes its command from here, so the two cannot drift."""
    pattern = r'^ *python -m pip install -e "\.\[dev\]" && pytest$'
    assert len(re.findall(pattern, README, re.MULTILINE)) == 1
    assert pattern.replace(r"\.\[dev\]", r"\.\[dev\]") in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(((?!http)[^)#]+)\)", README))))
def test_links_lead_somewhere(link: str) -> None:
    """Every relative link is a file of the repository."""
    assert (ROOT / link).exists()


def test_the_python_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exactly as printed."""
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})
    assert (tmp_path / "result.json").exists()
