"""``geed check`` as a user and a build server run it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import Geed
from support.gate import result, spread

import geed_cli
from geed_cli.result.file import write_result

# processes are started in another folder, where a relative import path leads nowhere
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(geed_cli.__file__).parents[1])}
KL = ("softmax.kl", "flip", None)
POLICY = """\
version: 1
rules: [{id: kl, metric: softmax.kl, max: 0.25}]
baseline: {rules: [{id: worse, metric: softmax.kl, max_increase: 5%}]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A release, the last one, a bad one, one of other images, and policies; the working folder."""
    last = spread(0.2, 0.05)
    write_result(result({KL: last}, "net"), tmp_path / "last.json")
    write_result(result({KL: last * 1.01}, "net"), tmp_path / "good.json")
    write_result(result({KL: last * 1.5}, "net"), tmp_path / "bad.json")
    write_result(result({KL: last * 1.05 + spread(0, 0.01, seed=1)}, "net"), tmp_path / "close.json")
    write_result(result({KL: last[:150]}, "net"), tmp_path / "fewer.json")
    (tmp_path / "policy.yaml").write_text(POLICY)
    (tmp_path / "values.yaml").write_text(POLICY.partition("baseline")[0])
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code", "verdict"),
    [
        (["good.json", "--baseline", "last.json"], 0, "PASS"),
        (["bad.json", "--baseline", "last.json"], 1, "FAIL"),
        (["close.json", "--baseline", "last.json"], 1, "UNDECIDED"),
        (["close.json", "--baseline", "last.json", "--on-undecided", "pass"], 0, "UNDECIDED"),
        (["bad.json", "--baseline", "last.json", "--on-undecided", "pass"], 1, "FAIL"),
        (["good.json", "bad.json", "--baseline", "last.json"], 1, "FAIL"),
        (["good.json"], 2, "ERROR"),
        (["fewer.json", "--baseline", "last.json"], 2, "ERROR"),
    ],
)
def test_exit_codes_and_verdicts(
    geed: Geed, folder: Path, arguments: list[str], code: int, verdict: str
) -> None:
    """The verdict is the first thing printed, and the exit code agrees with it."""
    assert folder.exists()
    done = geed("check", *arguments, "--policy", "policy.yaml")
    assert done.exit_code == code, done.stderr
    assert done.stdout.startswith(f"{verdict}: ")
    assert f" · exit {code}\n" in done.stdout
    assert ("--on-undecided pass lets that through" in done.stdout) == (verdict == "UNDECIDED" and code == 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.json"], "there is no file missing.json"),
        (["policy.yaml"], "policy.yaml is not a saved result"),
        (["good.json", "good.json"], "is given twice"),
        (["good.json", "./good.json"], "is given twice"),
        (["good.json", "-o", "report.xml"], "no kind of report has this suffix"),
        (["good.json", "-o", "nowhere/report.md"], "cannot write nowhere/report.md"),
        (["good.json", "-o", "good.json"], "is an input of this check"),
        (["good.json", "--baseline", "last.json", "--policy", "values.yaml"], "has no rule about changes"),
        (["good.json", "--policy", "missing.yaml"], "there is no file missing.yaml"),
        (["good.json", "--policy", "good.json"], "unknown key"),
    ],
)
def test_refusals(geed: Geed, folder: Path, arguments: list[str], message: str) -> None:
    """Exit 2 with one message, nothing on stdout, nothing written."""
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    arguments = arguments if "--policy" in arguments else [*arguments, "--policy", "policy.yaml"]
    done = geed("check", *arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stdout == ""
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_all_outputs_at_once(geed: Geed, folder: Path) -> None:
    """Four files in one go, written also where the gate fails; messages on stderr."""
    names = ["r.junit.xml", "r.md", "r.json", "card.yaml"]
    outputs = [part for name in names for part in ("-o", name)]
    done = geed("check", "bad.json", "--policy", "policy.yaml", "--baseline", "last.json", *outputs)
    assert done.exit_code == 1
    assert all((folder / name).stat().st_size > 100 for name in names)
    assert done.stderr.splitlines() == [f"wrote {name}" for name in names]
    assert json.loads((folder / "r.json").read_text())["exit_code"] == 1
    assert not list(folder.glob(".*"))


def test_github(geed: Geed, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Annotations on stdout, the summary appended to what is there; a summary that cannot be written is a warning."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary"))
    (folder / "summary").write_text("before\n")
    command = (
        "check", "bad.json", "--policy", "policy.yaml", "--baseline", "last.json", "--output-format", "github",
    )  # fmt: skip
    done = geed(*command)
    assert (
        len(re.findall(r"^::error title=geed fail%3A (kl|worse)::net × flip", done.stdout, re.MULTILINE)) == 2
    )
    assert (folder / "summary").read_text().startswith("before\n## ❌ geed check: FAIL")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder))
    done = geed(*command)
    assert done.exit_code == 1
    assert "warning: no job summary" in done.stderr


def test_the_next_step_runs_as_it_is_printed(geed: Geed, folder: Path) -> None:
    """A result that fails against its baseline, and one of the same name in another folder."""
    (folder / "new").mkdir()
    (folder / "new" / "last.json").write_bytes((folder / "bad.json").read_bytes())
    for name, command in (
        ("bad.json", "geed compare last.json bad.json"),
        ("new/last.json", "geed compare before=last.json after=new/last.json"),
    ):
        done = geed("check", name, "--policy", "policy.yaml", "--baseline", "last.json")
        assert done.stdout.splitlines()[-1] == f"next: see where it moved: {command}"
        assert geed(*command.split()[1:]).exit_code == 0


def test_views(geed: Geed, folder: Path) -> None:
    """One line of key=value, one statement a row, every entry; the exit code is the same."""
    command = ("check", "bad.json", "--policy", "policy.yaml", "--baseline", "last.json")
    done = geed(*command, "-q")
    assert (done.exit_code, done.stdout.count("\n"), done.stderr) == (1, 1, "")
    assert done.stdout == (
        "geed=check verdict=fail exit=1 policy=policy.yaml models=net checks=2 pass=0 undecided=0 fail=2 error=0 "
        "unmet=none stopped_by=kl:flip,worse:flip\n"
    )
    done = geed(*command, "--linear")
    assert done.exit_code == 1
    assert re.search(
        r"^fail, rule kl, entry softmax.kl, flip, measured 0.300, interval 0", done.stdout, re.MULTILINE
    )
    done = geed(*command, "-v")
    assert done.exit_code == 1
    assert "joint interval" in done.stdout
    done = geed(*command, "-q", "-v")
    assert (done.exit_code, done.stdout) == (2, "")
    assert folder.exists()


def test_results_of_one_model_are_told_apart(geed: Geed, folder: Path) -> None:
    """By their files."""
    assert folder.exists()
    done = geed("check", "good.json", "bad.json", "--policy", "policy.yaml", "--baseline", "last.json")
    assert done.stdout.startswith(
        "FAIL: 2 of 4 checks are shown to be beyond the limit: kl (net (bad.json), flip), "
    )
    table = done.stdout.partition("rule")[2]
    assert table.index("  net (bad.json)\n") < table.index("  net (good.json)\n")


def in_a_process(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter in that folder."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=ENVIRONMENT, check=False)


@pytest.mark.heavy
def test_a_full_disk_leaves_the_old_report(folder: Path) -> None:
    """Exit 3, and the file is what it was; files are limited to 64 bytes."""
    (folder / "r.md").write_text("old")
    code = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from geed_cli.cli.app import app\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))\n"
        "app(['check', 'good.json', '--policy', 'policy.yaml', '--baseline', 'last.json', '-o', 'r.md'])"
    )
    done = in_a_process(code, folder)
    assert done.returncode == 3, done.stderr
    assert (folder / "r.md").read_text() == "old"
    assert not list(folder.glob(".*"))
