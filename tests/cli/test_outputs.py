"""Outputs: none replaces an input or another output, and a reader that has gone changes no file and no exit code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import Geed
from support.gate import result, spread
from support.results import small_result

import geed_cli
from geed_cli.result.file import write_result

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(geed_cli.__file__).parents[1])}
POLICY = "version: 1\nrules: [{id: kl, metric: softmax.kl, max: 0.1}]\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A result that fails a policy, and two small ones; the working folder."""
    write_result(result({("softmax.kl", "flip", None): spread(0.2, 0.05)}, "net"), tmp_path / "bad.json")
    for seed in range(2):
        write_result(small_result(seed), tmp_path / f"{seed}.json")
    (tmp_path / "policy.yaml").write_text(POLICY)
    (tmp_path / "changes.yaml").write_text(
        POLICY + "baseline: {rules: [{metric: softmax.kl, max_increase: 5%}]}"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.heavy
def test_a_gate_whose_reader_has_gone_keeps_its_code_and_its_files(folder: Path) -> None:
    """``geed check … | true`` fails where the gate fails."""
    command = [
        sys.executable,
        "-m",
        "geed_cli",
        "check",
        "bad.json",
        "--policy",
        "policy.yaml",
        "-o",
        "r.junit.xml",
    ]
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        command, stdout=write, stderr=subprocess.PIPE, text=True, check=False, env=ENVIRONMENT
    )
    os.close(write)
    assert done.returncode == 1, done.stderr
    assert (folder / "r.junit.xml").is_file()
    assert "Error" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["compare", "0.json", "1.json", "--json", "0.json"],
        ["compare", "0.json", "1.json", "--json", "c", "--csv", "./c"],
        ["track", "0.json", "--json", "t.json", "--csv", "t.json"],
        [
            "audit",
            "efficientnet_lite0",
            "--policy",
            "changes.yaml",
            "--baseline",
            "1.json",
            "--json",
            "1.json",
        ],
    ],
)
def test_no_output_replaces_an_input_or_another_output(
    geed: Geed, folder: Path, arguments: list[str]
) -> None:
    """Refused before anything is read or audited."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = geed(*arguments)
    assert done.exit_code == 2
    assert "would be replaced" in done.stderr
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("choice", [["--metric", "latnt.l2"], ["--layer", "nolayer"]])
def test_compare_refuses_names_that_nothing_has(geed: Geed, folder: Path, choice: list[str]) -> None:
    """Else the table would be empty, or without layers, and the exit code 0."""
    done = geed("compare", folder / "0.json", folder / "1.json", *choice)
    assert done.exit_code == 2
    assert choice[1] in done.stderr


def test_copies_of_a_checkpoint_are_one_model_of_a_population(geed: Geed, folder: Path) -> None:
    """Named once on stderr, counted once in the table."""
    for copy in ("a", "b"):
        (folder / f"1{copy}.json").write_bytes((folder / "1.json").read_bytes())
    write_result(small_result(2), folder / "2.json")
    done = geed("compare", f"one={folder}/0.json", f"many={folder}/[12]*.json")
    assert done.exit_code == 0, done.stderr
    assert "many: 4 results of 2 different weights" in done.stderr
    assert "population of 2" in done.stdout


def test_compare_tells_two_measures_of_a_layer_apart(geed: Geed, folder: Path) -> None:
    """The heading above its rows says which it is."""
    both = geed("compare", folder / "0.json", folder / "1.json", "--metric", "channelwise.*").stdout
    assert "layers, channelwise.cosine: -1 is equivariant" in both
    assert "layers, channelwise.correlation: -1 is equivariant" in both
    one = geed("compare", folder / "0.json", folder / "1.json").stdout
    assert "layers, channelwise.cosine: -1 is equivariant" in one
    assert "correlation" not in one


def test_compare_says_why_there_is_no_verdict(geed: Geed, folder: Path) -> None:
    """One model beside a population: the reason is a warning above the table, and in the CSV."""
    write_result(small_result(2), folder / "2.json")
    done = geed("compare", f"one={folder}/0.json", f"two={folder}/[12].json", "--csv", folder / "c.csv")
    assert done.exit_code == 0, done.stderr
    shown = " ".join(done.stdout.split())
    assert "warning: no difference of two has an interval: " in shown.partition("geed compare")[0]
    assert "two models a side" in shown.partition("geed compare")[0]
    assert "two models a side" in (folder / "c.csv").read_text()
