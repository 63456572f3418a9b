"""``geed selftest`` as a user runs it: what it prints, saves and exits with, and what it says of a fault."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.command import Geed

import geed_cli
from geed_cli.actions import action
from geed_cli.models.network import Network
from geed_cli.selftest import invariance
from geed_cli.selftest.run import CHECKS, Check, run_selftest

ROOT = Path(geed_cli.__file__).parents[1]


CHEAP = [check for check in CHECKS if check.measure.__module__.endswith(("exact_actions", "invariance"))]


def test_it_passes_here(geed: Geed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The verdict first, with -v every value beside what was expected, exit 0, nothing wider than the terminal."""
    monkeypatch.chdir(tmp_path)
    done = geed("selftest", "--device", "cpu", "-v", "--json", "s.json")
    assert done.exit_code == 0, done.stdout
    lines = done.stdout.splitlines()
    counted = re.match(r"PASS: (\d+) of (\d+) values are as expected, in \d+ checks\.$", lines[0])
    assert counted is not None
    assert counted[1] == counted[2]
    assert lines[2].startswith("geed selftest · cpu")
    assert sum(line.endswith("  ok") for line in lines) == int(counted[1]) + 1  # and the heading
    assert max(map(len, lines)) <= 100
    assert ["softmax.kl,", "nats", "0.368064", "0.368064", "±1e-06", "ok"] in [line.split() for line in lines]
    assert "FAILED" not in done.stdout
    assert "\x1b" not in done.stdout
    # nothing but the line that it prints every ten seconds, of which a slow machine takes more
    *progress, written = done.stderr.splitlines()
    assert all(re.fullmatch(r"\d+/\d+ checks, .+", line) for line in progress)
    assert "s.json" in written
    require_complete(json.loads(Path("s.json").read_text()), CHECKS)


def require_complete(report: dict[str, Any], checks: Sequence[Check]) -> None:
    """Expected, found, tolerance and reason of every value of all checks."""
    assert report["schema"] == "geed.selftest/1"
    assert (report["ok"], report["device"]) == (True, "cpu")
    assert [case["name"] for case in report["cases"] if case["findings"]] == [check.name for check in checks]
    findings = [one for case in report["cases"] for one in case["findings"]]
    assert all(one["reason"] and one["ok"] for one in findings)
    swap = next(one for one in findings if one["expected"] == 0.368064)
    assert swap["found"] == pytest.approx(0.368064, abs=swap["tolerance"])


def _no_network() -> Network:
    raise ZeroDivisionError("no [red]network[/red]")


@pytest.mark.heavy
def test_what_fails_exits_with_1_and_is_said(
    geed: Geed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Shifts that do nothing are red where shifts are looked at, with the reason below the table.

    A check that raises is a failed line with its message and no traceback; the other checks are there; the same in
    the JSON.
    """
    monkeypatch.setattr(action, "roll", lambda maps, _shift, _interpolation: maps)
    monkeypatch.setattr(invariance, "constant_network", _no_network)
    monkeypatch.setattr(run_selftest, "__defaults__", (CHEAP, (Exception,)))
    done = geed("selftest", "--device", "cpu", "--json", tmp_path / "s.json")
    assert done.exit_code == 1
    assert done.stdout.startswith("FAIL: ")
    failed = [line.split()[0] for line in done.stdout.splitlines() if line.endswith("FAILED")]
    assert "shift3" in failed
    assert "exact actions, values not as by hand, shift3:\n  " in done.stdout.partition("geed selftest")[0]
    assert "values are only moved" in done.stdout
    assert "a constant network: ZeroDivisionError: no [red]network[/red]" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "1 not carried out" in done.stdout.splitlines()[0]
    saved = json.loads((tmp_path / "s.json").read_text())
    assert saved["ok"] is False
    assert [case["name"] for case in saved["cases"] if case["error"]] == ["a constant network"]
    assert len(saved["cases"]) == len(CHEAP) > 5


@pytest.mark.parametrize("how", ["option", pytest.param("variable", marks=pytest.mark.heavy)])
def test_debug_shows_the_traceback(geed: Geed, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """The error itself comes out."""
    monkeypatch.setattr(invariance, "constant_network", _no_network)
    monkeypatch.setattr(run_selftest, "__defaults__", (CHEAP, (Exception,)))
    if how == "variable":
        monkeypatch.setenv("GEED_DEBUG", "1")
    done = geed("selftest", "--device", "cpu", *(["--debug"] if how == "option" else []))
    assert isinstance(done.exception, ZeroDivisionError)


@pytest.mark.heavy
@pytest.mark.parametrize("checks", [CHEAP, CHECKS], ids=["cheap", "all"])
def test_json_on_stdout(geed: Geed, monkeypatch: pytest.MonkeyPatch, checks: Sequence[Check]) -> None:
    """Nothing but strict JSON there; in float64."""
    monkeypatch.setattr(run_selftest, "__defaults__", (checks, (Exception,)))
    done = geed("selftest", "--device", "cpu", "--precision", "fp64", "--json", "-")
    assert done.exit_code == 0
    report = json.loads(done.stdout, parse_constant=pytest.fail)
    assert report["precision"] == "fp64"
    require_complete(report, checks)


def test_a_device_that_is_not_there(geed: Geed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 3 before anything is measured: nothing was tested, so nothing has failed."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    done = geed("selftest", "--device", "cuda")
    assert done.exit_code == 3
    assert "device 'cuda' is not available here" in done.stderr
    assert done.stdout == ""


def test_a_file_that_cannot_be_written(geed: Geed, tmp_path: Path) -> None:
    """Exit 2 before anything is measured."""
    done = geed("selftest", "--json", tmp_path / "nowhere" / "s.json")
    assert done.exit_code == 2
    assert "cannot write" in done.stderr
    assert done.stdout == ""


def test_an_interrupt_is_no_failed_check(geed: Geed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 130."""

    def stop(_sectors: int, _gap: float) -> Network:
        raise KeyboardInterrupt

    monkeypatch.setattr(invariance, "voting_network", stop)
    done = geed("selftest", "--device", "cpu")
    assert done.exit_code == 130
    assert done.stdout == ""
